package dev.beamfluss.pipelines.tables;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;

/**
 * What a deployment chooses for its tables: the placeholders of the reference's DDL, and what may
 * be overridden in it. {@link #defaults()} fits a small cluster.
 *
 * @param bucketNum buckets a table, or a partition of one, where the DDL says {@code
 *     ${BUCKET_NUM}}; default 4
 * @param replicationFactor replicas a bucket, where the DDL says {@code ${REPLICATION_FACTOR}};
 *     default 1
 * @param logTtl how long the log of a log table is kept, where the DDL says {@code ${LOG_TTL}}, in
 *     Fluss's notation for durations; default {@code 7d}
 * @param numRetention how many past partitions the auto-partitioned tables keep, instead of what
 *     the DDL says; -1 keeps all, which replaying past days needs. Default: as in the DDL
 * @param numPrecreate how many partitions the auto-partitioned tables create ahead, the current one
 *     included, instead of what the DDL says. Default: as in the DDL
 * @param lake whether lake tables are created as such; false leaves their {@code table.datalake.*}
 *     options out, for a cluster without a lake. Default true
 * @param databasePrefix what the names of all databases begin with; default empty
 */
public record TableOptions(
    int bucketNum,
    int replicationFactor,
    String logTtl,
    OptionalInt numRetention,
    OptionalInt numPrecreate,
    boolean lake,
    String databasePrefix) {

  /** The default of {@link #bucketNum}. */
  public static final int DEFAULT_BUCKET_NUM = 4;

  /** The default of {@link #replicationFactor}. */
  public static final int DEFAULT_REPLICATION_FACTOR = 1;

  /** The default of {@link #logTtl}. */
  public static final String DEFAULT_LOG_TTL = "7d";

  private static final String DATALAKE_OPTIONS = "table.datalake.";

  /**
   * Checks the values.
   *
   * @throws IllegalArgumentException for a value out of range; the message names it
   */
  public TableOptions {
    check(bucketNum >= 1, "bucketNum must be at least 1, was " + bucketNum);
    check(replicationFactor >= 1, "replicationFactor must be at least 1, was " + replicationFactor);
    checkDuration(requireNonNull(logTtl, "logTtl"));
    check(
        numRetention.isEmpty() || numRetention.getAsInt() >= -1,
        "numRetention must be -1 (keep all partitions) or more, was " + numRetention);
    check(
        numPrecreate.isEmpty() || numPrecreate.getAsInt() >= 0,
        "numPrecreate must be at least 0, was " + numPrecreate);
    check(
        databasePrefix.matches("[a-zA-Z0-9_-]*"),
        "databasePrefix may contain letters, digits, '_' and '-', was '" + databasePrefix + "'");
  }

  /** Values for a small cluster; what the DDL states stays as it is. */
  public static TableOptions defaults() {
    return new TableOptions(
        DEFAULT_BUCKET_NUM,
        DEFAULT_REPLICATION_FACTOR,
        DEFAULT_LOG_TTL,
        OptionalInt.empty(),
        OptionalInt.empty(),
        true,
        "");
  }

  /** These options with another number of buckets. */
  public TableOptions withBucketNum(int value) {
    return new TableOptions(
        value, replicationFactor, logTtl, numRetention, numPrecreate, lake, databasePrefix);
  }

  /** These options with another number of replicas. */
  public TableOptions withReplicationFactor(int value) {
    return new TableOptions(
        bucketNum, value, logTtl, numRetention, numPrecreate, lake, databasePrefix);
  }

  /** These options with another time to live of logs, such as {@code 12h}. */
  public TableOptions withLogTtl(String value) {
    return new TableOptions(
        bucketNum, replicationFactor, value, numRetention, numPrecreate, lake, databasePrefix);
  }

  /** These options with this many past partitions kept everywhere; -1 keeps all. */
  public TableOptions withNumRetention(int value) {
    return new TableOptions(
        bucketNum,
        replicationFactor,
        logTtl,
        OptionalInt.of(value),
        numPrecreate,
        lake,
        databasePrefix);
  }

  /** These options with this many partitions created ahead everywhere. */
  public TableOptions withNumPrecreate(int value) {
    return new TableOptions(
        bucketNum,
        replicationFactor,
        logTtl,
        numRetention,
        OptionalInt.of(value),
        lake,
        databasePrefix);
  }

  /** These options with or without lake tables. */
  public TableOptions withLake(boolean value) {
    return new TableOptions(
        bucketNum, replicationFactor, logTtl, numRetention, numPrecreate, value, databasePrefix);
  }

  /** These options with another beginning of all database names. */
  public TableOptions withDatabasePrefix(String value) {
    return new TableOptions(
        bucketNum, replicationFactor, logTtl, numRetention, numPrecreate, lake, value);
  }

  /** The name that a scenario's database has in this deployment. */
  public String database(String scenario) {
    return databasePrefix + scenario;
  }

  /**
   * The {@code table.*} options of a table as this deployment wants them.
   *
   * @param stated the options that its DDL states
   */
  public Map<String, String> properties(Map<String, String> stated) {
    Map<String, String> properties = new LinkedHashMap<>(stated);
    if (Boolean.parseBoolean(stated.get(ConfigOptions.TABLE_AUTO_PARTITION_ENABLED.key()))) {
      numRetention.ifPresent(
          value ->
              properties.put(
                  ConfigOptions.TABLE_AUTO_PARTITION_NUM_RETENTION.key(), String.valueOf(value)));
      numPrecreate.ifPresent(
          value ->
              properties.put(
                  ConfigOptions.TABLE_AUTO_PARTITION_NUM_PRECREATE.key(), String.valueOf(value)));
    }
    if (!lake) {
      properties.keySet().removeIf(key -> key.startsWith(DATALAKE_OPTIONS));
    }
    return properties;
  }

  private static void checkDuration(String logTtl) {
    String key = ConfigOptions.TABLE_LOG_TTL.key();
    Duration ttl;
    try {
      ttl = Configuration.fromMap(Map.of(key, logTtl)).get(ConfigOptions.TABLE_LOG_TTL);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "logTtl must be a duration such as '7d' or '12h', was '" + logTtl + "'", e);
    }
    check(ttl.toMillis() > 0, "logTtl must be more than zero, was '" + logTtl + "'");
  }

  private static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }
}

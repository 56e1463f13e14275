package dev.beamfluss.pipelines;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.uv.GrainOptions;
import dev.beamfluss.transforms.BitmapType;
import java.util.List;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;

/** The flags of {@link CreateTables}. */
public interface CreateTablesOptions extends ClusterOptions, GrainOptions {

  /** The scenarios to create tables for; null for all. */
  @Description(
      "Scenarios to create the tables of, comma-separated: attribution, widetable, forecast,"
          + " canary, uv. Default: all")
  List<String> getScenario();

  /** Sets {@link #getScenario}. */
  void setScenario(List<String> value);

  /** See {@link TableOptions#bucketNum}. */
  @Description("Buckets of a table, or of a partition of one. Default: 4")
  @Default.Integer(TableOptions.DEFAULT_BUCKET_NUM)
  int getBucketNum();

  /** Sets {@link #getBucketNum}. */
  void setBucketNum(int value);

  /** See {@link TableOptions#replicationFactor}. */
  @Description("Replicas of a bucket. Default: 1")
  @Default.Integer(TableOptions.DEFAULT_REPLICATION_FACTOR)
  int getReplicationFactor();

  /** Sets {@link #getReplicationFactor}. */
  void setReplicationFactor(int value);

  /** See {@link TableOptions#logTtl}. */
  @Description("How long the log of a log table is kept, such as 12h. Default: 7d")
  @Default.String(TableOptions.DEFAULT_LOG_TTL)
  String getLogTtl();

  /** Sets {@link #getLogTtl}. */
  void setLogTtl(String value);

  /** See {@link TableOptions#numRetention}; null leaves what the DDL says. */
  @Description(
      "Past partitions that the auto-partitioned tables keep; -1 keeps all, which replaying past"
          + " days needs. Default: what each table's DDL says")
  Integer getNumRetention();

  /** Sets {@link #getNumRetention}. */
  void setNumRetention(Integer value);

  /** See {@link TableOptions#numPrecreate}; null leaves what the DDL says. */
  @Description(
      "Partitions that the auto-partitioned tables create ahead. Default: what each table's DDL"
          + " says")
  Integer getNumPrecreate();

  /** Sets {@link #getNumPrecreate}. */
  void setNumPrecreate(Integer value);

  /** See {@link BitmapType}. */
  @Description(
      "RBM32 or RBM64: what bitmaps of users can hold; a shard of 32 bits ends at 2,147,483,648"
          + " users. Default: RBM32")
  @Default.Enum("RBM32")
  BitmapType getUvBitmapType();

  /** Sets {@link #getUvBitmapType}. */
  void setUvBitmapType(BitmapType value);

  /** See {@link TableOptions#lake}. */
  @Description(
      "Whether lake tables are created as such; false for a cluster without a lake. Default: true")
  @Default.Boolean(true)
  boolean getLake();

  /** Sets {@link #getLake}. */
  void setLake(boolean value);

  /**
   * The table options among the flags.
   *
   * @throws IllegalArgumentException for a value out of range
   */
  static TableOptions tableOptions(CreateTablesOptions options) {
    TableOptions tableOptions =
        TableOptions.defaults()
            .withBucketNum(options.getBucketNum())
            .withReplicationFactor(options.getReplicationFactor())
            .withLogTtl(options.getLogTtl())
            .withLake(options.getLake())
            .withDatabasePrefix(options.getDatabasePrefix());
    if (options.getNumRetention() != null) {
      tableOptions = tableOptions.withNumRetention(options.getNumRetention());
    }
    if (options.getNumPrecreate() != null) {
      tableOptions = tableOptions.withNumPrecreate(options.getNumPrecreate());
    }
    return tableOptions;
  }
}

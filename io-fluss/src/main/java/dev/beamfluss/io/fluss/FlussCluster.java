package dev.beamfluss.io.fluss;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where a Fluss cluster is and how to talk to it: the bootstrap servers and any {@code client.*}
 * property of the Fluss client. Immutable and serializable, so one value serves a whole pipeline.
 *
 * <p>Every connection starts from these defaults, which a property given here overrides:
 *
 * <table>
 *   <caption>Client properties that differ from Fluss's own defaults</caption>
 *   <tr><th>property</th><th>here</th><th>Fluss</th><th>why</th></tr>
 *   <tr><td>client.lookup.batch-timeout</td><td>1ms</td><td>100ms</td>
 *       <td>a lone lookup would wait the whole timeout</td></tr>
 *   <tr><td>client.lookup.max-batch-size</td><td>1024</td><td>128</td>
 *       <td>shared among all buckets and tables that are looked up, it leaves a request few keys</td></tr>
 *   <tr><td>client.writer.batch-timeout</td><td>5ms</td><td>100ms</td>
 *       <td>a bundle's last batch may wait the whole timeout; the client's thread looks for rows as
 *       often, of each table that is written, rows or not</td></tr>
 *   <tr><td>client.writer.batch-size</td><td>256kb</td><td>2mb</td>
 *       <td>larger batches stall scanners of the table</td></tr>
 *   <tr><td>client.writer.buffer.wait-timeout</td><td>2min</td><td>endless</td>
 *       <td>a full buffer must become an error, not a hang</td></tr>
 *   <tr><td>client.writer.buffer.per-request-memory-size</td><td>1mb</td><td>16mb</td>
 *       <td>so much heap a writer takes at its first row, and a job has many writers</td></tr>
 *   <tr><td>client.scanner.log.fetch.max-bytes-for-bucket</td><td>8mb</td><td>1mb</td>
 *       <td>must hold several writer batches</td></tr>
 *   <tr><td>client.scanner.log.fetch.wait-max-time</td><td>20ms</td><td>500ms</td>
 *       <td>bounds the latency of an idle table's next row</td></tr>
 *   <tr><td>client.scanner.log.max-poll-records</td><td>1500</td><td>500</td>
 *       <td>one poll makes one element of the source</td></tr>
 * </table>
 */
public final class FlussCluster implements Serializable {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  private static final String BOOTSTRAP_SERVERS = "bootstrap.servers";

  private final String bootstrapServers;
  private final TreeMap<String, String> properties;
  private final @Nullable ExternalProperties external;

  private FlussCluster(
      String bootstrapServers,
      Map<String, String> properties,
      @Nullable ExternalProperties external) {
    this.bootstrapServers = bootstrapServers;
    this.properties = new TreeMap<>(properties);
    this.external = external;
  }

  /**
   * The cluster that the given servers belong to.
   *
   * @param bootstrapServers comma separated {@code host:port}, as Fluss's {@code bootstrap.servers}
   * @throws IllegalArgumentException if an entry is not {@code host:port}
   */
  public static FlussCluster at(String bootstrapServers) {
    requireNonNull(bootstrapServers, "bootstrapServers");
    for (String server : bootstrapServers.split(",", -1)) {
      if (!isHostAndPort(server.strip())) {
        throw new IllegalArgumentException(
            String.format(
                "Bootstrap server '%s' is not host:port. Give a comma separated list such as"
                    + " 'fluss-1:9123,fluss-2:9123'.",
                server));
      }
    }
    return new FlussCluster(bootstrapServers, Collections.emptyMap(), null);
  }

  private static boolean isHostAndPort(String server) {
    if (!server.matches("[^\\s:]+:\\d{1,5}|\\[[0-9a-fA-F:]+]:\\d{1,5}")) {
      return false;
    }
    int port = Integer.parseInt(server.substring(server.lastIndexOf(':') + 1));
    return port >= 1 && port <= 65_535;
  }

  /** This cluster with one more client property, e.g. {@code client.lookup.queue-size}. */
  public FlussCluster withProperty(String key, String value) {
    return withProperties(Map.of(key, value));
  }

  /** This cluster with more client properties; a later value replaces an earlier one. */
  public FlussCluster withProperties(Map<String, String> more) {
    requireNoServers(more);
    TreeMap<String, String> all = new TreeMap<>(properties);
    all.putAll(more);
    return new FlussCluster(bootstrapServers, all, external);
  }

  private static void requireNoServers(Map<String, String> properties) {
    if (properties.containsKey(BOOTSTRAP_SERVERS)) {
      throw new IllegalArgumentException("Name the bootstrap servers in FlussCluster.at(..).");
    }
  }

  /**
   * This cluster with client properties that each process reads from a file or an environment
   * variable of its own: for secrets, {@code client.security.*} above all, which then are in no job
   * graph, savepoint or display data, as those of {@link #withProperties} are. A property given
   * with {@link #withProperty} comes before the one read. They are read when a connection is
   * opened, so a changed file serves the next one.
   */
  public FlussCluster withExternalProperties(ExternalProperties properties) {
    return new FlussCluster(bootstrapServers, this.properties, properties);
  }

  /** The servers as given. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /**
   * The client properties as given, without the defaults of this class and without the external
   * ones.
   */
  public Map<String, String> properties() {
    return Collections.unmodifiableMap(properties);
  }

  /**
   * The client properties as given, and the external ones as this process reads them now. Has
   * secrets: not to be shown, and not to be kept in a transform.
   *
   * @throws IllegalArgumentException if the external ones cannot be read, or one of them is none of
   *     the client
   */
  public Map<String, String> resolvedProperties() {
    if (external == null) {
      return properties();
    }
    Map<String, String> read = external.read();
    requireNoServers(read);
    for (String key : read.keySet()) {
      if (!key.startsWith("client.")) {
        throw new IllegalArgumentException(
            String.format(
                "'%s' in the %s is no property of the Fluss client, which all begin with 'client.'."
                    + " Take it out.",
                key, external));
      }
    }
    TreeMap<String, String> all = new TreeMap<>(read);
    all.putAll(properties);
    return Collections.unmodifiableMap(all);
  }

  /**
   * Asks the cluster for a table's columns, keys and buckets.
   *
   * @param path {@code database.table}
   * @throws IllegalArgumentException if there is no such table; says which databases or tables
   *     exist
   * @throws FlussUnreachableException if the cluster does not answer within 20 seconds
   */
  public FlussTable describe(String path) {
    return FlussTable.describe(this, path);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FlussCluster that
        && bootstrapServers.equals(that.bootstrapServers)
        && properties.equals(that.properties)
        && Objects.equals(external, that.external);
  }

  @Override
  public int hashCode() {
    return Objects.hash(bootstrapServers, properties, external);
  }

  /**
   * The servers, the names of the properties and where the external ones are; values may be secrets
   * and are not shown.
   */
  @Override
  public String toString() {
    return bootstrapServers
        + (properties.isEmpty() ? "" : " " + properties.keySet())
        + (external == null ? "" : " with " + external);
  }
}

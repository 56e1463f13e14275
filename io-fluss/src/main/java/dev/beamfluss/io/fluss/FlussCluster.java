package dev.beamfluss.io.fluss;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

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

  private final String bootstrapServers;
  private final TreeMap<String, String> properties;

  private FlussCluster(String bootstrapServers, Map<String, String> properties) {
    this.bootstrapServers = bootstrapServers;
    this.properties = new TreeMap<>(properties);
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
    return new FlussCluster(bootstrapServers, Collections.emptyMap());
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
    if (more.containsKey("bootstrap.servers")) {
      throw new IllegalArgumentException("Name the bootstrap servers in FlussCluster.at(..).");
    }
    TreeMap<String, String> all = new TreeMap<>(properties);
    all.putAll(more);
    return new FlussCluster(bootstrapServers, all);
  }

  /** The servers as given. */
  public String bootstrapServers() {
    return bootstrapServers;
  }

  /** The client properties as given, without the defaults of this class. */
  public Map<String, String> properties() {
    return Collections.unmodifiableMap(properties);
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
        && properties.equals(that.properties);
  }

  @Override
  public int hashCode() {
    return Objects.hash(bootstrapServers, properties);
  }

  /** The servers and the names of the properties; values may be secrets and are not shown. */
  @Override
  public String toString() {
    return properties.isEmpty() ? bootstrapServers : bootstrapServers + " " + properties.keySet();
  }
}

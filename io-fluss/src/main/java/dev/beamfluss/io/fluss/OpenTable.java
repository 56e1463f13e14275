package dev.beamfluss.io.fluss;

import static java.util.stream.Collectors.joining;

import java.util.Objects;
import java.util.TreeSet;
import org.apache.fluss.client.FlussConnection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.metadata.MetadataUpdater;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.cluster.BucketLocation;
import org.apache.fluss.cluster.Cluster;

/** A table opened over a shared connection, which is given back when this is closed. */
final class OpenTable implements AutoCloseable {
  private final FlussTable description;
  private final Connections.Lease lease;
  private final Table table;

  /** Opens a table; the purpose decides with whom the connection is shared. */
  OpenTable(FlussTable description, String purpose) {
    this.description = description;
    this.lease = Connections.lease(description.cluster(), purpose);
    try {
      this.table =
          Waiting.askBlocking(
              () -> lease.connection().getTable(description.tablePath()),
              description.cluster(),
              "open table " + description.path());
      if (table.getTableInfo().getTableId() != description.tableId()) {
        throw new IllegalStateException(replaced(description));
      }
    } catch (RuntimeException e) {
      lease.close();
      throw e;
    }
  }

  static String replaced(FlussTable table) {
    return String.format(
        "Table %s was dropped and created again since the pipeline was built. Start the pipeline"
            + " anew, without its old checkpoint.",
        table.path());
  }

  Table table() {
    return table;
  }

  Admin admin() {
    return lease.connection().getAdmin();
  }

  /** The table as it was when it was opened: it may have gained columns since the description. */
  FlussTable current() {
    return FlussTable.of(description.cluster(), table.getTableInfo());
  }

  /** The tablet servers that the client takes for the leaders of the table's buckets. */
  String leaders() {
    Cluster known = metadata().getCluster();
    TreeSet<Integer> leaders = new TreeSet<>();
    known
        .getBucketLocationsByPath()
        .forEach(
            (path, buckets) -> {
              if (path.getTablePath().equals(description.tablePath())) {
                buckets.stream()
                    .map(BucketLocation::getLeader)
                    .filter(Objects::nonNull)
                    .forEach(leaders::add);
              }
            });
    return (leaders.isEmpty() ? known.getAliveTabletServers().keySet() : leaders)
        .stream()
            .map(
                server ->
                    known
                        .getAliveTabletServerById(server)
                        .map(node -> server + " at " + node.host() + ":" + node.port())
                        .orElse(server.toString()))
            .collect(joining(", "));
  }

  /** What the client knows of partitions and leaders. */
  MetadataUpdater metadata() {
    return ((FlussConnection) lease.connection()).getMetadataUpdater();
  }

  @Override
  public void close() {
    try {
      table.close();
    } catch (Exception e) {
      throw new IllegalStateException("Could not close table " + description.path(), e);
    } finally {
      lease.close();
    }
  }
}

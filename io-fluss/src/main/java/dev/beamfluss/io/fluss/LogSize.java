package dev.beamfluss.io.fluss;

import java.util.List;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;

/**
 * How many changes a table has had, in the partitions that it has now: two of these, some time
 * apart, tell how fast it is written.
 *
 * @param partitions how many there are; 1 for a table without partitions
 * @param changes offsets taken in the logs, expired ones included. An update takes two, and a batch
 *     without effect may take one
 */
public record LogSize(int partitions, long changes) {

  /**
   * Asks the cluster for the ends of a table's logs.
   *
   * @throws FlussUnreachableException if the cluster does not answer within 20 seconds
   */
  public static LogSize of(FlussTable table) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "metadata")) {
      Admin admin = lease.connection().getAdmin();
      List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
      List<Partition> partitions =
          Waiting.ask(
              () -> Partition.list(table, admin),
              table.cluster(),
              "list the partitions of table " + table.path());
      long changes = 0;
      for (Partition partition : partitions) {
        changes +=
            partition.offsets(table, admin, buckets, new OffsetSpec.LatestSpec()).values().stream()
                .mapToLong(Long::longValue)
                .sum();
      }
      return new LogSize(partitions.size(), changes);
    }
  }
}

package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.metadata.KvSnapshots;
import org.apache.fluss.client.table.scanner.log.LogScanner;

/**
 * What a bucket of a KV table holds: a snapshot of the server's, and the log from where it ends.
 *
 * @param snapshot the snapshot's id, or {@link #NO_SNAPSHOT}, when the log is all there is
 * @param tail the log after the snapshot
 */
record BucketContents(long snapshot, BucketRange tail) implements Serializable {
  static final long NO_SNAPSHOT = -1;

  /** All buckets of a table as they are now; those without rows are left out. */
  static List<BucketContents> resolve(FlussTable table) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "metadata")) {
      Admin admin = lease.connection().getAdmin();
      List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
      List<BucketContents> result = new ArrayList<>();
      for (Partition partition :
          Waiting.ask(
              () -> Partition.list(table, admin),
              table.cluster(),
              "list the partitions of table " + table.path())) {
        // first the snapshots, then the ends: a snapshot taken in between would lie beyond them
        KvSnapshots snapshots =
            Waiting.ask(
                () ->
                    partition.name() == null
                        ? admin.getLatestKvSnapshots(table.tablePath())
                        : admin.getLatestKvSnapshots(table.tablePath(), partition.name()),
                table.cluster(),
                "list the snapshots of table " + table.path());
        Map<Integer, Long> ends = partition.offsets(table, admin, buckets, Position.latest());
        for (int bucket : buckets) {
          OptionalLong snapshot = snapshots.getSnapshotId(bucket);
          long start = snapshots.getLogOffset(bucket).orElse(LogScanner.EARLIEST_OFFSET);
          BucketRange tail =
              new BucketRange(new BucketId(partition.id(), bucket), start, ends.get(bucket));
          if (snapshot.isPresent() || tail.length() > 0) {
            result.add(new BucketContents(snapshot.orElse(NO_SNAPSHOT), tail));
          }
        }
      }
      return result;
    }
  }

  /** A guess at the rows: every offset may be one. */
  long rows() {
    return tail.stop();
  }
}

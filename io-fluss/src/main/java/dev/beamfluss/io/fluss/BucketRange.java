package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.Admin;

/**
 * A stretch of one bucket's log.
 *
 * @param start the first offset, or the marker for the earliest there is
 * @param stop the offset after the last
 */
record BucketRange(BucketId bucket, long start, long stop) implements Serializable {

  /** The stretches of all buckets between two positions; those without rows are left out. */
  static List<BucketRange> resolve(FlussTable table, Position start, Position stop) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "metadata")) {
      Admin admin = lease.connection().getAdmin();
      List<Partition> partitions =
          Waiting.ask(
              () -> Partition.list(table, admin),
              table.cluster(),
              "list the partitions of table " + table.path());
      List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
      List<BucketRange> ranges = new ArrayList<>();
      for (Partition partition : partitions) {
        Map<Integer, Long> starts = partition.offsets(table, admin, buckets, start);
        Map<Integer, Long> stops = partition.offsets(table, admin, buckets, stop);
        for (int bucket : buckets) {
          BucketRange range =
              new BucketRange(
                  new BucketId(partition.id(), bucket), starts.get(bucket), stops.get(bucket));
          if (range.length() > 0) {
            ranges.add(range);
          }
        }
      }
      return ranges;
    }
  }

  /** Offsets, of which some may hold no row. */
  long length() {
    return stop - Math.max(0, start);
  }
}

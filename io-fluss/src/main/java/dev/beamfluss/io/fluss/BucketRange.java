package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;

/**
 * A stretch of a bucket: of its log, or a snapshot and the log after it.
 *
 * @param stop the offset after the last
 */
record BucketRange(BucketId bucket, BucketPosition start, long stop) implements Serializable {

  /** All buckets between the read's start and a position; those without rows are left out. */
  static List<BucketRange> resolve(ReadSpec spec, Position stop) {
    FlussTable table = spec.table();
    try (Connections.Lease lease = Connections.lease(table.cluster(), "metadata")) {
      Admin admin = lease.connection().getAdmin();
      List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
      List<BucketRange> ranges = new ArrayList<>();
      for (Partition partition :
          Waiting.ask(
              () -> Partition.list(spec, admin),
              table.cluster(),
              "list the partitions of table " + table.path())) {
        // first the snapshots, then the ends: a snapshot taken in between would lie beyond them
        Map<Integer, BucketPosition> starts = partition.start(spec, admin, buckets);
        Map<Integer, Long> stops = partition.offsets(table, admin, buckets, stop);
        Map<Integer, Long> earliest =
            partition.offsets(table, admin, buckets, new OffsetSpec.EarliestSpec());
        for (int bucket : buckets) {
          BucketRange range =
              new BucketRange(partition.bucket(bucket), starts.get(bucket), stops.get(bucket))
                  .notBefore(earliest.get(bucket));
          range.check(table, partition, stop);
          if (!range.isEmpty()) {
            ranges.add(range);
          }
        }
      }
      return ranges;
    }
  }

  /** Puts an offset in the place of a marker. */
  private BucketRange notBefore(long earliest) {
    return start.isInLog() && start.offset() < earliest
        ? new BucketRange(bucket, BucketPosition.inLog(earliest), stop)
        : this;
  }

  private void check(FlussTable table, Partition partition, Position stop) {
    if (!start.isInLog() && start.offset() > stop()) {
      throw new IllegalArgumentException(
          String.format(
              "The snapshot of bucket %d of %s is younger than the stopping position %s, so the"
                  + " read cannot start from it. Start from Position.earliest().",
              bucket.bucket(), partition.describe(table), stop));
    }
  }

  private boolean isEmpty() {
    return start.isInLog() && start.offset() >= stop;
  }

  /** At most that many; every offset of the log may be one, and of a snapshot it is a guess. */
  long rows() {
    return start.isInLog() ? Math.max(0, stop - start.offset()) : stop;
  }

  /** Its end, from an offset of its log on. */
  BucketRange from(long offset) {
    return new BucketRange(bucket, BucketPosition.inLog(offset), stop);
  }

  BucketRange until(long newStop) {
    return new BucketRange(bucket, start, newStop);
  }

  /** The offset before which so much of it lies. */
  long cut(double share) {
    return start.offset() + (long) Math.ceil(share * rows());
  }

  BucketRange log() {
    return new BucketRange(bucket, start.afterSnapshot(), stop);
  }

  /** The same in stretches of at most so many offsets; one with a snapshot stays whole. */
  List<BucketRange> pieces(long offsets) {
    if (!start.isInLog()) {
      return List.of(this);
    }
    List<BucketRange> pieces = new ArrayList<>();
    for (long from = start.offset(); from < stop; from += offsets) {
      pieces.add(
          new BucketRange(bucket, BucketPosition.inLog(from), Math.min(stop, from + offsets)));
    }
    return pieces;
  }
}

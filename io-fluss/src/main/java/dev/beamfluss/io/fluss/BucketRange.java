package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.exception.PartitionNotExistException;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A stretch of a bucket: of its log, or a snapshot and the log after it.
 *
 * @param stop the offset after the last
 * @param parts of the snapshot, where it is one of the lake
 */
record BucketRange(BucketId bucket, BucketPosition start, long stop, ArrayList<Lake.Part> parts)
    implements Serializable {

  BucketRange(BucketId bucket, BucketPosition start, long stop) {
    this(bucket, start, stop, new ArrayList<>());
  }

  /** All buckets between the read's start and a position; those without rows are left out. */
  static List<BucketRange> resolve(ReadSpec spec, Position stop) {
    FlussTable table = spec.table();
    try (Connections.Lease lease = Connections.lease(table.cluster(), "metadata")) {
      Admin admin = lease.connection().getAdmin();
      List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
      Lake.Plan lake = spec.lake() == null ? null : Lake.plan(spec, Lake.describe(table, admin));
      List<BucketRange> ranges = new ArrayList<>();
      Set<String> inCluster = new HashSet<>();
      for (Partition partition :
          Waiting.ask(
              () -> Partition.list(spec, admin),
              table.cluster(),
              "list the partitions of table " + table.path())) {
        try {
          ranges.addAll(of(partition, spec, lake, admin, buckets, stop));
          inCluster.add(Lake.nameOf(partition));
        } catch (CompletionException e) {
          if (lake == null || !(Waiting.unwrap(e) instanceof PartitionNotExistException)) {
            throw e;
          }
        }
      }
      if (lake != null) {
        addOnlyInLake(ranges, lake, inCluster, spec);
      }
      return ranges;
    }
  }

  private static List<BucketRange> of(
      Partition partition,
      ReadSpec spec,
      Lake.@Nullable Plan lake,
      Admin admin,
      List<Integer> buckets,
      Position stop) {
    FlussTable table = spec.table();
    // first the snapshots, then the ends: a snapshot taken in between would lie beyond them
    Map<Integer, BucketPosition> starts = partition.start(spec, lake, admin, buckets);
    Map<Integer, Long> stops = partition.offsets(table, admin, buckets, stop);
    Map<Integer, Long> earliest =
        partition.offsets(table, admin, buckets, new OffsetSpec.EarliestSpec());
    List<BucketRange> ranges = new ArrayList<>();
    for (int bucket : buckets) {
      BucketPosition start = starts.get(bucket);
      List<Lake.Part> parts = start.isInLake() ? lake.of(start.lakePartition(), bucket) : List.of();
      BucketRange range =
          new BucketRange(
              partition.bucket(bucket), start, stops.get(bucket), new ArrayList<>(parts));
      if (spec.lake() != null) {
        range.checkNothingExpired(table, partition, earliest.get(bucket));
      }
      range = range.notBefore(earliest.get(bucket));
      range.check(table, partition, stop);
      if (table.isKeyed()) {
        ranges.add(range);
      } else {
        parts.forEach(part -> ranges.add(inLake(part, spec, partition.bucket(bucket))));
        ranges.add(range.log());
      }
    }
    ranges.removeIf(BucketRange::isEmpty);
    return ranges;
  }

  /** Of partitions that the cluster has dropped, and rows that are in no bucket there. */
  private static void addOnlyInLake(
      List<BucketRange> ranges, Lake.Plan lake, Set<String> inCluster, ReadSpec spec) {
    for (String partition : lake.partitions()) {
      lake.of(partition)
          .forEach(
              (bucket, parts) -> {
                BucketId id = new BucketId(lake.idOf(partition), bucket);
                if (bucket >= 0 && inCluster.contains(partition)) {
                  return;
                }
                if (spec.table().isKeyed()) {
                  ranges.add(inLake(parts, spec, id));
                } else {
                  parts.forEach(part -> ranges.add(inLake(part, spec, id)));
                }
              });
    }
  }

  private static BucketRange inLake(Lake.Part part, ReadSpec spec, BucketId bucket) {
    return inLake(List.of(part), spec, bucket);
  }

  private static BucketRange inLake(List<Lake.Part> parts, ReadSpec spec, BucketId bucket) {
    BucketPosition start =
        BucketPosition.inLake(spec.lake().snapshot(), 0, 0, parts.get(0).partition());
    return new BucketRange(bucket, start, 0, new ArrayList<>(parts));
  }

  /** Puts an offset in the place of a marker. */
  private BucketRange notBefore(long earliest) {
    if (start.isInLake() && start.offset() < 0) {
      return new BucketRange(
          bucket,
          BucketPosition.inLake(start.snapshot(), 0, earliest, start.lakePartition()),
          stop,
          parts);
    }
    return start.isInLog() && start.offset() < earliest
        ? new BucketRange(bucket, BucketPosition.inLog(earliest), stop)
        : this;
  }

  private void checkNothingExpired(FlussTable table, Partition partition, long earliest) {
    if (start.offset() >= 0 && start.offset() < earliest) {
      throw new IllegalStateException(
          String.format(
              "The log of bucket %d of %s begins at offset %d, but what the lake holds ends before"
                  + " offset %d: the rows between have expired. Leave out withLake(), or let"
                  + " tiering catch up.",
              bucket.bucket(), partition.describe(table), earliest, start.offset()));
    }
  }

  private void check(FlussTable table, Partition partition, Position stop) {
    if (!start.isInLog() && start.offset() > stop()) {
      throw new IllegalArgumentException(
          String.format(
              "The snapshot of bucket %d of %s is younger than the stopping position %s, so the"
                  + " read cannot start from it. %s.",
              bucket.bucket(),
              partition.describe(table),
              stop,
              start.isInLake() ? "Leave out withLake()" : "Start from Position.earliest()"));
    }
  }

  private boolean isEmpty() {
    return start.isInLog() && start.offset() >= stop;
  }

  /** At most that many; every offset of the log may be one, and of a snapshot it is a guess. */
  long rows() {
    long log = Math.max(0, stop - start.offset());
    return start.isInLog() ? log : start.isInLake() ? parts.size() * Lake.Part.ROWS + log : stop;
  }

  /** Its end, from an offset of its log on. */
  BucketRange from(long offset) {
    return new BucketRange(bucket, BucketPosition.inLog(offset), stop);
  }

  BucketRange until(long newStop) {
    return new BucketRange(bucket, start, newStop, parts);
  }

  /** The offset before which so much of it lies. */
  long cut(double share) {
    return start.offset() + (long) Math.ceil(share * rows());
  }

  /** Reads the snapshot. */
  RowScan scan(OpenTable open, ReadSpec spec) {
    return start.isInLake()
        ? new LakeScan(spec, open.table().getTableInfo(), start.snapshot(), parts, 0)
        : new SnapshotScan(open, spec, bucket, start.snapshot(), 0);
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

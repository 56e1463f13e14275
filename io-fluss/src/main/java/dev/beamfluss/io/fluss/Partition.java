package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.metadata.KvSnapshots;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.metadata.PartitionInfo;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A partition of a table, or the whole of a table without partitions (no name then). */
record Partition(long id, @Nullable String name) implements Serializable {
  private static final int LEASE_ATTEMPTS = 10;

  /** Those that the read is to read. */
  static CompletableFuture<List<Partition>> list(ReadSpec spec, Admin admin) {
    return list(spec.table(), spec.partitionFilter(), admin);
  }

  static CompletableFuture<List<Partition>> list(FlussTable table, Admin admin) {
    return list(table, null, admin);
  }

  private static CompletableFuture<List<Partition>> list(
      FlussTable table, @Nullable PartitionFilter filter, Admin admin) {
    if (table.partitionColumns().isEmpty()) {
      return CompletableFuture.completedFuture(List.of(new Partition(BucketId.NO_PARTITION, null)));
    }
    return admin
        .listPartitionInfos(table.tablePath())
        .thenApply(
            infos ->
                infos.stream()
                    .filter(info -> filter == null || filter.accepts(values(info)))
                    .map(info -> new Partition(info.getPartitionId(), info.getPartitionName()))
                    .toList());
  }

  private static Map<String, String> values(PartitionInfo info) {
    return Map.copyOf(info.getPartitionSpec().getSpecMap());
  }

  BucketId bucket(int bucket) {
    return new BucketId(id, bucket);
  }

  /**
   * Where the given buckets of this partition are to be read from.
   *
   * @param lake what the lake holds, or null if it is not read
   */
  Map<Integer, BucketPosition> start(
      ReadSpec spec, Lake.@Nullable Plan lake, Admin admin, Collection<Integer> buckets) {
    if (lake == null) {
      return startInCluster(spec, admin, buckets);
    }
    Map<Integer, BucketPosition> result = new HashMap<>();
    List<Integer> notInLake = new ArrayList<>();
    for (int bucket : buckets) {
      Long after = spec.lake().offsets().get(bucket(bucket));
      boolean hasRows = !lake.of(Lake.nameOf(this), bucket).isEmpty();
      if (after == null && !hasRows) {
        notInLake.add(bucket);
      } else {
        // a partition that was dropped and made again: all of its new log comes after the lake
        long offset = after == null ? LogScanner.EARLIEST_OFFSET : after;
        result.put(
            bucket,
            hasRows
                ? BucketPosition.inLake(spec.lake().snapshot(), 0, offset, Lake.nameOf(this))
                : BucketPosition.inLog(offset));
      }
    }
    if (!notInLake.isEmpty()) {
      result.putAll(startInCluster(spec, admin, notInLake));
    }
    return result;
  }

  private Map<Integer, BucketPosition> startInCluster(
      ReadSpec spec, Admin admin, Collection<Integer> buckets) {
    if (spec.start().kind() == Position.Kind.FULL && spec.table().isKeyed()) {
      return latestSnapshots(spec, admin, buckets);
    }
    Map<Integer, BucketPosition> result = new HashMap<>();
    offsets(spec.table(), admin, buckets, spec.start())
        .forEach((bucket, offset) -> result.put(bucket, BucketPosition.inLog(offset)));
    return result;
  }

  /**
   * The snapshots are kept for the read; the log is read of buckets that have none.
   *
   * <p>The cluster grants a lease of a snapshot that it has just deleted (apache/fluss issue 2600).
   * It stores the next snapshot before it looks whether the last one may go, so one that is still
   * the latest after the lease was granted is kept.
   */
  private Map<Integer, BucketPosition> latestSnapshots(
      ReadSpec spec, Admin admin, Collection<Integer> buckets) {
    SnapshotLease lease = new SnapshotLease(spec, admin);
    KvSnapshots snapshots = snapshots(spec.table(), admin);
    for (int attempt = 0; attempt < LEASE_ATTEMPTS; attempt++) {
      Map<BucketId, Long> wanted = snapshotIds(snapshots, buckets);
      if (wanted.isEmpty()) {
        return positions(snapshots, buckets);
      }
      boolean granted = lease.acquire(wanted);
      KvSnapshots latest = snapshots(spec.table(), admin);
      if (granted && snapshotIds(latest, buckets).entrySet().containsAll(wanted.entrySet())) {
        return positions(snapshots, buckets);
      }
      snapshots = latest;
    }
    throw new IllegalStateException(
        String.format(
            "The cluster keeps no snapshot of %s for long enough to begin reading it. Raise"
                + " kv.snapshot.interval or kv.snapshot.num-retained of its servers.",
            describe(spec.table())));
  }

  private Map<BucketId, Long> snapshotIds(KvSnapshots snapshots, Collection<Integer> buckets) {
    Map<BucketId, Long> ids = new HashMap<>();
    for (int bucket : buckets) {
      snapshots.getSnapshotId(bucket).ifPresent(id -> ids.put(bucket(bucket), id));
    }
    return ids;
  }

  private static Map<Integer, BucketPosition> positions(
      KvSnapshots snapshots, Collection<Integer> buckets) {
    Map<Integer, BucketPosition> positions = new HashMap<>();
    for (int bucket : buckets) {
      OptionalLong snapshot = snapshots.getSnapshotId(bucket);
      long offset = snapshots.getLogOffset(bucket).orElse(LogScanner.EARLIEST_OFFSET);
      positions.put(
          bucket,
          snapshot.isPresent()
              ? BucketPosition.inSnapshot(snapshot.getAsLong(), 0, offset)
              : BucketPosition.inLog(offset));
    }
    return positions;
  }

  private KvSnapshots snapshots(FlussTable table, Admin admin) {
    return Waiting.ask(
        () ->
            name == null
                ? admin.getLatestKvSnapshots(table.tablePath())
                : admin.getLatestKvSnapshots(table.tablePath(), name),
        table.cluster(),
        "list the snapshots of " + describe(table));
  }

  /** The log offset of a position in the given buckets of this partition. */
  Map<Integer, Long> offsets(
      FlussTable table, Admin admin, Collection<Integer> buckets, Position position) {
    return switch (position.kind()) {
      case FULL, EARLIEST -> {
        Map<Integer, Long> earliest = new HashMap<>();
        buckets.forEach(bucket -> earliest.put(bucket, LogScanner.EARLIEST_OFFSET));
        yield earliest;
      }
      case LATEST -> offsets(table, admin, buckets, new OffsetSpec.LatestSpec());
      case TIMESTAMP ->
          offsets(
              table,
              admin,
              buckets,
              new OffsetSpec.TimestampSpec(position.timestamp().toEpochMilli()));
    };
  }

  Map<Integer, Long> offsets(
      FlussTable table, Admin admin, Collection<Integer> buckets, OffsetSpec spec) {
    return offsets(table, admin, buckets, spec, Waiting.METADATA_PATIENCE);
  }

  Map<Integer, Long> offsets(
      FlussTable table,
      Admin admin,
      Collection<Integer> buckets,
      OffsetSpec spec,
      Duration patience) {
    return Waiting.ask(
        () ->
            (name == null
                    ? admin.listOffsets(table.tablePath(), buckets, spec)
                    : admin.listOffsets(table.tablePath(), name, buckets, spec))
                .all(),
        patience,
        table.cluster(),
        "list the offsets of " + describe(table));
  }

  String describe(FlussTable table) {
    return "table " + table.path() + (name == null ? "" : ", partition " + name);
  }
}

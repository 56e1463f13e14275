package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A partition of a table, or the whole of a table without partitions (no name then). */
record Partition(long id, @Nullable String name) implements Serializable {

  static CompletableFuture<List<Partition>> list(FlussTable table, Admin admin) {
    if (table.partitionColumns().isEmpty()) {
      return CompletableFuture.completedFuture(List.of(new Partition(BucketId.NO_PARTITION, null)));
    }
    return admin
        .listPartitionInfos(table.tablePath())
        .thenApply(
            infos ->
                infos.stream()
                    .map(info -> new Partition(info.getPartitionId(), info.getPartitionName()))
                    .toList());
  }

  /** The log offset of a position in the given buckets of this partition. */
  Map<Integer, Long> offsets(
      FlussTable table, Admin admin, Collection<Integer> buckets, Position position) {
    if (position.kind() == Position.Kind.EARLIEST) {
      Map<Integer, Long> earliest = new HashMap<>();
      buckets.forEach(bucket -> earliest.put(bucket, LogScanner.EARLIEST_OFFSET));
      return earliest;
    }
    OffsetSpec spec =
        position.kind() == Position.Kind.LATEST
            ? new OffsetSpec.LatestSpec()
            : new OffsetSpec.TimestampSpec(position.timestamp().toEpochMilli());
    return Waiting.ask(
        () ->
            (name == null
                    ? admin.listOffsets(table.tablePath(), buckets, spec)
                    : admin.listOffsets(table.tablePath(), name, buckets, spec))
                .all(),
        table.cluster(),
        "list the offsets of table " + table.path() + (name == null ? "" : ", partition " + name));
  }
}

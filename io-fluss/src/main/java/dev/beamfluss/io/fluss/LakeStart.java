package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.metadata.LakeSnapshot;
import org.apache.fluss.exception.LakeTableSnapshotNotExistException;
import org.apache.fluss.metadata.TableBucket;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where a read of the lake and the log begins. All splits of a read begin at the same, so that each
 * row is in one of the two halves.
 *
 * @param snapshot of the lake's table
 * @param offsets where each bucket's log goes on after it; a bucket that is not in here has no row
 *     in the snapshot
 */
record LakeStart(long snapshot, Map<BucketId, Long> offsets) implements Serializable {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  /** The latest that can be read, or null if nothing was tiered yet. */
  static @Nullable LakeStart latest(FlussTable table, Admin admin) {
    LakeSnapshot latest;
    try {
      latest =
          Waiting.ask(
              () -> admin.getReadableLakeSnapshot(table.tablePath()),
              table.cluster(),
              "name the lake's snapshot of table " + table.path());
    } catch (CompletionException e) {
      if (Waiting.unwrap(e) instanceof LakeTableSnapshotNotExistException) {
        return null;
      }
      throw e;
    }
    Map<BucketId, Long> offsets = new HashMap<>();
    for (Map.Entry<TableBucket, Long> entry : latest.getTableBucketsOffset().entrySet()) {
      if (entry.getValue() >= 0) {
        offsets.put(BucketId.of(entry.getKey()), entry.getValue());
      }
    }
    return new LakeStart(latest.getSnapshotId(), offsets);
  }
}

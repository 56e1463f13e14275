package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Supplier;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.metadata.LakeSnapshot;
import org.apache.fluss.exception.LakeTableSnapshotNotExistException;
import org.apache.fluss.exception.UnknownServerException;
import org.apache.fluss.metadata.TableBucket;

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

  /** Nothing was tiered yet. */
  static final LakeStart NOTHING = new LakeStart(-1, Map.of());

  /** What to do where a checkpoint is too old; a sentence to end an error with. */
  static final String START_ANEW =
      " A read that goes on cannot go back to the lake: start the pipeline anew, without its old"
          + " checkpoint and state, which reads the lake as it is now; and let it stand still for"
          + " less long than the table's partitions and logs are kept"
          + " (table.auto-partition.num-retention, table.log.ttl).";

  boolean isNothing() {
    return snapshot == NOTHING.snapshot;
  }

  /** The latest that can be read. */
  static LakeStart latest(FlussTable table, Admin admin) {
    return ask(table, () -> admin.getReadableLakeSnapshot(table.tablePath()));
  }

  /**
   * Where the lake's copy of each bucket ends now, also of partitions that the cluster has dropped.
   */
  static Map<BucketId, Long> tiered(FlussTable table, Admin admin) {
    return ask(table, () -> admin.getLatestLakeSnapshot(table.tablePath())).offsets();
  }

  private static LakeStart ask(
      FlussTable table, Supplier<CompletableFuture<LakeSnapshot>> question) {
    LakeSnapshot latest;
    try {
      latest =
          Waiting.ask(
              question,
              LakeStart::mayPass,
              Waiting.METADATA_PATIENCE,
              table.cluster(),
              "name the lake's snapshot of table " + table.path());
    } catch (CompletionException e) {
      if (Waiting.unwrap(e) instanceof LakeTableSnapshotNotExistException) {
        return NOTHING;
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

  /**
   * The server reads which file holds the offsets and then the file, which the next commit of the
   * tiering service deletes in between: an unknown error, gone when asked again.
   */
  private static boolean mayPass(Throwable error) {
    return Waiting.mayPass(error) || Waiting.unwrap(error) instanceof UnknownServerException;
  }
}

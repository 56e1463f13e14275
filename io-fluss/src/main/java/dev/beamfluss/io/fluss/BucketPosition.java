package dev.beamfluss.io.fluss;

import java.io.Serializable;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where the read of a bucket goes on.
 *
 * @param snapshot the snapshot that is being read, or {@link #NO_SNAPSHOT} once the log is
 * @param rows how many of the snapshot's rows are read
 * @param offset the next offset of the log, or a marker below 0; while a snapshot is being read,
 *     the one at which the snapshot ends, or {@link #NO_LOG}
 * @param lakePartition null unless the snapshot is one of the lake: the partition's name there, or
 *     "" in a table without partitions
 */
record BucketPosition(long snapshot, long rows, long offset, @Nullable String lakePartition)
    implements Serializable {
  static final long NO_SNAPSHOT = -1;

  /** In place of an offset: the cluster has no log after the snapshot. */
  static final long NO_LOG = Long.MIN_VALUE;

  static BucketPosition inLog(long offset) {
    return new BucketPosition(NO_SNAPSHOT, 0, offset, null);
  }

  static BucketPosition inSnapshot(long snapshot, long rows, long logOffset) {
    return new BucketPosition(snapshot, rows, logOffset, null);
  }

  static BucketPosition inLake(long snapshot, long rows, long logOffset, String partition) {
    return new BucketPosition(snapshot, rows, logOffset, partition);
  }

  boolean isInLog() {
    return snapshot == NO_SNAPSHOT;
  }

  boolean isInLake() {
    return lakePartition != null;
  }

  /** Whether nothing is left to read, and nothing will be. */
  boolean isEnd() {
    return isInLog() && offset == NO_LOG;
  }

  BucketPosition afterRows(long more) {
    return new BucketPosition(snapshot, rows + more, offset, lakePartition);
  }

  /** The log is gone. */
  BucketPosition withoutLog() {
    return new BucketPosition(snapshot, rows, NO_LOG, lakePartition);
  }

  BucketPosition afterSnapshot() {
    return inLog(offset);
  }
}

package dev.beamfluss.io.fluss;

import java.io.Serializable;

/**
 * Where the read of a bucket goes on.
 *
 * @param snapshot the snapshot that is being read, or {@link #NO_SNAPSHOT} once the log is
 * @param rows how many of the snapshot's rows are read
 * @param offset the next offset of the log, or a marker below 0; while a snapshot is being read,
 *     the one at which the snapshot ends
 */
record BucketPosition(long snapshot, long rows, long offset) implements Serializable {
  static final long NO_SNAPSHOT = -1;

  static BucketPosition inLog(long offset) {
    return new BucketPosition(NO_SNAPSHOT, 0, offset);
  }

  static BucketPosition inSnapshot(long snapshot, long rows, long logOffset) {
    return new BucketPosition(snapshot, rows, logOffset);
  }

  boolean isInLog() {
    return snapshot == NO_SNAPSHOT;
  }

  BucketPosition afterRows(long more) {
    return inSnapshot(snapshot, rows + more, offset);
  }

  BucketPosition afterSnapshot() {
    return inLog(offset);
  }
}

package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.table.BucketMode;
import org.apache.paimon.table.source.DataSplit;
import org.apache.paimon.table.source.StreamDataTableScan;
import org.apache.paimon.table.source.TableScan;
import org.apache.paimon.table.source.snapshot.SnapshotReader;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Goes from snapshot to snapshot of a table, and finds in each the splits that one reader owns. */
final class SnapshotFollower {

  /**
   * A snapshot that brought something, if perhaps nothing for this reader.
   *
   * @param splits in an order that is the same whenever and wherever it is asked for
   * @param committed when, in milliseconds since the epoch
   */
  record Found(long snapshot, List<DataSplit> splits, long committed) {

    /** Differs where the splits hold other files. */
    int files() {
      return splits.stream()
          .map(split -> files(split).map(DataFileMeta::fileName).toList())
          .toList()
          .hashCode();
    }

    private static Stream<DataFileMeta> files(DataSplit split) {
      return Stream.concat(split.beforeFiles().stream(), split.dataFiles().stream());
    }
  }

  private static final Comparator<DataSplit> ORDER =
      Comparator.comparing(DataSplit::bucketPath)
          .thenComparing(
              split -> Found.files(split).findFirst().map(DataFileMeta::fileName).orElse(""));

  private final Snapshots snapshots;
  private final StreamDataTableScan scan;
  private final int index;
  private final int readers;
  private long next;
  private boolean whole;

  /**
   * @param index which reader this is
   * @param readers of how many
   */
  SnapshotFollower(ReadSpec spec, int index, int readers, long next, boolean whole) {
    this.snapshots = Snapshots.of(spec.table(), "reading changes");
    this.scan = (StreamDataTableScan) spec.scan().newStreamScan();
    this.index = index;
    this.readers = readers;
    this.next = next;
    this.whole = whole;
    scan.restore(next, whole);
  }

  /** The snapshot to look at next. */
  long next() {
    return next;
  }

  /** Whether it is to be read whole. */
  boolean whole() {
    return whole;
  }

  /**
   * The next snapshot that brought something, or null if there is none yet.
   *
   * @throws IllegalStateException if the next is gone
   */
  @Nullable Found find() {
    try {
      TableScan.Plan plan = scan.plan();
      Long found = plan instanceof SnapshotReader.Plan read ? read.snapshotId() : null;
      Long after = scan.checkpoint();
      if (found == null) {
        // past those that changed nothing, such as compactions
        next = after == null ? next : Math.max(next, after);
        requireReachable(null);
        return null;
      }
      next = found + 1;
      whole = false;
      return new Found(found, owned(plan), snapshots.commitTime(found));
    } catch (IllegalStateException e) {
      throw e;
    } catch (RuntimeException e) {
      requireReachable(e);
      throw e;
    }
  }

  private void requireReachable(@Nullable RuntimeException cause) {
    String reason = snapshots.whyNot(next, whole);
    if (reason != null) {
      throw new IllegalStateException(reason, cause);
    }
  }

  /** Why files of a snapshot that was found cannot be read, if it is that it has expired. */
  @Nullable String whyNot(long snapshot, boolean whole) {
    return snapshots.whyNot(snapshot, whole);
  }

  /** Without buckets, rows have no order that matters, and the splits are dealt out in turn. */
  private List<DataSplit> owned(TableScan.Plan plan) {
    List<DataSplit> all = plan.splits().stream().map(DataSplit.class::cast).sorted(ORDER).toList();
    boolean byBucket = snapshots.table().bucketMode() != BucketMode.BUCKET_UNAWARE;
    List<DataSplit> owned = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      DataSplit split = all.get(i);
      int share = byBucket ? split.partition().hashCode() % readers + split.bucket() : i;
      if (Math.floorMod(share, readers) == index) {
        owned.add(split);
      }
    }
    return owned;
  }
}

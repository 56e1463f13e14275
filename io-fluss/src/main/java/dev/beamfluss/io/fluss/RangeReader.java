package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads all that stretches hold: their snapshots one after the other, then their logs. */
final class RangeReader extends BoundedBatchReader {
  private final ReadSpec spec;
  private final List<BucketRange> ranges;
  private final RowMaker rows;
  private final Deque<BucketRange> snapshots = new ArrayDeque<>();
  private @Nullable LogRanges log;
  private @Nullable SnapshotScan snapshot;

  RangeReader(BoundedTableSource source, ReadSpec spec, List<BucketRange> ranges) {
    super(source, spec);
    this.spec = spec;
    this.ranges = ranges;
    this.rows = new RowMaker(spec);
  }

  @Override
  void open() {
    log = new LogRanges(spec, ranges.stream().map(BucketRange::log).toList());
    ranges.stream().filter(range -> !range.start().isInLog()).forEach(snapshots::add);
  }

  @Override
  @Nullable RowBatch next() throws IOException {
    while (!snapshots.isEmpty()) {
      RowBatch batch = nextOfSnapshot(snapshots.element());
      if (batch != null) {
        return batch;
      }
    }
    return log.next();
  }

  private @Nullable RowBatch nextOfSnapshot(BucketRange range) throws IOException {
    if (snapshot == null) {
      snapshot = new SnapshotScan(log.open(), spec, range.bucket(), range.start().snapshot(), 0);
    }
    RowMaker.Batch batch = rows.batch(SnapshotScan.BATCH);
    if (!snapshot.next(batch.snapshotOf(range.bucket()))) {
      snapshot.close();
      snapshot = null;
      snapshots.remove();
    }
    return batch.taken() == 0 ? null : batch.toRowBatch();
  }

  @Override
  public void close() {
    try {
      if (snapshot != null) {
        snapshot.close();
      }
    } finally {
      if (log != null) {
        log.close();
      }
    }
  }
}

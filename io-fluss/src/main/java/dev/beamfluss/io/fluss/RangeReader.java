package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads all that stretches hold: their snapshots one after the other, then their logs. */
final class RangeReader extends BoundedBatchReader {
  private final ReadSpec spec;
  private final boolean hasSnapshots;
  private final RowMaker rows;
  private final Deque<BucketRange> snapshots = new ArrayDeque<>();
  private volatile List<BucketRange> ranges;
  private volatile @Nullable LogRanges log;
  private @Nullable RowScan snapshot;

  RangeReader(BoundedTableSource source, ReadSpec spec, List<BucketRange> ranges) {
    super(source, spec);
    this.spec = spec;
    this.ranges = ranges;
    this.hasSnapshots = ranges.stream().anyMatch(range -> !range.start().isInLog());
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
      snapshot = range.scan(log.open(), spec);
    }
    RowMaker.Batch batch = rows.batch(RowScan.BATCH);
    if (!snapshot.next(batch.snapshotOf(range.bucket()))) {
      snapshot.close();
      snapshot = null;
      snapshots.remove();
    }
    return batch.taken() == 0 ? null : batch.toRowBatch();
  }

  /** Unknown where snapshots are read: nobody knows how many rows they have. */
  @Override
  public @Nullable Double getFractionConsumed() {
    LogRanges reading = log;
    if (reading == null || hasSnapshots) {
      return null;
    }
    long all = rows(ranges);
    return all == 0 ? 1.0 : 1.0 - Math.min(all, reading.remaining()) / (double) all;
  }

  /** Keeps at most as much as the direct runner should hold. */
  @Override
  public synchronized @Nullable BoundedTableSource splitAtFraction(double fraction) {
    LogRanges reading = log;
    if (reading == null || hasSnapshots) {
      return null;
    }
    long all = rows(ranges);
    long keep = (long) (fraction * all) - (all - reading.remaining());
    if (keep < 0) {
      return null;
    }
    List<BucketRange> given = reading.giveAway(Math.min(keep, Splits.MAX_ROWS));
    if (given.isEmpty()) {
      return null;
    }
    ranges = without(ranges, given);
    reduceTo(new BoundedTableSource(spec, BoundedTableSource.Mode.ALL, ranges));
    return new BoundedTableSource(spec, BoundedTableSource.Mode.ALL, given);
  }

  private static long rows(List<BucketRange> ranges) {
    return ranges.stream().mapToLong(BucketRange::rows).sum();
  }

  /** Each that was given away is the end of one of them. */
  private static List<BucketRange> without(List<BucketRange> ranges, List<BucketRange> given) {
    return ranges.stream()
        .map(
            range ->
                given.stream()
                    .filter(end -> end.bucket().equals(range.bucket()))
                    .filter(end -> end.stop() == range.stop())
                    .findFirst()
                    .map(end -> range.until(end.start().offset()))
                    .orElse(range))
        .toList();
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

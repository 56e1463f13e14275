package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Gauge;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.types.RowKind;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** Reads the splits that one reader owns, snapshot by snapshot. */
final class ChangesReader extends UnboundedSource.UnboundedReader<ChangeBatch> {
  private static final int BATCH_ROWS = 1000;

  /** How far apart the clocks of this machine and of the writers may be, in milliseconds. */
  private static final long CLOCK_SKEW = 1_000;

  private final ChangesSource source;
  private final ChangesSource.Spec spec;
  private final RowDecoder decoder;
  private final @Nullable EventTime eventTime;
  private final Counter rowsRead = Metrics.counter(PaimonIO.class, "rowsRead");
  private final Counter batchesRead = Metrics.counter(PaimonIO.class, "batchesRead");
  private final Gauge lagMillis;

  private @Nullable SnapshotFollower follower;
  private ChangesCheckpoint position;
  private SnapshotFollower.@Nullable Found found;
  private @Nullable RowIterator rows;
  private @Nullable ChangeBatch current;
  private Instant currentTimestamp = Instant.EPOCH;
  private long greatestTime;
  private long nextLook = System.nanoTime();

  ChangesReader(ChangesSource source, ChangesCheckpoint position) {
    this.source = source;
    this.spec = source.spec();
    this.position = position;
    this.greatestTime = position.watermark();
    this.decoder = new RowDecoder(spec.read().readType());
    this.eventTime =
        spec.timestampColumn() == null
            ? null
            : EventTime.of(
                spec.read().table().fullName(), spec.timestampColumn(), spec.read().scannedType());
    this.lagMillis =
        Metrics.gauge(PaimonIO.class, "lagMillis-" + source.index() + "of" + source.number());
  }

  @Override
  public boolean start() throws IOException {
    follower =
        new SnapshotFollower(
            spec.read(), source.index(), source.number(), position.snapshot(), position.whole());
    return advance();
  }

  @Override
  public boolean advance() throws IOException {
    current = null;
    try {
      while (current == null && (found != null || findSnapshot())) {
        if (rows != null || openSplit()) {
          readBatch();
        } else {
          finishSnapshot();
        }
      }
    } catch (IOException | UncheckedIOException e) {
      throw explained(e);
    }
    return current != null;
  }

  private boolean findSnapshot() {
    long now = System.nanoTime();
    if (now - nextLook < 0) {
      return false;
    }
    long asOf = System.currentTimeMillis();
    SnapshotFollower snapshots = follower();
    SnapshotFollower.Found next = snapshots.find();
    if (next == null) {
      nextLook = System.nanoTime() + spec.discoveryInterval().toNanos();
      lagMillis.set(0);
      // what is committed later is younger
      at(snapshots.next(), snapshots.whole(), 0, 0, 0, allowed(asOf - CLOCK_SKEW));
      return false;
    }
    requireSameSplits(next);
    lagMillis.set(Math.max(0, asOf - next.committed()));
    found = next;
    boolean whole = position.whole() && position.snapshot() == next.snapshot();
    if (position.isWithinSnapshot()) {
      return true;
    }
    at(
        next.snapshot(),
        whole,
        0,
        0,
        next.files(),
        eventTime == null ? allowed(next.committed()) : position.watermark());
    return true;
  }

  private SnapshotFollower follower() {
    if (follower == null) {
      throw new NoSuchElementException("not started");
    }
    return follower;
  }

  /** A reader may go on in the middle of a snapshot only where its parts are what they were. */
  private void requireSameSplits(SnapshotFollower.Found next) {
    if (position.isWithinSnapshot()
        && (next.snapshot() != position.snapshot() || next.files() != position.files())) {
      throw new IllegalStateException(
          String.format(
              "The read of table %s stopped within snapshot %d, whose files are not as they were"
                  + " then: the table was created anew, or its options for splits were changed."
                  + " Undo that, or start the read anew.",
              spec.read().table().fullName(), position.snapshot()));
    }
  }

  private long allowed(long time) {
    return Math.max(position.watermark(), time - spec.maxOutOfOrderness().toMillis());
  }

  private void at(long snapshot, boolean whole, int splits, long done, int files, long watermark) {
    position = new ChangesCheckpoint(snapshot, whole, splits, done, files, watermark);
  }

  private void handedOut(int splits, long done) {
    at(position.snapshot(), position.whole(), splits, done, position.files(), position.watermark());
  }

  private boolean openSplit() throws IOException {
    if (position.splits() == found.splits().size()) {
      return false;
    }
    rows = new RowIterator(spec.read().read(List.of(found.splits().get(position.splits()))));
    for (long skipped = 0; skipped < position.rows(); skipped++) {
      if (rows.next() == null) {
        throw new IllegalStateException(
            String.format(
                "Snapshot %d of table %s has fewer rows than were read of it before.",
                position.snapshot(), spec.read().table().fullName()));
      }
    }
    return true;
  }

  private void readBatch() throws IOException {
    List<RowChange> changes = new ArrayList<>();
    List<Long> timestamps = new ArrayList<>();
    // an earlier commit may have been given a later time, by another writer's clock
    long committed = Math.max(found.committed(), position.watermark());
    while (changes.size() < BATCH_ROWS) {
      InternalRow row = rows.next();
      if (row == null) {
        break;
      }
      timestamps.add(eventTime == null ? committed : eventTime.millis(row));
      changes.add(RowChange.of(kind(row.getRowKind()), decoder.decode(row)));
    }
    if (changes.size() < BATCH_ROWS) {
      closeRows();
      handedOut(position.splits() + 1, 0);
    } else {
      handedOut(position.splits(), position.rows() + changes.size());
    }
    if (!changes.isEmpty()) {
      current = new ChangeBatch(changes, timestamps);
      currentTimestamp = Instant.ofEpochMilli(current.minTimestamp());
      greatestTime = Math.max(greatestTime, current.maxTimestamp());
      rowsRead.inc(changes.size());
      batchesRead.inc();
    }
  }

  /** Of a table that is read whole, it does not matter how a row came to be there. */
  private RowChange.Kind kind(RowKind kind) {
    if (position.whole()) {
      return RowChange.Kind.INSERT;
    }
    return switch (kind) {
      case INSERT -> RowChange.Kind.INSERT;
      case UPDATE_BEFORE -> RowChange.Kind.UPDATE_BEFORE;
      case UPDATE_AFTER -> RowChange.Kind.UPDATE_AFTER;
      case DELETE -> RowChange.Kind.DELETE;
    };
  }

  private void finishSnapshot() {
    found = null;
    at(
        follower().next(),
        false,
        0,
        0,
        0,
        eventTime == null ? position.watermark() : allowed(greatestTime));
  }

  private IOException explained(Exception failure) {
    String reason = found == null ? null : follower().whyNot(position.snapshot(), position.whole());
    if (reason != null) {
      return new IOException(reason, failure);
    }
    return failure instanceof IOException io ? io : ((UncheckedIOException) failure).getCause();
  }

  @Override
  public ChangeBatch getCurrent() {
    if (current == null) {
      throw new NoSuchElementException();
    }
    return current;
  }

  @Override
  public Instant getCurrentTimestamp() {
    getCurrent();
    return currentTimestamp;
  }

  @Override
  public Instant getWatermark() {
    return Instant.ofEpochMilli(position.watermark());
  }

  @Override
  public ChangesCheckpoint getCheckpointMark() {
    return position;
  }

  @Override
  public ChangesSource getCurrentSource() {
    return source;
  }

  private void closeRows() throws IOException {
    if (rows != null) {
      rows.close();
      rows = null;
    }
  }

  @Override
  public void close() throws IOException {
    closeRows();
  }
}

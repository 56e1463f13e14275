package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.record.LogRecord;
import org.apache.fluss.utils.CloseableIterator;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads parts of a snapshot of the lake, one after the other. */
final class LakeScan implements RowScan {
  /** In seconds, a time to come in 5138; in milliseconds, one in 1973. */
  private static final long LEAST_MILLIS = 100_000_000_000L;

  private final Lake lake;
  private final ReadSpec spec;
  private final long snapshot;
  private final Deque<Lake.Part> parts;
  private final RowDecoder decoder;
  private long toSkip;
  private @Nullable CloseableIterator<LogRecord> records;

  /**
   * @param skip how many rows to leave out, as they are read already
   */
  LakeScan(ReadSpec spec, TableInfo now, long snapshot, Collection<Lake.Part> parts, long skip) {
    this.lake = new Lake(spec.table(), now);
    this.spec = spec;
    this.snapshot = snapshot;
    this.parts = new ArrayDeque<>(parts);
    this.decoder = new RowDecoder(spec.scannedType());
    this.toSkip = skip;
  }

  @Override
  public boolean next(Sink sink) throws IOException {
    int given = 0;
    while (given < BATCH) {
      if (records == null) {
        Lake.Part part = parts.poll();
        if (part == null) {
          return false;
        }
        records = lake.open(part, snapshot, spec.scannedColumns()).read();
      }
      LogRecord record = nextRecord(records);
      if (record == null) {
        close();
      } else if (toSkip > 0) {
        toSkip--;
      } else {
        given++;
        give(record, sink);
      }
    }
    return true;
  }

  private @Nullable LogRecord nextRecord(CloseableIterator<LogRecord> from) {
    try {
      return from.hasNext() ? from.next() : null;
    } catch (RuntimeException e) {
      throw lake.unreadable(snapshot, e);
    }
  }

  /** When a row of a KV table was stored first, nobody knows: it holds its latest change. */
  private void give(LogRecord record, Sink sink) {
    Row decoded;
    try {
      decoded = decoder.decode(record.getRow());
    } catch (RuntimeException e) {
      sink.unreadable(e.toString());
      return;
    }
    sink.row(decoded, spec.table().isKeyed() ? EventTime.BEFORE_ALL : stored(record.timestamp()));
  }

  /**
   * The plug-in of Fluss 0.9.1 takes the milliseconds in the files of a Paimon table for
   * microseconds, so what it gives are whole seconds.
   */
  private static long stored(long millisOrSeconds) {
    return millisOrSeconds < LEAST_MILLIS
        ? TimeUnit.SECONDS.toMillis(millisOrSeconds)
        : millisOrSeconds;
  }

  @Override
  public void close() {
    if (records != null) {
      records.close();
      records = null;
    }
  }
}

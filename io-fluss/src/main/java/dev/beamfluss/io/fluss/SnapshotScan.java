package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.utils.CloseableIterator;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads a snapshot of a bucket of a KV table, in the order that the snapshot has. */
final class SnapshotScan implements RowScan {
  private static final Duration POLL = Duration.ofMillis(100);

  private final RowDecoder decoder;
  private final BatchScanner scanner;
  private long toSkip;
  private @Nullable CloseableIterator<InternalRow> rows;

  /**
   * @param skip how many rows to leave out, as they are read already
   * @throws IllegalStateException if the cluster does not have the snapshot any more
   */
  SnapshotScan(OpenTable open, ReadSpec spec, BucketId bucket, long snapshot, long skip) {
    FlussTable table = spec.table();
    this.decoder = new RowDecoder(open.table().getTableInfo().getRowType(), spec.scannedColumns());
    this.toSkip = skip;
    try {
      this.scanner =
          Waiting.askBlocking(
              () -> open.table().newScan().createBatchScanner(bucket.of(table.tableId()), snapshot),
              table.cluster(),
              "open a snapshot of table " + table.path());
    } catch (FlussUnreachableException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new IllegalStateException(
          String.format(
              "Snapshot %d of table %s, %s, cannot be read: %s. If the cluster does not keep it any"
                  + " more, because this read was stopped for longer than it keeps snapshots, start"
                  + " the pipeline anew, without its old checkpoint.",
              snapshot, table.path(), bucket.describe(), Waiting.rootMessage(e)),
          e);
    }
  }

  @Override
  public boolean next(Sink sink) throws IOException {
    int given = 0;
    while (given < BATCH) {
      if (rows == null || !rows.hasNext()) {
        rows = scanner.pollBatch(POLL);
        if (rows == null) {
          return false;
        }
        if (!rows.hasNext()) {
          return true;
        }
      }
      InternalRow row = rows.next();
      if (toSkip > 0) {
        toSkip--;
      } else {
        given++;
        give(row, sink);
      }
    }
    return true;
  }

  private void give(InternalRow row, Sink sink) {
    Row decoded;
    try {
      decoded = decoder.decode(row);
    } catch (RuntimeException e) {
      sink.unreadable(e.toString());
      return;
    }
    sink.row(decoded, EventTime.BEFORE_ALL);
  }

  @Override
  public void close() {
    try {
      scanner.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

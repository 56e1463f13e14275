package dev.beamfluss.io.paimon;

import java.io.Closeable;
import java.io.IOException;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.reader.RecordReader;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The rows of a reader of Paimon, one by one. Each is good until the next is asked for. */
final class RowIterator implements Closeable {
  private final RecordReader<InternalRow> records;
  private RecordReader.@Nullable RecordIterator<InternalRow> batch;
  private boolean atEnd;

  RowIterator(RecordReader<InternalRow> records) {
    this.records = records;
  }

  /** The next row, or null at the end. */
  @Nullable InternalRow next() throws IOException {
    while (!atEnd) {
      if (batch == null) {
        batch = records.readBatch();
        atEnd = batch == null;
      } else {
        InternalRow next = batch.next();
        if (next != null) {
          return next;
        }
        releaseBatch();
      }
    }
    return null;
  }

  private void releaseBatch() {
    if (batch != null) {
      batch.releaseBatch();
      batch = null;
    }
  }

  @Override
  public void close() throws IOException {
    releaseBatch();
    records.close();
  }
}

package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.io.BoundedSource;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** The part that readers of batches have in common: open late, hand out, close. */
abstract class BoundedBatchReader extends BoundedSource.BoundedReader<RowBatch> {
  private volatile BoundedTableSource source;
  private final ReadMetrics metrics;
  private @Nullable RowBatch current;

  BoundedBatchReader(BoundedTableSource source, ReadSpec spec) {
    this.source = source;
    this.metrics = new ReadMetrics(spec.schema(), "bounded");
  }

  /** Opens what is read; called once, before the first {@link #next}. */
  abstract void open();

  /** The next rows, or null at the end. */
  abstract @Nullable RowBatch next() throws IOException;

  @Override
  public final boolean start() throws IOException {
    open();
    return advance();
  }

  @Override
  public final boolean advance() throws IOException {
    current = next();
    if (current != null) {
      metrics.read(current);
    }
    return current != null;
  }

  @Override
  public final RowBatch getCurrent() {
    if (current == null) {
      throw new NoSuchElementException();
    }
    return current;
  }

  @Override
  public final Instant getCurrentTimestamp() {
    return Instant.ofEpochMilli(getCurrent().minTimestamp(EventTime.BEFORE_ALL));
  }

  @Override
  public final BoundedTableSource getCurrentSource() {
    return source;
  }

  /** Part of it was given away. */
  final void reduceTo(BoundedTableSource rest) {
    source = rest;
  }
}

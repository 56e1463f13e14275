package dev.beamfluss.benchmarks;

import java.io.Serializable;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.LongStream;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/** Rows made of numbers, in a pipeline, as cheaply as the runner allows. */
final class NumberedSource extends BoundedSource<Row> {
  /** Makes the row of a number. */
  @FunctionalInterface
  interface Maker extends Serializable {
    Row make(long number);
  }

  private final Schema schema;
  private final Maker maker;
  private final long from;
  private final long to;

  NumberedSource(Schema schema, Maker maker, long number) {
    this(schema, maker, 0, number);
  }

  private NumberedSource(Schema schema, Maker maker, long from, long to) {
    this.schema = schema;
    this.maker = maker;
    this.from = from;
    this.to = to;
  }

  Schema schema() {
    return schema;
  }

  long number() {
    return to - from;
  }

  /** A row counts as a byte. */
  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return number();
  }

  @Override
  public List<NumberedSource> split(long desired, PipelineOptions options) {
    long parts = Math.max(1, number() / Math.max(1, desired));
    return LongStream.range(0, parts)
        .mapToObj(i -> new NumberedSource(schema, maker, bound(i, parts), bound(i + 1, parts)))
        .toList();
  }

  private long bound(long part, long parts) {
    return from + number() * part / parts;
  }

  @Override
  public Coder<Row> getOutputCoder() {
    return RowCoder.of(schema);
  }

  @Override
  public BoundedReader<Row> createReader(PipelineOptions options) {
    return new Reader(this);
  }

  private static final class Reader extends BoundedReader<Row> {
    private final NumberedSource source;
    private long next;
    private Row current;

    Reader(NumberedSource source) {
      this.source = source;
      this.next = source.from;
    }

    @Override
    public boolean start() {
      return advance();
    }

    @Override
    public boolean advance() {
      if (next == source.to) {
        current = null;
        return false;
      }
      Counter.begin();
      current = source.maker.make(next++);
      return true;
    }

    @Override
    public Row getCurrent() {
      if (current == null) {
        throw new NoSuchElementException();
      }
      return current;
    }

    @Override
    public void close() {}

    @Override
    public NumberedSource getCurrentSource() {
      return source;
    }
  }
}

package dev.beamfluss.benchmarks;

import java.io.Serializable;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.LongStream;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/**
 * Rows made of numbers, in a pipeline, as cheaply as the runner allows: Flink's runner updates all
 * metrics for each element of a source, so the source gives one number for many rows.
 */
final class NumberedRows extends PTransform<PBegin, PCollection<Row>> {
  private static final int ROWS_A_NUMBER = 1_000;

  /** Makes the row of a number. */
  @FunctionalInterface
  interface Maker extends Serializable {
    Row make(long number);
  }

  private final Schema schema;
  private final Maker maker;
  private final long number;

  NumberedRows(Schema schema, Maker maker, long number) {
    this.schema = schema;
    this.maker = maker;
    this.number = number;
  }

  @Override
  public PCollection<Row> expand(PBegin input) {
    long blocks = (number + ROWS_A_NUMBER - 1) / ROWS_A_NUMBER;
    return input
        .apply("blocks", Read.from(new Blocks(0, blocks)))
        .apply("make", ParDo.of(new MakeFn(maker, number)))
        .setRowSchema(schema);
  }

  private static final class MakeFn extends DoFn<Long, Row> {
    private final Maker maker;
    private final long number;

    MakeFn(Maker maker, long number) {
      this.maker = maker;
      this.number = number;
    }

    @ProcessElement
    public void process(@Element Long block, OutputReceiver<Row> rows) {
      Counter.begin();
      long end = Math.min(number, (block + 1) * ROWS_A_NUMBER);
      for (long i = block * ROWS_A_NUMBER; i < end; i++) {
        rows.output(maker.make(i));
      }
    }
  }

  private static final class Blocks extends BoundedSource<Long> {
    private final long from;
    private final long to;

    Blocks(long from, long to) {
      this.from = from;
      this.to = to;
    }

    /** A row counts as a byte. */
    @Override
    public long getEstimatedSizeBytes(PipelineOptions options) {
      return (to - from) * ROWS_A_NUMBER;
    }

    @Override
    public List<Blocks> split(long desired, PipelineOptions options) {
      long parts = Math.max(1, getEstimatedSizeBytes(options) / Math.max(1, desired));
      return LongStream.range(0, parts)
          .mapToObj(i -> new Blocks(bound(i, parts), bound(i + 1, parts)))
          .toList();
    }

    private long bound(long part, long parts) {
      return from + (to - from) * part / parts;
    }

    @Override
    public Coder<Long> getOutputCoder() {
      return VarLongCoder.of();
    }

    @Override
    public BoundedReader<Long> createReader(PipelineOptions options) {
      return new BlockReader(this);
    }
  }

  private static final class BlockReader extends BoundedSource.BoundedReader<Long> {
    private final Blocks source;
    private long next;

    BlockReader(Blocks source) {
      this.source = source;
      this.next = source.from;
    }

    @Override
    public boolean start() {
      return advance();
    }

    @Override
    public boolean advance() {
      return next++ < source.to;
    }

    @Override
    public Long getCurrent() {
      if (next == source.from || next > source.to) {
        throw new NoSuchElementException();
      }
      return next - 1;
    }

    @Override
    public void close() {}

    @Override
    public Blocks getCurrentSource() {
      return source;
    }
  }
}

package dev.beamfluss.io.fluss;

import java.util.HashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The step both writes of {@link FlussIO} are made of. */
final class WriteToTable {
  private WriteToTable() {}

  static FlussWriteResult rows(
      PCollection<Row> input, FlussTable table, @Nullable ErrorHandler<BadRecord, ?> errorHandler) {
    return apply(
        input,
        new Rows(table, input.getSchema(), RowCoder.of(input.getSchema()), errorHandler != null),
        errorHandler);
  }

  static FlussWriteResult changes(
      PCollection<RowChange> input,
      Schema schema,
      FlussTable table,
      @Nullable ErrorHandler<BadRecord, ?> errorHandler) {
    return apply(
        input,
        new Changes(table, schema, RowChange.coder(schema), errorHandler != null),
        errorHandler);
  }

  private static <T> FlussWriteResult apply(
      PCollection<T> input, WriteFn<T> write, @Nullable ErrorHandler<BadRecord, ?> errorHandler) {
    PCollectionTuple written =
        input.apply(
            "Write",
            ParDo.of(write)
                .withOutputTags(
                    WriteFn.ACKNOWLEDGED, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        written
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline()));
    if (errorHandler != null) {
      errorHandler.addErrorCollection(bad);
    }
    return new FlussWriteResult(
        WriteFn.ACKNOWLEDGED, written.get(WriteFn.ACKNOWLEDGED).setCoder(VarLongCoder.of()));
  }

  static void populate(
      DisplayData.Builder builder, @Nullable FlussCluster cluster, @Nullable String table) {
    builder
        .addIfNotNull(DisplayData.item("table", table))
        .addIfNotNull(DisplayData.item("cluster", cluster == null ? null : cluster.toString()));
  }

  private static final class Rows extends WriteFn<Row> {
    Rows(FlussTable table, Schema schema, Coder<Row> coder, boolean keepBad) {
      super(table, schema, coder, keepBad);
    }

    @Override
    void write(TableWriter writer, Row row) {
      writer.upsert(row);
    }
  }

  private static final class Changes extends WriteFn<RowChange> {
    Changes(FlussTable table, Schema schema, Coder<RowChange> coder, boolean keepBad) {
      super(table, schema, coder, keepBad);
    }

    @Override
    void write(TableWriter writer, RowChange change) {
      writer.write(change);
    }
  }

  /** Writes each element and, at the end of the bundle, waits for all acknowledgements. */
  abstract static class WriteFn<T> extends DoFn<T, Long> {
    static final TupleTag<Long> ACKNOWLEDGED = new TupleTag<>() {};

    private final FlussTable table;
    private final Schema schema;
    private final Coder<T> coder;
    private final BadRecordRouter badRecords;
    private final Counter rowsWritten = Metrics.counter(FlussIO.class, "rowsWritten");
    private final Counter rowsRefused = Metrics.counter(FlussIO.class, "rowsRefused");

    private transient TableWriter writer;
    private transient Map<BoundedWindow, Long> written;

    WriteFn(FlussTable table, Schema schema, Coder<T> coder, boolean keepBad) {
      this.table = table;
      this.schema = schema;
      this.coder = coder;
      this.badRecords =
          keepBad ? BadRecordRouter.RECORDING_ROUTER : BadRecordRouter.THROWING_ROUTER;
    }

    abstract void write(TableWriter writer, T element);

    @Setup
    public void setup() {
      writer = TableWriter.open(table, schema);
    }

    @StartBundle
    public void startBundle() {
      written = new HashMap<>();
    }

    @ProcessElement
    public void process(@Element T element, BoundedWindow window, MultiOutputReceiver out)
        throws Exception {
      try {
        write(writer, element);
      } catch (IllegalArgumentException e) {
        rowsRefused.inc();
        badRecords.route(out, element, coder, e, "This row can never be written");
        return;
      }
      written.merge(window, 1L, Long::sum);
    }

    @FinishBundle
    public void finishBundle(FinishBundleContext context) {
      writer.flush();
      written.forEach(
          (window, count) -> {
            rowsWritten.inc(count);
            context.output(count, window.maxTimestamp(), window);
          });
    }

    @Teardown
    public void teardown() {
      if (writer != null) {
        writer.close();
      }
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      builder.add(DisplayData.item("table", table.path()));
    }
  }
}

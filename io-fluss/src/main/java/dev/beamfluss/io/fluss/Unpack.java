package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** Takes the batches of a source apart; chained to it, so a batch is never encoded on Flink. */
final class Unpack {
  private static final TupleTag<Row> ROWS = new TupleTag<>() {};
  private static final TupleTag<RowChange> CHANGES = new TupleTag<>() {};

  private Unpack() {}

  static PCollection<Row> rows(
      PCollection<RowBatch> batches, ReadSpec spec, @Nullable ErrorHandler<BadRecord, ?> errors) {
    return apply(batches, new Rows(spec.schema(), errors != null), errors)
        .setRowSchema(spec.schema());
  }

  static PCollection<RowChange> changes(
      PCollection<RowBatch> batches, ReadSpec spec, @Nullable ErrorHandler<BadRecord, ?> errors) {
    return apply(batches, new Changes(spec.schema(), errors != null), errors)
        .setCoder(RowChange.coder(spec.schema()));
  }

  private static <T> PCollection<T> apply(
      PCollection<RowBatch> batches,
      UnpackFn<T> unpack,
      @Nullable ErrorHandler<BadRecord, ?> errors) {
    PCollectionTuple result =
        batches.apply(
            "Unpack",
            ParDo.of(unpack)
                .withOutputTags(unpack.output, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        result
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(batches.getPipeline()));
    if (errors != null) {
      errors.addErrorCollection(bad);
    }
    return result.get(unpack.output);
  }

  /**
   * Flink restores a source as it was when the savepoint was taken, with the columns of then.
   *
   * @throws IllegalStateException if the rows are not what this pipeline reads
   */
  static void checkSchema(Schema expected, List<Row> rows) {
    if (!rows.isEmpty() && !expected.equals(rows.get(0).getSchema())) {
      throw new IllegalStateException(
          String.format(
              "The read was restored with the columns %s of the pipeline that took the savepoint,"
                  + " and this pipeline reads %s. Give the read another name, and start it from"
                  + " where the savepoint left off by withStartingPosition(Position.timestamp(..)),"
                  + " or read the same columns.",
              rows.get(0).getSchema().getFields(), expected.getFields()));
    }
  }

  private abstract static class UnpackFn<T> extends DoFn<RowBatch, T> {
    private static final Coder<String> CODER = StringUtf8Coder.of();

    private final Schema schema;
    private final TupleTag<T> output;
    private final BadRecordRouter badRecords;
    private final Counter rowsUnreadable = Metrics.counter(FlussIO.class, "rowsUnreadable");

    UnpackFn(Schema schema, TupleTag<T> output, boolean keepBad) {
      this.schema = schema;
      this.output = output;
      this.badRecords =
          keepBad ? BadRecordRouter.RECORDING_ROUTER : BadRecordRouter.THROWING_ROUTER;
    }

    abstract T element(Row row, RowChange.Kind kind);

    @ProcessElement
    public void process(@Element RowBatch batch, MultiOutputReceiver out) throws Exception {
      OutputReceiver<T> rows = out.get(output);
      List<Row> all = batch.rows();
      checkSchema(schema, all);
      RowChange.Kind[] kinds = batch.kinds();
      long[] timestamps = batch.timestamps();
      Instant time = Instant.EPOCH;
      for (int i = 0; i < timestamps.length; i++) {
        // the rows of one batch of a writer were stored at the same time
        time = time.getMillis() == timestamps[i] ? time : Instant.ofEpochMilli(timestamps[i]);
        rows.outputWithTimestamp(
            element(all.get(i), kinds == null ? RowChange.Kind.INSERT : kinds[i]), time);
      }
      for (UnreadableRow row : batch.unreadable()) {
        rowsUnreadable.inc();
        badRecords.route(
            out, row.what(), CODER, new IllegalStateException(row.reason()), row.reason());
      }
    }
  }

  private static final class Rows extends UnpackFn<Row> {
    Rows(Schema schema, boolean keepBad) {
      super(schema, ROWS, keepBad);
    }

    @Override
    Row element(Row row, RowChange.Kind kind) {
      return row;
    }
  }

  private static final class Changes extends UnpackFn<RowChange> {
    Changes(Schema schema, boolean keepBad) {
      super(schema, CHANGES, keepBad);
    }

    @Override
    RowChange element(Row row, RowChange.Kind kind) {
      return RowChange.of(kind, row);
    }
  }
}

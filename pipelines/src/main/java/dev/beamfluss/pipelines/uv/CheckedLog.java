package dev.beamfluss.pipelines.uv;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
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

/**
 * The rows of a behavior's log that have a user and all that is counted by, with the behavior as a
 * further column. The others go to the error handler. Metric: {@code rowsRefused}.
 */
final class CheckedLog extends PTransform<PCollection<Row>, PCollection<Row>> {
  private static final TupleTag<Row> CHECKED = new TupleTag<>() {};

  private final Behavior behavior;
  private final String table;
  private final transient ErrorHandler<BadRecord, ?> errors;

  CheckedLog(Behavior behavior, String table, ErrorHandler<BadRecord, ?> errors) {
    this.behavior = behavior;
    this.table = table;
    this.errors = errors;
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> log) {
    Schema.Builder builder = Schema.builder();
    log.getSchema().getFields().forEach(f -> builder.addField(f.withNullable(false)));
    Schema checked = builder.addStringField(UvTables.BEHAVIOR_COLUMN).build();
    PCollectionTuple both =
        log.apply(
            "Check",
            ParDo.of(new CheckFn(log.getSchema(), checked, behavior.id(), table))
                .withOutputTags(CHECKED, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    errors.addErrorCollection(
        both.get(BadRecordRouter.BAD_RECORD_TAG).setCoder(BadRecord.getCoder(log.getPipeline())));
    return both.get(CHECKED).setRowSchema(checked);
  }

  private static final class CheckFn extends DoFn<Row, Row> {
    private final Schema log;
    private final Schema checked;
    private final String behavior;
    private final String table;
    private final Counter refused = Metrics.counter(Uv.class, "rowsRefused");

    CheckFn(Schema log, Schema checked, String behavior, String table) {
      this.log = log;
      this.checked = checked;
      this.behavior = behavior;
      this.table = table;
    }

    @ProcessElement
    public void process(@Element Row row, MultiOutputReceiver out) throws Exception {
      int fields = row.getFieldCount();
      List<@Nullable Object> values = new ArrayList<>(fields + 1);
      for (int i = 0; i < fields; i++) {
        Object value = row.getValue(i);
        if (value == null) {
          refuse(row, i, out);
          return;
        }
        values.add(value);
      }
      values.add(behavior);
      out.get(CHECKED).output(Row.withSchema(checked).attachValues(values));
    }

    private void refuse(Row row, int column, MultiOutputReceiver out) throws Exception {
      refused.inc();
      String reason =
          String.format(
              "Row %s of table %s has no %s, so its user cannot be counted.",
              row.getValues(), table, log.getField(column).getName());
      out.get(BadRecordRouter.BAD_RECORD_TAG)
          .output(
              BadRecord.fromExceptionInformation(
                  row, RowCoder.of(log), new IllegalArgumentException(reason), reason));
    }
  }
}

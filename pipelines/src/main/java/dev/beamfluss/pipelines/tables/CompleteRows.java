package dev.beamfluss.pipelines.tables;

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
 * The rows of a table that have a value in each column. The others go to the error handler. Metric:
 * {@code rowsRefused}.
 */
public final class CompleteRows extends PTransform<PCollection<Row>, PCollection<Row>> {
  private static final TupleTag<Row> COMPLETE = new TupleTag<>() {};

  private final String table;
  private final String purpose;
  private final @Nullable String column;
  private final @Nullable String constant;
  private final transient ErrorHandler<BadRecord, ?> errors;

  private CompleteRows(
      String table,
      String purpose,
      @Nullable String column,
      @Nullable String constant,
      ErrorHandler<BadRecord, ?> errors) {
    this.table = table;
    this.purpose = purpose;
    this.column = column;
    this.constant = constant;
    this.errors = errors;
  }

  /**
   * Of rows of this table.
   *
   * @param purpose what cannot be done with the others: {@code it cannot be counted}
   */
  public static CompleteRows of(String table, String purpose, ErrorHandler<BadRecord, ?> errors) {
    return new CompleteRows(table, purpose, null, null, errors);
  }

  /** With a further column that is the same in all rows. */
  public CompleteRows with(String newColumn, String value) {
    return new CompleteRows(table, purpose, newColumn, value, errors);
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> rows) {
    Schema.Builder builder = Schema.builder();
    rows.getSchema().getFields().forEach(f -> builder.addField(f.withNullable(false)));
    if (column != null) {
      builder.addStringField(column);
    }
    Schema complete = builder.build();
    PCollectionTuple both =
        rows.apply(
            "Check",
            ParDo.of(new CheckFn(rows.getSchema(), complete, constant, table, purpose))
                .withOutputTags(COMPLETE, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    errors.addErrorCollection(
        both.get(BadRecordRouter.BAD_RECORD_TAG).setCoder(BadRecord.getCoder(rows.getPipeline())));
    return both.get(COMPLETE).setRowSchema(complete);
  }

  private static final class CheckFn extends DoFn<Row, Row> {
    private final Schema rows;
    private final Schema complete;
    private final @Nullable String constant;
    private final String table;
    private final String purpose;
    private final Counter refused = Metrics.counter(CompleteRows.class, "rowsRefused");

    CheckFn(Schema rows, Schema complete, @Nullable String constant, String table, String purpose) {
      this.rows = rows;
      this.complete = complete;
      this.constant = constant;
      this.table = table;
      this.purpose = purpose;
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
      if (constant != null) {
        values.add(constant);
      }
      out.get(COMPLETE).output(Row.withSchema(complete).attachValues(values));
    }

    private void refuse(Row row, int field, MultiOutputReceiver out) throws Exception {
      refused.inc();
      String reason =
          String.format(
              "Row %s of table %s has no %s, so %s.",
              row.getValues(), table, rows.getField(field).getName(), purpose);
      out.get(BadRecordRouter.BAD_RECORD_TAG)
          .output(
              BadRecord.fromExceptionInformation(
                  row, RowCoder.of(rows), new IllegalArgumentException(reason), reason));
    }
  }
}

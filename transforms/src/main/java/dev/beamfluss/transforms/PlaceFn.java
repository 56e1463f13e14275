package dev.beamfluss.transforms;

import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.Objects;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** Leaves of a row what {@link MinuteTotalsFn} needs, by day and source. */
final class PlaceFn extends DoFn<Row, KV<KV<String, String>, Row>> {
  private static final long serialVersionUID = 1L;

  /** The minute of the day, what is counted once, and the amount. */
  static final Schema ARRIVED =
      Schema.builder()
          .addInt32Field("minute")
          .addNullableStringField("id")
          .addNullableField("amount", FieldType.DECIMAL)
          .build();

  private static final int NONE = -1;

  private final Schema rows;
  private final LocalMinutes minutes;
  private final int source;
  private final int id;
  private final int amount;
  private final boolean keepBad;
  private final Counter refused = Metrics.counter(MinuteTotals.class, "rowsRefused");

  PlaceFn(MinuteTotals totals, Schema rows) {
    this.rows = rows;
    this.minutes = new LocalMinutes(totals.zone());
    this.source = rows.indexOf(totals.sourceColumn());
    this.id = position(totals.count());
    this.amount = position(totals.sum());
    this.keepBad = totals.errorHandler() != null;
  }

  private int position(@Nullable Measure measure) {
    return measure == null || measure.column() == null ? NONE : rows.indexOf(measure.column());
  }

  @ProcessElement
  public void process(@Element Row row, @Timestamp Instant time, MultiOutputReceiver out)
      throws Exception {
    int missing = missing(row);
    if (missing != NONE) {
      refuse(row, missing, out);
      return;
    }
    LocalDateTime at = minutes.at(time.getMillis());
    Row arrived =
        Row.withSchema(ARRIVED)
            .attachValues(
                at.getHour() * 60 + at.getMinute(),
                id == NONE ? null : Objects.toString(row.getValue(id)),
                amount == NONE ? null : decimal(row.getValue(amount)));
    out.get(MinuteTotals.PLACED)
        .output(
            KV.of(
                KV.of(LocalMinutes.name(at.toLocalDate()), Objects.toString(row.getValue(source))),
                arrived));
  }

  private int missing(Row row) {
    if (row.getValue(source) == null) {
      return source;
    }
    return id != NONE && row.getValue(id) == null ? id : NONE;
  }

  private static @Nullable BigDecimal decimal(@Nullable Object value) {
    if (value == null || value instanceof BigDecimal) {
      return (BigDecimal) value;
    }
    return BigDecimal.valueOf(((Number) value).longValue());
  }

  private void refuse(Row row, int column, MultiOutputReceiver out) throws Exception {
    String message =
        String.format(
            "Column %s is null in row %s, which therefore counts for no source. Give it a value, or"
                + " leave the row out before.",
            rows.getField(column).getName(), row.getValues());
    IllegalArgumentException failure = new IllegalArgumentException(message);
    if (!keepBad) {
      throw failure;
    }
    refused.inc();
    out.get(BadRecordRouter.BAD_RECORD_TAG)
        .output(BadRecord.fromExceptionInformation(row, RowCoder.of(rows), failure, message));
  }
}

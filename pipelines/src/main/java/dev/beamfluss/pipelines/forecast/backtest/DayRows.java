package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.pipelines.forecast.DayCurves;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.transforms.DoFn.OutputReceiver;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Rows of a table {@code order_dtm}, made of curves: the other way round than {@link DayCurves}.
 */
final class DayRows {
  /** Prices of logs may have more decimals than two. */
  private static final int DECIMALS = 4;

  static final Schema SCHEMA =
      Schema.builder()
          .addStringField("ds")
          .addStringField("mm")
          .addStringField("order_source")
          .addNullableInt64Field("order_cnt")
          .addNullableField(
              "order_gmv", FieldType.logicalType(FixedPrecisionNumeric.of(18, DECIMALS)))
          .build();

  private DayRows() {}

  /** A row for each minute in which something has changed. */
  static void output(
      String channel, LocalDate day, double[] counts, double[] amounts, OutputReceiver<Row> out) {
    String ds = DayCurves.ds(day);
    double count = 0;
    double amount = 0;
    for (int minute = 0; minute < DayCurves.MINUTES; minute++) {
      if (counts[minute] != count || amounts[minute] != amount) {
        count = counts[minute];
        amount = amounts[minute];
        out.output(
            Row.withSchema(SCHEMA)
                .addValues(
                    ds, DayCurves.mm(minute), channel, (long) count, decimal(amount, DECIMALS))
                .build());
      }
    }
  }

  static @Nullable BigDecimal decimal(double amount, int decimals) {
    return BigDecimal.valueOf(amount).setScale(decimals, RoundingMode.HALF_UP);
  }
}

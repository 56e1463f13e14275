package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.FlussExtension;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForecastFusionTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final String DS = "20260216";
  private static final LocalDate DAY = LocalDate.of(2026, 2, 16);
  private static final LocalDate FIRST = LocalDate.of(2026, 1, 5);
  private static final NavigableMap<LocalDate, double[]> ORDERS = orders();
  private static final ForecastBaseline BASELINE = baseline(1);

  /** An amount of a third of the orders, in cents that are no whole number of them. */
  private static final double PRICE = 33.37;

  private static final ForecastBaseline GMV_BASELINE = baseline(PRICE);

  private static final Schema LIVE =
      Schema.builder()
          .addStringField("ds")
          .addStringField("mm")
          .addStringField("order_source")
          .addNullableInt64Field("order_cnt")
          .addNullableField("order_gmv", FieldType.logicalType(FixedPrecisionNumeric.of(18, 2)))
          .build();

  private static final Schema JOINED =
      Schema.builder()
          .addFields(LIVE.getFields())
          .addNullableStringField("baseline_ds")
          .addNullableStringField("baseline_minute_ratio_feat")
          .addNullableStringField("baseline_minute_gmv_feat")
          .build();

  private final Pipeline pipeline = Pipeline.create();

  /** About 300 a day, none in the night. */
  private static NavigableMap<LocalDate, double[]> orders() {
    Random random = new Random(5);
    NavigableMap<LocalDate, double[]> days = new TreeMap<>();
    for (LocalDate day = FIRST; !day.isAfter(DAY); day = day.plusDays(1)) {
      double[] counts = new double[1440];
      for (int minute = 420; minute < counts.length; minute++) {
        counts[minute] = counts[minute - 1] + (random.nextInt(10) < 3 ? 1 : 0);
      }
      days.put(day, counts);
    }
    return days;
  }

  private static ForecastBaseline baseline(double price) {
    BaselineBuilder builder = BaselineBuilder.of("web").forDay(DAY);
    ORDERS
        .headMap(DAY)
        .forEach(
            (day, counts) -> {
              double[] amounts = counts.clone();
              for (int minute = 0; minute < amounts.length; minute++) {
                amounts[minute] *= price;
              }
              builder.add(day, amounts);
            });
    return builder.build().orElseThrow();
  }

  private static String time(int minute) {
    return String.format("%02d%02d", minute / 60, minute % 60);
  }

  private static Row live(
      String channel, String minute, @Nullable Long orders, @Nullable String gmv) {
    return Row.withSchema(LIVE)
        .addValues(DS, minute, channel, orders, gmv == null ? null : new BigDecimal(gmv))
        .build();
  }

  private static Row joined(
      Row live, @Nullable String ds, @Nullable String count, @Nullable String gmv) {
    List<@Nullable Object> values = new ArrayList<>(live.getValues());
    values.add(ds);
    values.add(count);
    values.add(gmv);
    return Row.withSchema(JOINED).attachValues(values);
  }

  private static Row joined(Row live) {
    return joined(live, DS, BASELINE.encode(), GMV_BASELINE.encode());
  }

  private PCollection<Row> fuse(ForecastFusion fusion, Row... joined) {
    return pipeline.apply(Create.of(List.of(joined)).withRowSchema(JOINED)).apply(fusion);
  }

  private static Row forecast(PCollection<Row> rows, @Nullable Object... values) {
    return Row.withSchema(rows.getSchema()).addValues(values).build();
  }

  @ParameterizedTest
  @ValueSource(strings = {"ratio", "shrunk"})
  void everyMinuteIsWhatTheModelSaysAndTheLastWhatTheDayHad(String name) {
    ForecastModel model = ForecastModel.named(name, 0.8);
    double[] today = ORDERS.get(DAY);
    List<Row> input = new ArrayList<>();
    for (int minute = 0; minute < today.length; minute++) {
      BigDecimal gmv = gmv(today[minute]);
      input.add(joined(live("web", time(minute), (long) today[minute], gmv.toString())));
    }
    PCollection<Row> rows =
        fuse(ForecastFusion.ofJoined().withModel(name, 0.8), input.toArray(Row[]::new));
    List<Row> expected = new ArrayList<>();
    for (int minute = 0; minute < today.length; minute++) {
      BigDecimal gmv = gmv(today[minute]);
      Forecast orders = model.forecast(today[minute], minute, BASELINE);
      Forecast amount = model.forecast(gmv.doubleValue(), minute, GMV_BASELINE);
      expected.add(
          forecast(
              rows,
              DS,
              time(minute),
              "web",
              (long) today[minute],
              rounded(orders.total(), 0).toPlainString(),
              rounded(orders.lower(), 0).toPlainString(),
              rounded(orders.upper(), 0).toPlainString(),
              gmv,
              rounded(amount.total(), 2),
              rounded(amount.lower(), 2),
              rounded(amount.upper(), 2),
              name,
              DS));
    }
    Row last = expected.get(1439);
    String whole = String.valueOf((long) today[1439]);
    assertThat(last.getString("forecast_daily_order_cnt"), is(whole));
    assertThat(last.getString("forecast_low"), is(whole));
    assertThat(last.getString("forecast_high"), is(whole));
    assertThat(last.getDecimal("forecast_daily_gmv"), is(gmv(today[1439])));
    PAssert.that(rows).containsInAnyOrder(expected);
    pipeline.run().waitUntilFinish();
  }

  private static BigDecimal gmv(double orders) {
    return rounded(orders * PRICE, 2);
  }

  private static BigDecimal rounded(double number, int decimals) {
    return BigDecimal.valueOf(number).setScale(decimals, RoundingMode.HALF_UP);
  }

  @Test
  void atTheEndOfTheDayEveryDigitOfASumComesBack() {
    String sum = "1234567890123456.78";
    PCollection<Row> rows =
        fuse(ForecastFusion.ofJoined(), joined(live("web", "23:59", 9007199254740993L, sum)));
    BigDecimal gmv = new BigDecimal(sum);
    PAssert.that(rows)
        .containsInAnyOrder(
            forecast(
                rows,
                DS,
                "23:59",
                "web",
                9007199254740993L,
                "9007199254740993",
                "9007199254740993",
                "9007199254740993",
                gmv,
                gmv,
                gmv,
                gmv,
                "ratio",
                DS));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void whatThereIsNoBaselineForIsNullAndTheRestIsThere() {
    PCollection<Row> rows =
        fuse(
            ForecastFusion.ofJoined(),
            joined(live("new", "1200", 7L, "70.10"), null, null, null),
            joined(live("web", "2359", 7L, "70.10"), DS, BASELINE.encode(), null),
            joined(live("app", "2359", null, null), DS, BASELINE.encode(), GMV_BASELINE.encode()));
    BigDecimal gmv = new BigDecimal("70.10");
    PAssert.that(rows)
        .containsInAnyOrder(
            forecast(
                rows, DS, "1200", "new", 7L, null, null, null, gmv, null, null, null, "ratio",
                null),
            forecast(
                rows, DS, "2359", "web", 7L, "7", "7", "7", gmv, null, null, null, "ratio", DS),
            forecast(
                rows, DS, "2359", "app", null, "0", "0", "0", null, null, null, null, "ratio", DS));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void moreDecimalsOfCountsCanBeAskedFor() {
    PCollection<Row> rows =
        fuse(
            ForecastFusion.ofJoined().withModel("shrunk").withCountDecimals(6),
            joined(live("web", "1130", 100L, null)));
    Forecast forecast = ForecastModel.named("shrunk").forecast(100, 690, BASELINE);
    PAssert.thatSingleton(
            rows.apply(
                MapElements.into(TypeDescriptors.strings())
                    .via(row -> row.getString("forecast_daily_order_cnt"))))
        .isEqualTo(rounded(forecast.total(), 6).toPlainString());
    pipeline.run().waitUntilFinish();
  }

  @Test
  @SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
  void baselinesAreFoundInAKvTable() throws Exception {
    try (Connection connection = JoinTables.connect(fluss)) {
      JoinTables tables = new JoinTables(fluss, connection);
      String table =
          tables.create(
              "order_mm_his_kv",
              TableDescriptor.builder()
                  .schema(
                      org.apache.fluss.metadata.Schema.newBuilder()
                          .column("channel_id", DataTypes.STRING())
                          .column("ds", DataTypes.STRING())
                          .column("minute_ratio_feat", DataTypes.STRING())
                          .column("minute_gmv_feat", DataTypes.STRING())
                          .primaryKey("channel_id")
                          .build())
                  .distributedBy(1)
                  .build());
      FlussTable described = tables.cluster().describe(table);
      try (TableWriter writer = TableWriter.open(described, described.schema())) {
        writer.upsert(
            Row.withSchema(described.schema())
                .addValues("web", "20260215", BASELINE.encode(), GMV_BASELINE.encode())
                .build());
        writer.flush();
      }
      ForecastFusion fusion =
          ForecastFusion.lookingUp(
              FlussIO.lookup()
                  .in(tables.cluster(), table)
                  .by("channel_id")
                  .withColumns("ds", "minute_ratio_feat", "minute_gmv_feat"));
      PCollection<Row> rows =
          pipeline
              .apply(
                  Create.of(live("web", "2359", 7L, "70.10"), live("new", "2359", 7L, "70.10"))
                      .withRowSchema(LIVE))
              .apply(fusion);
      BigDecimal gmv = new BigDecimal("70.10");
      PAssert.that(rows)
          .containsInAnyOrder(
              forecast(
                  rows,
                  DS,
                  "2359",
                  "web",
                  7L,
                  "7",
                  "7",
                  "7",
                  gmv,
                  gmv,
                  gmv,
                  gmv,
                  "ratio",
                  "20260215"),
              forecast(
                  rows, DS, "2359", "new", 7L, null, null, null, gmv, null, null, null, "ratio",
                  null));
      pipeline.run().waitUntilFinish();
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          2400 | 7  | 1.00 | v1 | column mm is 2400: give a minute of the day, HHmm
          2359 | -7 | 1.00 | v1 | column order_cnt is -7: what a day has had so far is not negative
          2359 | 7  | -1   | v1 | column order_gmv is -1: what a day has had so far is not negative
          2359 | 7  | 1.00 | v9 | column baseline_minute_ratio_feat is not a baseline: minute_ratio_feat of channel 'web'
          1200 | 7  | 9999999999999999.00 | v1 | which the column has no room for: give it more digits
          """)
  void aRowThatCannotBeForecastIsRefused(
      String minute, long orders, String gmv, String version, String reason) {
    String text = BASELINE.encode().replace("v1:", version + ":");
    Row bad = joined(live("web", minute, orders, gmv), DS, text, GMV_BASELINE.encode());
    Row good = joined(live("web", "2359", 7L, null));
    ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors =
        pipeline.registerBadRecordErrorHandler(new Reasons());
    PCollection<Row> rows = fuse(ForecastFusion.ofJoined().withErrorHandler(errors), bad, good);
    PAssert.that(rows)
        .containsInAnyOrder(
            forecast(
                rows, DS, "2359", "web", 7L, "7", "7", "7", null, null, null, null, "ratio", DS));
    errors.close();
    PAssert.thatSingleton(errors.getOutput())
        .satisfies(
            reasons -> {
              assertThat(
                  reasons,
                  containsString(
                      "No forecast of order_source 'web' at 20260216 "
                          + minute
                          + ", with the baseline of 20260216: column "));
              assertThat(reasons, containsString(reason));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void withoutAHandlerSuchARowFails() {
    fuse(ForecastFusion.ofJoined(), joined(live("web", "2400", 7L, null)));
    RuntimeException failure =
        assertThrows(RuntimeException.class, () -> pipeline.run().waitUntilFinish());
    assertThat(failure.getMessage(), containsString("column mm is 2400"));
  }

  @Test
  void columnsAreChecked() {
    assertThat(
        refusal(ForecastFusion.ofJoined().withMeasures("orders", "order_gmv"), LIVE),
        containsString("There is no column orders to forecast with, only [ds, mm"));
    assertThat(
        refusal(ForecastFusion.ofJoined().withMeasures("order_cnt", "order_cnt"), LIVE),
        containsString("Column order_cnt must be DECIMAL to forecast with, and is INT64"));
    assertThat(
        refusal(ForecastFusion.ofJoined(), LIVE),
        containsString("There is no column baseline_ds to forecast with"));
    Schema keyed =
        Schema.builder().addFields(LIVE.getFields()).addStringField("channel_id").build();
    assertThat(
        refusal(ForecastFusion.lookingUp(FlussIO.lookup()), keyed),
        containsString("The input has a column channel_id, by which the baseline is looked up"));
    assertThat(
        assertThrows(
                IllegalArgumentException.class, () -> ForecastFusion.ofJoined().withModel("best"))
            .getMessage(),
        containsString("there is no forecast model 'best'"));
  }

  private String refusal(ForecastFusion fusion, Schema schema) {
    PCollection<Row> rows = pipeline.apply("of " + fusion, Create.empty(schema));
    return assertThrows(IllegalArgumentException.class, () -> rows.apply("to " + fusion, fusion))
        .getMessage();
  }

  private static final class Reasons
      extends PTransform<PCollection<BadRecord>, PCollection<String>> {
    @Override
    public PCollection<String> expand(PCollection<BadRecord> refused) {
      return refused.apply(
          MapElements.into(TypeDescriptors.strings())
              .via(record -> record.getFailure().getDescription()));
    }
  }
}

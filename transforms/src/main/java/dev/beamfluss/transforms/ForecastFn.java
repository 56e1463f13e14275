package dev.beamfluss.transforms;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Forecasts each row that has its baseline; {@link ForecastFusion} says what comes out. */
final class ForecastFn extends DoFn<Row, Row> {
  private static final long serialVersionUID = 1L;
  static final TupleTag<Row> FORECASTS = new TupleTag<>() {};

  private static final Pattern MINUTE = Pattern.compile("([01][0-9]|2[0-3]):?([0-5][0-9])");

  /** Some 15 KB each, of strings and decoded. */
  private static final int CACHED = 2_000;

  /** Of an amount whose column has no scale. */
  private static final int AMOUNT_DECIMALS = 2;

  private final Schema rows;
  private final Schema result;
  private final String modelName;
  private final ForecastModel model;
  private final int day;
  private final int minute;
  private final int channel;
  private final int count;
  private final int amount;
  private final int baselineDay;
  private final int countFeature;
  private final int amountFeature;
  private final int countDecimals;
  private final int amountDecimals;

  /** How many digits before the decimal point an amount may have. */
  private final int amountDigits;

  private final int[] passed;
  private final boolean keepBad;
  private final Counter withoutBaseline =
      Metrics.counter(ForecastFusion.class, "rowsWithoutBaseline");
  private final Counter refused = Metrics.counter(ForecastFusion.class, "rowsRefused");

  private transient Map<String, ForecastBaseline> decoded;

  ForecastFn(ForecastFusion fusion, Schema rows) {
    this.rows = rows;
    this.modelName = fusion.modelName();
    this.model = fusion.model();
    this.day = rows.indexOf(fusion.dayColumn());
    this.minute = rows.indexOf(fusion.minuteColumn());
    this.channel = rows.indexOf(fusion.channelColumn());
    this.count = rows.indexOf(fusion.countColumn());
    this.amount = rows.indexOf(fusion.amountColumn());
    this.baselineDay = feature(fusion.baselineDayColumn());
    this.countFeature = feature(fusion.countFeatureColumn());
    this.amountFeature = feature(fusion.amountFeatureColumn());
    this.countDecimals = fusion.countDecimals();
    FieldType amounts = rows.getField(amount).getType().withNullable(true);
    if (amounts.getTypeName().isLogicalType()
        && amounts.getLogicalType() instanceof FixedPrecisionNumeric numeric) {
      Row precision = numeric.getArgument();
      this.amountDecimals = precision.getInt32("scale");
      this.amountDigits = precision.getInt32("precision") - amountDecimals;
    } else {
      this.amountDecimals = AMOUNT_DECIMALS;
      this.amountDigits = Integer.MAX_VALUE;
    }
    this.keepBad = fusion.errorHandler() != null;
    this.passed = fusion.passed().stream().mapToInt(rows::indexOf).toArray();
    Schema.Builder schema =
        Schema.builder()
            .addField(rows.getField(day))
            .addField(rows.getField(minute))
            .addField(rows.getField(channel))
            .addNullableInt64Field("cumulative_order_cnt")
            .addNullableStringField("forecast_daily_order_cnt")
            .addNullableStringField("forecast_low")
            .addNullableStringField("forecast_high")
            .addField("cumulative_gmv", amounts)
            .addField("forecast_daily_gmv", amounts)
            .addField("forecast_gmv_low", amounts)
            .addField("forecast_gmv_high", amounts)
            .addStringField("model")
            .addNullableStringField("baseline_ds");
    for (int column : passed) {
      schema.addField(rows.getField(column));
    }
    this.result = schema.build();
  }

  private int feature(String column) {
    ForecastFusion.require(rows, ForecastFusion.joined(column), FieldType.STRING);
    return rows.indexOf(ForecastFusion.joined(column));
  }

  Schema schema() {
    return result;
  }

  @Setup
  public void setUp() {
    decoded =
        new LinkedHashMap<>(16, 0.75f, true) {
          @Override
          protected boolean removeEldestEntry(Map.Entry<String, ForecastBaseline> eldest) {
            return size() > CACHED;
          }
        };
  }

  @ProcessElement
  public void process(@Element Row row, MultiOutputReceiver out) throws Exception {
    try {
      out.get(FORECASTS).output(forecast(row));
    } catch (UnusableRowException e) {
      if (!keepBad) {
        throw e;
      }
      refused.inc();
      out.get(BadRecordRouter.BAD_RECORD_TAG)
          .output(BadRecord.fromExceptionInformation(row, RowCoder.of(rows), e, e.getMessage()));
    }
  }

  private Row forecast(Row row) {
    int at = minuteOfDay(row);
    @Nullable Long orders = row.getInt64(count);
    @Nullable BigDecimal amounts = row.getDecimal(amount);
    List<@Nullable Object> values = new ArrayList<>(result.getFieldCount());
    values.add(row.getValue(day));
    values.add(row.getValue(minute));
    values.add(row.getValue(channel));
    values.add(orders);
    BigDecimal counted = BigDecimal.valueOf(orders == null ? 0 : orders);
    List<@Nullable BigDecimal> counts =
        forecast(row, count, counted, at, countFeature, countDecimals);
    if (counts.get(0) == null) {
      withoutBaseline.inc();
    }
    counts.forEach(number -> values.add(number == null ? null : number.toPlainString()));
    values.add(amounts);
    List<@Nullable BigDecimal> gmv =
        forecast(row, amount, amounts, at, amountFeature, amountDecimals);
    gmv.forEach(number -> requireFits(row, number));
    values.addAll(gmv);
    values.add(modelName);
    values.add(row.getString(baselineDay));
    for (int column : passed) {
      values.add(row.getValue(column));
    }
    return Row.withSchema(result).attachValues(values);
  }

  private int minuteOfDay(Row row) {
    @Nullable String text = row.getString(minute);
    Matcher time = MINUTE.matcher(text == null ? "" : text);
    if (!time.matches()) {
      throw unusable(row, minute, text + ": give a minute of the day, HHmm", null);
    }
    return Integer.parseInt(time.group(1)) * 60 + Integer.parseInt(time.group(2));
  }

  /** The total, and both ends of the interval; nulls without a baseline or a count. */
  private List<@Nullable BigDecimal> forecast(
      Row row, int measure, @Nullable BigDecimal soFar, int at, int feature, int decimals) {
    @Nullable ForecastBaseline baseline = baseline(row, feature);
    @Nullable Forecast forecast = null;
    if (soFar != null) {
      if (soFar.signum() < 0) {
        throw unusable(row, measure, soFar + ": what a day has had so far is not negative", null);
      }
      forecast = model.forecast(soFar.doubleValue(), at, baseline);
    }
    List<@Nullable BigDecimal> numbers = new ArrayList<>(3);
    if (forecast == null || !forecast.hasBaseline()) {
      numbers.add(null);
      numbers.add(null);
      numbers.add(null);
    } else {
      numbers.add(rounded(forecast.total(), soFar, decimals));
      numbers.add(rounded(forecast.lower(), soFar, decimals));
      numbers.add(rounded(forecast.upper(), soFar, decimals));
    }
    return numbers;
  }

  /** A sum of more digits than a double has would not come back from the model. */
  private static BigDecimal rounded(double number, BigDecimal soFar, int decimals) {
    BigDecimal exact = number == soFar.doubleValue() ? soFar : BigDecimal.valueOf(number);
    return exact.max(soFar).setScale(Math.max(decimals, soFar.scale()), RoundingMode.HALF_UP);
  }

  private @Nullable ForecastBaseline baseline(Row row, int feature) {
    @Nullable String text = row.getString(feature);
    if (text == null) {
      return null;
    }
    @Nullable ForecastBaseline baseline = decoded.get(text);
    if (baseline == null) {
      try {
        baseline = ForecastBaseline.decode(String.valueOf(row.getString(channel)), text);
      } catch (IllegalArgumentException e) {
        throw unusable(row, feature, "not a baseline: " + e.getMessage(), e);
      }
      decoded.put(text, baseline);
    }
    return baseline;
  }

  private void requireFits(Row row, @Nullable BigDecimal number) {
    if (number != null && number.precision() - number.scale() > amountDigits) {
      throw unusable(
          row,
          amount,
          String.format(
              "of a day that may have %s, which the column has no room for: give it more digits",
              number.toPlainString()),
          null);
    }
  }

  private UnusableRowException unusable(Row row, int column, String is, @Nullable Exception cause) {
    return new UnusableRowException(
        String.format(
            "No forecast of %s '%s' at %s %s, with the baseline of %s: column %s is %s.",
            rows.getField(channel).getName(),
            row.getString(channel),
            row.getString(day),
            row.getString(minute),
            row.getString(baselineDay),
            rows.getField(column).getName(),
            is),
        cause);
  }

  private static final class UnusableRowException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    UnusableRowException(String message, @Nullable Exception cause) {
      super(message, cause);
    }
  }
}

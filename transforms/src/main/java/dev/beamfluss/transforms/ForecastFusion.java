package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Forecasts what a day will have in the end, from each row of what a channel has had by a minute
 * and the baseline of that channel: scenario 3 of the reference.
 *
 * <pre>{@code
 * ordersByMinute
 *     .apply(ForecastFusion.lookingUp(
 *             PaimonIO.lookupLatest()
 *                 .from(catalog, "forecast.order_mm_his_str")
 *                 .by("channel_id")
 *                 .withColumns("ds", "minute_ratio_feat", "minute_gmv_feat"))
 *         .withModel("shrunk"))
 *     .apply(FlussIO.write().to(cluster, "forecast.order_forecast_mm"));
 * }</pre>
 *
 * <p>The baseline may as well be in a KV table: {@code FlussIO.lookup().in(cluster, ..)} in place
 * of the first, with the same {@code by} and columns. Rows that were joined with their baseline
 * before, as a backtest does, are taken by {@link #ofJoined()}.
 *
 * <h2>In</h2>
 *
 * <table>
 *   <caption>Columns by default</caption>
 *   <tr><td>{@code ds}</td><td>the day, STRING</td></tr>
 *   <tr><td>{@code mm}</td><td>the minute, STRING, {@code HHmm} or {@code HH:mm}</td></tr>
 *   <tr><td>{@code order_source}</td><td>the channel, STRING</td></tr>
 *   <tr><td>{@code order_cnt}</td><td>orders since the beginning of the day to the end of the minute,
 *       INT64; null counts as 0</td></tr>
 *   <tr><td>{@code order_gmv}</td><td>the same of an amount, DECIMAL; null where it is not known</td>
 *       </tr>
 * </table>
 *
 * <h2>Out</h2>
 *
 * Day, minute and channel as they are, and
 *
 * <table>
 *   <caption>Further columns</caption>
 *   <tr><td>{@code cumulative_order_cnt}</td><td>INT64</td><td>{@code order_cnt}</td></tr>
 *   <tr><td>{@code forecast_daily_order_cnt}</td><td>STRING</td>
 *       <td>orders of the whole day, a whole number</td></tr>
 *   <tr><td>{@code forecast_low}, {@code forecast_high}</td><td>STRING</td>
 *       <td>the interval of it, whole numbers</td></tr>
 *   <tr><td>{@code cumulative_gmv}</td><td>as {@code order_gmv}</td><td>{@code order_gmv}</td></tr>
 *   <tr><td>{@code forecast_daily_gmv}</td><td>the same</td>
 *       <td>amount of the whole day, rounded to the column's scale, 2 where it has none</td></tr>
 *   <tr><td>{@code forecast_gmv_low}, {@code forecast_gmv_high}</td><td>the same</td>
 *       <td>the interval of it</td></tr>
 *   <tr><td>{@code model}</td><td>STRING</td><td>the name of the model, never null</td></tr>
 *   <tr><td>{@code baseline_ds}</td><td>STRING</td>
 *       <td>the day for which the baseline was made</td></tr>
 * </table>
 *
 * <p>A channel without a baseline has rows, too: what there is so far, with nulls for {@code
 * baseline_ds} and all forecasts and intervals. Where the baseline's string for orders or that for
 * amounts is null, the three columns of that are. Nothing else makes them null, and no number
 * stands for an unknown one. The counter {@code rowsWithoutBaseline} tells how many rows have no
 * forecast of orders.
 *
 * <p>At the end of the day, minute 2359, forecast and interval are what there is so far, digit by
 * digit; at no minute are they below it.
 *
 * <h2>Guarantees</h2>
 *
 * <p>Each row is forecast for itself, without state, out of one row of the baseline: orders and
 * amounts, numbers and {@code baseline_ds} are never of two. The same row and baseline give the
 * same forecast. A replayed row may find a newer baseline, says which, and takes the place of the
 * one before when it is upserted. The baseline is as fresh as the lookup says: with {@code
 * PaimonIO.lookupLatest()} an hour old at most by default, with {@code FlussIO.lookup()} current. A
 * baseline that changes does not make rows by itself: the next minute uses it. The first rows of a
 * day use what is there, the baseline of the day before, until its own is found.
 *
 * <p>A row is refused whose minute is no time of the day, whose count is negative, whose baseline
 * cannot be decoded, or whose forecast is too large for its column. Each string is decoded once a
 * worker, for the latest 2,000 of them.
 */
@AutoValue
public abstract class ForecastFusion extends PTransform<PCollection<Row>, PCollection<Row>> {
  private static final String JOINED_PREFIX = "baseline_";

  abstract @Nullable PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> lookup();

  abstract String lookupKey();

  abstract String modelName();

  abstract ForecastModel model();

  abstract String dayColumn();

  abstract String minuteColumn();

  abstract String channelColumn();

  abstract String countColumn();

  abstract String amountColumn();

  abstract String baselineDayColumn();

  abstract String countFeatureColumn();

  abstract String amountFeatureColumn();

  abstract int countDecimals();

  abstract List<String> passed();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setLookup(PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> value);

    abstract Builder setLookupKey(String column);

    abstract Builder setModelName(String name);

    abstract Builder setModel(ForecastModel model);

    abstract Builder setDayColumn(String column);

    abstract Builder setMinuteColumn(String column);

    abstract Builder setChannelColumn(String column);

    abstract Builder setCountColumn(String column);

    abstract Builder setAmountColumn(String column);

    abstract Builder setBaselineDayColumn(String column);

    abstract Builder setCountFeatureColumn(String column);

    abstract Builder setAmountFeatureColumn(String column);

    abstract Builder setCountDecimals(int decimals);

    abstract Builder setPassed(List<String> columns);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract ForecastFusion build();
  }

  /**
   * Looks the baseline of each row's channel up.
   *
   * @param lookup by the column {@code channel_id} alone, of the columns {@code ds}, {@code
   *     minute_ratio_feat} and {@code minute_gmv_feat}, or as {@link #withLookupKey} and {@link
   *     #withBaselineColumns} name them; at most one row a channel
   */
  public static ForecastFusion lookingUp(
      PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> lookup) {
    return ofJoined().toBuilder()
        .setLookup(checkArgumentNotNull(lookup, "lookup is null: rows with it are for ofJoined()"))
        .build();
  }

  /**
   * Takes rows that have the columns of their baseline already, with {@code baseline_} before their
   * names: {@code baseline_ds}, {@code baseline_minute_ratio_feat} and {@code
   * baseline_minute_gmv_feat}. They are null where there is none.
   */
  public static ForecastFusion ofJoined() {
    return new AutoValue_ForecastFusion.Builder()
        .setLookupKey("channel_id")
        .setModelName(RatioModel.NAME)
        .setModel(ForecastModel.named(RatioModel.NAME))
        .setDayColumn("ds")
        .setMinuteColumn("mm")
        .setChannelColumn("order_source")
        .setCountColumn("order_cnt")
        .setAmountColumn("order_gmv")
        .setBaselineDayColumn("ds")
        .setCountFeatureColumn("minute_ratio_feat")
        .setAmountFeatureColumn("minute_gmv_feat")
        .setCountDecimals(0)
        .setPassed(List.of())
        .build();
  }

  /** {@link #withModel(String, double)} with {@link ForecastModel#DEFAULT_CONFIDENCE}. */
  public ForecastFusion withModel(String name) {
    return withModel(name, ForecastModel.DEFAULT_CONFIDENCE);
  }

  /**
   * The model, {@code ratio} by default, and the probability of its interval.
   *
   * @throws IllegalArgumentException as {@link ForecastModel#named(String, double)} says
   */
  public ForecastFusion withModel(String name, double confidence) {
    return withModel(name, ForecastModel.named(name, confidence));
  }

  /** A model of one's own, and what the column {@code model} calls it. */
  public ForecastFusion withModel(String name, ForecastModel model) {
    return toBuilder().setModelName(name).setModel(model).build();
  }

  /** The input's columns of day and minute: {@code ds} and {@code mm} by default. */
  public ForecastFusion withTimeColumns(String day, String minute) {
    return toBuilder().setDayColumn(day).setMinuteColumn(minute).build();
  }

  /** The input's column of the channel: {@code order_source} by default. */
  public ForecastFusion withChannelColumn(String column) {
    return toBuilder().setChannelColumn(column).build();
  }

  /** The input's columns: {@code order_cnt} and {@code order_gmv} by default. */
  public ForecastFusion withMeasures(String count, String amount) {
    return toBuilder().setCountColumn(count).setAmountColumn(amount).build();
  }

  /** The column that the lookup looks up by: {@code channel_id} by default. */
  public ForecastFusion withLookupKey(String column) {
    return toBuilder().setLookupKey(column).build();
  }

  /**
   * The baseline's columns: {@code ds}, {@code minute_ratio_feat} and {@code minute_gmv_feat} by
   * default.
   *
   * @param day for which it was made
   * @param count the string for orders
   * @param amount the string for amounts
   */
  public ForecastFusion withBaselineColumns(String day, String count, String amount) {
    return toBuilder()
        .setBaselineDayColumn(day)
        .setCountFeatureColumn(count)
        .setAmountFeatureColumn(amount)
        .build();
  }

  /**
   * How many decimals the forecast of orders and its interval have: 0 by default. Errors of a
   * channel with few orders are measured without rounding.
   */
  public ForecastFusion withCountDecimals(int decimals) {
    if (decimals < 0) {
      throw new IllegalArgumentException(
          "withCountDecimals takes zero or a positive number, not " + decimals + ".");
    }
    return toBuilder().setCountDecimals(decimals).build();
  }

  /** Further columns of the input that come through as they are, at the end: none by default. */
  public ForecastFusion passing(String... columns) {
    return toBuilder().setPassed(List.of(columns)).build();
  }

  /** Gets the rows that are refused, with the reason. Without a handler, one fails the pipeline. */
  public ForecastFusion withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  /**
   * The forecasts, one a row, in the columns that the class tells.
   *
   * @throws IllegalArgumentException if the input or the lookup lacks a column, or one has another
   *     type
   */
  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    requireInput(input.getSchema());
    PCollection<Row> joined = lookup() == null ? input : lookUp(input);
    ForecastFn forecast = new ForecastFn(this, joined.getSchema());
    PCollectionTuple outputs =
        joined.apply(
            "Forecast",
            ParDo.of(forecast)
                .withOutputTags(
                    ForecastFn.FORECASTS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        outputs
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline()));
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(bad);
    }
    return outputs.get(ForecastFn.FORECASTS).setRowSchema(forecast.schema());
  }

  private PCollection<Row> lookUp(PCollection<Row> input) {
    PCollection<Row> keyed = input;
    if (!channelColumn().equals(lookupKey())) {
      Schema rows = input.getSchema();
      if (rows.hasField(lookupKey())) {
        throw new IllegalArgumentException(
            String.format(
                "The input has a column %s, by which the baseline is looked up, beside %s: %s. Leave"
                    + " it out, or name it with withChannelColumn(..).",
                lookupKey(), channelColumn(), rows.getFieldNames()));
      }
      Schema schema =
          Schema.builder()
              .addFields(rows.getFields())
              .addField(rows.getField(channelColumn()).withName(lookupKey()))
              .build();
      keyed =
          input
              .apply(
                  "Name the channel",
                  MapElements.via(new AddKey(rows.indexOf(channelColumn()), schema)))
              .setRowSchema(schema);
    }
    return keyed.apply("Join", LookupJoin.left(lookup()).withPrefix(JOINED_PREFIX));
  }

  private void requireInput(Schema rows) {
    require(rows, dayColumn(), FieldType.STRING);
    require(rows, minuteColumn(), FieldType.STRING);
    require(rows, channelColumn(), FieldType.STRING);
    require(rows, countColumn(), FieldType.INT64);
    require(rows, amountColumn(), FieldType.DECIMAL);
    for (String column : passed()) {
      requireColumn(rows, column);
    }
  }

  private static void requireColumn(Schema rows, String column) {
    if (!rows.hasField(column)) {
      throw new IllegalArgumentException(
          String.format(
              "There is no column %s to forecast with, only %s. Add it, or name another: withX(..)"
                  + " of ForecastFusion.",
              column, rows.getFieldNames()));
    }
  }

  static void require(Schema rows, String column, FieldType type) {
    requireColumn(rows, column);
    FieldType is = rows.getField(column).getType();
    boolean fits =
        is.getTypeName().isLogicalType()
            ? type.equals(is.getLogicalType().getBaseType().withNullable(false))
            : type.equals(is.withNullable(false));
    if (!fits) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s must be %s to forecast with, and is %s: convert it before.",
              column, type.getTypeName(), is));
    }
  }

  /** The name that a column of the baseline has in a joined row. */
  static String joined(String column) {
    return JOINED_PREFIX + column;
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("model", modelName()))
        .add(DisplayData.item("channel", channelColumn()))
        .add(DisplayData.item("count", countColumn()))
        .add(DisplayData.item("amount", amountColumn()));
    if (lookup() != null) {
      builder.include("lookup", lookup());
    }
  }

  private static final class AddKey extends SimpleFunction<Row, Row> {
    private final int channel;
    private final Schema schema;

    AddKey(int channel, Schema schema) {
      this.channel = channel;
      this.schema = schema;
    }

    @Override
    public Row apply(Row row) {
      List<@Nullable Object> values = new ArrayList<>(schema.getFieldCount());
      values.addAll(row.getValues());
      values.add(row.getValue(channel));
      return Row.withSchema(schema).attachValues(values);
    }
  }
}

package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.pipelines.forecast.BuildBaselines;
import dev.beamfluss.pipelines.forecast.DayCurves;
import dev.beamfluss.pipelines.forecast.PastOrders;
import dev.beamfluss.transforms.ForecastFusion;
import dev.beamfluss.transforms.ForecastModel;
import java.io.Serializable;
import java.time.LocalDate;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.SerializableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.GroupByKey;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Forecasts past days at every minute by every model, each from the days before it alone, with the
 * step of {@link ForecastFusion} that forecasts live.
 */
final class ForecastReplay extends PTransform<PBegin, PCollection<Row>> {
  private static final int DECIMALS = 6;
  private static final Schema JOINED =
      Schema.builder()
          .addStringField("ds")
          .addStringField("mm")
          .addStringField("order_source")
          .addInt64Field("order_cnt")
          .addNullableField(
              "order_gmv", FieldType.logicalType(FixedPrecisionNumeric.of(30, DECIMALS)))
          .addStringField("baseline_ds")
          .addStringField("baseline_minute_ratio_feat")
          .addNullableStringField("baseline_minute_gmv_feat")
          .build();

  private final Map<String, String> catalog;
  private final String table;
  private final LocalDate from;
  private final LocalDate to;
  private final int historyDays;
  private final double confidence;

  ForecastReplay(
      Map<String, String> catalog,
      String table,
      LocalDate from,
      LocalDate to,
      int historyDays,
      double confidence) {
    this.catalog = catalog;
    this.table = table;
    this.from = from;
    this.to = to;
    this.historyDays = historyDays;
    this.confidence = confidence;
  }

  @Override
  public PCollection<Row> expand(PBegin input) {
    PCollection<Row> joined =
        input
            .apply(new PastOrders(catalog, table, from.minusDays(historyDays), to))
            .apply("Days with baselines", ParDo.of(new ReplayFn(from, to, historyDays)))
            .setCoder(SerializableCoder.of(ReplayedDay.class))
            // each row has the baseline's strings: a bundle is a day, not a channel's year
            .apply("A day at a time", Reshuffle.viaRandomKey())
            .apply("Minutes", ParDo.of(new MinutesFn()))
            .setRowSchema(JOINED);
    PCollectionList<Row> forecasts = PCollectionList.empty(input.getPipeline());
    for (String model : ForecastModel.names()) {
      forecasts =
          forecasts.and(
              joined.apply(
                  "Forecast by " + model,
                  ForecastFusion.ofJoined()
                      .withModel(model, confidence)
                      .withCountDecimals(DECIMALS)));
    }
    return forecasts.apply("All models", Flatten.pCollections());
  }

  /** A day, and what the days before it were like. */
  private static final class ReplayedDay implements Serializable {
    private static final long serialVersionUID = 1L;

    private final String channel;
    private final String ds;
    private final String countFeature;
    private final @Nullable String amountFeature;
    private final double[] counts;
    private final double @Nullable [] amounts;

    ReplayedDay(
        String channel,
        String ds,
        String countFeature,
        @Nullable String amountFeature,
        double[] counts,
        double @Nullable [] amounts) {
      this.channel = channel;
      this.ds = ds;
      this.countFeature = countFeature;
      this.amountFeature = amountFeature;
      this.counts = counts;
      this.amounts = amounts;
    }
  }

  private static final class ReplayFn extends DoFn<KV<String, Iterable<Row>>, ReplayedDay> {
    private final LocalDate from;
    private final LocalDate to;
    private final int historyDays;
    private final Counter withoutOrders = Metrics.counter(Backtest.class, "daysWithoutOrders");
    private final Counter withoutBaseline = Metrics.counter(Backtest.class, "daysWithoutBaseline");

    ReplayFn(LocalDate from, LocalDate to, int historyDays) {
      this.from = from;
      this.to = to;
      this.historyDays = historyDays;
    }

    @ProcessElement
    public void process(
        @Element KV<String, Iterable<Row>> channel, OutputReceiver<ReplayedDay> out) {
      DayCurves curves = new DayCurves();
      channel.getValue().forEach(curves::add);
      NavigableMap<LocalDate, double[]> counts = curves.counts();
      NavigableMap<LocalDate, double[]> amounts = curves.amounts();
      String name = channel.getKey();
      counts
          .subMap(from, true, to, true)
          .forEach(
              (day, curve) -> {
                if (curve[DayCurves.MINUTES - 1] == 0) {
                  withoutOrders.inc();
                  return;
                }
                Optional<String> baseline = baseline(name, day, counts);
                if (baseline.isEmpty()) {
                  withoutBaseline.inc();
                  return;
                }
                out.output(
                    new ReplayedDay(
                        name,
                        DayCurves.ds(day),
                        baseline.get(),
                        baseline(name, day, amounts).orElse(null),
                        curve,
                        amounts.get(day)));
              });
    }

    private Optional<String> baseline(
        String channel, LocalDate day, NavigableMap<LocalDate, double[]> days) {
      return BuildBaselines.build(channel, day, days.tailMap(day.minusDays(historyDays), true));
    }
  }

  private static final class MinutesFn extends DoFn<ReplayedDay, Row> {
    @ProcessElement
    public void process(@Element ReplayedDay day, OutputReceiver<Row> out) {
      for (int minute = 0; minute < DayCurves.MINUTES; minute++) {
        out.output(
            Row.withSchema(JOINED)
                .addValues(
                    day.ds,
                    DayCurves.mm(minute),
                    day.channel,
                    (long) day.counts[minute],
                    day.amounts == null ? null : DayRows.decimal(day.amounts[minute], DECIMALS),
                    day.ds,
                    day.countFeature,
                    day.amountFeature)
                .build());
      }
    }
  }

  /** The forecasts of a day of a channel together: by all models, at all minutes. */
  static PCollection<KV<String, Iterable<Row>>> byDay(PCollection<Row> forecasts) {
    return forecasts
        .apply("By day", WithKeys.of(new ChannelDay()))
        .setCoder(KvCoder.of(StringUtf8Coder.of(), RowCoder.of(forecasts.getSchema())))
        .apply("Group days", GroupByKey.create());
  }

  private static final class ChannelDay extends SimpleFunction<Row, String> {
    @Override
    public String apply(Row row) {
      return row.getString("ds") + " " + row.getString("order_source");
    }
  }
}

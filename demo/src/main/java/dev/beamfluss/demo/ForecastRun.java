package dev.beamfluss.demo;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.forecast.OrderForecast;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.MonotonicNonNull;

/**
 * The day's orders by the minute and their forecast. The baseline is of the days before those that
 * come in, in the KV table, and there before the first order.
 */
final class ForecastRun extends ScenarioRun {
  private static final List<Integer> HOURS = List.of(6, 12, 18);

  /**
   * Hours of the day pass each second, and an order changes all minutes after it: with the default
   * they would be written again and again.
   */
  private static final int UPDATE_MILLIS = 2_000;

  private static final Schema BASELINE =
      Schema.builder()
          .addStringField("channel_id")
          .addStringField("ds")
          .addStringField("minute_ratio_feat")
          .addNullableStringField("minute_gmv_feat")
          .build();

  private final Map<String, ForecastAnswer.Baseline> baselines;
  private final List<Map<String, Object>> totals = new ArrayList<>();
  private final List<Map<String, Object>> forecasts = new ArrayList<>();
  private @MonotonicNonNull TableContents foundTotals;
  private @MonotonicNonNull TableContents foundForecasts;

  ForecastRun(Traffic traffic, String[] flags) {
    super(Scenario.FORECAST, traffic, flags);
    boolean keepRepeated = traffic.rules().keepRepeatedRows();
    this.baselines =
        ForecastAnswer.baselines(
            ForecastAnswer.lines(Traffic.counting(traffic.past(), keepRepeated)),
            traffic.zone(),
            traffic.lastDay());
    ForecastOptions options = PipelineOptionsFactory.fromArgs(flags).as(ForecastOptions.class);
    List<ForecastAnswer.Line> lines =
        ForecastAnswer.lines(Traffic.counting(traffic.events(), keepRepeated));
    ForecastAnswer.totals(lines, traffic.zone())
        .forEach(
            (key, total) -> {
              totals.add(
                  row(
                      key,
                      Map.of(
                          "order_cnt", total.get(0),
                          "order_gmv", total.get(1),
                          "order_version", total.get(2))));
              forecasts.add(
                  row(
                      key,
                      ForecastAnswer.forecast(
                          key,
                          total,
                          options.getForecastModel(),
                          options.getForecastConfidence(),
                          baselines.get(key.get(2)))));
            });
  }

  private static Map<String, Object> row(List<String> key, Map<String, Object> columns) {
    Map<String, Object> row = new HashMap<>(columns);
    row.put("ds", key.get(0));
    row.put("mm", key.get(1));
    row.put("order_source", key.get(2));
    return row;
  }

  @Override
  List<TableDefinition> tables(TableOptions options) {
    return ForecastTables.definitions(options);
  }

  @Override
  void prepare(String bootstrapServers) {
    String table = ForecastTables.DATABASE + "." + ForecastTables.BASELINES;
    try (TableWriter writer =
        TableWriter.open(FlussCluster.at(bootstrapServers).describe(table), BASELINE)) {
      baselines
          .values()
          .forEach(
              baseline ->
                  writer.upsert(
                      Row.withSchema(BASELINE)
                          .attachValues(
                              baseline.channel(),
                              baseline.ds(),
                              baseline.ratio(),
                              baseline.gmv())));
      writer.flush();
    }
  }

  @Override
  Pipeline pipeline(String bootstrapServers) {
    ForecastOptions options = options(ForecastOptions.class, bootstrapServers);
    options.setBaseline("fluss");
    options.setPartitionDiscoveryMillis(DISCOVERY_MILLIS);
    options.setUpdateMillis(Math.max(options.getUpdateMillis(), UPDATE_MILLIS));
    options.setZone(traffic().zone().getId());
    options.setAllowedLatenessHours(Math.max(options.getAllowedLatenessHours(), hoursOld()));
    Pipeline pipeline = Pipeline.create(options);
    OrderForecast.apply(pipeline, options);
    return pipeline;
  }

  @Override
  void watch(String bootstrapServers) {
    for (TableDefinition table : tables(TableOptions.defaults())) {
      if (table.name().equals(ForecastTables.ORDERS)) {
        foundTotals = new TableContents(bootstrapServers, table, Set.of());
      } else if (table.name().equals(ForecastTables.FORECASTS)) {
        foundForecasts = new TableContents(bootstrapServers, table, Set.of());
      }
    }
  }

  @Override
  long rows() {
    return (long) foundTotals.size() + foundForecasts.size();
  }

  @Override
  long changes() {
    return foundTotals.changes() + foundForecasts.changes();
  }

  @Override
  long lastChange() {
    return Math.max(foundTotals.lastChange(), foundForecasts.lastChange());
  }

  @Override
  void checkWatch() {
    foundTotals.check();
    foundForecasts.check();
  }

  @Override
  boolean isRight() {
    return foundTotals.holds(totals) && foundForecasts.holds(forecasts);
  }

  @Override
  Verdict verdict(boolean right) {
    boolean verified = right && !forecasts.isEmpty();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("rows", rows());
    figures.put("rows_expected", (long) totals.size() + forecasts.size());
    figures.put("changes_out", changes());
    figures.put("channels_with_a_baseline", baselines.size());
    List<String> lines = new ArrayList<>();
    if (baselines.isEmpty()) {
      lines.add(
          "no forecast: the log has no days before those that come in (name fewer with --days)");
    } else {
      lines.add(line("orders of %s at its end, and as they were forecast", traffic().lastDay()));
      lines.add("channel            orders          at 06:00          at 12:00          at 18:00");
      lastDay().forEach((source, byMinute) -> lines.add(forecastLine(source, byMinute)));
    }
    if (!verified) {
      lines.addAll(differences(ForecastTables.ORDERS, foundTotals, totals));
      lines.addAll(differences(ForecastTables.FORECASTS, foundForecasts, forecasts));
    }
    return new Verdict(
        verified,
        lines,
        line(
            "%,d rows of each minute's orders and forecasts, %d channels",
            rows(), lastDay().size()),
        figures);
  }

  /** What the table of forecasts has of the last day, by source and minute. */
  private Map<String, Map<String, Map<String, Object>>> lastDay() {
    String ds = ForecastAnswer.ds(traffic().lastDay());
    Map<String, Map<String, Map<String, Object>>> sources = new TreeMap<>();
    for (Map<String, Object> row : foundForecasts.rows()) {
      if (ds.equals(row.get("ds"))) {
        sources
            .computeIfAbsent((String) row.get("order_source"), unused -> new TreeMap<>())
            .put((String) row.get("mm"), row);
      }
    }
    return sources;
  }

  private static String forecastLine(String source, Map<String, Map<String, Object>> byMinute) {
    Map<String, Object> end = byMinute.getOrDefault(ForecastAnswer.mm(24 * 60 - 1), Map.of());
    StringBuilder line =
        new StringBuilder(line("%-16s %8s", source, end.getOrDefault("cumulative_order_cnt", "-")));
    for (int hour : HOURS) {
      Map<String, Object> row = byMinute.getOrDefault(ForecastAnswer.mm(hour * 60), Map.of());
      Object forecast = row.get("forecast_daily_order_cnt");
      line.append(
          line(
              "%18s",
              forecast == null
                  ? "-"
                  : forecast
                      + " ("
                      + row.get("forecast_low")
                      + "-"
                      + row.get("forecast_high")
                      + ")"));
    }
    return line.toString();
  }

  @Override
  void closeWatch() {
    if (foundTotals != null) {
      foundTotals.close();
    }
    if (foundForecasts != null) {
      foundForecasts.close();
    }
  }
}

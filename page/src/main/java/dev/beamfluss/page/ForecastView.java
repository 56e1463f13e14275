package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The orders of the newest day so far, by source, and what the day is forecast to have with the
 * ends of the interval. The line of the orders ends at the truth that the forecasts were about.
 */
final class ForecastView extends View {
  private static final String LOW = "forecast_low";
  private static final String HIGH = "forecast_high";

  /** Sources with a chart: those with most orders. */
  private static final int CHARTS = 3;

  /** The whole day is of interest, but not its every minute. */
  private static final int POINTS = 240;

  private record Forecast(
      long orders, @Nullable Double day, @Nullable Double low, @Nullable Double high) {}

  private final Map<String, TreeMap<Integer, Forecast>> sources = new TreeMap<>();

  ForecastView() {
    super("forecast", "Forecast of the day's orders");
  }

  @Override
  List<Source> sources() {
    return List.of(
        new Source(
            ForecastTables.DATABASE,
            ForecastTables.FORECASTS,
            List.of("ds", "mm", "order_source", "cumulative_order_cnt", "forecast_daily_order_cnt"),
            List.of(LOW, HIGH)));
  }

  @Override
  void clearDay() {
    sources.clear();
  }

  @Override
  void take(String table, RowChange change) {
    if (!isOfNewestDay(table, change, "ds")) {
      return;
    }
    OptionalInt minute = minuteOfDay(table, change, "mm");
    if (minute.isEmpty()) {
      return;
    }
    TreeMap<Integer, Forecast> forecasts =
        sources.computeIfAbsent(text(change, "order_source"), source -> new TreeMap<>());
    if (change.kind().isPresentAfter()) {
      forecasts.put(
          minute.getAsInt(),
          new Forecast(
              count(change, "cumulative_order_cnt"),
              number(change, "forecast_daily_order_cnt"),
              number(change, LOW),
              number(change, HIGH)));
    } else if (change.kind() == RowChange.Kind.DELETE) {
      forecasts.remove(minute.getAsInt());
    }
  }

  /** The reference has numbers as texts; where there is no forecast, none. */
  private static @Nullable Double number(RowChange change, String column) {
    String text = text(change, column);
    return text.matches("-?\\d{1,18}(\\.\\d*)?") ? Double.valueOf(text) : null;
  }

  @Override
  void show(Panel panel) {
    Panel.Table table =
        panel.table(
            "Now, " + Panel.day(newestDay()),
            Panel.Column.text("Source"),
            Panel.Column.text("Minute"),
            Panel.Column.number("Orders so far"),
            Panel.Column.number("Forecast of the day"),
            Panel.Column.number("Interval"));
    sources.entrySet().stream()
        .filter(entry -> !entry.getValue().isEmpty())
        .sorted(
            Comparator.comparing(
                    (Map.Entry<String, TreeMap<Integer, Forecast>> entry) ->
                        entry.getValue().lastEntry().getValue().orders())
                .reversed())
        .forEach(
            entry -> {
              Map.Entry<Integer, Forecast> now = entry.getValue().lastEntry();
              Forecast forecast = now.getValue();
              table.row(
                  entry.getKey(),
                  String.format("%02d:%02d", now.getKey() / 60, now.getKey() % 60),
                  Panel.count(forecast.orders()),
                  show(forecast.day()),
                  interval(forecast));
              if (panel.charts() < CHARTS) {
                chart(panel, entry.getKey(), entry.getValue());
              }
            });
  }

  private void chart(Panel panel, String source, Map<Integer, Forecast> forecasts) {
    boolean hasInterval = forecasts.values().stream().anyMatch(of -> of.low() != null);
    List<Panel.Line> lines = new ArrayList<>();
    lines.add(new Panel.Line("Orders so far", "line", 0));
    lines.add(new Panel.Line("Forecast of the day", "dashed", 1));
    if (hasInterval) {
      lines.add(new Panel.Line("Interval, low", "band", 1));
      lines.add(new Panel.Line("Interval, high", "band", 1));
    }
    Panel.Chart chart = panel.chart("Orders of " + source, Panel.day(newestDay()), lines);
    int step = (forecasts.size() + POINTS - 1) / POINTS;
    int left = forecasts.size();
    for (Map.Entry<Integer, Forecast> entry : forecasts.entrySet()) {
      left--;
      // counted from the end, so that the newest is always there
      if (left % step == 0) {
        Forecast forecast = entry.getValue();
        if (hasInterval) {
          chart.point(
              entry.getKey(), forecast.orders(), forecast.day(), forecast.low(), forecast.high());
        } else {
          chart.point(entry.getKey(), forecast.orders(), forecast.day());
        }
      }
    }
  }

  private static String interval(Forecast forecast) {
    return forecast.low() == null || forecast.high() == null
        ? "-"
        : show(forecast.low()) + " to " + show(forecast.high());
  }

  private static String show(@Nullable Double value) {
    return value == null ? "-" : Panel.number(value, 1);
  }
}

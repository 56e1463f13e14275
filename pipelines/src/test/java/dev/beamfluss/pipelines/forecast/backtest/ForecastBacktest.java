package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.transforms.BaselineBuilder;
import dev.beamfluss.transforms.Forecast;
import dev.beamfluss.transforms.ForecastBaseline;
import dev.beamfluss.transforms.ForecastModel;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;

/** Forecasts past days of a channel at every minute, each from the days before it. */
final class ForecastBacktest {
  private static final int HOURS = 24;
  private final Map<String, ForecastModel> models;
  private final Map<String, double[]> errors = new LinkedHashMap<>();
  private final Map<String, double[]> within = new LinkedHashMap<>();
  private int days;

  ForecastBacktest(Map<String, ForecastModel> models) {
    this.models = models;
    models.keySet().forEach(name -> errors.put(name, new double[HOURS]));
    models.keySet().forEach(name -> within.put(name, new double[HOURS]));
  }

  /** Days without orders are no days: of these there is no relative error. */
  void run(NavigableMap<LocalDate, double[]> all, LocalDate first, LocalDate last) {
    all.subMap(first, true, last, true)
        .forEach(
            (day, counts) -> {
              BaselineBuilder builder = BaselineBuilder.of("backtest").forDay(day);
              all.headMap(day).forEach(builder::add);
              ForecastBaseline baseline = builder.build().orElseThrow();
              models.forEach((name, model) -> forecast(name, model, counts, baseline));
              days++;
            });
  }

  private void forecast(
      String name, ForecastModel model, double[] counts, ForecastBaseline baseline) {
    double truth = counts[counts.length - 1];
    for (int minute = 0; minute < counts.length; minute++) {
      Forecast forecast = model.forecast(counts[minute], minute, baseline);
      errors.get(name)[minute / 60] += Math.abs(forecast.total() - truth) / truth;
      // sums of decimals are not exact
      double rounding = truth * 1e-9;
      if (forecast.lower() - rounding <= truth && truth <= forecast.upper() + rounding) {
        within.get(name)[minute / 60]++;
      }
    }
  }

  int days() {
    return days;
  }

  /** Mean absolute error in percent of the day's total, of the forecasts of an hour. */
  double error(String model, int hour) {
    return errors.get(model)[hour] * 100 / (60 * days);
  }

  double error(String model, int firstHour, int lastHour) {
    double sum = 0;
    for (int hour = firstHour; hour <= lastHour; hour++) {
      sum += error(model, hour);
    }
    return sum / (lastHour - firstHour + 1);
  }

  /** How many percent of the days' totals were within the interval. */
  double coverage(String model, int hour) {
    return within.get(model)[hour] * 100 / (60 * days);
  }

  double coverage(String model, int firstHour, int lastHour) {
    double sum = 0;
    for (int hour = firstHour; hour <= lastHour; hour++) {
      sum += coverage(model, hour);
    }
    return sum / (lastHour - firstHour + 1);
  }

  void print(String title, int firstHour, int lastHour) {
    StringBuilder text = new StringBuilder("\n" + title + ", " + days + " days\n| hour |");
    models.keySet().forEach(name -> text.append(" ").append(name).append(" | within |"));
    for (int hour = firstHour; hour <= lastHour; hour++) {
      text.append(String.format(Locale.ROOT, "%n| %02d |", hour));
      for (String name : models.keySet()) {
        text.append(
            String.format(
                Locale.ROOT, " %.1f | %.0f %% |", error(name, hour), coverage(name, hour)));
      }
    }
    text.append("\n| mean |");
    for (String name : models.keySet()) {
      text.append(
          String.format(
              Locale.ROOT,
              " %.1f | %.0f %% |",
              error(name, firstHour, lastHour),
              coverage(name, firstHour, lastHour)));
    }
    System.err.println(text);
  }
}

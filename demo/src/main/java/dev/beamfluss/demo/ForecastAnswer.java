package dev.beamfluss.demo;

import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.transforms.BaselineBuilder;
import dev.beamfluss.transforms.Forecast;
import dev.beamfluss.transforms.ForecastBaseline;
import dev.beamfluss.transforms.ForecastModel;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What the tables of the forecast must hold, in plain Java: the totals by each minute of lines of
 * orders, and what a model says of them. The models are those of the pipeline; that they are used
 * with the right totals and baselines is what is checked.
 */
public final class ForecastAnswer {
  private static final int MINUTES = 1_440;
  private static final String NO_SOURCE = "unknown";

  /** A line of an order as it was placed. */
  public record Line(String id, String order, String source, BigDecimal amount, Instant at) {}

  /** The strings of a channel's baseline, for a day. */
  public record Baseline(String ds, String channel, String ratio, @Nullable String gmv) {}

  private ForecastAnswer() {}

  /** The lines of events that count; each source is a country. */
  static List<Line> lines(List<Event> events) {
    List<Line> lines = new ArrayList<>();
    for (Event event : events) {
      if (event.type() == Event.Type.ORDER && event.quantity() > 0) {
        String id = "line " + lines.size();
        lines.add(
            new Line(
                id,
                event.orderId().isEmpty() ? id : event.orderId(),
                event.country().isEmpty() ? NO_SOURCE : event.country(),
                event.price().multiply(BigDecimal.valueOf(event.quantity())),
                Instant.ofEpochMilli(event.timestampMillis())));
      }
    }
    return lines;
  }

  /** The day of a time, as tables have it. */
  public static String ds(LocalDate day) {
    return DateTimeFormatter.BASIC_ISO_DATE.format(day);
  }

  /** The minute of a day, as tables have it. */
  public static String mm(int minute) {
    return String.format(Locale.ROOT, "%02d%02d", minute / 60, minute % 60);
  }

  private static int minute(Line line, ZoneId zone) {
    ZonedDateTime at = line.at().atZone(zone);
    return at.getHour() * 60 + at.getMinute();
  }

  /** By day, minute and source: orders, amount and lines until the end of the minute. */
  public static Map<List<String>, List<Object>> totals(List<Line> lines, ZoneId zone) {
    Map<List<String>, List<Line>> days = new HashMap<>();
    for (Line line : lines) {
      String day = ds(line.at().atZone(zone).toLocalDate());
      days.computeIfAbsent(List.of(day, line.source()), key -> new ArrayList<>()).add(line);
    }
    Map<List<String>, List<Object>> totals = new HashMap<>();
    days.forEach(
        (key, ofDay) -> {
          Map<Integer, List<Line>> byMinute = new HashMap<>();
          ofDay.forEach(
              line ->
                  byMinute
                      .computeIfAbsent(minute(line, zone), unused -> new ArrayList<>())
                      .add(line));
          Set<String> orders = new HashSet<>();
          BigDecimal amount = BigDecimal.ZERO;
          long count = 0;
          for (int minute = 0; minute < MINUTES; minute++) {
            for (Line line : byMinute.getOrDefault(minute, List.of())) {
              orders.add(line.order());
              amount = amount.add(line.amount());
              count++;
            }
            totals.put(
                List.of(key.get(0), mm(minute), key.get(1)),
                List.of((long) orders.size(), amount.setScale(ForecastTables.SCALE), count));
          }
        });
    return totals;
  }

  /** Of past days, by source, for a day; a source without a day of its kind has none. */
  static Map<String, Baseline> baselines(List<Line> past, ZoneId zone, LocalDate day) {
    Map<String, Map<LocalDate, double[][]>> curves = new TreeMap<>();
    totals(past, zone)
        .forEach(
            (key, total) -> {
              LocalDate date = LocalDate.parse(key.get(0), DateTimeFormatter.BASIC_ISO_DATE);
              double[][] curve =
                  curves
                      .computeIfAbsent(key.get(2), unused -> new TreeMap<>())
                      .computeIfAbsent(date, unused -> new double[2][MINUTES]);
              int minute = minute(key);
              curve[0][minute] = (Long) total.get(0);
              curve[1][minute] = ((BigDecimal) total.get(1)).doubleValue();
            });
    Map<String, Baseline> baselines = new TreeMap<>();
    curves.forEach(
        (source, days) -> {
          BaselineBuilder counts = BaselineBuilder.of(source).forDay(day);
          BaselineBuilder amounts = BaselineBuilder.of(source).forDay(day);
          days.forEach(
              (date, curve) -> {
                counts.add(date, curve[0]);
                amounts.add(date, curve[1]);
              });
          Optional<ForecastBaseline> ofCounts = counts.build();
          if (ofCounts.isPresent()) {
            String gmv = amounts.build().map(ForecastBaseline::encode).orElse(null);
            baselines.put(source, new Baseline(ds(day), source, ofCounts.get().encode(), gmv));
          }
        });
    return baselines;
  }

  private static int minute(List<String> key) {
    return Integer.parseInt(key.get(1).substring(0, 2)) * 60
        + Integer.parseInt(key.get(1).substring(2));
  }

  /** The columns of a forecast but its key, as the model says by itself. */
  public static Map<String, Object> forecast(
      List<String> key,
      List<Object> total,
      String model,
      double confidence,
      @Nullable Baseline baseline) {
    int minute = minute(key);
    long orders = (Long) total.get(0);
    BigDecimal amount = (BigDecimal) total.get(1);
    Map<String, Object> row = new HashMap<>();
    row.put("cumulative_order_cnt", orders);
    row.put("cumulative_gmv", amount);
    row.put("model", model);
    row.put("order_version", total.get(2));
    row.put("baseline_ds", baseline == null ? null : baseline.ds());
    ForecastModel by = ForecastModel.named(model, confidence);
    Forecast counts = by.forecast((double) orders, minute, decoded(baseline, false));
    row.put("forecast_daily_order_cnt", counts.hasBaseline() ? text(counts.total()) : null);
    row.put("forecast_low", counts.hasBaseline() ? text(counts.lower()) : null);
    row.put("forecast_high", counts.hasBaseline() ? text(counts.upper()) : null);
    Forecast gmv = by.forecast(amount.doubleValue(), minute, decoded(baseline, true));
    row.put("forecast_daily_gmv", gmv.hasBaseline() ? decimal(gmv.total()) : null);
    row.put("forecast_gmv_low", gmv.hasBaseline() ? decimal(gmv.lower()) : null);
    row.put("forecast_gmv_high", gmv.hasBaseline() ? decimal(gmv.upper()) : null);
    return row;
  }

  private static @Nullable ForecastBaseline decoded(@Nullable Baseline baseline, boolean gmv) {
    String text = baseline == null ? null : gmv ? baseline.gmv() : baseline.ratio();
    return text == null ? null : ForecastBaseline.decode(baseline.channel(), text);
  }

  private static String text(double number) {
    return BigDecimal.valueOf(number).setScale(0, RoundingMode.HALF_UP).toPlainString();
  }

  private static BigDecimal decimal(double number) {
    return BigDecimal.valueOf(number).setScale(ForecastTables.SCALE, RoundingMode.HALF_UP);
  }
}

package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.transforms.ForecastModel;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * How far forecasts were from what their days had in the end, by measure, channel and hour of the
 * day.
 */
final class BacktestErrors {
  static final String ALL = "all channels";
  static final List<String> MEASURES = List.of("order_cnt", "order_gmv");

  private static final int HOURS = 24;
  private static final int MINUTES_OF_HOUR = 60;
  private static final int OPENS = 7;
  private static final int CLOSES = 19;

  /** Of a day of a channel: sums over the minutes of each hour. */
  static final Schema DAY =
      Schema.builder()
          .addStringField("ds")
          .addStringField("channel")
          .addStringField("measure")
          .addStringField("model")
          .addArrayField("errors", FieldType.DOUBLE)
          .addArrayField("within", FieldType.INT64)
          .build();

  /** What is added up, of so many days. */
  private static final class Sums {
    private final double[] errors = new double[HOURS];
    private final double[] within = new double[HOURS];
    private int days;

    void add(Row day) {
      List<Double> dayErrors = List.copyOf(day.<Double>getArray("errors"));
      List<Long> dayWithin = List.copyOf(day.<Long>getArray("within"));
      for (int hour = 0; hour < HOURS; hour++) {
        errors[hour] += dayErrors.get(hour);
        within[hour] += dayWithin.get(hour);
      }
      days++;
    }

    double percent(double[] sums, int from, int to) {
      double sum = 0;
      for (int hour = from; hour <= to; hour++) {
        sum += sums[hour];
      }
      return sum * 100 / ((to - from + 1) * MINUTES_OF_HOUR * (double) days);
    }
  }

  /** By measure, channel and model. */
  private final Map<String, Map<String, Map<String, Sums>>> sums = new TreeMap<>();

  BacktestErrors(List<Row> days) {
    Set<List<Object>> added = new HashSet<>();
    for (Row day : days) {
      // of a bundle that was run twice
      if (added.add(day.getValues().subList(0, 4).stream().toList())) {
        add(day.getString("channel"), day);
        add(ALL, day);
      }
    }
  }

  private void add(String channel, Row day) {
    sums.computeIfAbsent(day.getString("measure"), unused -> new TreeMap<>())
        .computeIfAbsent(channel, unused -> new TreeMap<>())
        .computeIfAbsent(day.getString("model"), unused -> new Sums())
        .add(day);
  }

  private Sums sums(String measure, String channel, String model) {
    return sums.get(measure).get(channel).get(model);
  }

  boolean isEmpty() {
    return sums.isEmpty();
  }

  /**
   * Mean absolute error in percent of the day's total, of all forecasts from the beginning of the
   * first to the end of the last hour.
   */
  double error(String measure, String channel, String model, int firstHour, int lastHour) {
    Sums of = sums(measure, channel, model);
    return of.percent(of.errors, firstHour, lastHour);
  }

  /** How many percent of these had the day's total within their interval. */
  double within(String measure, String channel, String model, int firstHour, int lastHour) {
    Sums of = sums(measure, channel, model);
    return of.percent(of.within, firstHour, lastHour);
  }

  int days(String measure, String channel) {
    return sums.get(measure).get(channel).values().iterator().next().days;
  }

  /** A table a measure and channel, all channels together first where there are several. */
  List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (String measure : MEASURES) {
      Map<String, Map<String, Sums>> channels = sums.getOrDefault(measure, Map.of());
      if (channels.size() > 2) {
        lines.addAll(table(measure, ALL));
      }
      channels.keySet().stream()
          .filter(channel -> !channel.equals(ALL))
          .forEach(channel -> lines.addAll(table(measure, channel)));
    }
    return lines;
  }

  private List<String> table(String measure, String channel) {
    List<String> lines = new ArrayList<>();
    lines.add("");
    lines.add(String.format("%s of %s, %d days", measure, channel, days(measure, channel)));
    StringBuilder header = new StringBuilder("hour    ");
    ForecastModel.names().forEach(model -> header.append(String.format("%8s  within", model)));
    lines.add(header + "  less error");
    for (int hour = 0; hour < HOURS; hour++) {
      lines.add(line(String.format("%02d", hour), measure, channel, hour, hour));
    }
    lines.add(line("07 to 19", measure, channel, OPENS, CLOSES));
    lines.add(line("all day", measure, channel, 0, HOURS - 1));
    return lines;
  }

  private String line(String name, String measure, String channel, int from, int to) {
    StringBuilder line = new StringBuilder(String.format("%-8s", name));
    List<String> models = ForecastModel.names();
    for (String model : models) {
      line.append(
          String.format(
              Locale.ROOT,
              "%8.1f  %4.0f %%",
              error(measure, channel, model, from, to),
              within(measure, channel, model, from, to)));
    }
    double first = error(measure, channel, models.get(0), from, to);
    double last = error(measure, channel, models.get(models.size() - 1), from, to);
    return line.append(
            first == 0
                ? "           -"
                : String.format("%10d %%", Math.round(100 * (1 - last / first))))
        .toString();
  }

  /** Compares a day's forecasts with its last minute. */
  static final class CompareFn extends DoFn<KV<String, Iterable<Row>>, Row> {
    @ProcessElement
    public void process(@Element KV<String, Iterable<Row>> day, OutputReceiver<Row> out) {
      Map<String, List<Row>> byModel = new TreeMap<>();
      for (Row row : day.getValue()) {
        byModel.computeIfAbsent(row.getString("model"), unused -> new ArrayList<>()).add(row);
      }
      byModel.forEach(
          (model, rows) -> {
            Row last =
                rows.stream()
                    .filter(row -> Objects.equals(row.getString("mm"), "2359"))
                    .findFirst()
                    .orElseThrow(() -> new IllegalStateException(day.getKey() + " has no 2359"));
            compare(last, rows, MEASURES.get(0), BacktestErrors::count, out);
            compare(last, rows, MEASURES.get(1), BacktestErrors::amount, out);
          });
    }

    private static void compare(
        Row last, List<Row> rows, String measure, Numbers numbers, OutputReceiver<Row> out) {
      double @Nullable [] end = numbers.of(last);
      if (end == null || end[0] == 0) {
        return;
      }
      double truth = end[0];
      Double[] errors = new Double[HOURS];
      Long[] within = new Long[HOURS];
      Arrays.fill(errors, 0.0);
      Arrays.fill(within, 0L);
      for (Row row : rows) {
        double[] forecast = numbers.of(row);
        int hour = Integer.parseInt(row.getString("mm").substring(0, 2));
        errors[hour] += Math.abs(forecast[0] - truth) / truth;
        if (forecast[1] <= truth && truth <= forecast[2]) {
          within[hour]++;
        }
      }
      out.output(
          Row.withSchema(DAY)
              .addValues(
                  last.getString("ds"),
                  last.getString("order_source"),
                  measure,
                  last.getString("model"))
              .addArray(List.of(errors))
              .addArray(List.of(within))
              .build());
    }
  }

  /**
   * The forecast and the ends of its interval; at the end of the day, the forecast is the truth.
   */
  @FunctionalInterface
  interface Numbers {
    double @Nullable [] of(Row row);
  }

  static double @Nullable [] count(Row row) {
    @Nullable String total = row.getString("forecast_daily_order_cnt");
    return total == null
        ? null
        : new double[] {
          Double.parseDouble(total),
          Double.parseDouble(row.getString("forecast_low")),
          Double.parseDouble(row.getString("forecast_high"))
        };
  }

  static double @Nullable [] amount(Row row) {
    @Nullable BigDecimal total = row.getDecimal("forecast_daily_gmv");
    return total == null
        ? null
        : new double[] {
          total.doubleValue(),
          row.getDecimal("forecast_gmv_low").doubleValue(),
          row.getDecimal("forecast_gmv_high").doubleValue()
        };
  }
}

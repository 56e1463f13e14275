package dev.beamfluss.pipelines.forecast.backtest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.lessThan;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.beamfluss.transforms.Forecast;
import dev.beamfluss.transforms.ForecastBaseline;
import dev.beamfluss.transforms.ForecastModel;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;

/**
 * The orders of a real shop. The file is not part of the project: it is the UCI data set "Online
 * Retail" as CSV, gzipped, with the columns of {@link #COLUMNS}; its path is given by {@code
 * -Dbeamfluss.retailOrders=PATH}. Constants of the models were chosen by the days before September.
 */
class RetailForecastTest {
  private static final String PROPERTY = "beamfluss.retailOrders";
  private static final String SKIPPED =
      "RetailForecastTest is skipped: give it orders with -D" + PROPERTY + "=PATH";
  private static final String COLUMNS =
      "ts_ms,user_id,event,item_id,order_id,price,category,quantity,country";
  private static final String HOME = "United Kingdom";
  private static final LocalDate FROM = LocalDate.of(2011, 9, 1);
  private static final LocalDate TO = LocalDate.of(2011, 12, 31);

  /** The shop is open from 7 to 20 at most. */
  private static final int OPEN = 7;

  private static final int CLOSED = 19;
  private static final String LATE_RATIO = "ratio from a fifth";

  private final Map<String, NavigableMap<LocalDate, double[]>> orders = new TreeMap<>();
  private final Map<String, NavigableMap<LocalDate, double[]>> amounts = new TreeMap<>();

  @Test
  void shrunkBeatsRatioBeforeNoon() throws IOException {
    String path = System.getProperty(PROPERTY);
    if (path == null) {
      System.err.println(SKIPPED);
    }
    assumeTrue(path != null, SKIPPED);
    read(Path.of(path));
    orders.forEach((channel, days) -> check("orders, " + channel, days));
    amounts.forEach((channel, days) -> run("GMV, " + channel, days));
  }

  private static ForecastBacktest run(String title, NavigableMap<LocalDate, double[]> days) {
    Map<String, ForecastModel> models = new LinkedHashMap<>();
    ForecastModel.names().forEach(name -> models.put(name, ForecastModel.named(name)));
    models.put(LATE_RATIO, RetailForecastTest::ratioFromAFifth);
    ForecastBacktest backtest = new ForecastBacktest(models);
    backtest.run(days, FROM, TO);
    backtest.print(title, OPEN, CLOSED);
    return backtest;
  }

  private static Forecast ratioFromAFifth(double soFar, int minute, ForecastBaseline baseline) {
    double share = baseline.share(minute);
    double total = share < 0.2 ? soFar + (1 - share) * baseline.total() : soFar / share;
    return Forecast.of(total, total, total);
  }

  private static void check(String title, NavigableMap<LocalDate, double[]> days) {
    ForecastBacktest backtest = run(title, days);
    double shrunk = backtest.error("shrunk", OPEN, 11);
    assertThat(title, shrunk, lessThan(backtest.error("ratio", OPEN, 11)));
    assertThat(title, shrunk, lessThan(backtest.error(LATE_RATIO, OPEN, 11)));
    assertThat(title, backtest.coverage("shrunk", OPEN, CLOSED), greaterThan(80.0));
  }

  private void read(Path path) throws IOException {
    try (BufferedReader lines =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(path)), StandardCharsets.UTF_8))) {
      assertThat(path + " has other columns", COLUMNS.equals(lines.readLine()));
      Set<String> invoices = new HashSet<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        add(List.of(line.split(",", -1)), invoices);
      }
    }
    List.of(orders, amounts)
        .forEach(measure -> measure.values().forEach(days -> days.values().forEach(this::sumUp)));
  }

  /** An invoice is an order at its first line; an amount that is none adds nothing. */
  private void add(List<String> fields, Set<String> invoices) {
    if (!fields.get(2).equals("order")) {
      return;
    }
    LocalDateTime time =
        LocalDateTime.ofInstant(
            Instant.ofEpochMilli(Long.parseLong(fields.get(0))), ZoneOffset.UTC);
    String channel = fields.get(8).equals(HOME) ? HOME : "the rest";
    int minute = time.getHour() * 60 + time.getMinute();
    if (invoices.add(fields.get(4))) {
      day(orders, channel, time.toLocalDate())[minute]++;
    }
    double amount = Double.parseDouble(fields.get(5)) * Double.parseDouble(fields.get(7));
    if (amount > 0) {
      day(amounts, channel, time.toLocalDate())[minute] += amount;
    }
  }

  private static double[] day(
      Map<String, NavigableMap<LocalDate, double[]>> measure, String channel, LocalDate date) {
    return measure
        .computeIfAbsent(channel, unused -> new TreeMap<>())
        .computeIfAbsent(date, unused -> new double[1440]);
  }

  private void sumUp(double[] counts) {
    for (int minute = 1; minute < counts.length; minute++) {
      counts[minute] += counts[minute - 1];
    }
  }
}

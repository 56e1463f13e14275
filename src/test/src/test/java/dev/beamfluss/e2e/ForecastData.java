package dev.beamfluss.e2e;

import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
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
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.TimestampLtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The tables of scenario 3 under a name of their own, orders of days with a known curve, baselines
 * of days before them, and what the tables must hold by then.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
final class ForecastData {
  static final ZoneId ZONE = ZoneId.of("Asia/Shanghai");

  /** A Monday. */
  static final LocalDate DAY = LocalDate.of(2026, 3, 2);

  /** Of these the last has no baseline, and the one before none of amounts. */
  static final List<String> SOURCES = List.of("web", "app", "market", "new");

  private static final int MINUTES = 1_440;

  /** A line as it was placed. */
  record Line(String id, String order, String source, BigDecimal amount, Instant at) {}

  /** The strings of a channel's baseline, of a day. */
  record Baseline(String ds, String channel, String ratio, @Nullable String gmv) {}

  private final Random random;
  private final String bootstrapServers;
  private final String prefix =
      "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";
  private final List<Line> lines = new ArrayList<>();

  ForecastData(String bootstrapServers, long seed) {
    this.bootstrapServers = bootstrapServers;
    this.random = new Random(seed);
  }

  String prefix() {
    return prefix;
  }

  TablePath path(String table) {
    return TablePath.of(prefix + ForecastTables.DATABASE, table);
  }

  /** For days long past. */
  void createTables() {
    TableOptions options =
        TableOptions.defaults()
            .withBucketNum(2)
            .withNumPrecreate(0)
            .withNumRetention(-1)
            .withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      for (TableDefinition table : ForecastTables.definitions(options)) {
        creator.create(table);
      }
    }
  }

  static String ds(LocalDate day) {
    return DateTimeFormatter.BASIC_ISO_DATE.format(day);
  }

  /** The curve of a source: most orders are around an hour of its own. */
  private int minute(String source) {
    int at = 600 + 120 * SOURCES.indexOf(source) + (int) (150 * random.nextGaussian());
    return Math.min(MINUTES - 20, Math.floorMod(at, MINUTES));
  }

  /** Orders of up to three lines, which may be minutes apart. */
  List<Line> orders(LocalDate day, int number) {
    List<Line> more = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      String source = SOURCES.get(random.nextInt(SOURCES.size()));
      Instant at =
          day.atStartOfDay(ZONE)
              .plusMinutes(minute(source))
              .plusSeconds(random.nextInt(60))
              .toInstant();
      String order = "order-" + UUID.randomUUID();
      for (int line = random.nextInt(3); line >= 0; line--) {
        Instant later = at.plusSeconds(random.nextInt(600));
        BigDecimal amount = BigDecimal.valueOf(random.nextInt(100_000), 2);
        more.add(new Line(order + "-" + line, order, source, amount, later));
      }
    }
    return more;
  }

  /** Writes lines of which a part is written again, as if cancelled. */
  void place(Connection connection, List<Line> more) throws Exception {
    try (PlantedRows table = new PlantedRows(connection, path(ForecastTables.ORDER_LINES))) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (Line line : more) {
        rows.add(row(line, line.amount()));
      }
      table.putAll(rows);
      rows.clear();
      for (Line line : more) {
        if (random.nextInt(4) == 0) {
          rows.add(row(line, random.nextBoolean() ? BigDecimal.ZERO : line.amount()));
        }
      }
      table.putAll(rows);
    }
    lines.addAll(more);
  }

  static Map<String, Object> row(Line line, BigDecimal amount) {
    Map<String, Object> row = new HashMap<>();
    row.put("line_id", line.id());
    row.put("order_id", line.order());
    row.put("order_source", line.source());
    row.put(
        "amount",
        Decimal.fromBigDecimal(amount.setScale(ForecastTables.SCALE), 18, ForecastTables.SCALE));
    row.put("event_time", TimestampLtz.fromEpochMillis(line.at().toEpochMilli()));
    row.put("ds", ds(line.at().atZone(ZONE).toLocalDate()));
    return row;
  }

  /** Of days before one, by chance, with the curves of the sources. */
  List<Baseline> baselines(LocalDate day) {
    List<Baseline> baselines = new ArrayList<>();
    for (String source : SOURCES.subList(0, SOURCES.size() - 1)) {
      boolean hasAmounts = !source.equals("market");
      BaselineBuilder counts = BaselineBuilder.of(source).forDay(day);
      BaselineBuilder amounts = BaselineBuilder.of(source).forDay(day);
      for (int back = 1; back <= 14; back++) {
        double[] count = new double[MINUTES];
        double[] amount = new double[MINUTES];
        for (int order = 20 + random.nextInt(40); order > 0; order--) {
          int minute = minute(source);
          count[minute]++;
          amount[minute] += random.nextInt(100_000) / 100.0;
        }
        for (int minute = 1; minute < MINUTES; minute++) {
          count[minute] += count[minute - 1];
          amount[minute] += amount[minute - 1];
        }
        counts.add(day.minusDays(back), count);
        amounts.add(day.minusDays(back), amount);
      }
      baselines.add(
          new Baseline(
              ds(day),
              source,
              counts.build().orElseThrow().encode(),
              hasAmounts ? amounts.build().orElseThrow().encode() : null));
    }
    return baselines;
  }

  /** By day, minute and source: orders, amount and lines until the end of the minute. */
  Map<List<String>, List<Object>> totals() {
    Map<List<String>, List<Line>> days = new HashMap<>();
    for (Line line : lines) {
      String day = ds(line.at().atZone(ZONE).toLocalDate());
      days.computeIfAbsent(List.of(day, line.source()), key -> new ArrayList<>()).add(line);
    }
    Map<List<String>, List<Object>> totals = new HashMap<>();
    days.forEach(
        (key, ofDay) -> {
          for (int minute = 0; minute < MINUTES; minute++) {
            Set<String> orders = new HashSet<>();
            BigDecimal amount = BigDecimal.ZERO;
            long count = 0;
            for (Line line : ofDay) {
              ZonedDateTime at = line.at().atZone(ZONE);
              if (at.getHour() * 60 + at.getMinute() <= minute) {
                orders.add(line.order());
                amount = amount.add(line.amount());
                count++;
              }
            }
            totals.put(
                List.of(key.get(0), mm(minute), key.get(1)),
                List.of((long) orders.size(), amount.setScale(ForecastTables.SCALE), count));
          }
        });
    return totals;
  }

  static String mm(int minute) {
    return String.format("%02d%02d", minute / 60, minute % 60);
  }

  /** The columns of a forecast but its key, as the model says by itself. */
  static Map<String, Object> forecast(
      List<String> key,
      List<Object> total,
      String model,
      double confidence,
      @Nullable Baseline baseline) {
    int minute =
        Integer.parseInt(key.get(1).substring(0, 2)) * 60
            + Integer.parseInt(key.get(1).substring(2));
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

package dev.beamfluss.e2e;

import dev.beamfluss.demo.ForecastAnswer;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.transforms.BaselineBuilder;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.TimestampLtz;

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

  private final Random random;
  private final String bootstrapServers;
  private final String prefix =
      "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";
  private final List<ForecastAnswer.Line> lines = new ArrayList<>();

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

  /** The curve of a source: most orders are around an hour of its own. */
  private int minute(String source) {
    int at = 600 + 120 * SOURCES.indexOf(source) + (int) (150 * random.nextGaussian());
    return Math.min(MINUTES - 20, Math.floorMod(at, MINUTES));
  }

  /** Orders of up to three lines, which may be minutes apart. */
  List<ForecastAnswer.Line> orders(LocalDate day, int number) {
    List<ForecastAnswer.Line> more = new ArrayList<>();
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
        more.add(new ForecastAnswer.Line(order + "-" + line, order, source, amount, later));
      }
    }
    return more;
  }

  /** Writes lines of which a part is written again, as if cancelled. */
  void place(Connection connection, List<ForecastAnswer.Line> more) throws Exception {
    try (PlantedRows table = new PlantedRows(connection, path(ForecastTables.ORDER_LINES))) {
      List<Map<String, Object>> rows = new ArrayList<>();
      for (ForecastAnswer.Line line : more) {
        rows.add(row(line, line.amount()));
      }
      table.putAll(rows);
      rows.clear();
      for (ForecastAnswer.Line line : more) {
        if (random.nextInt(4) == 0) {
          rows.add(row(line, random.nextBoolean() ? BigDecimal.ZERO : line.amount()));
        }
      }
      table.putAll(rows);
    }
    lines.addAll(more);
  }

  static Map<String, Object> row(ForecastAnswer.Line line, BigDecimal amount) {
    Map<String, Object> row = new HashMap<>();
    row.put("line_id", line.id());
    row.put("order_id", line.order());
    row.put("order_source", line.source());
    row.put(
        "amount",
        Decimal.fromBigDecimal(amount.setScale(ForecastTables.SCALE), 18, ForecastTables.SCALE));
    row.put("event_time", TimestampLtz.fromEpochMillis(line.at().toEpochMilli()));
    row.put("ds", ForecastAnswer.ds(line.at().atZone(ZONE).toLocalDate()));
    return row;
  }

  /** Of days before one, by chance, with the curves of the sources. */
  List<ForecastAnswer.Baseline> baselines(LocalDate day) {
    List<ForecastAnswer.Baseline> baselines = new ArrayList<>();
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
          new ForecastAnswer.Baseline(
              ForecastAnswer.ds(day),
              source,
              counts.build().orElseThrow().encode(),
              hasAmounts ? amounts.build().orElseThrow().encode() : null));
    }
    return baselines;
  }

  /** By day, minute and source: orders, amount and lines until the end of the minute. */
  Map<List<String>, List<Object>> totals() {
    return ForecastAnswer.totals(lines, ZONE);
  }
}

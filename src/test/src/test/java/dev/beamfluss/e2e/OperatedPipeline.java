package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.demo.CanaryAnswer;
import dev.beamfluss.demo.ForecastAnswer;
import dev.beamfluss.demo.Observer;
import dev.beamfluss.demo.WideTableAnswer;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.uv.Grain;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.metadata.TablePath;
import org.awaitility.core.ConditionTimeoutException;

/**
 * A pipeline that is stopped and goes on while things happen in three parts: the tables it reads,
 * what happens, and what its own tables hold and must hold.
 */
@SuppressWarnings("try") // an interrupt while closing fails the test
abstract class OperatedPipeline implements AutoCloseable {
  /** In so many parts it happens. */
  static final int PARTS = 3;

  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final String AGES = "1000000";

  private final String program;
  private final String prefix;
  final Connection connection;
  private final List<AutoCloseable> open = new ArrayList<>();

  private OperatedPipeline(String program, String prefix, Connection connection) {
    this.program = program;
    this.connection = connection;
    this.prefix = prefix;
  }

  /** Each of the five, with tables of its own, of which nothing is read yet. */
  static OperatedPipeline of(
      String program, String bootstrapServers, Connection connection, long seed) throws Exception {
    return switch (program) {
      case "attribution" -> new OfAttribution(bootstrapServers, connection, seed);
      case "widetable" -> new OfWideTable(bootstrapServers, connection, seed);
      case "uv" -> new OfUv(bootstrapServers, connection, seed);
      case "canary" -> new OfCanary(bootstrapServers, connection, seed);
      case "forecast" -> new OfForecast(bootstrapServers, connection, seed);
      default -> throw new IllegalArgumentException(program);
    };
  }

  String program() {
    return program;
  }

  /** Besides those of the runner and the cluster. */
  List<String> flags() {
    return List.of("--databasePrefix=" + prefix, "--partitionDiscoveryMillis=200");
  }

  /** Those of its tables that are tiered. */
  final List<String> lakeTables() throws Exception {
    List<String> tables = new ArrayList<>();
    try (Admin admin = connection.getAdmin()) {
      for (String database : admin.listDatabases().get()) {
        if (!database.startsWith(prefix)) {
          continue;
        }
        for (String table : admin.listTables(database).get()) {
          TablePath path = TablePath.of(database, table);
          if (admin.getTableInfo(path).get().getTableConfig().isDataLakeEnabled()) {
            tables.add(path.toString());
          }
        }
      }
    }
    return tables;
  }

  /** The next part happens. */
  abstract void happen(int part) throws Exception;

  /** What the tables must hold of the parts until now; to be compared with {@link #found}. */
  abstract Map<?, ?> expected() throws Exception;

  /** What they hold. */
  abstract Map<?, ?> found() throws Exception;

  final <T extends AutoCloseable> T closedLater(T part) {
    open.add(part);
    return part;
  }

  @Override
  public void close() throws Exception {
    for (AutoCloseable part : open) {
      part.close();
    }
  }

  /** Waits until the tables are right; the number of rows in them. */
  int awaitRight(FlinkRest.Job job) throws Exception {
    Map<?, ?> expected = expected();
    try {
      await("the tables of " + program)
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(250))
          .until(
              () -> {
                job.check();
                return found().equals(expected);
              });
    } catch (ConditionTimeoutException e) {
      Map<?, ?> found = found();
      List<String> differences = new ArrayList<>();
      Stream.concat(expected.keySet().stream(), found.keySet().stream())
          .distinct()
          .filter(key -> !String.valueOf(expected.get(key)).equals(String.valueOf(found.get(key))))
          .limit(10)
          .forEach(
              key ->
                  differences.add(
                      key + " is " + found.get(key) + ", should be " + expected.get(key)));
      throw new AssertionError(program + ": " + String.join("\n", differences), e);
    }
    return expected.values().stream().mapToInt(OperatedPipeline::size).sum();
  }

  private static int size(Object value) {
    if (value instanceof Set<?> rows) {
      return rows.size();
    }
    return value instanceof Map<?, ?> rows ? rows.size() : 1;
  }

  private static <T> List<T> part(List<T> all, int part) {
    return all.subList(all.size() * part / PARTS, all.size() * (part + 1) / PARTS);
  }

  private static final class OfAttribution extends OperatedPipeline {
    private final List<Event> events = new ArrayList<>();
    private final Observer results;
    private final TableMirror conversions;
    private final Replay replay;
    private int happened;

    OfAttribution(String bootstrapServers, Connection connection, long seed) {
      this(new AttributionData(bootstrapServers), bootstrapServers, connection, seed);
    }

    private OfAttribution(
        AttributionData data, String bootstrapServers, Connection connection, long seed) {
      super("attribution", data.prefix(), connection);
      try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
        AttributionTables.definitions(data.tableOptions()).forEach(creator::create);
      }
      AttributionData.events(seed).forEach(events::add);
      this.results = closedLater(data.observer());
      this.conversions =
          closedLater(
              new TableMirror(
                  connection, TablePath.of(data.database(), AttributionTables.CONVERSIONS)));
      this.replay = closedLater(data.replay());
    }

    @Override
    void happen(int part) throws Exception {
      replay.run(part(events, part).iterator());
      happened = part + 1;
    }

    @Override
    Map<?, ?> expected() {
      AttributionAnswer answer =
          AttributionAnswer.of(events.subList(0, events.size() * happened / PARTS));
      return Map.of("results", answer.rows(), "conversions", AttributionData.conversions(answer));
    }

    @Override
    Map<?, ?> found() throws Exception {
      results.check();
      return Map.of("results", results.contents(), "conversions", conversions.rows());
    }
  }

  private static final class OfWideTable extends OperatedPipeline {
    private final WideTableData data;
    private final List<Event> events;
    private final WideTableData.Tables tables;
    private int happened;

    OfWideTable(String bootstrapServers, Connection connection, long seed) throws Exception {
      this(new WideTableData(bootstrapServers), connection, seed);
    }

    private OfWideTable(WideTableData data, Connection connection, long seed) throws Exception {
      super("widetable", data.prefix(), connection);
      this.data = data;
      data.createTables(UnaryOperator.identity());
      this.events = WideTableData.events(seed, 60);
      this.tables = closedLater(data.tables(connection));
    }

    /**
     * As deploy/kubernetes has it: 130 steps that wake up 40 times a second are two cores' work.
     */
    @Override
    List<String> flags() {
      return Stream.concat(
              super.flags().stream(),
              Stream.of("--allowedLatenessHours=" + AGES, "--maxBundleTimeMills=200"))
          .toList();
    }

    /** With all before it again: orders in the log are cancelled by what comes later. */
    @Override
    void happen(int part) throws Exception {
      happened = part + 1;
      data.replay(until());
    }

    private List<Event> until() {
      return events.subList(0, events.size() * happened / PARTS);
    }

    @Override
    Map<?, ?> expected() {
      return WideTableAnswer.of(until()).cells();
    }

    @Override
    Map<?, ?> found() throws Exception {
      return tables.cells();
    }
  }

  private static final class OfUv extends OperatedPipeline {
    private static final int ROWS = 9_000;

    private final UvData data;
    private final Map<String, TableMirror> counts = new HashMap<>();

    OfUv(String bootstrapServers, Connection connection, long seed) {
      this(new UvData(bootstrapServers, seed, ROWS), connection);
    }

    private OfUv(UvData data, Connection connection) {
      super("uv", data.prefix(), connection);
      this.data = data;
      data.createTables(UnaryOperator.identity());
      for (Grain grain : UvData.grains()) {
        TablePath path = TablePath.of(data.database(), grain.countTable());
        counts.put(grain.countTable(), closedLater(new TableMirror(connection, path)));
      }
    }

    @Override
    List<String> flags() {
      return Stream.concat(
              super.flags().stream(),
              Stream.of(
                  "--uvGrains=" + String.join(",", UvData.GRAINS),
                  "--shards=4",
                  "--option=BOTH",
                  "--refreshMillis=1000"))
          .toList();
    }

    @Override
    void happen(int part) {
      data.happen(ROWS / PARTS);
    }

    @Override
    Map<?, ?> expected() {
      return data.expected();
    }

    @Override
    Map<?, ?> found() throws Exception {
      Map<String, Set<Map<String, Object>>> found = new HashMap<>();
      for (Map.Entry<String, TableMirror> table : counts.entrySet()) {
        found.put(table.getKey(), new HashSet<>(table.getValue().rows()));
      }
      return found;
    }
  }

  private static final class OfCanary extends OperatedPipeline {
    private static final Instant MIDNIGHT = Instant.parse("2026-03-01T16:00:00Z");

    private final CanaryData data;
    private final List<CanaryAnswer.Entry> log = new ArrayList<>();
    private final TableMirror counts;

    OfCanary(String bootstrapServers, Connection connection, long seed) {
      this(new CanaryData(bootstrapServers, seed), connection);
    }

    private OfCanary(CanaryData data, Connection connection) {
      super("canary", data.prefix(), connection);
      this.data = data;
      data.createTables(2);
      this.counts = closedLater(new TableMirror(connection, data.path(CanaryTables.COUNTS)));
    }

    @Override
    List<String> flags() {
      return Stream.concat(
              super.flags().stream(),
              Stream.of("--zone=" + CanaryData.ZONE, "--allowedLatenessMinutes=" + AGES))
          .toList();
    }

    /** Over midnight. */
    @Override
    void happen(int part) {
      List<CanaryAnswer.Entry> entries =
          data.entries(
              400, MIDNIGHT.minus(Duration.ofMinutes(10)), MIDNIGHT.plus(Duration.ofMinutes(10)));
      data.append(entries);
      log.addAll(entries);
    }

    @Override
    Map<?, ?> expected() {
      return new CanaryAnswer(log, data.path(CanaryTables.COUNTS).toString(), CanaryData.ZONE)
          .counts();
    }

    @Override
    Map<?, ?> found() throws Exception {
      return CanaryAnswer.counts(counts.rows());
    }
  }

  private static final class OfForecast extends OperatedPipeline {
    private final ForecastData data;
    private final TableMirror totals;
    private final TableMirror forecasts;
    private final Map<String, ForecastAnswer.Baseline> baselines = new HashMap<>();

    OfForecast(String bootstrapServers, Connection connection, long seed) throws Exception {
      this(new ForecastData(bootstrapServers, seed), connection);
    }

    private OfForecast(ForecastData data, Connection connection) throws Exception {
      super("forecast", data.prefix(), connection);
      this.data = data;
      data.createTables();
      this.totals = closedLater(new TableMirror(connection, data.path(ForecastTables.ORDERS)));
      this.forecasts =
          closedLater(new TableMirror(connection, data.path(ForecastTables.FORECASTS)));
      List<Map<String, Object>> rows = new ArrayList<>();
      for (ForecastAnswer.Baseline baseline : data.baselines(ForecastData.DAY)) {
        baselines.put(baseline.channel(), baseline);
        Map<String, Object> row = new HashMap<>();
        row.put("ds", baseline.ds());
        row.put("channel_id", baseline.channel());
        row.put("minute_ratio_feat", baseline.ratio());
        row.put("minute_gmv_feat", baseline.gmv());
        rows.add(row);
      }
      try (PlantedRows table = new PlantedRows(connection, data.path(ForecastTables.BASELINES))) {
        table.putAll(rows);
      }
    }

    @Override
    List<String> flags() {
      return Stream.concat(
              super.flags().stream(),
              Stream.of(
                  "--baseline=fluss",
                  "--forecastModel=shrunk",
                  "--forecastConfidence=0.8",
                  "--zone=" + ForecastData.ZONE,
                  "--allowedLatenessHours=" + AGES))
          .toList();
    }

    @Override
    void happen(int part) throws Exception {
      data.place(connection, data.orders(ForecastData.DAY, 20));
    }

    /** Both tables' columns by day, minute and source. */
    @Override
    Map<?, ?> expected() {
      Map<List<String>, Object> expected = new HashMap<>();
      data.totals()
          .forEach(
              (key, total) ->
                  expected.put(
                      key,
                      List.of(
                          total,
                          ForecastAnswer.forecast(
                              key, total, "shrunk", 0.8, baselines.get(key.get(2))))));
      return expected;
    }

    @Override
    Map<?, ?> found() throws Exception {
      Map<List<String>, Map<String, Object>> forecast = new HashMap<>();
      for (Map<String, Object> row : forecasts.rows()) {
        Map<String, Object> columns = new HashMap<>(row);
        columns.keySet().removeAll(Set.of("ds", "mm", "order_source"));
        forecast.put(key(row), columns);
      }
      Map<List<String>, Object> found = new HashMap<>();
      for (Map<String, Object> row : totals.rows()) {
        List<Object> total =
            List.of(row.get("order_cnt"), row.get("order_gmv"), row.get("order_version"));
        found.put(key(row), List.of(total, forecast.getOrDefault(key(row), Map.of())));
      }
      return found;
    }

    private static List<String> key(Map<String, Object> row) {
      return List.of(
          (String) row.get("ds"), (String) row.get("mm"), (String) row.get("order_source"));
    }
  }
}

package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;

import dev.beamfluss.demo.ForecastAnswer;
import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.forecast.OrderForecast;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.TimestampLtz;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Forecasts of two days, with cancellations, late orders, a source without a baseline, a newer
 * baseline while the job runs, steps that fail, and a job that begins again: both tables must be,
 * at every minute, what plain Java says of the same orders.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class ForecastContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration REFRESH = Duration.ofSeconds(1);
  private static final String MODEL = "shrunk";
  private static final double CONFIDENCE = 0.8;
  private static final Schema BASELINE =
      Schema.builder()
          .addStringField("ds")
          .addStringField("channel_id")
          .addStringField("minute_ratio_feat")
          .addNullableStringField("minute_gmv_feat")
          .build();

  private final long seed = Long.getLong("forecast.seed", System.nanoTime());
  private final ForecastData data = new ForecastData(fluss.bootstrapServers(), seed);
  private final Map<List<String>, ForecastAnswer.Baseline> baselines = new HashMap<>();
  private Connection connection;

  @TempDir Path warehouse;

  /** The flags of the runner. */
  abstract List<String> runner();

  /** Has steps of a job fail, where the runner does again what failed; no step, where not. */
  abstract FailingSteps failing(Pipeline pipeline, String steps, int elements);

  @BeforeEach
  void connect() {
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
    data.createTables();
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void bothTablesAreRightAtEveryMinute() throws Exception {
    List<ForecastAnswer.Baseline> first = data.baselines(ForecastData.DAY);
    List<ForecastAnswer.Baseline> second = data.baselines(ForecastData.DAY.plusDays(1));
    writeToLake(first);
    data.place(connection, data.orders(ForecastData.DAY, 60));
    try (Tables tables = new Tables()) {
      Pipeline failing = build();
      FailingSteps failures =
          failing(
              failing,
              "Read orders|Placed|Check orders|Accumulate|Write totals|Read totals|Latest totals"
                  + "|Forecast|Write forecasts",
              2);
      try (RunningPipeline pipeline = RunningPipeline.start(failing)) {
        tables.awaitAll(pipeline, Set.of(ds(first)));
        data.place(connection, data.orders(ForecastData.DAY.plusDays(1), 30));
        placeWithoutSource();
        tables.awaitAll(pipeline, Set.of(ds(first)));
        assertThat(failures.pending(), is(empty()));

        writeToLake(second);
        long swapped = System.nanoTime();
        // each changes all the day's minutes, which then are of one baseline, old or new
        int rounds = 0;
        do {
          rounds++;
          data.place(connection, firstMinute(rounds));
          tables.awaitAll(pipeline, Set.of(ds(first), ds(second)));
        } while (!tables.baselinesInUse().equals(Set.of(ds(second))));
        long millis = (System.nanoTime() - swapped) / 1_000_000;
        System.out.println("the newer baseline in all rows after " + millis + " ms");
        assertThat("rounds until the newer baseline", rounds, is(lessThan(10)));
      }
      System.out.println(failures.size() + " steps failed once each");

      // without its state, beside what it wrote, and with what happened meanwhile
      data.place(connection, data.orders(ForecastData.DAY, 20));
      try (RunningPipeline pipeline = RunningPipeline.start(build())) {
        tables.awaitAll(pipeline, Set.of(ds(second)));
      }
      tables.requireOneDeadLetterReason();
    }
  }

  private static String ds(List<ForecastAnswer.Baseline> baselines) {
    return baselines.get(0).ds();
  }

  /** An order of each source and day. */
  private static List<ForecastAnswer.Line> firstMinute(int round) {
    List<ForecastAnswer.Line> lines = new ArrayList<>();
    for (int day = 0; day < 2; day++) {
      Instant at =
          ForecastData.DAY.plusDays(day).atStartOfDay(ForecastData.ZONE).plusSeconds(5).toInstant();
      for (String source : ForecastData.SOURCES) {
        String id = "first-" + round + "-" + day + "-" + source;
        lines.add(new ForecastAnswer.Line(id, id, source, BigDecimal.TEN, at));
      }
    }
    return lines;
  }

  private void placeWithoutSource() throws Exception {
    ForecastAnswer.Line line = data.orders(ForecastData.DAY, 1).get(0);
    Map<String, Object> row = ForecastData.row(line, line.amount());
    row.put("order_source", null);
    try (PlantedRows table = new PlantedRows(connection, data.path(ForecastTables.ORDER_LINES))) {
      table.put(row);
    }
  }

  @Test
  void baselinesMayBeInTheCluster() throws Exception {
    List<ForecastAnswer.Baseline> all = data.baselines(ForecastData.DAY);
    try (PlantedRows table = new PlantedRows(connection, data.path(ForecastTables.BASELINES))) {
      for (ForecastAnswer.Baseline baseline : all) {
        Map<String, Object> row = new HashMap<>();
        row.put("ds", baseline.ds());
        row.put("channel_id", baseline.channel());
        row.put("minute_ratio_feat", baseline.ratio());
        row.put("minute_gmv_feat", baseline.gmv());
        table.put(row);
        baselines.put(List.of(baseline.ds(), baseline.channel()), baseline);
      }
    }
    data.place(connection, data.orders(ForecastData.DAY, 30));
    try (Tables tables = new Tables()) {
      // each stage as a job of its own
      try (RunningPipeline accumulate =
              RunningPipeline.start(build("--stage=accumulate", "--baseline=fluss"));
          RunningPipeline fuse = RunningPipeline.start(build("--stage=fuse", "--baseline=fluss"))) {
        accumulate.check();
        tables.awaitAll(fuse, Set.of(ds(all)));
      }
    }
  }

  /** Lines whose table has no source, and lowers what is cancelled. */
  @Test
  void ordersMayBeThoseOfTheWideTables() throws Exception {
    TableOptions options =
        TableOptions.defaults()
            .withBucketNum(2)
            .withNumPrecreate(0)
            .withNumRetention(-1)
            .withDatabasePrefix(data.prefix());
    String orders = BehaviorStream.ORDERS.log();
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : WideTableTables.definitions(options)) {
        if (table.name().equals(orders)) {
          creator.create(table);
        }
      }
    }
    TablePath path = TablePath.of(data.prefix() + WideTableTables.DATABASE, orders);
    Instant at = ForecastData.DAY.atTime(10, 30).atZone(ForecastData.ZONE).toInstant();
    Map<String, Object> line = new HashMap<>();
    line.put("line_id", "line");
    line.put("order_id", "order");
    line.put("event_time", TimestampLtz.fromEpochMillis(at.toEpochMilli()));
    line.put("stat_date", ForecastAnswer.ds(ForecastData.DAY));
    try (PlantedRows table = new PlantedRows(connection, path);
        TableMirror totals = new TableMirror(connection, data.path(ForecastTables.ORDERS))) {
      for (String amount : List.of("7.500000", "2.500000", "0.000000")) {
        line.put("amount", Decimal.fromBigDecimal(new BigDecimal(amount), 18, 6));
        table.put(line);
      }
      table.remove(line);
      try (RunningPipeline pipeline =
          RunningPipeline.start(build("--stage=accumulate", "--orders=" + path, "--source=shop"))) {
        await("all minutes")
            .atMost(PATIENCE)
            .until(
                () -> {
                  pipeline.check();
                  return totals.rows().size() == 1_440;
                });
      }
      for (Map<String, Object> row : totals.rows()) {
        boolean placed = ((String) row.get("mm")).compareTo("1030") >= 0;
        assertThat(row.toString(), row.get("order_source"), is("shop"));
        assertThat(row.toString(), row.get("order_cnt"), is(placed ? 1L : 0L));
        assertThat(
            row.toString(),
            row.get("order_gmv"),
            is(new BigDecimal(placed ? "7.500000" : "0.000000")));
      }
    }
  }

  private void writeToLake(List<ForecastAnswer.Baseline> more) {
    List<Row> rows = new ArrayList<>();
    for (ForecastAnswer.Baseline baseline : more) {
      baselines.put(List.of(baseline.ds(), baseline.channel()), baseline);
      rows.add(
          Row.withSchema(BASELINE)
              .addValues(baseline.ds(), baseline.channel(), baseline.ratio(), baseline.gmv())
              .build());
    }
    Pipeline pipeline = Pipeline.create();
    pipeline
        .apply(Create.of(rows).withRowSchema(BASELINE))
        .apply(
            PaimonIO.write()
                .to(
                    Map.of("warehouse", warehouse.toString()),
                    data.path(ForecastTables.BASELINES_OF_DAYS).toString())
                .withCreateTable(
                    List.of("ds", "channel_id"), List.of("ds"), Map.of("bucket", "1")));
    pipeline.run().waitUntilFinish();
  }

  private Pipeline build(String... more) {
    List<String> flags = new ArrayList<>(runner());
    flags.addAll(List.of(more));
    PipelineOptionsFactory.register(ForecastOptions.class);
    ForecastOptions options =
        PipelineOptionsFactory.fromArgs(flags.toArray(String[]::new)).as(ForecastOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(data.prefix());
    options.setWarehouse(warehouse.toString());
    options.setZone(ForecastData.ZONE.getId());
    options.setForecastModel(MODEL);
    options.setForecastConfidence(CONFIDENCE);
    options.setBaselineRefreshSeconds((int) REFRESH.toSeconds());
    options.setPartitionDiscoveryMillis(200);
    options.setUpdateMillis(500);
    // the days are long past
    options.setAllowedLatenessHours(1_000_000);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    OrderForecast.apply(pipeline, options);
    return pipeline;
  }

  /** What the pipeline writes. */
  private final class Tables implements AutoCloseable {
    private final TableMirror totals = mirror(ForecastTables.ORDERS);
    private final TableMirror forecasts = mirror(ForecastTables.FORECASTS);
    private final TableMirror deadLetters = mirror(DeadLetters.TABLE);

    private TableMirror mirror(String table) {
      return new TableMirror(connection, data.path(table));
    }

    /** Waits until both are right, each forecast by one of these days' baselines. */
    void awaitAll(RunningPipeline pipeline, Set<String> days) throws Exception {
      Map<List<String>, List<Object>> expected = data.totals();
      long start = System.nanoTime();
      try {
        await("both tables, seed " + seed)
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(250))
            .until(
                () -> {
                  pipeline.check();
                  return found().equals(expected) && versions().equals(versions(expected));
                });
      } catch (ConditionTimeoutException e) {
        Map<List<String>, List<Object>> found = found();
        expected.forEach((key, total) -> assertThat(key.toString(), found.get(key), is(total)));
        assertThat(found, is(aMapWithSize(expected.size())));
        assertThat(versions(), is(versions(expected)));
        throw e;
      }
      for (Map<String, Object> row : forecasts.rows()) {
        requireRight(row, expected, days);
      }
      System.out.printf(
          "%d rows equal after %d ms%n", expected.size(), (System.nanoTime() - start) / 1_000_000);
    }

    private Map<List<String>, List<Object>> found() throws Exception {
      Map<List<String>, List<Object>> found = new HashMap<>();
      for (Map<String, Object> row : totals.rows()) {
        found.put(
            key(row),
            List.of(row.get("order_cnt"), row.get("order_gmv"), row.get("order_version")));
      }
      return found;
    }

    private Map<List<String>, Object> versions() throws Exception {
      Map<List<String>, Object> versions = new HashMap<>();
      for (Map<String, Object> row : forecasts.rows()) {
        versions.put(key(row), row.get("order_version"));
      }
      return versions;
    }

    private static Map<List<String>, Object> versions(Map<List<String>, List<Object>> totals) {
      Map<List<String>, Object> versions = new HashMap<>();
      totals.forEach((key, total) -> versions.put(key, total.get(2)));
      return versions;
    }

    private static List<String> key(Map<String, Object> row) {
      return List.of(
          (String) row.get("ds"), (String) row.get("mm"), (String) row.get("order_source"));
    }

    /** Of the baseline that it names, and of no other. */
    private void requireRight(
        Map<String, Object> row, Map<List<String>, List<Object>> expected, Set<String> days) {
      List<String> key = key(row);
      String day = (String) row.get("baseline_ds");
      ForecastAnswer.Baseline baseline =
          day == null ? null : baselines.get(List.of(day, key.get(2)));
      if (day == null) {
        assertThat(row.toString(), key.get(2), is("new"));
      } else {
        assertThat(row.toString(), days.contains(day), is(true));
      }
      Map<String, Object> columns = new HashMap<>(row);
      columns.keySet().removeAll(Set.of("ds", "mm", "order_source"));
      assertThat(
          key.toString(),
          columns,
          is(ForecastAnswer.forecast(key, expected.get(key), MODEL, CONFIDENCE, baseline)));
    }

    Set<String> baselinesInUse() throws Exception {
      Set<String> days = new HashSet<>();
      for (Map<String, Object> row : forecasts.rows()) {
        if (row.get("baseline_ds") != null) {
          days.add((String) row.get("baseline_ds"));
        }
      }
      return days;
    }

    void requireOneDeadLetterReason() throws Exception {
      Set<Object> reasons = new HashSet<>();
      for (Map<String, Object> row : deadLetters.rows()) {
        reasons.add(row.get("reason"));
      }
      assertThat(reasons.toString(), reasons.size(), is(1));
      assertThat(
          reasons.toString(), containsString("has no order_source, so it cannot be counted"));
    }

    @Override
    public void close() throws Exception {
      for (TableMirror table : List.of(totals, forecasts, deadLetters)) {
        table.close();
      }
    }
  }
}

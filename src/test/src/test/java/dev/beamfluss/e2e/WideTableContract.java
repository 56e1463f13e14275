package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.demo.WideTableAnswer;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.widetable.AddMetric;
import dev.beamfluss.pipelines.widetable.AddMetricOptions;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.Freshness;
import dev.beamfluss.pipelines.widetable.StatGrain;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The wide tables of products and shops from an event log: with each event twice or more, late
 * ones, cancellations, items in no catalogue, steps that fail, and jobs that begin again; both
 * tables must end as the events alone say.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class WideTableContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final boolean OF_A_FILE = System.getProperty("widetable.events") != null;
  private static final Duration PATIENCE = Duration.ofMinutes(OF_A_FILE ? 30 : 3);

  private WideTableData data;
  private Connection connection;

  /** The flags of the runner. */
  abstract List<String> flags();

  /** Has steps of a job fail, where the runner does again what failed; no step, where not. */
  abstract FailingSteps failing(Pipeline pipeline);

  @BeforeEach
  void createTables() {
    data = new WideTableData(fluss.bootstrapServers());
    data.createTables(OF_A_FILE ? TableDefinition::withoutPartitions : UnaryOperator.identity());
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void bothTablesEndAsTheEventsSay() throws Exception {
    long seed = Long.getLong("widetable.seed", System.nanoTime());
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    List<Event> events = WideTableData.events(seed, 60);
    List<Event> half = events.subList(0, events.size() / 2);
    WideTableAnswer answer = WideTableAnswer.of(events);
    assertThat(answer.gmv().signum(), is(1));
    assertThat(
        answer.cells().keySet().stream().filter(cell -> cell.id() == -1).count(), greaterThan(0L));
    try (WideTableData.Tables tables = data.tables(connection)) {
      data.replay(half);
      Pipeline failing = build();
      FailingSteps failures = failing(failing);
      try (RunningPipeline pipeline = RunningPipeline.start(failing)) {
        awaitCells(tables, List.of(pipeline), WideTableAnswer.of(half).cells());
        // the first half again, and the rest
        data.replay(events);
        awaitCells(tables, List.of(pipeline), answer.cells());
        assertThat(failures.pending(), is(empty()));
      }
      System.out.println(failures.size() + " steps failed once each");
      // without any state, over what it wrote: the logs again from their beginning
      tables.spoilCounts(answer.cells());
      assertThat(tables.cells(), is(not(equalTo(answer.cells()))));
      try (RunningPipeline pipeline = start()) {
        awaitCells(tables, List.of(pipeline), answer.cells());
      }
      if (!OF_A_FILE) {
        theDayAfterFindsWhatIsWrongAndNothingElse(tables, answer);
      }
    }
    System.out.println("GMV " + answer.gmv() + ", " + answer.cells().size() + " rows");
  }

  /** Without a lake; {@link WideTableLakeIT} has one. */
  private void theDayAfterFindsWhatIsWrongAndNothingElse(
      WideTableData.Tables tables, WideTableAnswer answer) throws Exception {
    WideTableAnswer.Cell cell =
        answer.cells().entrySet().stream()
            .filter(entry -> entry.getValue().containsKey("exp_cnt"))
            .filter(entry -> entry.getKey().table().equals(StatGrain.SHOP.table()))
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow();
    String[] flags = {
      "--runner=DirectRunner",
      "--bootstrapServers=" + fluss.bootstrapServers(),
      "--databasePrefix=" + data.prefix(),
      "--ds=" + cell.date(),
      "--fromLake=false"
    };
    Reconciled right = Reconciled.wideTable(flags);
    assertThat(right.toString(), right.status(), is(0));
    long count = (Long) answer.cells().get(cell).get("exp_cnt");
    tables.plantExposures(cell, count + 1);
    Reconciled wrong = Reconciled.wideTable(flags);
    assertThat(wrong.status(), is(1));
    assertThat(
        wrong.differences(),
        contains(
            String.format(
                "different shop_stat_wide [shop_id=%d, stat_date=%s, stat_hour=%s] exp_cnt is %d,"
                    + " should be %d",
                cell.id(), cell.date(), cell.hour(), count + 1, count)));
  }

  /**
   * Four jobs run and the fifth does not: theirs go on. Then a column is added under them, with a
   * job of its own, and at last the fifth catches up.
   */
  @Test
  void eachStreamIsItsOwnAndAColumnIsAddedWhileTheyRun() throws Exception {
    long seed = Long.getLong("widetable.seed", System.nanoTime());
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    List<Event> events = WideTableData.events(seed, 25);
    List<Event> half = events.subList(0, events.size() / 2);
    List<BehaviorStream> four = new ArrayList<>(List.of(BehaviorStream.values()));
    four.remove(BehaviorStream.ORDERS);
    List<RunningPipeline> jobs = new ArrayList<>();
    try (WideTableData.Tables tables = data.tables(connection)) {
      for (BehaviorStream stream : four) {
        jobs.add(start("--stream=" + stream.id()));
      }
      data.replay(half);
      awaitCells(tables, jobs, WideTableAnswer.of(half).cellsOf(four));
      assertThat(ageOf(BehaviorStream.ORDERS), is("+Inf"));
      assertThat(Long.parseLong(ageOf(BehaviorStream.CLICKS)), greaterThan(0L));

      jobs.add(
          addMetric("--stream=carts", "--grain=shop", "--distinct=item_id", "--as=cart_items"));
      data.replay(events);
      WideTableAnswer answer = WideTableAnswer.of(events);
      awaitCells(tables, jobs, answer.cellsOf(four));
      awaitCartItems(tables, answer);

      jobs.add(start("--stream=orders"));
      awaitCells(tables, jobs, answer.cells());
      awaitCartItems(tables, answer);
    } finally {
      jobs.forEach(RunningPipeline::close);
    }
  }

  private static void awaitCartItems(WideTableData.Tables tables, WideTableAnswer answer) {
    await("the new column")
        .atMost(PATIENCE)
        .until(() -> tables.column("shop_stat_wide", "cart_items").equals(answer.cartItems()));
  }

  /** What {@code ./run widetable freshness} says, in seconds. */
  private String ageOf(BehaviorStream stream) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        Freshness.run(
            new String[] {
              "--runner=DirectRunner",
              "--bootstrapServers=" + fluss.bootstrapServers(),
              "--databasePrefix=" + data.prefix()
            },
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(0));
    String series =
        "wide_table_latest_event_age_seconds{table=\"shop_stat_wide\",stream=\""
            + stream.id()
            + "\"} ";
    return out.toString(UTF_8)
        .lines()
        .filter(line -> line.startsWith(series))
        .findFirst()
        .orElseThrow()
        .substring(series.length());
  }

  private static void awaitCells(
      WideTableData.Tables tables,
      List<RunningPipeline> jobs,
      Map<WideTableAnswer.Cell, Map<String, Object>> expected)
      throws Exception {
    long start = System.nanoTime();
    try {
      await("the wide tables")
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .until(
              () -> {
                jobs.forEach(RunningPipeline::check);
                return tables.cells().equals(expected);
              });
      System.out.println("equal after " + (System.nanoTime() - start) / 1_000_000 + " ms");
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      Map<WideTableAnswer.Cell, Map<String, Object>> found = tables.cells();
      expected.forEach(
          (cell, columns) -> assertThat(cell.toString(), found.get(cell), is(equalTo(columns))));
      assertThat(found.keySet(), is(equalTo(expected.keySet())));
      throw e;
    }
  }

  private RunningPipeline start(String... more) {
    return RunningPipeline.start(build(more));
  }

  private Pipeline build(String... more) {
    WideTableOptions options = options(more).as(WideTableOptions.class);
    Pipeline pipeline = Pipeline.create(options);
    WideTable.apply(pipeline, options);
    return pipeline;
  }

  private RunningPipeline addMetric(String... more) {
    AddMetricOptions options = options(more).as(AddMetricOptions.class);
    Pipeline pipeline = Pipeline.create(options);
    AddMetric.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  private AddMetricOptions options(String... more) {
    String[] args = Stream.concat(flags().stream(), Arrays.stream(more)).toArray(String[]::new);
    PipelineOptionsFactory.register(AddMetricOptions.class);
    AddMetricOptions options = PipelineOptionsFactory.fromArgs(args).as(AddMetricOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(data.prefix());
    options.setPartitionDiscoveryMillis(200);
    // the days are long past
    options.setAllowedLatenessHours(1_000_000);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    return options;
  }
}

package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.attribution.ConversionRate;
import dev.beamfluss.pipelines.demo.AttributionAnswer;
import dev.beamfluss.pipelines.demo.Observer;
import dev.beamfluss.pipelines.demo.RunningPipeline;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.ingest.EventLog;
import dev.beamfluss.pipelines.ingest.EventLogWriter;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.RejectedLine;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Order attribution from an event log in a file to the result table, on every runner: events come
 * in while the pipeline runs, and the table must end as the events alone say.
 */
abstract class AttributionContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final LocalDate LAST_DAY = LocalDate.of(2026, 3, 2);

  @TempDir Path directory;

  private FlussCluster cluster;
  private String prefix;

  /** Options of the runner, for a streaming pipeline. */
  abstract PipelineOptions streaming();

  /** Options of the runner, for a batch pipeline. */
  abstract PipelineOptions batch();

  @BeforeEach
  void createTables() {
    cluster = FlussCluster.at(fluss.bootstrapServers());
    prefix = "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";
    TableOptions tables =
        TableOptions.defaults()
            .withBucketNum(2)
            .withNumPrecreate(0)
            .withNumRetention(-1)
            .withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : AttributionTables.definitions(tables)) {
        creator.create(table);
      }
    }
  }

  @Test
  void theResultTableEndsAsTheEventsSay() throws Exception {
    Path file = writeLog(7);
    List<RejectedLine> rejected = new ArrayList<>();
    EventInput input = EventInput.file(file, ZoneOffset.UTC, null, null, 1);
    List<Event> events = new ArrayList<>();
    input.open(rejected::add, event -> {}).forEachRemaining(events::add);
    assertThat(rejected.stream().map(RejectedLine::line).toList(), hasItem(3L));
    AttributionAnswer answer = AttributionAnswer.of(events);
    assertThat(answer.rowsPerMatch().get(Attribution.MATCHED), greaterThan(0L));
    assertThat(answer.rowsPerMatch().get(Attribution.NOT_MATCHED), greaterThan(0L));
    assertThat(answer.ordersDeleted(), greaterThan(0L));

    try (Observer observer = new Observer(fluss.bootstrapServers(), database());
        RunningPipeline pipeline = start()) {
      // half of it, a pause until it is joined, then the rest: changes of rows that are joined
      try (Replay replay = replay()) {
        replay.run(events.subList(0, events.size() / 2).iterator());
        AttributionAnswer half = AttributionAnswer.of(events.subList(0, events.size() / 2));
        awaitEqual(observer, pipeline, half);
        replay.run(events.subList(events.size() / 2, events.size()).iterator());
      }
      awaitEqual(observer, pipeline, answer);
      await()
          .during(Duration.ofSeconds(1))
          .atMost(Duration.ofSeconds(10))
          .until(() -> observer.holds(answer.rows()));
    }
    conversionRatesAreThoseOf(answer);

    // the same again from the beginning on the same tables: every change replayed
    try (Observer observer = new Observer(fluss.bootstrapServers(), database());
        RunningPipeline pipeline = start()) {
      try (Replay replay = replay()) {
        replay.run(events.iterator());
      }
      awaitEqual(observer, pipeline, answer);
    }
  }

  private void awaitEqual(Observer observer, RunningPipeline pipeline, AttributionAnswer expected) {
    await()
        .alias("the result table of seed 7 equals the answer")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              pipeline.check();
              observer.check();
              return observer.holds(expected.rows());
            });
    assertThat(observer.contents(), is(equalTo(expected.rows())));
  }

  private void conversionRatesAreThoseOf(AttributionAnswer answer) {
    TestPipeline pipeline = TestPipeline.fromOptions(batch()).enableAbandonedNodeEnforcement(false);
    PCollection<Row> rates =
        pipeline
            .apply(
                FlussIO.readContents()
                    .from(cluster, database() + "." + AttributionTables.RESULTS)
                    .withColumns("ds", "user_id", "is_matched"))
            .apply(ConversionRate.perDay());
    List<Row> expected = new ArrayList<>();
    answer
        .conversions()
        .forEach(
            (ds, conversion) ->
                expected.add(
                    Row.withSchema(ConversionRate.SCHEMA)
                        .addValues(
                            ds, conversion.buyers(), conversion.visitors(), conversion.rate())
                        .build()));
    PAssert.that(rates).containsInAnyOrder(expected);
    pipeline.run().waitUntilFinish();
  }

  private RunningPipeline start() {
    AttributionOptions options = streaming().as(AttributionOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(prefix);
    options.setPartitionDiscoveryMillis(200);
    options.setJoinShards(4);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    Attribution.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  private Replay replay() {
    return new Replay(
        cluster,
        database() + "." + AttributionTables.ORDERS,
        database() + "." + AttributionTables.VISITS,
        0,
        IngestOptions.defaults(),
        line -> {});
  }

  private String database() {
    return prefix + AttributionTables.DATABASE;
  }

  /** A small log with a line that is none. */
  private Path writeLog(long seed) throws IOException {
    Path file = directory.resolve("events.csv");
    GeneratorOptions options =
        GeneratorOptions.defaults()
            .withSeed(seed)
            .withLastDay(LAST_DAY)
            .withUsers(600)
            .withActiveUsersPerDay(400);
    try (EventLogWriter writer = EventLog.at(file).create()) {
      for (Event event : EventGenerator.with(options)) {
        writer.write(event);
      }
    }
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    lines.add(2, "yesterday,user,view,item,,1.00,tea");
    Files.write(file, lines, StandardOpenOption.TRUNCATE_EXISTING);
    return file;
  }
}

package dev.beamfluss.e2e;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.demo.Observer;
import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.attribution.ConversionRate;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.ingest.EventLog;
import dev.beamfluss.pipelines.ingest.EventLogWriter;
import dev.beamfluss.pipelines.ingest.RejectedLine;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
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

  @TempDir Path directory;

  private AttributionData data;

  /** Options of the runner, for a streaming pipeline. */
  abstract PipelineOptions streaming();

  /** Options of the runner, for a batch pipeline. */
  abstract PipelineOptions batch();

  @BeforeEach
  void createTables() {
    data = new AttributionData(fluss.bootstrapServers());
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : AttributionTables.definitions(data.tableOptions())) {
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

    try (Observer observer = data.observer();
        RunningPipeline pipeline = start()) {
      // half of it, a pause until it is joined, then the rest: changes of rows that are joined
      try (Replay replay = data.replay()) {
        replay.run(events.subList(0, events.size() / 2).iterator());
        AttributionAnswer half = AttributionAnswer.of(events.subList(0, events.size() / 2));
        awaitEqual(observer, pipeline, half);
        replay.run(events.subList(events.size() / 2, events.size()).iterator());
      }
      awaitEqual(observer, pipeline, answer);
      AttributionData.staysEqual(observer, answer);
    }
    conversionRatesAreThoseOf(answer);

    // the same again from the beginning on the same tables: every change replayed
    try (Observer observer = data.observer();
        RunningPipeline pipeline = start()) {
      try (Replay replay = data.replay()) {
        replay.run(events.iterator());
      }
      awaitEqual(observer, pipeline, answer);
    }
  }

  private static void awaitEqual(
      Observer observer, RunningPipeline pipeline, AttributionAnswer expected) {
    AttributionData.awaitEqual(observer, pipeline::check, expected, PATIENCE);
  }

  private void conversionRatesAreThoseOf(AttributionAnswer answer) {
    TestPipeline pipeline = TestPipeline.fromOptions(batch()).enableAbandonedNodeEnforcement(false);
    PCollection<Row> rates =
        pipeline
            .apply(
                FlussIO.readContents()
                    .from(data.cluster(), data.database() + "." + AttributionTables.RESULTS)
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
    options.setDatabasePrefix(data.prefix());
    options.setPartitionDiscoveryMillis(200);
    options.setJoinShards(4);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    Attribution.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  /** A small log with a line that is none. */
  private Path writeLog(long seed) throws IOException {
    Path file = directory.resolve("events.csv");
    try (EventLogWriter writer = EventLog.at(file).create()) {
      for (Event event : AttributionData.events(seed)) {
        writer.write(event);
      }
    }
    List<String> lines = new ArrayList<>(Files.readAllLines(file));
    lines.add(2, "yesterday,user,view,item,,1.00,tea");
    Files.write(file, lines, StandardOpenOption.TRUNCATE_EXISTING);
    return file;
  }
}

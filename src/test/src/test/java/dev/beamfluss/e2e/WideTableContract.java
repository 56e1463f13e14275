package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.demo.RunningPipeline;
import dev.beamfluss.pipelines.demo.WideTableAnswer;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
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
 * ones, cancellations, items in no catalogue, and jobs that begin again; both tables must end as
 * the events alone say.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class WideTableContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private WideTableData data;
  private Connection connection;

  /** The flags of the runner. */
  abstract List<String> flags();

  @BeforeEach
  void createTables() {
    data = new WideTableData(fluss.bootstrapServers());
    data.createTables(UnaryOperator.identity());
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
    long seed = System.nanoTime();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    List<Event> events = WideTableData.events(seed, 150);
    List<Event> half = events.subList(0, events.size() / 2);
    WideTableAnswer answer = WideTableAnswer.of(events);
    assertThat(answer.gmv().signum(), is(1));
    assertThat(
        answer.cells().keySet().stream().filter(cell -> cell.id() == -1).count(), greaterThan(0L));
    try (WideTableData.Tables tables = data.tables(connection)) {
      data.replay(half);
      try (RunningPipeline pipeline = start()) {
        awaitCells(tables, pipeline, WideTableAnswer.of(half));
        // the first half again, and the rest
        data.replay(events);
        awaitCells(tables, pipeline, answer);
      }
      // without any state, beside what it wrote
      try (RunningPipeline pipeline = start()) {
        data.replay(half);
        awaitCells(tables, pipeline, answer);
      }
    }
    System.out.println("GMV " + answer.gmv() + ", " + answer.cells().size() + " rows");
  }

  private static void awaitCells(
      WideTableData.Tables tables, RunningPipeline pipeline, WideTableAnswer answer)
      throws Exception {
    Map<WideTableAnswer.Cell, Map<String, Object>> expected = answer.cells();
    try {
      await("the wide tables")
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(500))
          .until(
              () -> {
                pipeline.check();
                return tables.cells().equals(expected);
              });
    } catch (org.awaitility.core.ConditionTimeoutException e) {
      Map<WideTableAnswer.Cell, Map<String, Object>> found = tables.cells();
      expected.forEach(
          (cell, columns) -> assertThat(cell.toString(), found.get(cell), is(equalTo(columns))));
      assertThat(found.keySet(), is(equalTo(expected.keySet())));
      throw e;
    }
  }

  private RunningPipeline start() {
    WideTableOptions options =
        PipelineOptionsFactory.fromArgs(flags().toArray(String[]::new)).as(WideTableOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(data.prefix());
    options.setPartitionDiscoveryMillis(200);
    // the days are long past
    options.setAllowedLatenessHours(1_000_000);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    WideTable.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }
}

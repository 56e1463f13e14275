package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.uv.Grain;
import dev.beamfluss.pipelines.uv.Uv;
import dev.beamfluss.pipelines.uv.UvOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Distinct users of skewed, repeated and faulty rows, by bitmaps and by rows, while they come and
 * in batch: all ways must end as plain sets say, at every minute.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class UvContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int ROWS = 60_000;
  private static final LocalDate LAST_DAY = LocalDate.of(2026, 3, 2);

  private UvData data;
  private Connection connection;

  /** The flags of the runner, for a streaming pipeline. */
  abstract List<String> streaming();

  /** The flags of the runner, for a batch pipeline. */
  abstract List<String> batch();

  @BeforeEach
  void connect() {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  private void createTables(int rows) {
    long seed = System.nanoTime();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    data = new UvData(fluss.bootstrapServers(), seed, rows);
    data.createTables(UnaryOperator.identity());
  }

  /** Of a file that {@code -Duv.events} names, or generated. */
  private static List<Event> events() throws Exception {
    String file = System.getProperty("uv.events");
    List<Event> events = new ArrayList<>();
    if (file == null) {
      AttributionData.events(7).forEach(events::add);
    } else {
      EventInput.file(Path.of(file), ZoneOffset.UTC, null, LAST_DAY, 1)
          .open(line -> {}, event -> {})
          .forEachRemaining(events::add);
    }
    return events;
  }

  @Test
  void allWaysCountTheSameUsersAtEveryMinute() throws Exception {
    countAllWays(ROWS, Duration.ofMinutes(3));
  }

  final void countAllWays(int rows, Duration patience) throws Exception {
    createTables(rows);
    Map<String, TableMirror> counts = new HashMap<>();
    for (Grain grain : UvData.grains()) {
      counts.put(grain.countTable(), new TableMirror(connection, path(grain.countTable())));
    }
    try (TableMirror deadLetters = new TableMirror(connection, path(DeadLetters.TABLE))) {
      data.happen(rows / 2);
      data.replay(events());
      try (RunningPipeline pipeline = start()) {
        data.happen(rows / 4);
        awaitCounts(counts, pipeline, patience);
        data.happen(rows / 4);
        awaitCounts(counts, pipeline, patience);
        theFunnelFollowsWithinSeconds(counts, pipeline);
        await("the rows that are refused").until(() -> reasons(deadLetters).equals(data.refused()));
      }
      plantWrongCounts(counts);
      String counted = UvData.DAYS.get(1);
      run(0, "--batch", "--option=B", "--ds=" + counted, "--fromLake=false");
      assertThat(ofDay(contents(counts), counted), is(equalTo(ofDay(data.expected(), counted))));
      // a replay of the logs into the same bitmaps; the keys of all days are counted again
      run(0, "--batch", "--option=A", "--ds=" + UvData.DAYS.get(0));
      assertThat(contents(counts), is(equalTo(data.expected())));
    } finally {
      for (TableMirror table : counts.values()) {
        table.close();
      }
    }
  }

  @Test
  void wrongFlagsAreSaidBeforeAnythingRuns() {
    createTables(0);
    assertThat(run(2, "--batch", "--option=B"), containsString("Name the day to count"));
    assertThat(run(2, "--ds=20260301"), containsString("add --batch"));
    assertThat(
        run(2, "--batch", "--ds=20260301", "--option=BOTH"), containsString("--option=A or"));
    assertThat(run(2, "--shards=3"), containsString("power of two"));
    assertThat(run(2, "--uvGrains=week"), containsString("must begin with minute, hour or day"));
    assertThat(run(2, "--uvGrains=day+ds"), containsString("or one twice"));
  }

  private void theFunnelFollowsWithinSeconds(
      Map<String, TableMirror> counts, RunningPipeline pipeline) {
    for (int i = 0; i < 3; i++) {
      data.happen(50);
      await("the funnel of new rows")
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                pipeline.check();
                return contents(counts).equals(data.expected());
              });
    }
  }

  private void plantWrongCounts(Map<String, TableMirror> counts) throws Exception {
    for (Map.Entry<String, TableMirror> table : counts.entrySet()) {
      try (PlantedRows planted = new PlantedRows(connection, path(table.getKey()))) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Map<String, Object> row : table.getValue().rows()) {
          Map<String, Object> wrong = new HashMap<>(row);
          wrong.put("exp_uv", -1L);
          wrong.put("funnel_uv", -1L);
          all.add(wrong);
        }
        planted.putAll(all);
      }
    }
  }

  private static Set<String> reasons(TableMirror deadLetters) throws Exception {
    return deadLetters.rows().stream()
        .map(row -> (String) row.get("reason"))
        .collect(Collectors.toSet());
  }

  private static Map<String, Set<Map<String, Object>>> contents(Map<String, TableMirror> counts)
      throws Exception {
    Map<String, Set<Map<String, Object>>> contents = new HashMap<>();
    for (Map.Entry<String, TableMirror> table : counts.entrySet()) {
      contents.put(table.getKey(), new HashSet<>(table.getValue().rows()));
    }
    return contents;
  }

  private static Map<String, Set<Map<String, Object>>> ofDay(
      Map<String, Set<Map<String, Object>>> counts, String ds) {
    Map<String, Set<Map<String, Object>>> ofDay = new HashMap<>();
    counts.forEach(
        (table, rows) ->
            ofDay.put(
                table,
                rows.stream().filter(row -> row.get("ds").equals(ds)).collect(Collectors.toSet())));
    return ofDay;
  }

  private void awaitCounts(
      Map<String, TableMirror> counts, RunningPipeline pipeline, Duration patience) {
    Map<String, Set<Map<String, Object>>> expected = data.expected();
    assertThat(expected.get("uv_minute").size(), is(greaterThanOrEqualTo(45)));
    await("the counts of all grains")
        .atMost(patience)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              pipeline.check();
              return contents(counts).equals(expected);
            });
  }

  private RunningPipeline start() {
    UvOptions options =
        PipelineOptionsFactory.fromArgs(data.flags(streaming(), "--option=BOTH"))
            .as(UvOptions.class);
    options.setPartitionDiscoveryMillis(200);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    Uv.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  /** What it says of its failure. */
  private String run(int expectedStatus, String... flags) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status = Uv.run(data.flags(batch(), flags), new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(expectedStatus));
    return err.toString(UTF_8);
  }

  private TablePath path(String table) {
    return TablePath.of(data.database(), table);
  }
}

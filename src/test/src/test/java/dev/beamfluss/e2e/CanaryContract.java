package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import dev.beamfluss.demo.CanaryAnswer;
import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.canary.Canary;
import dev.beamfluss.pipelines.canary.CanaryOptions;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.tables.DeadLetters;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.row.TimestampLtz;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Canary monitoring of a log of four clients, with repeated, late and faulty rows, over midnight,
 * with steps that fail, and jobs that begin again: all tables must end as the log alone says.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class CanaryContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Instant FIRST_MIDNIGHT = Instant.parse("2026-03-01T16:00:00Z");
  private static final Instant SECOND_MIDNIGHT = FIRST_MIDNIGHT.plus(Duration.ofDays(1));
  private static final Pattern LINE_OF = Pattern.compile("A line of client ([a-z-]+) is no row.*");
  private static final Pattern TOO_LATE =
      Pattern.compile(
          "(\\d+) changes of row \\[\\d+, \\d+, base, ALL, ALL, ALL, ALL\\] .* came .*");
  private static final Pattern WITHOUT_KIND =
      Pattern.compile("Column event, the kind of event, is null in row \\[(e-\\d+),.*");

  private final long seed = Long.getLong("canary.seed", System.nanoTime());
  private final CanaryData data = new CanaryData(fluss.bootstrapServers(), seed);
  private final List<CanaryAnswer.Entry> log = new ArrayList<>();
  private final Set<String> refusedLines = new HashSet<>();
  private Connection connection;

  /** The flags of the runner, for a streaming pipeline. */
  abstract List<String> streaming();

  /** The flags of the runner, for a batch pipeline. */
  abstract List<String> batch();

  /** Has steps of a job fail, where the runner does again what failed; no step, where not. */
  abstract FailingSteps failing(Pipeline pipeline, String steps, int elements);

  /** Whether nothing is done again in a job. */
  abstract boolean onceOnly();

  /** Whether rows of a bucket stay in their order from step to step. */
  abstract boolean inOrder();

  @BeforeEach
  void connect() {
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void allTablesEndAsTheLogSays(@TempDir Path directory) throws Exception {
    data.createTables(2);
    try (Tables tables = new Tables()) {
      happen(600, FIRST_MIDNIGHT, -10, 0);
      Pipeline failing = build();
      FailingSteps failures =
          failing(
              failing,
              "Read log|Keep the canary release|Tell releases apart|Write canary rows|Count"
                  + "|With a user|Users by the minute|Number users|Roll up users|Collect users"
                  + "|Write users|Count users",
              2);
      Map<String, Integer> detailed;
      try (RunningPipeline pipeline = RunningPipeline.start(failing)) {
        tables.awaitAll(pipeline);
        // the next day's partition appears while it runs
        happen(400, FIRST_MIDNIGHT, -5, 5);
        ingest(300, FIRST_MIDNIGHT, directory);
        tables.awaitAll(pipeline);
        assertThat(failures.pending(), is(empty()));
        detailed = new TreeMap<>(answer().greyIds());
        tables.awaitDetails(detailed);
      }
      System.out.println(failures.size() + " steps failed once each");

      // while it stands still; then without its state, but beside what it wrote
      happen(300, SECOND_MIDNIGHT, -10, 10);
      try (RunningPipeline pipeline = RunningPipeline.start(build())) {
        tables.awaitAll(pipeline);
        happen(200, SECOND_MIDNIGHT, -10, 20);
        tables.awaitAll(pipeline);
        answer().greyIds().forEach((id, times) -> detailed.merge(id, times, Integer::sum));
        tables.awaitDetails(detailed);
        whatIsTooLateIsPutAside(tables, pipeline);
      }
      assertThat("alerts of what is the same", tables.alerts.rows(), is(empty()));
      System.out.println(log.size() + " rows, " + answer().counts().size() + " cells");
    }
  }

  private void happen(int rows, Instant midnight, int fromMinute, int toMinute) {
    List<CanaryAnswer.Entry> entries =
        data.entries(rows, minute(midnight, fromMinute), minute(midnight, toMinute));
    data.append(entries);
    log.addAll(entries);
  }

  private void ingest(int rows, Instant midnight, Path directory) throws Exception {
    List<CanaryAnswer.Entry> entries =
        data.entries(rows, minute(midnight, -10), minute(midnight, 10));
    data.ingest(entries, directory, batch());
    log.addAll(entries);
    CanaryData.CLIENTS.forEach(client -> refusedLines.add("line of " + client));
  }

  private static Instant minute(Instant midnight, int minute) {
    return midnight.plus(Duration.ofMinutes(minute));
  }

  private CanaryAnswer answer() {
    return new CanaryAnswer(log, data.path(CanaryTables.COUNTS).toString(), CanaryData.ZONE);
  }

  /**
   * The first row of a minute long past is still counted, as nothing of that minute was given up;
   * then the minute is over. Each row is counted or told.
   */
  private void whatIsTooLateIsPutAside(Tables tables, RunningPipeline pipeline) {
    long millis = FIRST_MIDNIGHT.minus(Duration.ofDays(10)).toEpochMilli();
    CanaryAnswer.Entry late =
        new CanaryAnswer.Entry(
            "late", millis, "ios", "8.1.0", "checkout", "page_view", null, "wifi", null);
    AtomicLong rows = new AtomicLong();
    await("a row that is too late")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(
            () -> {
              pipeline.check();
              data.append(List.of(late));
              rows.incrementAndGet();
              return tables.tooLate() > 0;
            });
    List<String> minute = List.of("20260220", "0000", "base", "ALL", "ALL", "ALL", "ALL");
    await("all of them")
        .atMost(PATIENCE)
        .until(
            () -> {
              CanaryAnswer.Count counted = tables.counts().get(minute);
              return counted != null && counted.views() + tables.tooLate() == rows.get();
            });
  }

  @Test
  void anAlertIsGivenOfWhatIsWrongAndOfNothingElse() throws Exception {
    data.createTables(1);
    try (Tables tables = new Tables()) {
      // of one day and one bucket, so that all of it is read in its order
      log.addAll(data.traffic(FIRST_MIDNIGHT, 60, false));
      data.append(log);
      Pipeline failing = build("--countSets=all", "--uvSets=none", "--releaseColumn=release");
      FailingSteps failures = failing(failing, "Compare releases|Write alerts|Notify log", 0);
      try (RunningPipeline pipeline = RunningPipeline.start(failing)) {
        tables.awaitViews(pipeline, log.size());
        assertThat("of what is the same", tables.alerts.rows(), is(empty()));
        List<CanaryAnswer.Entry> wrong = data.traffic(minute(FIRST_MIDNIGHT, 1), 60, true);
        log.addAll(wrong);
        data.append(wrong);
        tables.awaitViews(pipeline, log.size());
        await("an alert")
            .atMost(PATIENCE)
            .untilAsserted(
                () -> {
                  pipeline.check();
                  assertThat(failures.pending(), is(empty()));
                  assertThat(
                      tables.alerts.rows().stream().map(CanaryContract::cell).toList(),
                      hasItem(CanaryData.WRONG));
                });
      }
      for (Map<String, Object> alert : tables.alerts.rows()) {
        assertThatItIsOfWhatIsWrong(alert);
      }
      System.out.println(tables.alerts.rows().stream().map(CanaryContract::cell).toList());
    }
  }

  private void assertThatItIsOfWhatIsWrong(Map<String, Object> alert) {
    List<String> cell = cell(alert);
    for (int i = 0; i < cell.size(); i++) {
      assertThat(
          alert.toString(),
          cell.get(i).isEmpty() || cell.get(i).equals(CanaryData.WRONG.get(i)),
          is(true));
    }
    assertThat(alert.toString(), alert.get("state"), is("RAISED"));
    assertThat(alert.toString(), alert.get("direction"), is("RATE_UP"));
    assertThat(alert.toString(), alert.get("kind"), is("api_error"));
    assertThat(
        alert.toString(),
        millis(alert, "raised_at"),
        is(greaterThan(minute(FIRST_MIDNIGHT, 1).toEpochMilli())));
    assertThatItsNumbersAreOfTheLog(alert, cell);
  }

  private static List<String> cell(Map<String, Object> alert) {
    return Stream.of("client", "page", "network")
        .map(column -> (String) alert.get(column))
        .toList();
  }

  private static long millis(Map<String, Object> alert, String column) {
    return ((TimestampLtz) alert.get(column)).getEpochMillisecond();
  }

  /**
   * Where the order is kept, the log had just these numbers at a moment since the evidence began.
   */
  private void assertThatItsNumbersAreOfTheLog(Map<String, Object> alert, List<String> cell) {
    List<Long> said =
        Stream.of("canary_events", "base_events", "canary_traffic", "base_traffic")
            .map(column -> (Long) alert.get(column))
            .toList();
    assertThat((double) said.get(0) / said.get(2), is(equalTo(alert.get("canary_rate"))));
    assertThat((double) said.get(1) / said.get(3), is(equalTo(alert.get("base_rate"))));
    assertThat(alert.toString(), (Double) alert.get("rate_ratio"), is(greaterThan(1.5)));
    if (inOrder()) {
      long until = millis(alert, "updated_at");
      Set<List<Long>> had = numbers(cell, millis(alert, "evidence_since"), until);
      // what a cell begins with counts, and since is then the moment of its first look
      had.addAll(numbers(cell, Long.MIN_VALUE, until));
      assertThat(alert.toString(), had, hasItem(said));
    }
    Long[] all = {0L, 0L, 0L, 0L};
    log.stream().filter(entry -> isIn(cell, entry)).forEach(entry -> count(entry, all));
    for (int i = 0; i < all.length; i++) {
      assertThat(alert.toString(), said.get(i), is(lessThanOrEqualTo(all[i])));
    }
  }

  /** What the numbers of a cell were after each row of a while. */
  private Set<List<Long>> numbers(List<String> cell, long since, long until) {
    List<CanaryAnswer.Entry> entries =
        log.stream()
            .filter(entry -> entry.millis() > since && entry.millis() <= until)
            .filter(entry -> isIn(cell, entry))
            .toList();
    Long[] numbers = {0L, 0L, 0L, 0L};
    Set<List<Long>> had = new HashSet<>();
    for (CanaryAnswer.Entry entry : entries) {
      count(entry, numbers);
      had.add(List.of(numbers));
    }
    return had;
  }

  /** Errors of the canary and of the others, then views. */
  private static void count(CanaryAnswer.Entry entry, Long[] numbers) {
    if (!entry.event().equals("item_click")) {
      int release = CanaryAnswer.isGrey(entry.args()) ? 0 : 1;
      numbers[release + (entry.event().equals("page_view") ? 2 : 0)]++;
    }
  }

  private static boolean isIn(List<String> cell, CanaryAnswer.Entry entry) {
    List<String> values = List.of(entry.client(), entry.page(), entry.network());
    for (int i = 0; i < values.size(); i++) {
      if (!cell.get(i).isEmpty() && !cell.get(i).equals(values.get(i))) {
        return false;
      }
    }
    return true;
  }

  private Pipeline build(String... more) {
    String[] flags =
        Stream.concat(streaming().stream(), Arrays.stream(more)).toArray(String[]::new);
    PipelineOptionsFactory.register(CanaryOptions.class);
    CanaryOptions options = PipelineOptionsFactory.fromArgs(flags).as(CanaryOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(data.prefix());
    options.setZone(CanaryData.ZONE.getId());
    options.setPartitionDiscoveryMillis(200);
    // the days are long past
    Duration age = Duration.between(FIRST_MIDNIGHT, Instant.now());
    options.setAllowedLatenessMinutes((int) age.plusDays(1).toMinutes());
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    Canary.apply(pipeline, options);
    return pipeline;
  }

  /** What the pipeline writes. */
  private final class Tables implements AutoCloseable {
    private final TableMirror details = mirror(CanaryTables.DETAIL);
    private final TableMirror counts = mirror(CanaryTables.COUNTS);
    private final TableMirror alerts = mirror(CanaryTables.ALERTS);
    private final TableMirror deadLetters = mirror(DeadLetters.TABLE);

    private TableMirror mirror(String table) {
      return new TableMirror(connection, data.path(table));
    }

    void awaitAll(RunningPipeline pipeline) throws Exception {
      CanaryAnswer answer = answer();
      Set<String> refused = new HashSet<>(answer.refused());
      refused.addAll(refusedLines);
      long start = System.nanoTime();
      try {
        await("all tables")
            .atMost(PATIENCE)
            .pollInterval(Duration.ofMillis(250))
            .until(
                () -> {
                  pipeline.check();
                  return counts().equals(answer.counts())
                      && detailed().keySet().equals(answer.greyIds().keySet())
                      && reasons().equals(refused);
                });
      } catch (ConditionTimeoutException e) {
        assertEqual(counts(), answer.counts());
        assertThat(detailed().keySet(), is(equalTo(answer.greyIds().keySet())));
        assertThat(reasons(), is(equalTo(refused)));
        throw e;
      }
      System.out.println("equal after " + (System.nanoTime() - start) / 1_000_000 + " ms");
    }

    private static void assertEqual(
        Map<List<String>, CanaryAnswer.Count> found,
        Map<List<String>, CanaryAnswer.Count> expected) {
      expected.forEach((cell, count) -> assertThat(cell.toString(), found.get(cell), is(count)));
      assertThat(found.keySet(), is(equalTo(expected.keySet())));
    }

    /** Each row as often as it was read, where nothing is done again. */
    void awaitDetails(Map<String, Integer> expected) {
      if (onceOnly()) {
        await("canary rows").untilAsserted(() -> assertThat(detailed(), is(equalTo(expected))));
      }
    }

    void awaitViews(RunningPipeline pipeline, long expected) {
      await("all views")
          .atMost(PATIENCE)
          .until(
              () -> {
                pipeline.check();
                return counts().values().stream().mapToLong(CanaryAnswer.Count::views).sum()
                    == expected;
              });
    }

    Map<List<String>, CanaryAnswer.Count> counts() throws Exception {
      return CanaryAnswer.counts(counts.rows());
    }

    /** How often each row is there. */
    private Map<String, Integer> detailed() throws Exception {
      Map<String, Integer> ids = new TreeMap<>();
      for (Map<String, Object> row : details.rowsAndRepeats()) {
        ids.merge((String) row.get("event_id"), 1, Integer::sum);
      }
      return ids;
    }

    /** How many rows were too late for the cell of all of their release. */
    long tooLate() throws Exception {
      return deadLetters.rowsAndRepeats().stream()
          .map(row -> TOO_LATE.matcher((String) row.get("reason")))
          .filter(Matcher::matches)
          .mapToLong(reason -> Long.parseLong(reason.group(1)))
          .sum();
    }

    Set<String> reasons() throws Exception {
      Set<String> reasons = new HashSet<>();
      for (Map<String, Object> row : deadLetters.rows()) {
        String reason = (String) row.get("reason");
        Matcher line = LINE_OF.matcher(reason);
        Matcher withoutKind = WITHOUT_KIND.matcher(reason);
        if (line.matches()) {
          reasons.add("line of " + line.group(1));
        } else if (withoutKind.matches()) {
          reasons.add("without a kind: " + withoutKind.group(1));
        } else {
          reasons.add(reason);
        }
      }
      return reasons;
    }

    @Override
    public void close() throws Exception {
      for (TableMirror table : List.of(details, counts, alerts, deadLetters)) {
        table.close();
      }
    }
  }
}

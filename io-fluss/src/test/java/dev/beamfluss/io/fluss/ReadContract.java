package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricQueryResults;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.Reify;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the options of the reads of {@link FlussIO} do on every runner, against a real cluster. */
abstract class ReadContract implements Serializable {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  /** Every timestamp a multiple of this after {@link #START}; more than a window. */
  private static final long STEP = 1_500;

  private static final long START = Instant.parse("2020-02-29T12:00:00.250Z").toEpochMilli();
  private static final int EVENTS = 40;

  private final transient TestPipeline pipeline =
      TestPipeline.fromOptions(options(true)).enableAbandonedNodeEnforcement(false);

  private final transient List<PCollection<String>> outputs = new ArrayList<>();
  private final transient List<String> expected = new ArrayList<>();

  /**
   * The runner's options.
   *
   * @param waiting whether running a pipeline waits for its end
   */
  abstract PipelineOptions options(boolean waiting);

  /** The gauges of {@link FlussIO} by name, of all splits of a pipeline that runs. */
  abstract Map<String, List<Long>> gauges(PipelineResult result);

  // partitions

  @Test
  void aPartitionFilterLeavesOutPartitions() {
    String table = TestTables.dailyOrders(fluss, 2);
    List<String> accepted = new ArrayList<>();
    List<RowChange> changes = new ArrayList<>();
    for (String day : List.of("20260101", "20260102", "20260103")) {
      for (int user = 0; user < 5; user++) {
        Row row =
            Row.withSchema(TestTables.DAILY_ORDER).addValues("u" + user, "o", day, 1L).build();
        changes.add(RowChange.upsert(row));
        if (!day.equals("20260102")) {
          accepted.add(row.getValues().toString());
        }
      }
    }
    TestTables.write(fluss, table, changes);
    PartitionFilter filter = values -> !values.equals(Map.of("ds", "20260102"));

    expect(
        "changes",
        FlussIO.readChanges()
            .from(cluster(fluss), table)
            .withPartitionFilter(filter)
            .withStoppingPosition(Position.latest()),
        change -> change.row().getValues().toString(),
        accepted);
    expect(
        "contents",
        FlussIO.readContents().from(cluster(fluss), table).withPartitionFilter(filter),
        row -> row.getValues().toString(),
        accepted);
    runAndCheck();
  }

  // event time

  @Test
  void eventTimeIsOfAColumnThatIsNotReadOrOfAFunction() {
    String log = events(false);
    String kv = events(true);
    List<String> timed =
        LongStream.range(0, EVENTS).mapToObj(n -> "[" + n + "] at " + eventTime(n)).toList();

    for (String column : List.of("ts", "ltz", "ms")) {
      expectTimed(
          "rows by " + column,
          boundedRows(log).withColumns("n").withTimestampColumn(column),
          timed);
    }
    expectTimed(
        "rows by function",
        boundedRows(log)
            .withColumns("n")
            .withTimestampFn(
                row -> org.joda.time.Instant.ofEpochMilli(eventTime(row.getInt64("n")))),
        timed);
    expectTimed(
        "contents of a log", contents(log).withColumns("n").withTimestampColumn("ltz"), timed);
    expectTimed("contents", contents(kv).withColumns("n").withTimestampColumn("ts"), timed);
    expectTimed(
        "contents without",
        contents(kv).withColumns("n"),
        LongStream.range(0, EVENTS)
            .mapToObj(n -> "[" + n + "] at " + EventTime.BEFORE_ALL)
            .toList());
    runAndCheck();
  }

  @Test
  void allWindowsOfABoundedReadFire() {
    PCollection<Long> counts =
        pipeline
            .apply(boundedRows(events(false)).withColumns("n").withTimestampColumn("ms"))
            .apply(Window.into(FixedWindows.of(org.joda.time.Duration.millis(2 * STEP))))
            .apply(Combine.globally(Count.<Row>combineFn()).withoutDefaults());
    long[] windows =
        LongStream.range(0, EVENTS).map(n -> eventTime(n) / (2 * STEP)).distinct().toArray();
    PAssert.that(counts)
        .containsInAnyOrder(
            LongStream.of(windows)
                .map(
                    window ->
                        LongStream.range(0, EVENTS)
                            .filter(n -> eventTime(n) / (2 * STEP) == window)
                            .count())
                .boxed()
                .toList());
    pipeline.run().waitUntilFinish();
  }

  /** Nothing is allowed to be late, so a window that closed too early would lack its rows. */
  @Test
  void windowsOfAnEndlessReadFireThoughMostBucketsAreIdleAndGaugesTellOfIt() throws Exception {
    String table =
        TestTables.create(
            fluss,
            "one_of_many",
            TableDescriptor.builder()
                .schema(Schema.newBuilder().column("n", DataTypes.BIGINT().copy(false)).build())
                .distributedBy(8, "n")
                .build());
    FlussTable described = cluster(fluss).describe(table);
    Collected<Long> counts = new Collected<>();
    TestPipeline endless =
        TestPipeline.fromOptions(options(false)).enableAbandonedNodeEnforcement(false);
    endless
        .apply(FlussIO.readRows().from(cluster(fluss), table))
        .apply(Window.into(FixedWindows.of(org.joda.time.Duration.millis(500))))
        .apply(Combine.globally(Count.<Row>combineFn()).withoutDefaults())
        .apply(counts);
    PipelineResult result = endless.run();
    try (TableWriter writer = TableWriter.open(described, described.schema())) {
      long[] written = {0};
      await("first windows")
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(100))
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                writer.upsert(Row.withSchema(described.schema()).addValue(7L).build());
                writer.flush();
                written[0]++;
                return counts.soFar().size() >= 2;
              });
      await("all windows")
          .pollInterval(Duration.ofMillis(100))
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> counts.soFar().stream().mapToLong(Long::longValue).sum(), equalTo(written[0]));
      await("gauges")
          .pollInterval(Duration.ofMillis(100))
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(() -> assertGauges(gauges(result)));
    } finally {
      result.cancel();
    }
  }

  private static void assertGauges(Map<String, List<Long>> gauges) {
    assertThat(gauges.keySet(), equalTo(Set.of("lagMillis", "lagRecords", "partitions")));
    assertThat(gauges.get("lagRecords"), everyItem(equalTo(0L)));
    assertThat(gauges.get("lagMillis"), everyItem(equalTo(0L)));
    assertThat(gauges.get("partitions"), everyItem(equalTo(1L)));
  }

  // metrics

  @Test
  void countersTellHowMuchWasRead() {
    PCollection<Row> rows = pipeline.apply(boundedRows(events(false)));
    PAssert.thatSingleton(rows.apply(Count.globally())).isEqualTo((long) EVENTS);
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    MetricQueryResults metrics = metrics(result);
    assertThat(counter(metrics, "rowsRead"), equalTo((long) EVENTS));
    assertThat(counter(metrics, "bytesRead"), greaterThanOrEqualTo(EVENTS * 24L));
    assertThat(counter(metrics, "batchesRead"), greaterThanOrEqualTo(1L));
  }

  static MetricQueryResults metrics(PipelineResult result) {
    return result
        .metrics()
        .queryMetrics(
            MetricsFilter.builder()
                .addNameFilter(MetricNameFilter.inNamespace(FlussIO.class))
                .build());
  }

  static long counter(MetricQueryResults metrics, String name) {
    return StreamSupport.stream(metrics.getCounters().spliterator(), false)
        .filter(counter -> counter.getName().getName().equals(name))
        .mapToLong(MetricResult::getAttempted)
        .sum();
  }

  // rows without a timestamp

  @Test
  void rowsWithoutATimestampGoToTheErrorHandlerAndTheRestIsRead() throws Exception {
    String log = eventsWithNull(false);
    String kv = eventsWithNull(true);
    List<String> timed = List.of("[0] at " + eventTime(0), "[2] at " + eventTime(2));
    ErrorHandler.BadRecordErrorHandler<PCollection<String>> handler =
        pipeline.registerBadRecordErrorHandler(new Describe());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors = handler) {
      expectTimed(
          "read",
          boundedRows(log).withColumns("n").withTimestampColumn("ltz").withErrorHandler(errors),
          timed);
      expectTimed(
          "contents",
          contents(kv).withColumns("n").withTimestampColumn("ltz").withErrorHandler(errors),
          timed);
    }
    PAssert.that(handler.getOutput())
        .containsInAnyOrder(
            "\"row of table "
                + log
                + ", bucket 0, offset 1\": column ltz holds null, so the row has no timestamp",
            "\"row of table "
                + kv
                + ", bucket 0, in its log\": column ltz holds null, so the row has no timestamp");
    PipelineResult result = runAndCheck();
    assertThat(counter(metrics(result), "rowsUnreadable"), equalTo(2L));
  }

  @Test
  void aRowWithoutATimestampFailsThePipelineWhereNobodyHandlesIt() {
    pipeline.apply(boundedRows(eventsWithNull(false)).withColumns("n").withTimestampColumn("ltz"));
    Throwable e = assertThrows(Throwable.class, () -> pipeline.run().waitUntilFinish());
    assertThat(
        Throwables.getStackTraceAsString(e),
        containsString("column ltz holds null, so the row has no timestamp"));
  }

  private static final class Describe
      extends PTransform<PCollection<BadRecord>, PCollection<String>> {
    @Override
    public PCollection<String> expand(PCollection<BadRecord> input) {
      return input.apply(
          MapElements.into(TypeDescriptors.strings())
              .via(
                  bad ->
                      bad.getRecord().getHumanReadableJsonRecord()
                          + ": "
                          + bad.getFailure().getDescription()));
    }
  }

  // positions

  @Test
  void positionsOfALogTableCutItWhereTheyShould() {
    String table = TestTables.numbers(fluss, 3);
    org.apache.beam.sdk.schemas.Schema schema = cluster(fluss).describe(table).schema();
    Rounds rounds = new Rounds();
    for (int round = 0; round < Rounds.NUMBER; round++) {
      List<RowChange> rows =
          LongStream.range(0, 20 + round)
              .mapToObj(n -> Row.withSchema(schema).addValues(n, "round").build())
              .map(RowChange::upsert)
              .toList();
      TestTables.write(fluss, table, rows);
      rounds.end(rows.stream().map(row -> row.row().getValues().toString()).toList());
    }
    rounds.forEach(
        (start, stop, between) ->
            expect(
                start + " to " + stop,
                boundedRows(table).withStartingPosition(start).withStoppingPosition(stop),
                row -> row.getValues().toString(),
                between));
    runAndCheck();
  }

  @Test
  void positionsOfAChangelogCutItWhereTheyShould() {
    String table = TestTables.orders(fluss, 3);
    long seed = System.nanoTime();
    System.out.println("Seed of the changes: " + seed);
    Random random = new Random(seed);
    Map<String, Long> model = new TreeMap<>();
    Rounds rounds = new Rounds();
    for (int round = 0; round < Rounds.NUMBER; round++) {
      List<RowChange> changes = new ArrayList<>();
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < 30; i++) {
        String user = "u" + random.nextInt(10);
        String key = user + ", o";
        Long before = model.get(key);
        if (random.nextInt(3) == 0) {
          changes.add(RowChange.delete(order(user, "o", 0)));
          model.remove(key);
          if (before != null) {
            expected.add("-D[" + key + ", " + before + "]");
          }
        } else {
          long amount = round * 1_000L + i;
          changes.add(RowChange.upsert(order(user, "o", amount)));
          model.put(key, amount);
          if (before != null) {
            expected.add("-U[" + key + ", " + before + "]");
          }
          expected.add((before == null ? "+I[" : "+U[") + key + ", " + amount + "]");
        }
      }
      TestTables.write(fluss, table, changes);
      rounds.end(expected);
    }
    rounds.forEach(
        (start, stop, between) ->
            expect(
                start + " to " + stop,
                FlussIO.readChanges()
                    .from(cluster(fluss), table)
                    .withStartingPosition(start)
                    .withStoppingPosition(stop),
                RowChange::toString,
                between));
    runAndCheck();
  }

  /** What was stored between times that the test knows. */
  private static final class Rounds {
    private static final int NUMBER = 3;

    private final List<List<String>> rows = new ArrayList<>();
    private final List<Instant> ends = new ArrayList<>();

    void end(List<String> ofRound) {
      rows.add(ofRound);
      ends.add(awaitNextMilli());
    }

    private interface Reads {
      void between(Position start, Position stop, List<String> rows);
    }

    void forEach(Reads reads) {
      Map<Position, Integer> starts =
          Map.of(
              Position.full(), 0,
              Position.earliest(), 0,
              Position.timestamp(ends.get(0)), 1,
              Position.timestamp(ends.get(1)), 2,
              Position.latest(), NUMBER);
      Map<Position, Integer> stops =
          Map.of(
              Position.latest(), NUMBER,
              Position.timestamp(ends.get(1)), 2,
              Position.timestamp(ends.get(0)), 1);
      starts.forEach(
          (start, from) ->
              stops.forEach(
                  (stop, to) ->
                      reads.between(
                          start,
                          stop,
                          IntStream.range(from, Math.max(from, to))
                              .mapToObj(rows::get)
                              .flatMap(List::stream)
                              .toList())));
    }

    /** A time that is later than every row so far and not later than any after. */
    private static Instant awaitNextMilli() {
      long start = System.currentTimeMillis();
      while (System.currentTimeMillis() <= start + 1) {
        Thread.onSpinWait();
      }
      return Instant.ofEpochMilli(System.currentTimeMillis());
    }
  }

  // helpers

  private static FlussIO.Read<Row> boundedRows(String table) {
    return FlussIO.readRows().from(cluster(fluss), table).withStoppingPosition(Position.latest());
  }

  private static FlussIO.ReadContents contents(String table) {
    return FlussIO.readContents().from(cluster(fluss), table);
  }

  private <T> void expect(
      String name,
      PTransform<PBegin, PCollection<T>> read,
      SerializableFunction<T, String> text,
      List<String> rows) {
    outputs.add(
        pipeline
            .apply(name, read)
            .apply(
                "text of " + name,
                MapElements.into(TypeDescriptors.strings())
                    .via(row -> name + ": " + text.apply(row))));
    rows.forEach(row -> expected.add(name + ": " + row));
  }

  private void expectTimed(
      String name, PTransform<PBegin, PCollection<Row>> read, List<String> rows) {
    expect(
        name,
        new PTransform<PBegin, PCollection<TimestampedValue<Row>>>() {
          @Override
          public PCollection<TimestampedValue<Row>> expand(PBegin input) {
            return input.apply(read).apply(Reify.timestamps());
          }
        },
        row -> row.getValue().getValues() + " at " + row.getTimestamp().getMillis(),
        rows);
  }

  /** Together, as each assertion of its own takes the runner as long as all the rest. */
  private PipelineResult runAndCheck() {
    PAssert.that(PCollectionList.of(outputs).apply(Flatten.pCollections()))
        .containsInAnyOrder(expected);
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    return result;
  }

  private static long eventTime(long n) {
    return START + n * STEP;
  }

  /** Rows that hold their event time in columns of three types. */
  private static String events(boolean keyed) {
    String table = createEvents(keyed, 3);
    writeEvents(table, IntStream.range(0, EVENTS).mapToObj(n -> event(n, eventTime(n))).toList());
    return table;
  }

  /** Number 1 of 3 has none. */
  private static String eventsWithNull(boolean keyed) {
    String table = createEvents(keyed, 1);
    writeEvents(table, List.of(event(0, eventTime(0)), event(1, null), event(2, eventTime(2))));
    return table;
  }

  private static String createEvents(boolean keyed, int buckets) {
    Schema.Builder columns =
        Schema.newBuilder()
            .column("n", DataTypes.BIGINT().copy(false))
            .column("ts", DataTypes.TIMESTAMP(3))
            .column("ltz", DataTypes.TIMESTAMP_LTZ(3))
            .column("ms", DataTypes.BIGINT());
    return TestTables.create(
        fluss,
        "events",
        TableDescriptor.builder()
            .schema(keyed ? columns.primaryKey("n").build() : columns.build())
            .distributedBy(buckets)
            .build());
  }

  private static List<Object> event(long n, Long millis) {
    List<Object> values = new ArrayList<>();
    values.add(n);
    values.add(
        millis == null
            ? null
            : LocalDateTime.ofInstant(Instant.ofEpochMilli(millis), ZoneOffset.UTC));
    values.add(millis == null ? null : Instant.ofEpochMilli(millis));
    values.add(millis);
    return values;
  }

  private static void writeEvents(String table, List<List<Object>> events) {
    org.apache.beam.sdk.schemas.Schema schema = cluster(fluss).describe(table).schema();
    TestTables.write(
        fluss,
        table,
        events.stream()
            .map(values -> Row.withSchema(schema).addValues(values).build())
            .map(RowChange::upsert)
            .toList());
  }
}

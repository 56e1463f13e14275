package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.IntStream;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.Admin;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Reads of what a table's lake holds and of the log after it, while tiering runs or does not. */
@SuppressWarnings("try") // the writer writes by itself
@Timeout(240)
class ReadLakeTest {
  // a table that a tiering job had in hand when it was stopped waits two minutes for another
  private static final Duration PATIENCE = Duration.ofMinutes(4);

  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().tiering());

  private final Map<List<Object>, Row> model = new HashMap<>();
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @BeforeEach
  void tier() {
    System.out.println("seed " + seed);
    fluss.cluster().startTiering();
  }

  @Test
  void contentsAreTheLakesAndWhatChangedSince() throws IOException {
    FlussTable table = lakeOrders(3);
    write(table, OrderChanges.random(random, 400));
    assertThat("nothing tiered yet, or all", contents(table), equalTo(values(model)));
    LakeTables.awaitTiered(table);
    fluss.cluster().stopTiering();
    assertThat("all of the lake", contents(table), equalTo(values(model)));

    write(table, OrderChanges.random(random, 200));
    assertThat(LakeTables.untiered(table), greaterThan(0L));
    assertThat("the lake and the log", contents(table), equalTo(values(model)));
    assertThat("on Flink", contentsOnFlink(table), equalTo(values(model)));
    assertThat("fewer columns, none of the key", amounts(table), equalTo(amounts(model)));
    Stretch bounded = Stretch.upToNow(spec(table, Lake.start(table)));
    assertThat(OrderChanges.fold(new HashMap<>(), bounded.changes, bounded.rows), equalTo(model));

    List<RowChange> deletes = new ArrayList<>();
    model.values().forEach(row -> deletes.add(RowChange.delete(row)));
    write(table, deletes);
    assertThat("every row deleted since", contents(table), equalTo(List.of()));
    fluss.cluster().startTiering();
    LakeTables.awaitTiered(table);
    assertThat("the lake's are too", contents(table), equalTo(List.of()));
  }

  /** As when a commit comes between the server's two reads, of the file's name and of the file. */
  @Test
  void offsetsFileThatIsNotThereYetIsAskedForAgain() throws Exception {
    FlussTable table = lakeOrders(1);
    write(table, OrderChanges.random(random, 10));
    LakeTables.awaitTiered(table);
    fluss.cluster().stopTiering();
    LakeStart expected = start(table);
    List<Path> files = ServerFiles.of(table, fluss.cluster().directory(), ".offsets");
    for (Path file : files) {
      Files.move(file, hidden(file));
    }
    CompletableFuture<LakeStart> answer = CompletableFuture.supplyAsync(() -> start(table));
    await().during(Duration.ofMillis(300)).until(() -> !answer.isDone());
    for (Path file : files) {
      Files.move(hidden(file), file);
    }
    assertThat(answer.get(30, TimeUnit.SECONDS), equalTo(expected));
  }

  private static Path hidden(Path file) {
    return file.resolveSibling(file.getFileName() + ".hidden");
  }

  @Test
  void contentsWhileRowsComeAndAreTiered() throws Exception {
    FlussTable table = lakeOrders(2);
    try (Writer writer = new Writer(table)) {
      for (int i = 0; i < 3; i++) {
        awaitTieredSince(table, i);
        // some state between two of the writer's: each key once
        List<String> keys =
            rows(table).stream()
                .map(row -> row.getString("user_id") + row.getString("order_id"))
                .toList();
        assertThat(keys.size(), equalTo(new HashSet<>(keys).size()));
      }
    }
    assertThat("at rest", contents(table), equalTo(values(model)));
  }

  @Test
  void everyChangeOnceThoughTheReaderIsRestarted() throws Exception {
    FlussTable table = lakeOrders(3);
    write(table, OrderChanges.random(random, 500));
    LakeTables.awaitTiered(table);
    UnboundedLogSource source = new UnboundedLogSource(spec(table, Lake.start(table)));
    Map<List<Object>, Row> state = new HashMap<>();
    ReadCheckpoint checkpoint = null;
    try (Writer writer = new Writer(table)) {
      for (int run = 0; run < 3; run++) {
        int more = 1 + random.nextInt(4);
        try (Reading reading = new Reading(source, checkpoint)) {
          reading.untilBatches(more);
          checkpoint = reading.checkpoint();
          OrderChanges.fold(state, reading.changes, reading.rows);
          reading.untilBatches(more + 1); // lost with the reader
        }
      }
      awaitTieredSince(table, 1);
    }
    try (Reading reading = new Reading(source, checkpoint)) {
      reading.until(
          () ->
              OrderChanges.fold(new HashMap<>(state), reading.changes, reading.rows).equals(model));
      reading.untilQuiet();
      assertThat(
          OrderChanges.fold(new HashMap<>(state), reading.changes, reading.rows), equalTo(model));
      assertThat(
          "all in the log",
          reading.checkpoint().positions().values().stream().allMatch(BucketPosition::isInLog));
    }
  }

  @Test
  void goesOnInTheMiddleOfTheLakesSnapshot() throws Exception {
    FlussTable table = lakeOrders(1);
    List<RowChange> changes = new ArrayList<>();
    for (int i = 0; i < 12_000; i++) {
      changes.add(RowChange.upsert(order("user" + i, "order" + i, i)));
    }
    write(table, changes);
    LakeTables.awaitTiered(table);
    UnboundedLogSource source = new UnboundedLogSource(spec(table, Lake.start(table)));
    Map<List<Object>, Row> state = new HashMap<>();
    ReadCheckpoint checkpoint;
    try (Reading reading = new Reading(source, null)) {
      reading.untilBatches(1);
      checkpoint = reading.checkpoint();
      OrderChanges.fold(state, reading.changes, reading.rows);
    }
    BucketPosition middle = checkpoint.positions().values().iterator().next();
    assertThat("in the lake", middle.isInLake());
    assertThat(middle.rows(), equalTo((long) state.size()));
    write(table, List.of(RowChange.upsert(order("user5", "order5", -5))));
    LakeTables.awaitTiered(table); // a later snapshot is not what the reader goes on in
    try (Reading reading = new Reading(source, checkpoint)) {
      reading.untilRows(12_002 - state.size());
      reading.untilQuiet();
      assertThat(OrderChanges.fold(state, reading.changes, reading.rows), equalTo(model));
    }
    LakeTables.expireSnapshots(fluss, table);
    try (Reading reading = new Reading(source, checkpoint)) {
      assertThat(
          reading.failure(PATIENCE).getMessage(),
          allOf(
              startsWith("Snapshot " + middle.snapshot() + " of table " + table.path()),
              containsString("If the snapshot has expired there"),
              containsString("build it anew, without its old checkpoint")));
    }
  }

  @Test
  void partitionsThatTheClusterHasDroppedAreReadOutOfTheLake() throws Exception {
    String path =
        TestTables.create(
            fluss, "daily_orders", LakeTables.lake(TestTables.dailyOrdersDescriptor(2)));
    FlussTable table = cluster(fluss).describe(path);
    List<String> expected = new ArrayList<>();
    for (String day : List.of("20260101", "20260102", "20260103")) {
      List<RowChange> changes = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        Row row = daily(day, i, i);
        changes.add(RowChange.upsert(row));
        if (i % 5 == 0) {
          changes.add(RowChange.delete(row));
        } else {
          expected.add(row.getValues().toString());
        }
      }
      TestTables.write(table, changes);
    }
    LakeTables.awaitTiered(table);
    fluss.cluster().stopTiering();
    UnboundedLogSource begun = new UnboundedLogSource(spec(table, Lake.start(table)));
    ReadCheckpoint beforeTheDrop;
    Reading reading = new Reading(begun, null);
    try (reading) {
      reading.untilPlaced();
      beforeTheDrop = reading.checkpoint();
    }
    TestTables.dropPartition(fluss, path, "ds", "20260101");
    Row late = daily("20260103", 1, -1);
    TestTables.write(table, List.of(RowChange.upsert(late)));
    expected.remove(daily("20260103", 1, 1).getValues().toString());
    expected.add(late.getValues().toString());
    awaitPartitions(table, 2);

    assertThat(texts(table), containsInAnyOrder(expected.toArray()));
    assertThat(
        "the cluster alone",
        TestTables.contentsAsText(fluss, path),
        not(hasItem(containsString("20260101"))));
    assertThat(
        "filtered",
        TestTables.rows(
                FlussIO.readContents()
                    .from(cluster(fluss), path)
                    .withColumns("amount")
                    .withPartitionFilter(values -> "20260101".equals(values.get("ds")))
                    .withLake())
            .size(),
        equalTo(40));

    for (ReadCheckpoint checkpoint : new ReadCheckpoint[] {null, beforeTheDrop}) {
      UnboundedLogSource source =
          checkpoint == null ? new UnboundedLogSource(spec(table, Lake.start(table))) : begun;
      List<String> seen = new ArrayList<>();
      if (checkpoint != null) {
        reading.rows.forEach(row -> seen.add(row.getValues().toString()));
      }
      try (Reading again = new Reading(source, checkpoint)) {
        again.untilQuiet();
        for (int i = 0; i < again.rows.size(); i++) {
          String row = again.rows.get(i).getValues().toString();
          if (again.changes.get(i).startsWith("-")) {
            seen.remove(row);
          } else {
            seen.add(row);
          }
        }
        assertThat(seen, containsInAnyOrder(expected.toArray()));
        again.until(
            () -> again.checkpoint().positions().keySet().stream().allMatch(BucketId::isInCluster));
      }
    }
  }

  @Test
  void whatTheLakeHasOfDroppedPartitionsIsReadOrTheReadFails() throws Exception {
    FlussTable table =
        cluster(fluss)
            .describe(
                TestTables.create(
                    fluss, "daily_orders", LakeTables.lake(TestTables.dailyOrdersDescriptor(2))));
    writeDay(table, "20260101", 0, 10);
    writeDay(table, "20260102", 0, 10);
    LakeTables.awaitTiered(table);
    UnboundedLogSource source =
        new UnboundedLogSource(
            spec(table, Lake.start(table)).toBuilder()
                .setPartitionDiscoveryInterval(Duration.ofMillis(200))
                .build());
    ReadCheckpoint both = goOn(source, null, reading -> reading.untilRows(20));
    TestTables.dropPartition(fluss, table.path(), "ds", "20260101");
    ReadCheckpoint none =
        goOn(
            source,
            both,
            reading -> {
              reading.untilPartitions(1);
              TestTables.dropPartition(fluss, table.path(), "ds", "20260102");
              reading.until(() -> isAtItsEnd(reading.checkpoint()));
            });
    assertThat("all was read", isAtItsEnd(goOn(source, none, Reading::step)));
    writeDay(table, "20260103", 0, 10);
    ReadCheckpoint behind = goOn(source, none, reading -> reading.untilRows(10));

    writeDay(table, "20260103", 10, 20);
    writeDay(table, "20260104", 0, 10);
    LakeTables.awaitTiered(table);
    TestTables.dropPartition(fluss, table.path(), "ds", "20260103");
    awaitPartitions(table, 1);
    assertThat(
        failure(source, behind),
        allOf(
            startsWith("The cluster has dropped bucket "),
            containsString("of table " + table.path() + " before it was read to its end"),
            containsString("start the pipeline anew, without its old checkpoint")));
    TestTables.dropPartition(fluss, table.path(), "ds", "20260104");
    awaitPartitions(table, 0);
    assertThat(
        failure(source, none),
        allOf(
            startsWith("Partitions of table " + table.path() + " came and went"),
            containsString("start the pipeline anew, without its old checkpoint")));
    assertThat(rows(table).size(), equalTo(50));
  }

  private static boolean isAtItsEnd(ReadCheckpoint checkpoint) {
    return checkpoint.positions().values().stream().allMatch(BucketPosition::isEnd);
  }

  private static ReadCheckpoint goOn(
      UnboundedLogSource source, ReadCheckpoint from, ReadingStep until) throws Exception {
    try (Reading reading = new Reading(source, from)) {
      until.take(reading);
      reading.untilQuiet();
      return reading.checkpoint();
    }
  }

  @FunctionalInterface
  private interface ReadingStep {
    void take(Reading reading) throws IOException;
  }

  private static String failure(UnboundedLogSource source, ReadCheckpoint from) throws IOException {
    try (Reading reading = new Reading(source, from)) {
      return reading.failure(PATIENCE).getMessage();
    }
  }

  private static void writeDay(FlussTable table, String day, int from, int to) {
    TestTables.write(
        table,
        IntStream.range(from, to).mapToObj(i -> RowChange.upsert(daily(day, i, i))).toList());
  }

  @Test
  void logTablesGiveEachRowOnceWithTheTimeItWasStored() throws Exception {
    String path =
        TestTables.create(fluss, "numbers", LakeTables.lake(TestTables.numbersDescriptor(3)));
    FlussTable table = cluster(fluss).describe(path);
    long before = System.currentTimeMillis();
    appendNumbers(table, 0, 1_000);
    LakeTables.awaitTiered(table);
    fluss.cluster().stopTiering();
    appendNumbers(table, 1_000, 1_500);
    List<Long> expected = IntStream.range(0, 1_500).mapToObj(i -> (long) i).toList();
    assertThat(
        rows(table).stream().map(row -> row.getInt64("n")).sorted().toList(), equalTo(expected));
    ReadSpec spec = spec(table, Lake.start(table));
    List<Long> numbers = new ArrayList<>();
    for (UnboundedLogSource split :
        new UnboundedLogSource(spec).split(2, PipelineOptionsFactory.create())) {
      ReadCheckpoint checkpoint;
      try (Reading reading = new Reading(split, null)) {
        reading.untilPlaced(); // none of the rows may be this split's
        reading.step();
        checkpoint = reading.checkpoint();
        reading.rows.forEach(row -> numbers.add(row.getInt64("n")));
        reading.timestamps.forEach(
            time -> assertThat(time, greaterThan(before - SplitProgress.CLOCK_SKEW)));
      }
      try (Reading reading = new Reading(split, checkpoint).withLateRows()) {
        reading.untilQuiet();
        reading.rows.forEach(row -> numbers.add(row.getInt64("n")));
      }
    }
    assertThat(numbers.stream().sorted().toList(), equalTo(expected));
  }

  @ParameterizedTest
  @ValueSource(strings = {"direct", "Flink"})
  void anEndlessReadOnARunnerGivesEachRowOnce(String runner) throws Exception {
    String path =
        TestTables.create(fluss, "numbers", LakeTables.lake(TestTables.numbersDescriptor(3)));
    FlussTable table = cluster(fluss).describe(path);
    appendNumbers(table, 0, 3_000);
    LakeTables.awaitTiered(table);
    appendNumbers(table, 3_000, 4_000);
    Collected<Row> collected = new Collected<>();
    Pipeline pipeline = Pipeline.create(runner.equals("direct") ? direct() : flink(false));
    pipeline
        .apply(FlussIO.readRows().from(table.cluster(), path).withAllColumns().withLake())
        .apply(collected);
    PipelineResult job = pipeline.run();
    try {
      await().atMost(PATIENCE).until(() -> !collected.soFar().isEmpty());
      appendNumbers(table, 4_000, 5_000);
      await().atMost(PATIENCE).until(() -> collected.soFar().size() >= 5_000);
      appendNumbers(table, 5_000, 5_001);
      await().atMost(PATIENCE).until(() -> collected.soFar().size() >= 5_001);
    } finally {
      job.cancel();
    }
    assertThat(
        collected.soFar().stream().map(row -> row.getInt64("n")).sorted().toList(),
        equalTo(IntStream.rangeClosed(0, 5_000).mapToObj(i -> (long) i).toList()));
  }

  private static PipelineOptions direct() {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setBlockOnRun(false);
    return options;
  }

  private static PipelineOptions flink(boolean attached) {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    options.setCheckpointingInterval(attached ? -1L : 500L);
    options.setAttachedMode(attached);
    return options;
  }

  @Test
  void refusesWhatHasNoLake() {
    FlussTable plain = cluster(fluss).describe(TestTables.orders(fluss, 1));
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> contents(plain)).getMessage(),
        allOf(
            startsWith("Table " + plain.path() + " is not a lake table."),
            containsString("'table.datalake.enabled'")));
    FlussTable table = lakeOrders(1);
    FlussIO.Read<RowChange> late =
        FlussIO.readChanges()
            .from(table.cluster(), table.path())
            .withStartingPosition(Position.timestamp(Instant.EPOCH))
            .withLake();
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> Pipeline.create().apply(late))
            .getMessage(),
        containsString("cannot start at 1970"));
  }

  // tables

  private static FlussTable lakeOrders(int buckets) {
    return cluster(fluss)
        .describe(
            TestTables.create(
                fluss, "orders", LakeTables.lake(TestTables.ordersDescriptor(buckets))));
  }

  private static Row daily(String day, int order, long amount) {
    return Row.withSchema(TestTables.DAILY_ORDER)
        .addValues("user" + order % 7, "order" + order, day, amount)
        .build();
  }

  private static void appendNumbers(FlussTable table, int from, int to) {
    TestTables.write(
        table,
        IntStream.range(from, to)
            .mapToObj(
                n ->
                    RowChange.upsert(
                        Row.withSchema(table.schema()).addValues((long) n, "t" + n).build()))
            .toList());
  }

  private void write(FlussTable table, List<RowChange> changes) {
    TestTables.write(table, changes);
    OrderChanges.apply(model, changes);
  }

  /** Writes to a table until it is closed. */
  private final class Writer implements AutoCloseable {
    private final AtomicBoolean closed = new AtomicBoolean();
    private final CompletableFuture<Void> done;

    private Writer(FlussTable table) {
      Random ofWriter = new Random(seed);
      done =
          CompletableFuture.runAsync(
              () -> {
                while (!closed.get()) {
                  write(table, OrderChanges.random(ofWriter, 50));
                }
              });
    }

    @Override
    public void close() {
      closed.set(true);
      done.join();
    }
  }

  // reads

  private static ReadSpec spec(FlussTable table, LakeStart lake) {
    return ReadSpec.builder(table).setLake(lake).build();
  }

  private static Collection<Row> rows(FlussTable table) {
    return TestTables.rows(
        FlussIO.readContents().from(table.cluster(), table.path()).withAllColumns().withLake());
  }

  private static List<String> texts(FlussTable table) {
    return rows(table).stream().map(row -> row.getValues().toString()).toList();
  }

  private static List<String> contents(FlussTable table) {
    return texts(table).stream().sorted().toList();
  }

  private static List<String> contentsOnFlink(FlussTable table) {
    return TestTables.rows(
            FlussIO.readContents().from(table.cluster(), table.path()).withAllColumns().withLake(),
            flink(true))
        .stream()
        .map(row -> row.getValues().toString())
        .sorted()
        .toList();
  }

  private static List<String> values(Map<List<Object>, Row> rows) {
    return rows.values().stream().map(row -> row.getValues().toString()).sorted().toList();
  }

  private static List<Long> amounts(FlussTable table) {
    return TestTables.rows(
            FlussIO.readContents()
                .from(table.cluster(), table.path())
                .withColumns("amount")
                .withLake())
        .stream()
        .map(row -> row.getInt64(0))
        .sorted()
        .toList();
  }

  private static List<Long> amounts(Map<List<Object>, Row> rows) {
    return rows.values().stream().map(row -> row.getInt64("amount")).sorted().toList();
  }

  // tiering

  /** Until something was tiered that had been written after the call. */
  private static void awaitTieredSince(FlussTable table, int round) {
    LakeStart before = start(table);
    await("round " + round).atMost(PATIENCE).until(() -> !start(table).equals(before));
  }

  private static LakeStart start(FlussTable table) {
    return Lake.start(table);
  }

  private static void awaitPartitions(FlussTable table, int number) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test")) {
      Admin admin = lease.connection().getAdmin();
      await().atMost(PATIENCE).until(() -> Partition.list(table, admin).join().size() == number);
    }
  }
}

package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasSize;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class UnboundedLogReaderTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final PipelineOptions OPTIONS = PipelineOptionsFactory.create();
  private static final PipelineOptions FLINK =
      PipelineOptionsFactory.fromArgs("--runner=FlinkRunner").create();

  @Test
  void splitsOwnEveryBucketExactlyOnceHoweverManyAreWanted() {
    for (int buckets : new int[] {1, 3, 7}) {
      UnboundedLogSource source = source(TestTables.numbers(fluss, buckets), Position.earliest());
      for (int wanted = 1; wanted <= 9; wanted++) {
        List<UnboundedLogSource> splits = source.split(wanted, FLINK);
        assertThat("a subtask of Flink needs a split", splits, hasSize(wanted));
        assertThat(
            "elsewhere none is without a bucket",
            source.split(wanted, OPTIONS),
            hasSize(Math.min(wanted, buckets)));
        assertThat(
            splits.stream().flatMap(split -> split.ownedBuckets().stream()).toList(),
            containsInAnyOrder(IntStream.range(0, buckets).boxed().toArray(Integer[]::new)));
        for (UnboundedLogSource split : splits) {
          if (splits.size() > 1) {
            assertThat("a split stays as it is", split.split(9, FLINK), contains(split));
          }
        }
      }
    }
  }

  @Test
  void splitsTogetherReadEveryRowOnce() throws IOException {
    String table = TestTables.orders(fluss, 5);
    TestTables.write(fluss, table, upserts(0, 100));
    List<Row> rows = new ArrayList<>();
    for (UnboundedLogSource split : source(table, Position.earliest()).split(2, OPTIONS)) {
      try (Reading reading = new Reading(split, null)) {
        reading.untilQuiet();
        rows.addAll(reading.rows);
      }
    }
    assertThat(amounts(rows), contains(IntStream.range(0, 100).boxed().toArray(Integer[]::new)));
  }

  @Test
  void goesOnFromACheckpointWithNothingLostAndNothingTwice() throws IOException {
    String table = TestTables.orders(fluss, 3);
    int batches = 30;
    for (int i = 0; i < batches; i++) {
      TestTables.write(fluss, table, upserts(i * 5, i * 5 + 5));
    }
    UnboundedLogSource source = onlySplit(table, Position.earliest());
    List<Row> before = new ArrayList<>();
    ReadCheckpoint checkpoint;
    try (Reading reading = new Reading(source, null)) {
      reading.untilBatches(20);
      before.addAll(reading.rows);
      checkpoint = reading.checkpoint();
      // what is read after the checkpoint was taken is read again
      reading.untilBatches(22);
    }
    assertThat(before.size(), greaterThanOrEqualTo(20));
    TestTables.write(fluss, table, upserts(batches * 5, batches * 5 + 5));

    try (Reading reading = new Reading(source, checkpoint)) {
      reading.untilRows(batches * 5 + 5 - before.size());
      reading.untilQuiet();
      List<Row> all = new ArrayList<>(before);
      all.addAll(reading.rows);
      assertThat(amounts(all), contains(IntStream.range(0, batches * 5 + 5).boxed().toArray()));
      assertInOrderOfEachUser(all);
    }
  }

  @Test
  void goesOnFromACheckpointOfBucketsThatWereEmpty() throws IOException {
    for (Position start : List.of(Position.earliest(), Position.latest())) {
      String table = TestTables.orders(fluss, 4);
      UnboundedLogSource source = onlySplit(table, start);
      ReadCheckpoint checkpoint;
      try (Reading reading = new Reading(source, null)) {
        reading.untilPlaced();
        TestTables.write(fluss, table, List.of(RowChange.upsert(order("only", "o", 1000))));
        reading.untilRows(1);
        checkpoint = reading.checkpoint();
      }
      TestTables.write(fluss, table, upserts(0, 40));
      try (Reading reading = new Reading(source, checkpoint)) {
        reading.untilRows(40);
        reading.untilQuiet();
        assertThat(
            start.toString(),
            amounts(reading.rows),
            contains(IntStream.range(0, 40).boxed().toArray()));
      }
    }
  }

  @Test
  void latestAndTimestampStartsLeaveOutWhatWasThereBefore() throws IOException {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(fluss, table, upserts(0, 10));
    java.time.Instant between = nextMilli();
    TestTables.write(fluss, table, upserts(10, 20));

    try (Reading latest = new Reading(onlySplit(table, Position.latest()), null);
        Reading timed = new Reading(onlySplit(table, Position.timestamp(between)), null)) {
      latest.untilPlaced();
      timed.untilPlaced();
      TestTables.write(fluss, table, upserts(20, 30));
      latest.untilRows(10);
      latest.untilQuiet();
      timed.untilRows(20);
      timed.untilQuiet();
      assertThat(amounts(latest.rows), contains(IntStream.range(20, 30).boxed().toArray()));
      assertThat(amounts(timed.rows), contains(IntStream.range(10, 30).boxed().toArray()));
    }
  }

  /** A runner may take a checkpoint of a reader that it has made and not started yet. */
  @Test
  void aCheckpointBeforeTheStartKeepsTheStartingPosition() throws IOException {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(fluss, table, upserts(0, 10));
    UnboundedLogSource source = onlySplit(table, Position.latest());
    ReadCheckpoint checkpoint;
    try (Reading unstarted = new Reading(source, null)) {
      checkpoint = unstarted.checkpoint();
    }
    try (Reading reading = new Reading(source, checkpoint)) {
      reading.untilPlaced();
      TestTables.write(fluss, table, upserts(10, 20));
      reading.untilRows(10);
      reading.untilQuiet();
      assertThat(amounts(reading.rows), contains(IntStream.range(10, 20).boxed().toArray()));
      // and one of a restored reader keeps where that is
      checkpoint = reading.checkpoint();
    }
    try (Reading unstarted = new Reading(source, checkpoint)) {
      checkpoint = unstarted.checkpoint();
    }
    try (Reading reading = new Reading(source, checkpoint)) {
      reading.untilQuiet();
      assertThat(reading.rows, empty());
    }
  }

  /** Whatever the starting position: a partition that appears was not there to be left out. */
  @Test
  void findsAPartitionThatAppearsAndReadsItFromItsBeginning() throws IOException {
    String table = TestTables.dailyOrders(fluss, 2);
    UnboundedLogSource source = onlySplit(table, Position.latest());
    ReadCheckpoint checkpoint;
    try (Reading reading = new Reading(source, null)) {
      reading.untilPlaced();
      assertThat("there is no partition yet", reading.rows, empty());
      TestTables.write(fluss, table, daily("20260101", 0, 10));
      reading.untilRows(10);
      TestTables.write(fluss, table, daily("20260102", 10, 20));
      reading.untilRows(20);
      checkpoint = reading.checkpoint();
    }
    // appears while nobody reads
    TestTables.write(fluss, table, daily("20260103", 20, 30));
    try (Reading reading = new Reading(source, checkpoint)) {
      reading.untilRows(10);
      reading.untilQuiet();
      assertThat(amounts(reading.rows), contains(IntStream.range(20, 30).boxed().toArray()));
    }
  }

  @Test
  void lettingGoOfADroppedPartitionLosesNothingOfTheOthers() throws IOException {
    readsOnWhenAPartitionIsDropped(Duration.ofMillis(100));
  }

  /** The client goes on asking for the partition, in the same requests as for the others. */
  @Test
  void aPartitionDroppedLongBeforeTheNextDiscoveryLosesNothingOfTheOthers() throws IOException {
    readsOnWhenAPartitionIsDropped(Duration.ofMinutes(5));
  }

  private static void readsOnWhenAPartitionIsDropped(Duration discovery) throws IOException {
    String table = TestTables.dailyOrders(fluss, 2);
    TestTables.write(fluss, table, daily("20260101", 0, 10));
    int next = 10;
    for (; next < 500; next += 10) {
      TestTables.write(fluss, table, daily("20260102", next, next + 10));
    }
    // one writer batch a fetch, so that the dropping happens in the middle of the backlog
    FlussCluster slow =
        cluster(fluss).withProperty("client.scanner.log.fetch.max-bytes-for-bucket", "1b");
    UnboundedLogSource source =
        new UnboundedLogSource(spec(slow.describe(table), Position.earliest(), discovery));
    try (Reading reading = new Reading(source, null)) {
      reading.untilRows(50);
      TestTables.dropPartition(fluss, table, "ds", "20260101");
      for (; next < 1_000; next += 10) {
        TestTables.write(fluss, table, daily("20260102", next, next + 10));
        reading.step();
      }
      if (discovery.toSeconds() < 30) {
        reading.untilPartitions(1);
      }
      reading.untilQuiet();
      assertThat(
          "the rows of the partition that is still there",
          amounts(reading.rows).stream().filter(n -> n >= 10).toList(),
          contains(IntStream.range(10, next).boxed().toArray()));
    }
  }

  @Test
  void theThreadsOfAReaderThatIsForgottenEnd() throws IOException {
    String table = TestTables.orders(fluss, 1);
    startAndForget(onlySplit(table, Position.latest()));
    assertThat(readsOf(table), greaterThan(0L));
    await()
        .until(
            () -> {
              System.gc();
              return readsOf(table) == 0;
            });
  }

  private static void startAndForget(UnboundedLogSource source) throws IOException {
    var unused = source.createReader(OPTIONS, null).start();
  }

  private static long readsOf(String table) {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("fluss-read-" + table))
        .count();
  }

  private static java.time.Instant nextMilli() {
    long start = System.currentTimeMillis();
    await().pollInterval(Duration.ofMillis(1)).until(() -> System.currentTimeMillis() > start + 2);
    return java.time.Instant.now();
  }

  /** Amount n for user n mod 10. */
  private static List<RowChange> upserts(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(n -> RowChange.upsert(order("user" + n % 10, "order" + n, n)))
        .toList();
  }

  private static List<RowChange> daily(String day, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            n ->
                RowChange.upsert(
                    Row.withSchema(TestTables.DAILY_ORDER)
                        .addValues("user" + n % 10, "order" + n, day, (long) n)
                        .build()))
        .toList();
  }

  private static List<Integer> amounts(List<Row> rows) {
    return rows.stream().map(row -> row.getInt64("amount").intValue()).sorted().toList();
  }

  private static void assertInOrderOfEachUser(List<Row> rows) {
    Map<String, Long> last = new TreeMap<>();
    for (Row row : rows) {
      Long before = last.put(row.getString("user_id"), row.getInt64("amount"));
      assertThat(row.getInt64("amount"), greaterThan(before == null ? -1L : before));
    }
  }

  private static UnboundedLogSource onlySplit(String table, Position start) {
    List<UnboundedLogSource> splits = source(table, start).split(1, OPTIONS);
    assertThat(splits, hasSize(1));
    return splits.get(0);
  }

  private static UnboundedLogSource source(String table, Position start) {
    FlussCluster small = cluster(fluss).withProperty("client.scanner.log.max-poll-records", "5");
    return new UnboundedLogSource(spec(small.describe(table), start, Duration.ofMillis(100)));
  }

  private static ReadSpec spec(FlussTable table, Position start, Duration discovery) {
    return ReadSpec.builder(table).setStart(start).setPartitionDiscoveryInterval(discovery).build();
  }
}

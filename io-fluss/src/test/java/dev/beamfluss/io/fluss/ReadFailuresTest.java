package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataTypes;
import org.joda.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a read does when servers, tables, columns and rows are not what it hopes for. */
class ReadFailuresTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @RegisterExtension
  static final FlussExtension stoppable =
      FlussExtension.dedicated(
          LocalFluss.builder()
              .tabletServers(2)
              // what is full is moved to remote storage, from where it expires
              .property("log.segment.file-size", "4kb")
              .property("remote.log.task-interval-duration", "500ms"));

  private static final Duration SOON = Duration.ofSeconds(15);
  private static final long GOOD_TIME = 1_000;
  private static final TimestampNtz GOOD_TIMESTAMP =
      TimestampNtz.fromLocalDateTime(LocalDateTime.parse("2026-01-01T00:00:00"));

  // tables

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aTableThatIsDroppedEndsTheRead(boolean partitioned) throws IOException {
    String path = partitioned ? TestTables.dailyOrders(fluss, 4) : TestTables.orders(fluss, 4);
    FlussTable table = cluster(fluss).describe(path);
    try (Reading reading = new Reading(source(table), null)) {
      if (partitioned) {
        TestTables.write(fluss, path, List.of(RowChange.upsert(dailyOrder())));
      } else {
        TestTables.write(fluss, path, List.of(RowChange.upsert(order("u", "o", 1))));
      }
      reading.untilRows(1);
      TestTables.drop(table);
      assertThat(
          failure(reading).getMessage(),
          allOf(containsString("Table " + path), containsString("was dropped while it was read")));
    }
  }

  @Test
  void aTableThatIsMadeAnewIsNotTakenForTheOneThatIsRead() throws IOException {
    String path = TestTables.orders(fluss, 2);
    FlussTable table = cluster(fluss).describe(path);
    try (Reading reading = new Reading(source(table), null)) {
      TestTables.write(fluss, path, List.of(RowChange.upsert(order("u", "o", 1))));
      reading.untilRows(1);
      TestTables.drop(table);
      TestTables.create(fluss, table.tablePath(), TestTables.ordersDescriptor(2));
      // whichever it sees, it may not go on
      assertThat(
          failure(reading).getMessage(),
          allOf(containsString("Table " + path), containsString("was dropped")));
    }
  }

  @Test
  void aCheckpointOfATableThatWasMadeAnewIsRefused() throws IOException {
    String path = TestTables.orders(fluss, 1);
    FlussTable table = cluster(fluss).describe(path);
    ReadCheckpoint checkpoint;
    try (Reading reading = new Reading(source(table), null)) {
      reading.untilPlaced();
      checkpoint = reading.checkpoint();
    }
    TestTables.drop(table);
    try (Reading reading = new Reading(source(table), checkpoint)) {
      assertThat(failure(reading).getMessage(), containsString("does not exist"));
    }
    TestTables.create(fluss, table.tablePath(), TestTables.ordersDescriptor(1));
    try (Reading reading = new Reading(source(table), checkpoint)) {
      assertThat(
          failure(reading).getMessage(),
          containsString("Table " + path + " was dropped and created again"));
    }
  }

  // columns

  @ParameterizedTest
  @CsvSource({"false, false", "false, true", "true, false", "true, true"})
  void aColumnThatIsAddedChangesNothingForWhoReadsAlready(boolean keyed, boolean projected)
      throws IOException {
    String path = keyed ? TestTables.orders(fluss, 1) : TestTables.numbers(fluss, 1);
    FlussTable before = cluster(fluss).describe(path);
    String column = keyed ? "amount" : "n";
    ReadSpec.Builder builder = ReadSpec.builder(before).setStart(Position.earliest());
    if (projected) {
      builder.setColumns(keyed ? List.of("amount", "user_id") : List.of("text", "n"));
    }
    ReadSpec spec = builder.build();
    ReadCheckpoint checkpoint;
    try (TableWriter old = TableWriter.open(before, before.schema());
        Reading reading = new Reading(new UnboundedLogSource(spec), null)) {
      rows(before, keyed, 0, 10).forEach(old::write);
      old.flush();
      reading.untilRows(10);
      TestTables.addColumn(fluss, before.path(), "added", DataTypes.STRING());
      FlussTable after = cluster(fluss).describe(path);
      write(after, rows(after, keyed, 10, 20));
      rows(before, keyed, 20, 25).forEach(old::write);
      old.flush();
      reading.untilRows(25);
      reading.untilQuiet();
      assertNumbers(reading.rows, column, 0, 25);
      reading.rows.forEach(row -> assertThat(row.getSchema(), equalTo(spec.schema())));
      assertThat(reading.unreadable, hasSize(0));
      checkpoint = reading.checkpoint();
    }
    FlussTable after = cluster(fluss).describe(path);
    write(after, rows(after, keyed, 25, 30));
    try (Reading reading = new Reading(new UnboundedLogSource(spec), checkpoint)) {
      reading.untilRows(5);
      reading.untilQuiet();
      assertNumbers(reading.rows, column, 25, 30);
    }
    try (Reading reading = new Reading(source(after), null)) {
      reading.untilRows(30);
      reading.untilQuiet();
      for (Row row : reading.rows) {
        long n = row.getInt64(column);
        String expected = (n >= 10 && n < 20) || n >= 25 ? "added" + n : null;
        assertThat(row.getString("added"), equalTo(expected));
      }
    }
    assertNumbers(Stretch.upToNow(spec).rows, column, 0, 30);
  }

  // servers

  @Test
  void servingAgainAfterAWhileLosesAndRepeatsNothing() throws IOException {
    String path = TestTables.orders(stoppable, 4);
    FlussTable table = cluster(stoppable).describe(path);
    TestTables.write(stoppable, path, upserts(0, 100));
    try (Reading reading =
        new Reading(new UnboundedLogSource(spec(table, Duration.ofMinutes(2))), null)) {
      reading.untilRows(100);
      stopAll();
      Instant stopped = Instant.now();
      try {
        long end = System.nanoTime() + Duration.ofSeconds(3).toNanos();
        reading.until(() -> System.nanoTime() > end);
        assertThat(
            "nobody knows what was stored meanwhile",
            reading.reader.getWatermark(),
            lessThanOrEqualTo(stopped));
      } finally {
        startAll();
      }
      TestTables.write(stoppable, path, upserts(100, 200));
      reading.untilRows(200);
      reading.untilQuiet();
      assertNumbers(reading.rows, "amount", 0, 200);
      Instant now = Instant.now();
      reading.until(() -> reading.reader.getWatermark().isAfter(now));
    }
  }

  @Test
  void silenceForTooLongEndsTheRead() throws IOException {
    String path = TestTables.orders(stoppable, 4);
    FlussTable table = cluster(stoppable).describe(path);
    try (Reading reading =
        new Reading(new UnboundedLogSource(spec(table, Duration.ofSeconds(3))), null)) {
      reading.untilPlaced();
      reading.untilQuiet();
      stopAll();
      try {
        RuntimeException failure = failure(reading);
        assertThat(failure.toString(), failure instanceof FlussUnreachableException);
        assertThat(
            failure.getMessage(), allOf(containsString("table " + path), containsString("Check")));
      } finally {
        startAll();
      }
    }
  }

  @Test
  void whatTheOtherServerHasGoesOnWhileOneIsAway() throws IOException {
    String path = TestTables.orders(stoppable, 4);
    FlussTable table = cluster(stoppable).describe(path);
    try (Reading reading =
            new Reading(new UnboundedLogSource(spec(table, Duration.ofMinutes(2))), null);
        TableWriter writer = TableWriter.open(table, table.schema())) {
      reading.untilPlaced();
      stoppable.cluster().stopTabletServer(0);
      Instant stopped = Instant.now();
      try {
        upserts(0, 100).forEach(writer::write);
        // the writer holds those of the buckets without a leader
        reading.untilRows(10);
        assertThat(reading.rows.size(), lessThan(100));
        assertThat(reading.reader.getWatermark(), lessThanOrEqualTo(stopped));
      } finally {
        stoppable.cluster().startTabletServer(0);
      }
      writer.flush();
      reading.untilRows(100);
      reading.untilQuiet();
      assertNumbers(reading.rows, "amount", 0, 100);
    }
  }

  private static void stopAll() {
    stoppable.cluster().stopTabletServer(0);
    stoppable.cluster().stopTabletServer(1);
  }

  private static void startAll() {
    stoppable.cluster().startTabletServer(0);
    stoppable.cluster().startTabletServer(1);
  }

  // the pipeline

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aPipelineThatIsSlowIsNotTakenForAClusterThatIsSilent(boolean idle) throws IOException {
    String path = TestTables.orders(fluss, 2);
    FlussTable table = small().describe(path);
    TestTables.write(fluss, path, upserts(0, 100));
    try (Reading reading =
        new Reading(new UnboundedLogSource(spec(table, Duration.ofSeconds(2))), null)) {
      reading.untilRows(idle ? 100 : 1);
      await().pollDelay(Duration.ofSeconds(5)).timeout(Duration.ofSeconds(10)).until(() -> true);
      TestTables.write(fluss, path, upserts(100, 200));
      reading.untilRows(200);
      reading.untilQuiet();
      assertNumbers(reading.rows, "amount", 0, 200);
    }
  }

  // offsets

  @Test
  void anOffsetThatTheLogDoesNotHaveIsNamed() throws IOException {
    String path = TestTables.orders(fluss, 1);
    FlussTable table = cluster(fluss).describe(path);
    TestTables.write(fluss, path, upserts(0, 10));
    ReadCheckpoint beyond =
        new ReadCheckpoint(
            Map.of(new BucketId(BucketId.NO_PARTITION, 0), BucketPosition.inLog(1_000)));
    try (Reading reading = new Reading(source(table), beyond)) {
      assertThat(
          failure(reading).getMessage(),
          allOf(
              containsString(path),
              containsString("bucket 0 was to go on at offset 1000"),
              containsString("offsets 0 to 10"),
              containsString("table.log.ttl")));
    }
  }

  /** Fluss's client lets go of a bucket, but not of what it was fetching for it. */
  @Test
  void stretchesOfARemoteLogAreReadThoughOthersWereReadToTheirEnds() throws IOException {
    String path =
        TestTables.create(
            stoppable,
            "remote",
            TableDescriptor.builder(TestTables.numbersDescriptor(3))
                .property("table.log.tiered.local-segments", "1")
                .build());
    FlussTable table = cluster(stoppable).describe(path);
    int number = 300;
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (long n = 0; n < number; n++) {
        writer.upsert(Row.withSchema(table.schema()).addValues(n, "text".repeat(200) + n).build());
        writer.flush();
      }
    }
    await().atMost(Duration.ofSeconds(40)).until(() -> segmentsInServers(table) <= 3 * 2);
    List<BucketRange> stretches =
        BucketRange.resolve(spec(table, SOON), Position.latest()).stream()
            .flatMap(range -> range.pieces(5).stream())
            .toList();
    List<Long> numbers = new ArrayList<>();
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          try (LogRanges ranges = new LogRanges(spec(table, SOON), stretches)) {
            for (RowBatch batch = ranges.next(); batch != null; batch = ranges.next()) {
              batch.rows().forEach(row -> numbers.add(row.getInt64("n")));
            }
          }
        });
    assertThat(
        numbers.stream().sorted().toList(), equalTo(LongStream.range(0, number).boxed().toList()));
  }

  /**
   * A stretch begins before what Fluss's client has read of its bucket already, and asks for more
   * of: it takes the answer for one of where the stretch begins.
   */
  @Test
  void stretchesOfOneBucketAreReadOneAfterTheOther() {
    String path = TestTables.create(stoppable, "stretches", TestTables.numbersDescriptor(1));
    FlussTable table = cluster(stoppable).describe(path);
    int number = 6_000;
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (long n = 0; n < number; n++) {
        writer.upsert(Row.withSchema(table.schema()).addValues(n, "text".repeat(200) + n).build());
      }
      writer.flush();
    }
    List<BucketRange> stretches =
        BucketRange.resolve(spec(table, SOON), Position.latest()).stream()
            .flatMap(range -> range.pieces(190).stream())
            .toList();
    List<Long> numbers = new ArrayList<>();
    assertTimeoutPreemptively(
        Duration.ofSeconds(60),
        () -> {
          try (LogRanges ranges = new LogRanges(spec(table, SOON), stretches)) {
            for (RowBatch batch = ranges.next(); batch != null; batch = ranges.next()) {
              batch.rows().forEach(row -> numbers.add(row.getInt64("n")));
            }
          }
        });
    assertThat(numbers, equalTo(LongStream.range(0, number).boxed().toList()));
  }

  private static long segmentsInServers(FlussTable table) throws IOException {
    long segments = 0;
    for (int server : stoppable.cluster().tabletServers()) {
      Path data = stoppable.cluster().directory().resolve("tablet-server-" + server);
      segments += ServerFiles.of(table, data, ".log").size();
    }
    return segments;
  }

  @Test
  void rowsThatExpiredAreNamedAndTheRestIsReadFromTheEarliest() throws IOException {
    String path =
        TestTables.create(
            stoppable,
            TablePath.of(stoppable.newDatabase(), "short_lived"),
            TableDescriptor.builder()
                .schema(
                    Schema.newBuilder()
                        .column("n", DataTypes.BIGINT())
                        .column("text", DataTypes.STRING())
                        .build())
                .distributedBy(1)
                .property("table.log.ttl", "1s")
                .property("table.log.tiered.local-segments", "1")
                .build());
    FlussTable table = cluster(stoppable).describe(path);
    BucketId bucket = new BucketId(BucketId.NO_PARTITION, 0);
    int number = 200;
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      for (long n = 0; n < number; n++) {
        writer.upsert(Row.withSchema(table.schema()).addValues(n, "text".repeat(200) + n).build());
        writer.flush();
      }
    }
    long[] begins = {0, 0};
    await()
        .atMost(Duration.ofSeconds(40))
        .until(
            () -> {
              long now = earliest(table);
              begins[1] = now == begins[0] ? begins[1] : System.nanoTime();
              begins[0] = now;
              // all that can expire has: else it goes on while the rest is read
              return now > number / 2 && System.nanoTime() - begins[1] > 2_000_000_000L;
            });

    ReadCheckpoint before = new ReadCheckpoint(Map.of(bucket, BucketPosition.inLog(10)));
    try (Reading reading = new Reading(source(table), before)) {
      assertThat(
          failure(reading).getMessage(),
          allOf(
              containsString("no longer has what is to be read next"),
              containsString("bucket 0 was to go on at offset 10 and now has offsets "),
              containsString("table.log.ttl")));
    }
    try (Reading reading = new Reading(source(table), null)) {
      reading.untilRows(1);
      reading.untilQuiet();
      int first = reading.rows.get(0).getInt64("n").intValue();
      assertThat(first, greaterThan(number / 2));
      assertNumbers(reading.rows, "n", first, number);
    }
    List<Row> bounded = Stretch.upToNow(spec(table, SOON)).rows;
    assertNumbers(bounded, "n", bounded.get(0).getInt64("n").intValue(), number);
  }

  private static long earliest(FlussTable table) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test")) {
      return new Partition(BucketId.NO_PARTITION, null)
          .offsets(table, lease.connection().getAdmin(), List.of(0), new OffsetSpec.EarliestSpec())
          .get(0);
    }
  }

  // rows

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void rowsThatCannotBeReadAreReportedOnceAndTheOthersReadOnce(boolean oneByOne) throws Exception {
    FlussTable table = small().describe(oddRows());
    List<Long> good = new ArrayList<>();
    List<GenericRow> rows = new ArrayList<>();
    for (long n = 0; n < 60; n++) {
      GenericRow row = oddRow(n, (int) GOOD_TIME, GOOD_TIMESTAMP);
      switch ((int) n) {
        case 7 -> row.setField(1, 90_000_000);
        case 0, 59 -> row.setField(1, -1);
        // the client itself cannot decode these
        case 13, 14, 40 -> row.setField(2, TimestampNtz.fromMillis(-1_000, 1_000));
        default -> good.add(n);
      }
      rows.add(row);
    }
    append(table, rows, oneByOne);
    List<Long> bad = List.of(0L, 7L, 13L, 14L, 40L, 59L);
    ReadSpec spec = ReadSpec.builder(table).setStart(Position.earliest()).build();

    List<Long> read = new ArrayList<>();
    List<UnreadableRow> unreadable = new ArrayList<>();
    ReadCheckpoint checkpoint = null;
    for (int enough : new int[] {5, 12, 30, good.size()}) {
      try (Reading reading = new Reading(new UnboundedLogSource(spec), checkpoint)) {
        reading.untilRows(enough - read.size());
        if (enough == good.size()) {
          reading.untilQuiet();
        }
        reading.rows.forEach(row -> read.add(row.getInt64("n")));
        unreadable.addAll(reading.unreadable);
        checkpoint = reading.checkpoint();
      }
    }
    assertThat(read, equalTo(good));
    assertThat(offsets(unreadable), equalTo(bad));
    assertThat(unreadable.get(1).what(), allOf(containsString(table.path()), containsString("7")));
    assertThat(unreadable.get(1).reason(), containsString("column at"));

    Stretch bounded = Stretch.upToNow(spec);
    assertThat(bounded.rows.stream().map(row -> row.getInt64("n")).toList(), equalTo(good));
    assertThat(offsets(bounded.unreadable), equalTo(bad));

    List<UnreadableRow> ofPieces = new ArrayList<>();
    List<Long> rowsOfPieces = new ArrayList<>();
    for (BucketRange range : BucketRange.resolve(spec, Position.latest())) {
      Stretch pieces =
          Stretch.of(new BoundedTableSource(spec, BoundedTableSource.Mode.ALL, range.pieces(7)));
      ofPieces.addAll(pieces.unreadable);
      pieces.rows.forEach(row -> rowsOfPieces.add(row.getInt64("n")));
    }
    assertThat("in stretches of 7 offsets", rowsOfPieces, equalTo(good));
    assertThat(offsets(ofPieces), equalTo(bad));
  }

  @Test
  void rowsWithoutATimestampAreReported() throws Exception {
    FlussTable table = small().describe(oddRows());
    List<GenericRow> rows = new ArrayList<>();
    for (long n = 0; n < 10; n++) {
      rows.add(oddRow(n, (int) GOOD_TIME, n % 5 == 3 ? null : GOOD_TIMESTAMP));
    }
    append(table, rows, false);
    for (EventTime time :
        List.of(
            new EventTime.Column("since"),
            new EventTime.Function(
                row -> Instant.ofEpochMilli(row.getValue("since").hashCode() & 1)))) {
      ReadSpec spec =
          ReadSpec.builder(table).setStart(Position.earliest()).setEventTime(time).build();
      try (Reading reading = new Reading(new UnboundedLogSource(spec), null).withLateRows()) {
        reading.untilRows(8);
        reading.untilQuiet();
        assertThat(
            reading.rows.stream().map(row -> row.getInt64("n")).toList(),
            contains(0L, 1L, 2L, 4L, 5L, 6L, 7L, 9L));
        assertThat(offsets(reading.unreadable), contains(3L, 8L));
      }
      assertThat(offsets(Stretch.upToNow(spec).unreadable), contains(3L, 8L));
    }
  }

  private static String oddRows() {
    return TestTables.create(
        fluss,
        "odd",
        TableDescriptor.builder()
            .schema(
                Schema.newBuilder()
                    .column("n", DataTypes.BIGINT())
                    .column("at", DataTypes.TIME(3))
                    .column("since", DataTypes.TIMESTAMP(6))
                    .build())
            .distributedBy(1)
            .build());
  }

  private static GenericRow oddRow(long n, int time, TimestampNtz since) {
    GenericRow row = new GenericRow(3);
    row.setField(0, n);
    row.setField(1, time);
    row.setField(2, since);
    return row;
  }

  @SuppressWarnings("try") // an interrupt while closing is handled like any other
  private static void append(FlussTable table, List<GenericRow> rows, boolean oneByOne)
      throws Exception {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test");
        Table raw = lease.connection().getTable(table.tablePath())) {
      AppendWriter writer = raw.newAppend().createWriter();
      for (GenericRow row : rows) {
        var stored = writer.append(row);
        if (oneByOne) {
          stored.get(10, TimeUnit.SECONDS);
        }
      }
      writer.flush();
    }
  }

  private static List<Long> offsets(List<UnreadableRow> unreadable) {
    return unreadable.stream().map(UnreadableRow::offset).sorted().toList();
  }

  /** That which ends the read within seconds. */
  private static RuntimeException failure(Reading reading) {
    return reading.failure(SOON);
  }

  private static List<RowChange> rows(FlussTable table, boolean keyed, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(
            n -> {
              Row.Builder row = Row.withSchema(table.schema());
              if (keyed) {
                row.addValues("user", "order" + n, (long) n);
              } else {
                row.addValues((long) n, "text" + n);
              }
              if (table.schema().hasField("added")) {
                row.addValue("added" + n);
              }
              return RowChange.upsert(row.build());
            })
        .toList();
  }

  private static void write(FlussTable table, List<RowChange> changes) {
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      changes.forEach(writer::write);
      writer.flush();
    }
  }

  private static Row dailyOrder() {
    return Row.withSchema(TestTables.DAILY_ORDER).addValues("u", "o", "20260101", 1L).build();
  }

  private static List<RowChange> upserts(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(n -> RowChange.upsert(order("user" + n % 40, "order" + n, n)))
        .toList();
  }

  private static void assertNumbers(List<Row> rows, String column, int from, int to) {
    assertThat(
        rows.stream().map(row -> row.getInt64(column).intValue()).toList(),
        containsInAnyOrder(IntStream.range(from, to).boxed().toArray(Integer[]::new)));
  }

  private static FlussCluster small() {
    return cluster(fluss).withProperty("client.scanner.log.max-poll-records", "5");
  }

  private static UnboundedLogSource source(FlussTable table) {
    return new UnboundedLogSource(spec(table, Duration.ofMinutes(2)));
  }

  private static ReadSpec spec(FlussTable table, Duration timeout) {
    return ReadSpec.builder(table)
        .setStart(Position.earliest())
        .setClusterTimeout(timeout)
        .setPartitionDiscoveryInterval(Duration.ofMillis(500))
        .build();
  }
}

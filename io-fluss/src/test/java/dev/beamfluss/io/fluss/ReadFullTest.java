package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.metadata.KvSnapshots;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reads that begin with the snapshots of a KV table. */
class ReadFullTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  /** More than two batches of each of two buckets. */
  private static final int MANY = 26_000;

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(
          LocalFluss.builder()
              .property("kv.snapshot.interval", "1s")
              .property("kv.snapshot.num-retained", "1"));

  /** Takes no snapshots while the tests run. */
  @RegisterExtension static final FlussExtension withoutSnapshots = FlussExtension.shared();

  /** What the table holds, told by who writes it. */
  private final Map<List<Object>, Row> model = new HashMap<>();

  @Test
  void theSnapshotAndThenEveryChangeFromExactlyItsEnd() throws IOException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 3));
    for (int round = 0; round < 3; round++) {
      write(table, OrderChanges.random(random, 400));
      awaitSnapshots(table, Set.of(0, 1, 2));
      write(table, OrderChanges.random(random, 300));
      try (Reading reading = new Reading(source(table), null)) {
        reading.untilRows(1);
        write(table, OrderChanges.random(random, 200));
        awaitFolded(reading);
        Stretch bounded = Stretch.upToNow(spec(table));
        assertThat(
            "bounded",
            OrderChanges.fold(new HashMap<>(), bounded.changes, bounded.rows),
            equalTo(model));
        assertBeginsWithASnapshot(reading);
      }
    }
  }

  /** Rows of the snapshot have the least timestamp; those of the log when they were stored. */
  private static void assertBeginsWithASnapshot(Reading reading) {
    int snapshotRows = 0;
    for (int i = 0; i < reading.timestamps.size(); i++) {
      boolean ofSnapshot = reading.timestamps.get(i) == EventTime.BEFORE_ALL;
      snapshotRows += ofSnapshot ? 1 : 0;
      assertThat(
          reading.changes.get(i),
          !ofSnapshot || reading.changes.get(i).startsWith(RowChange.Kind.INSERT.sign()));
    }
    assertThat(snapshotRows, greaterThan(0));
  }

  @Test
  void goesOnInTheMiddleOfASnapshotThatIsKeptForIt() throws Exception {
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 2));
    List<RowChange> first = new ArrayList<>();
    for (int i = 0; i < MANY; i++) {
      first.add(RowChange.upsert(order("user" + i % 100, "order" + i, i)));
    }
    write(table, first);
    awaitFullSnapshots(table, MANY);
    UnboundedLogSource source = source(table);
    Map<List<Object>, Row> folded = new HashMap<>();
    ReadCheckpoint checkpoint;
    Map<BucketId, Long> kept;
    try (Reading reading = new Reading(source, null)) {
      reading.untilBatches(1);
      checkpoint = reading.checkpoint();
      OrderChanges.fold(folded, reading.changes, reading.rows);
      kept =
          checkpoint.positions().entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().snapshot()));
      assertThat(kept.values().stream().filter(s -> s >= 0).count(), equalTo(2L));
      assertThat(
          "in the middle",
          checkpoint.positions().values().stream().mapToLong(BucketPosition::rows).sum(),
          equalTo((long) reading.rows.size()));
      reading.untilBatches(2);
    }
    awaitNewerSnapshots(table, kept);
    kept.forEach((bucket, snapshot) -> assertThat("leased", isThere(table, bucket, snapshot)));

    for (int more : new int[] {1, 2}) {
      try (Reading reading = new Reading(source, checkpoint)) {
        reading.untilBatches(more);
        checkpoint = reading.checkpoint();
        OrderChanges.fold(folded, reading.changes, reading.rows);
      }
    }
    try (Reading reading = new Reading(source, checkpoint)) {
      Map<List<Object>, Row> before = folded;
      reading.until(
          () ->
              OrderChanges.fold(new HashMap<>(before), reading.changes, reading.rows)
                  .equals(model));
      reading.untilQuiet();
      assertThat(
          OrderChanges.fold(new HashMap<>(before), reading.changes, reading.rows), equalTo(model));
      // one that is not finalized does not let go of them
      ReadCheckpoint failed = (ReadCheckpoint) reading.reader.getCheckpointMark();
      assertThat("read", failed.positions().values().stream().allMatch(BucketPosition::isInLog));
      reading.reader.getCheckpointMark().finalizeCheckpoint();
      awaitGone(table, kept);
    }
    try (Reading reading = new Reading(source, checkpoint)) {
      RuntimeException failure =
          assertThrows(RuntimeException.class, () -> reading.untilRows(Integer.MAX_VALUE));
      assertThat(
          failure.getMessage(),
          allOf(
              containsString("Snapshot "),
              containsString("cannot be read"),
              containsString("without its old checkpoint")));
    }
  }

  @Test
  void bucketsWithoutASnapshotAreReadFromTheBeginning() throws IOException {
    FlussTable table = cluster(withoutSnapshots).describe(TestTables.orders(withoutSnapshots, 3));
    Random random = new Random(7);
    write(table, OrderChanges.random(random, 300));
    try (Reading reading = new Reading(source(table), null)) {
      awaitFolded(reading);
      assertThat(reading.changes.size(), greaterThan(model.size()));
    }
    Stretch bounded = Stretch.upToNow(spec(table));
    assertThat(OrderChanges.fold(new HashMap<>(), bounded.changes, bounded.rows), equalTo(model));
  }

  @Test
  void aPartitionThatAppearsIsReadInFull() throws IOException {
    FlussTable table = cluster(fluss).describe(TestTables.dailyOrders(fluss, 2));
    UnboundedLogSource source = source(table);
    ReadCheckpoint checkpoint;
    try (Reading reading = new Reading(source, null)) {
      reading.untilPlaced();
      checkpoint = reading.checkpoint();
    }
    List<RowChange> changes = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      changes.add(
          RowChange.upsert(
              Row.withSchema(TestTables.DAILY_ORDER)
                  .addValues("user" + i % 10, "order" + i % 50, "20260101", (long) i)
                  .build()));
    }
    write(table, changes);
    awaitFullSnapshots(table, 350); // 50 inserts, and two rows for each of 150 updates
    try (Reading reading = new Reading(source, checkpoint).withLateRows()) {
      reading.untilRows(50);
      reading.untilQuiet();
      assertThat("each key once, out of the snapshots", reading.rows.size(), equalTo(50));
      write(table, List.of(changes.get(0)));
      reading.untilRows(51);
    }
  }

  @Test
  void aColumnThatIsAddedAfterTheSnapshotIsNullInIt() throws IOException {
    FlussTable before = cluster(fluss).describe(TestTables.orders(fluss, 1));
    write(before, List.of(RowChange.upsert(order("u", "old", 1))));
    awaitFullSnapshots(before, 1);
    try (Connections.Lease lease = Connections.lease(before.cluster(), "test")) {
      lease
          .connection()
          .getAdmin()
          .alterTable(
              before.tablePath(),
              List.of(
                  TableChange.addColumn(
                      "added", DataTypes.STRING(), null, TableChange.ColumnPosition.last())),
              false)
          .join();
    }
    FlussTable after = cluster(fluss).describe(before.path());
    write(
        after,
        List.of(
            RowChange.upsert(
                Row.withSchema(after.schema()).addValues("u", "new", 2L, "there").build())));
    try (Reading old = new Reading(source(before), null);
        Reading now = new Reading(source(after), null)) {
      old.untilRows(2);
      now.untilRows(2);
      assertThat(old.rows.toString(), old.rows.get(0).getSchema(), equalTo(TestTables.ORDER));
      Map<String, String> added = new TreeMap<>();
      now.rows.forEach(
          row -> added.put(row.getString("order_id"), String.valueOf(row.getString("added"))));
      assertThat(added, equalTo(Map.of("old", "null", "new", "there")));
    }
  }

  @Test
  void aStopBeforeTheSnapshotIsRefused() {
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 1));
    java.time.Instant before = java.time.Instant.now().minusSeconds(60);
    write(table, List.of(RowChange.upsert(order("u", "o", 1))));
    awaitFullSnapshots(table, 1);
    ReadSpec spec = spec(table);
    assertThat(
        assertThrows(
                IllegalArgumentException.class,
                () -> BucketRange.resolve(spec, Position.timestamp(before)))
            .getMessage(),
        allOf(
            containsString(table.path()),
            containsString("younger than the stopping position"),
            containsString("Position.earliest()")));
  }

  /** Arrays are not equal by what they hold. */
  @Test
  void contentsOfATableWithAKeyOfBytes() throws IOException {
    FlussTable table =
        cluster(fluss)
            .describe(
                TestTables.create(
                    fluss,
                    "bytes",
                    TableDescriptor.builder()
                        .schema(
                            Schema.newBuilder()
                                .column("id", DataTypes.BYTES())
                                .column("n", DataTypes.BIGINT())
                                .primaryKey("id")
                                .build())
                        .distributedBy(1)
                        .build()));
    write(table, List.of(bytes(table, "a", 1), bytes(table, "b", 2), bytes(table, "c", 3)));
    awaitFullSnapshots(table, 3);
    Row gone = bytes(table, "b", 0).row();
    write(table, List.of(bytes(table, "a", 10), RowChange.delete(gone), bytes(table, "a", 11)));
    ReadSpec spec = spec(table);
    Map<String, Long> contents = new TreeMap<>();
    BoundedTableSource source =
        new BoundedTableSource(
            spec,
            BoundedTableSource.Mode.LATEST_OF_KEY,
            BucketRange.resolve(spec, Position.latest()));
    int rows = 0;
    try (BoundedSource.BoundedReader<RowBatch> reader =
        source.createReader(PipelineOptionsFactory.create())) {
      for (boolean more = reader.start(); more; more = reader.advance()) {
        for (Row row : reader.getCurrent().rows()) {
          rows++;
          contents.put(new String(row.getBytes("id"), StandardCharsets.UTF_8), row.getInt64("n"));
        }
      }
    }
    assertThat(contents, equalTo(Map.of("a", 11L, "c", 3L)));
    assertThat(rows, equalTo(2));
  }

  private static RowChange bytes(FlussTable table, String id, long n) {
    return RowChange.upsert(
        Row.withSchema(table.schema()).addValues(id.getBytes(StandardCharsets.UTF_8), n).build());
  }

  private void awaitFolded(Reading reading) throws IOException {
    reading.until(
        () -> OrderChanges.fold(new HashMap<>(), reading.changes, reading.rows).equals(model));
    reading.untilQuiet();
    assertThat(OrderChanges.fold(new HashMap<>(), reading.changes, reading.rows), equalTo(model));
  }

  private void write(FlussTable table, List<RowChange> changes) {
    TestTables.write(table, changes);
    if (table.schema().equals(TestTables.ORDER)) {
      OrderChanges.apply(model, changes);
    }
  }

  // snapshots

  private static Map<BucketId, OptionalLong[]> snapshots(FlussTable table) {
    Map<BucketId, OptionalLong[]> result = new HashMap<>();
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test")) {
      Admin admin = lease.connection().getAdmin();
      for (Partition partition : Partition.list(table, admin).join()) {
        KvSnapshots snapshots =
            partition.name() == null
                ? admin.getLatestKvSnapshots(table.tablePath()).join()
                : admin.getLatestKvSnapshots(table.tablePath(), partition.name()).join();
        for (int bucket = 0; bucket < table.buckets(); bucket++) {
          result.put(
              partition.bucket(bucket),
              new OptionalLong[] {snapshots.getSnapshotId(bucket), snapshots.getLogOffset(bucket)});
        }
      }
    }
    return result;
  }

  private static void awaitSnapshots(FlussTable table, Collection<Integer> buckets) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                snapshots(table).entrySet().stream()
                    .filter(e -> buckets.contains(e.getKey().bucket()))
                    .allMatch(e -> e.getValue()[0].isPresent()));
  }

  /** Until the snapshots hold all that the log does, which is at least so many changes. */
  private static void awaitFullSnapshots(FlussTable table, long changes) {
    await()
        .atMost(PATIENCE)
        .until(
            () ->
                snapshots(table).values().stream().mapToLong(s -> s[1].orElse(0)).sum() >= changes);
  }

  /** Several, of which only the last is kept without a lease. */
  private void awaitNewerSnapshots(FlussTable table, Map<BucketId, Long> than) {
    for (int i = 0; i < 3; i++) {
      Map<BucketId, OptionalLong[]> before = snapshots(table);
      write(table, touch(i));
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                Map<BucketId, OptionalLong[]> now = snapshots(table);
                return than.keySet().stream()
                    .allMatch(b -> now.get(b)[0].getAsLong() > before.get(b)[0].getAsLong());
              });
    }
  }

  private static List<RowChange> touch(int round) {
    List<RowChange> changes = new ArrayList<>();
    for (int user = 0; user < 20; user++) {
      changes.add(RowChange.upsert(order("user" + user, "order" + user, 1_000_000 + round)));
      changes.add(RowChange.upsert(order("user" + user, "new" + round, round)));
      changes.add(RowChange.delete(order("user" + user, "order" + (user + 100 + 100 * round), 0)));
    }
    return changes;
  }

  private void awaitGone(FlussTable table, Map<BucketId, Long> snapshots) {
    int[] round = {100};
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(500))
        .until(
            () -> {
              write(table, touch(round[0]++));
              return snapshots.entrySet().stream()
                  .noneMatch(e -> isThere(table, e.getKey(), e.getValue()));
            });
  }

  private static boolean isThere(FlussTable table, BucketId bucket, long snapshot) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test")) {
      var metadata =
          lease
              .connection()
              .getAdmin()
              .getKvSnapshotMetadata(bucket.of(table.tableId()), snapshot)
              .join();
      assertThat(metadata.getLogOffset(), greaterThanOrEqualTo(0L));
      return true;
    } catch (CompletionException e) {
      return false;
    }
  }

  private static UnboundedLogSource source(FlussTable table) {
    return new UnboundedLogSource(spec(table));
  }

  private static ReadSpec spec(FlussTable table) {
    return ReadSpec.builder(table)
        .setStart(Position.full())
        .setPartitionDiscoveryInterval(Duration.ofMillis(500))
        .build();
  }
}

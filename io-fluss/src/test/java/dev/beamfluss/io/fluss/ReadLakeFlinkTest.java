package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.lessThan;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.metadata.TableDescriptor;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * An endless read of the lake and the log into keyed state, on Flink, while a writer writes and
 * tiering runs: whenever the job is stopped, and wherever the read is then, the state ends as what
 * the writer knows, and each change has come once.
 */
@Timeout(300)
class ReadLakeFlinkTest {
  // a table that a tiering job had in hand when it was stopped waits two minutes for another
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final int BUCKETS = 4;
  private static final int ALL = 8_000;

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(
          LocalFluss.builder()
              .tiering()
              // what is full, and in a snapshot, is moved to remote storage, from where it expires
              .property("kv.snapshot.interval", "1s")
              .property("log.segment.file-size", "16kb")
              .property("remote.log.task-interval-duration", "500ms"));

  @TempDir static Path directory;
  private static FlinkCluster flink;

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  @BeforeAll
  static void startFlink() throws Exception {
    flink = new FlinkCluster(directory, 3);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
  }

  @AfterAll
  static void stopFlink() {
    flink.close();
  }

  @Test
  void theStateIsTheWritersThoughTheJobIsRestoredInTheLakeAndInTheLog() throws Exception {
    restored(60_000, 1, 1);
  }

  @Tag("nightly")
  @RepeatedTest(3)
  void theStateIsTheWritersThoughTheJobIsRestoredALot() throws Exception {
    restored(200_000, 3, 4);
  }

  private void restored(int rows, int inLake, int inLog) throws Exception {
    System.out.println("seed " + seed);
    FlussTable table = orders(LakeTables.lake(TestTables.ordersDescriptor(BUCKETS)));
    try (Orders orders = new Orders(table, rows)) {
      orders.writeEach();
      LakeTables.awaitTiered(table);
      SeenOrders seen = new SeenOrders();
      seen.slowDown(rows / 16 / inLake);
      int parallelism = 2;
      FlinkCluster.Job job = submit(table, seen, parallelism, null);
      orders.goOn();
      for (int i = 0; i < inLake; i++) {
        long before = seen.read();
        await("a batch of the lake").atMost(PATIENCE).until(() -> seen.read() > before);
        job.awaitMoreCheckpoints(1);
        String checkpoint = job.cancelKeepingCheckpoint();
        assertThat("of the lake so far", seen.read(), lessThan((long) rows));
        awaitTiered(table);
        if (i == inLake - 1) {
          seen.slowDown(0);
        }
        job = submit(table, seen, parallelism, checkpoint);
      }
      for (int i = 0; i < inLog; i++) {
        long lake = seen.read();
        await("the log").atMost(PATIENCE).until(() -> seen.read() > Math.max(lake, rows + 100));
        job.awaitMoreCheckpoints(1);
        String restored = i % 2 == 0 ? job.stopWithSavepoint() : job.cancelKeepingCheckpoint();
        awaitTiered(table);
        parallelism = 1 + (parallelism + random.nextInt(2)) % 3;
        job = submit(table, seen, parallelism, restored);
      }
      job.awaitMoreCheckpoints(2);
      FlinkCluster.Job last = job;
      SeenOrders.Truth truth = orders.stop();
      seen.assertHolds(truth, table, last::check, () -> last.awaitMoreCheckpoints(3));
      System.out.printf(
          "%d inserts and updates, %d deletes, each once; %d rows remain%n",
          truth.upserts(), truth.deletes(), truth.amounts().size());
    }
  }

  /** The lake has them, and the read cannot go back to it. */
  @Test
  void aReadWhoseLogHasExpiredMeanwhileFailsAndSaysWhatToDo() throws Exception {
    FlussTable table =
        orders(
            TableDescriptor.builder(LakeTables.lake(TestTables.ordersDescriptor(1)))
                .property("table.log.ttl", "1s")
                .property("table.log.tiered.local-segments", "1")
                .build());
    TestTables.write(table, upserts(0, 10));
    LakeTables.awaitTiered(table);
    SeenOrders seen = new SeenOrders();
    FlinkCluster.Job job = submit(table, seen, 1, null);
    await().atMost(PATIENCE).until(() -> seen.read() == 10);
    TestTables.write(table, upserts(10, 20));
    await().atMost(PATIENCE).until(() -> seen.read() == 20);
    job.awaitMoreCheckpoints(1);
    String savepoint = job.stopWithSavepoint();

    for (int from = 20; from < ALL; from += 200) { // a segment begins between two batches
      TestTables.write(table, upserts(from, Math.min(ALL, from + 200)));
    }
    LakeTables.awaitTiered(table);
    await("the log to expire").atMost(PATIENCE).until(() -> earliest(table) > 20);
    FlinkPipelineOptions once = flink.options(1);
    once.setNumberOfExecutionRetries(0);
    FlinkCluster.Job restored = submit(table, seen, once, savepoint);
    IllegalStateException e =
        assertThrows(
            IllegalStateException.class,
            () -> await().atMost(PATIENCE).until(() -> seen.read() > 20 || ended(restored)));
    assertThat(
        e.getMessage(),
        allOf(
            containsString("Table " + table.path() + " no longer has what is to be read next"),
            containsString("bucket 0 was to go on at offset 20 and now has offsets "),
            containsString("start the pipeline anew, without its old checkpoint and state")));

    SeenOrders anew = new SeenOrders();
    FlinkCluster.Job fresh = submit(table, anew, 1, null);
    Map<String, Long> all = new HashMap<>();
    upserts(0, ALL)
        .forEach(change -> all.put(SeenOrders.key(change.row()), change.row().getInt64("amount")));
    anew.assertHolds(new SeenOrders.Truth(all, ALL, 0), table, fresh::check, () -> {});
  }

  private static boolean ended(FlinkCluster.Job job) {
    job.check();
    return false;
  }

  private static long earliest(FlussTable table) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test")) {
      Admin admin = lease.connection().getAdmin();
      return new Partition(BucketId.NO_PARTITION, null)
          .offsets(table, admin, List.of(0), new OffsetSpec.EarliestSpec())
          .get(0);
    }
  }

  private static List<RowChange> upserts(int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(i -> RowChange.upsert(order("user" + i % 7, "order" + i, i + 1)))
        .toList();
  }

  private static FlussTable orders(TableDescriptor descriptor) {
    return cluster(fluss).describe(TestTables.create(fluss, "orders", descriptor));
  }

  /** Until something was tiered that had been written after the call. */
  private static void awaitTiered(FlussTable table) {
    long before = Lake.start(table).snapshot();
    await().atMost(PATIENCE).until(() -> Lake.start(table).snapshot(), greaterThan(before));
  }

  private static FlinkCluster.Job submit(
      FlussTable table, SeenOrders seen, int parallelism, @Nullable String restored)
      throws Exception {
    return submit(table, seen, flink.options(parallelism), restored);
  }

  private static FlinkCluster.Job submit(
      FlussTable table, SeenOrders seen, FlinkPipelineOptions options, @Nullable String restored) {
    options.setSavepointPath(restored);
    options.setMaxParallelism(BUCKETS);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Read", FlussIO.readChanges().from(table.cluster(), table.path()).withLake())
        .apply("Seen", seen);
    return flink.submit(pipeline);
  }

  /** Writes orders, and knows what is written. The amounts grow. */
  private final class Orders implements AutoCloseable {
    private static final long REST_NANOS = 5_000_000;

    private final TableWriter writer;
    private final int keys;
    private final Map<String, Long> amounts = new HashMap<>();
    private @Nullable CompletableFuture<Void> writing;
    private volatile boolean stopped;
    private long upserts;
    private long deletes;

    Orders(FlussTable table, int keys) {
      this.writer = TableWriter.open(table, table.schema());
      this.keys = keys;
    }

    void writeEach() {
      for (int key = 0; key < keys; key++) {
        upsert(key);
      }
      writer.flush();
    }

    /** Until {@link #stop()}. */
    void goOn() {
      Random ofWriter = new Random(seed);
      writing =
          CompletableFuture.runAsync(
              () -> {
                while (!stopped) {
                  List<Integer> some = new ArrayList<>();
                  for (int i = 0; i < 10; i++) {
                    some.add(ofWriter.nextInt(keys));
                  }
                  // one of them several times, so that changes of a key lie close together
                  some.addAll(List.of(some.get(0), some.get(0), some.get(0)));
                  for (int key : some) {
                    if (ofWriter.nextInt(3) == 0) {
                      delete(key);
                    } else {
                      upsert(key);
                    }
                  }
                  writer.flush();
                  LockSupport.parkNanos(REST_NANOS);
                }
              });
    }

    SeenOrders.Truth stop() {
      stopped = true;
      writing.join();
      return new SeenOrders.Truth(Map.copyOf(amounts), upserts, deletes);
    }

    private void upsert(int key) {
      upserts++;
      RowChange change = RowChange.upsert(order("user" + key % 97, "order" + key, upserts));
      amounts.put(SeenOrders.key(change.row()), upserts);
      writer.write(change);
    }

    private void delete(int key) {
      RowChange change = RowChange.delete(order("user" + key % 97, "order" + key, 0));
      if (amounts.remove(SeenOrders.key(change.row())) != null) {
        deletes++;
      }
      writer.write(change);
    }

    @Override
    public void close() {
      stopped = true;
      if (writing != null) {
        writing.exceptionally(e -> null).join();
      }
      writer.close();
    }
  }
}

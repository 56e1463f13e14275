package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.LookupContract.USER;
import static dev.beamfluss.io.fluss.LookupContract.user;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThan;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Lookups while servers, or partitions, are gone. */
class LookupFailuresTest {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder());

  private static final int SERVER = 0;
  private static final Schema DAY_AND_USER =
      Schema.builder().addStringField("ds").addStringField("user_id").build();

  @AfterEach
  void startServer() {
    if (!fluss.cluster().tabletServers().contains(SERVER)) {
      fluss.cluster().startTabletServer(SERVER);
    }
  }

  private static List<PipelineOptions> runners() {
    return List.of(
        new LookupDirectRunnerTest().options(true), new LookupFlinkRunnerTest().options(true));
  }

  @Test
  void lookupsThatAreNotAnsweredInTimeFailWithTheTableAndTheCluster() {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(fluss, table, List.of(RowChange.upsert(order("u1", "o1", 1))));
    for (PipelineOptions options : runners()) {
      // opens its table while there is somebody to ask
      try (TableLookup lookup =
          open(table, LookupSpec.builder().setTimeout(Duration.ofSeconds(2)).build())) {
        await().ignoreExceptions().until(() -> lookup.await(lookup.lookup(user("u1"))), hasSize(1));
        Pipeline pipeline = Pipeline.create(options);
        pipeline
            .apply(Create.of(user("u1"), user("u2")).withRowSchema(USER))
            .apply(FlussIO.lookup().in(cluster(fluss), table).withTimeout(Duration.ofSeconds(2)));
        fluss.cluster().stopTabletServer(SERVER);

        String failed =
            Throwables.getStackTraceAsString(
                assertThrows(Throwable.class, () -> pipeline.run().waitUntilFinish()));
        assertThat(failed, allOf(containsString(table), containsString(fluss.bootstrapServers())));

        long start = System.nanoTime();
        Row key = user("u1");
        FlussUnreachableException e =
            assertThrows(
                FlussUnreachableException.class,
                () -> lookup.await(key, lookup.lookup(key), System.nanoTime()));
        assertThat(
            e.getMessage(),
            allOf(
                containsString(fluss.bootstrapServers()),
                containsString("did not answer a lookup in table " + table),
                containsString("Check that its servers run")));
        assertThat(
            Duration.ofNanos(System.nanoTime() - start),
            allOf(greaterThan(Duration.ofMillis(1_900)), lessThan(Duration.ofSeconds(20))));
      }
      startServer();
    }
  }

  @Test
  void aPipelineWaitsForAServerThatComesBack() throws Exception {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(fluss, table, List.of(RowChange.upsert(order("u1", "o1", 1))));
    for (PipelineOptions options : runners()) {
      Collected<KV<Row, List<Row>>> found = new Collected<>();
      Pipeline pipeline = Pipeline.create(options);
      pipeline
          .apply(
              Create.of(IntStream.range(0, 100).mapToObj(n -> user("u" + n % 2)).toList())
                  .withRowSchema(USER))
          .apply(FlussIO.lookup().in(cluster(fluss), table))
          .apply(found);
      fluss.cluster().stopTabletServer(SERVER);
      CompletableFuture<Void> done =
          CompletableFuture.runAsync(
              () -> pipeline.run().waitUntilFinish(), task -> new Thread(task, "pipeline").start());
      letPass(Duration.ofSeconds(3));
      assertThat(found.soFar(), hasSize(0));
      fluss.cluster().startTabletServer(SERVER);
      done.get(100, TimeUnit.SECONDS);
      assertThat(found.soFar(), hasSize(100));
      found
          .soFar()
          .forEach(
              each ->
                  assertThat(
                      each.getValue(), hasSize(each.getKey().getString(0).equals("u1") ? 1 : 0)));
    }
  }

  /** By prefix, in a partition, and with inserts: each kind has errors of its own. */
  @Tag("nightly")
  @Test
  void lookupsOfEveryKindWaitForAServerThatComesBack() {
    String orders = TestTables.orders(fluss, 2);
    String daily = TestTables.dailyOrders(fluss, 2);
    String users = LookupContract.users(fluss, 2);
    TestTables.write(fluss, orders, List.of(RowChange.upsert(order("u1", "o1", 1))));
    TestTables.write(
        fluss,
        daily,
        List.of(
            RowChange.upsert(
                Row.withSchema(TestTables.DAILY_ORDER)
                    .addValues("u1", "o1", "20260101", 1L)
                    .build())));
    LookupSpec plain = LookupSpec.builder().build();
    try (TableLookup byPrefix = open(orders, plain);
        TableLookup inPartition = open(daily, DAY_AND_USER, plain);
        TableLookup inserting = open(users, LookupSpec.builder().setInsertsMissing(true).build())) {
      Row day = Row.withSchema(DAY_AND_USER).addValues("20260101", "u1").build();
      assertThat(inPartition.await(inPartition.lookup(day)), hasSize(1));
      for (int round = 0; round < 2; round++) {
        fluss.cluster().stopTabletServer(SERVER);
        long called = System.nanoTime();
        CompletableFuture<List<Row>> first = byPrefix.lookup(user("u1"));
        CompletableFuture<List<Row>> second = inPartition.lookup(day);
        List<CompletableFuture<List<Row>>> third = new ArrayList<>();
        for (int n = 0; n < 20; n++) {
          third.add(inserting.lookup(user("new" + n % 10)));
        }
        letPass(Duration.ofSeconds(2));
        fluss.cluster().startTabletServer(SERVER);
        assertThat(byPrefix.await(user("u1"), first, called), hasSize(1));
        assertThat(inPartition.await(day, second, called), hasSize(1));
        for (int n = 0; n < 20; n++) {
          Row key = user("new" + n % 10);
          assertThat(inserting.await(key, third.get(n), called), hasSize(1));
        }
      }
    }
  }

  @Test
  void aPartitionThatIsDroppedHasNoRowsFromThenOn() {
    String table = TestTables.dailyOrders(fluss, 2);
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(
                Row.withSchema(TestTables.DAILY_ORDER)
                    .addValues("u1", "o1", "20260101", 1L)
                    .build())));
    try (TableLookup lookup = open(table, DAY_AND_USER, LookupSpec.builder().build())) {
      Row day = Row.withSchema(DAY_AND_USER).addValues("20260101", "u1").build();
      assertThat(lookup.await(lookup.lookup(day)), hasSize(1));
      TestTables.dropPartition(fluss, table, "ds", "20260101");
      long start = System.nanoTime();
      await("no rows")
          .atMost(Duration.ofSeconds(30))
          .until(() -> lookup.await(day, lookup.lookup(day), System.nanoTime()).isEmpty());
      for (int n = 0; n < 200; n++) {
        Row other = Row.withSchema(DAY_AND_USER).addValues("20260101", "u" + n).build();
        assertThat(lookup.await(other, lookup.lookup(other), System.nanoTime()), hasSize(0));
      }
      System.out.printf(
          "lookups in a dropped partition: %d ms%n", (System.nanoTime() - start) / 1_000_000);
      TestTables.write(
          fluss,
          table,
          List.of(
              RowChange.upsert(
                  Row.withSchema(TestTables.DAILY_ORDER)
                      .addValues("u1", "o1", "20260101", 2L)
                      .build())));
      assertThat(lookup.await(day, lookup.lookup(day), System.nanoTime()), hasSize(1));
    }
  }

  /** Its client gives no answer any more. */
  @Test
  void anInsertWhoseLookupWasClosedHoldsUpNobody() {
    String table = LookupContract.users(fluss, 1);
    LookupSpec spec =
        LookupSpec.builder().setInsertsMissing(true).setTimeout(Duration.ofSeconds(60)).build();
    TableLookup closed = open(table, spec);
    try (TableLookup lookup = open(table, spec)) {
      fluss.cluster().stopTabletServer(SERVER);
      CompletableFuture<List<Row>> unanswered = closed.lookup(user("u"));
      CompletableFuture<List<Row>> shared = lookup.lookup(user("u"));
      assertThat("one request", lookup.requests(), equalTo(0L));
      closed.close();
      assertThat(unanswered.isCompletedExceptionally(), equalTo(true));
      fluss.cluster().startTabletServer(SERVER);
      assertThat(lookup.await(user("u"), shared, System.nanoTime()), hasSize(1));
      assertThat("its own request", lookup.requests(), greaterThan(0L));
    }
  }

  private static TableLookup open(String table, LookupSpec spec) {
    return open(table, USER, spec);
  }

  private static TableLookup open(String path, Schema key, LookupSpec spec) {
    FlussTable table = cluster(fluss).describe(path);
    return TableLookup.open(table, key.getFieldNames(), key, table.schema().getFieldNames(), spec);
  }

  private static void letPass(Duration time) {
    long end = System.nanoTime() + time.toNanos();
    await().atMost(time.plusSeconds(20)).until(() -> System.nanoTime() > end);
  }
}

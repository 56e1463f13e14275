package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.ReadContract.counter;
import static dev.beamfluss.io.fluss.ReadContract.metrics;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.joda.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@link FlussIO#lookup()} promises on every runner, against a real cluster. */
abstract class LookupContract implements Serializable {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  static final Schema USER = Schema.builder().addStringField("user_id").build();

  /** More than the key, and not in its order. */
  private static final Schema ORDER_AND_NOTE =
      Schema.builder()
          .addStringField("note")
          .addStringField("order_id")
          .addStringField("user_id")
          .build();

  private static final int USERS = 40;

  private final transient TestPipeline pipeline = newPipeline(true);

  /**
   * The runner's options.
   *
   * @param waiting whether running a pipeline waits for its end
   */
  abstract PipelineOptions options(boolean waiting);

  private TestPipeline newPipeline(boolean waiting) {
    return TestPipeline.fromOptions(options(waiting)).enableAbandonedNodeEnforcement(false);
  }

  // keys and options

  @Test
  void findsTheRowsOfKeysAndPrefixesHoweverTheyAreSent() {
    String table = ordersOfUsers();
    FlussIO.LookupRows lookup = FlussIO.lookup().in(cluster(fluss), table);
    Map<String, FlussIO.LookupRows> byUser = new TreeMap<>();
    byUser.put("prefix", lookup.by("user_id"));
    byUser.put("all fields", lookup);
    byUser.put("one in flight", lookup.withMaxInFlight(1));
    byUser.put("two in flight", lookup.withMaxInFlight(2));
    byUser.put("cached", lookup.withCache(LookupCache.ofMaxRows(1_000)));
    byUser.put("small cache", lookup.withCache(LookupCache.ofMaxRows(3)));
    byUser.put("shuffled", lookup.withReplicatedShuffle(1));
    byUser.put("replicated", lookup.withReplicatedShuffle(4).withMaxInFlight(7));
    byUser.put("timeout", lookup.withTimeout(Duration.ofSeconds(60)));
    // every user twice, and some that there are not
    List<Row> users =
        IntStream.range(0, 2 * (USERS + 10)).mapToObj(n -> user("u" + n / 2)).toList();
    byUser.forEach(
        (name, transform) ->
            PAssert.that(
                    name,
                    keys(name, USER, users)
                        .apply(name, transform.withColumns("amount", "order_id"))
                        .apply("text of " + name, texts()))
                .containsInAnyOrder(
                    users.stream()
                        .map(user -> user.getString(0))
                        .map(user -> "[" + user + "]: " + amountsAndOrders(user))
                        .toList()));

    List<Row> orders =
        IntStream.range(0, USERS)
            .mapToObj(
                n -> Row.withSchema(ORDER_AND_NOTE).addValues("note " + n, "o1", "u" + n).build())
            .toList();
    PAssert.that(
            keys("orders", ORDER_AND_NOTE, orders)
                .apply("by key", lookup.by("order_id", "user_id"))
                .apply("text of orders", texts()))
        .containsInAnyOrder(
            IntStream.range(0, USERS)
                .mapToObj(
                    n ->
                        String.format(
                            "[note %d, o1, u%d]: %s",
                            n, n, n % 3 > 1 ? "[u" + n + ", o1, " + amount(n, 1) + "]" : ""))
                .toList());
    run();
  }

  private static String ordersOfUsers() {
    String table = TestTables.orders(fluss, 3);
    TestTables.write(
        fluss,
        table,
        IntStream.range(0, USERS)
            .boxed()
            .flatMap(
                n ->
                    IntStream.range(0, n % 3)
                        .mapToObj(o -> RowChange.upsert(order("u" + n, "o" + o, amount(n, o)))))
            .toList());
    return table;
  }

  /** User n has n mod 3 orders. */
  private static String amountsAndOrders(String user) {
    int n = Integer.parseInt(user.substring(1));
    return n >= USERS
        ? ""
        : String.join(
            ", ",
            IntStream.range(0, n % 3).mapToObj(o -> "[" + amount(n, o) + ", o" + o + "]").toList());
  }

  private static long amount(int user, int order) {
    return user * 100L + order;
  }

  @Test
  void findsNothingInAPartitionThatIsMissing() {
    String table = TestTables.dailyOrders(fluss, 2);
    TestTables.write(
        fluss,
        table,
        Stream.of("20260101", "20260102")
            .map(day -> Row.withSchema(TestTables.DAILY_ORDER).addValues("u", "o", day, 1L))
            .map(row -> RowChange.upsert(row.build()))
            .toList());
    Schema prefix = Schema.builder().addStringField("ds").addStringField("user_id").build();
    Schema key = Schema.builder().addFields(prefix.getFields()).addStringField("order_id").build();
    List<String> days =
        List.of("20260101", "20260102", "20260103", "19000101", "no-day", "", "..", "a/b", "a$b");
    FlussIO.LookupRows lookup =
        FlussIO.lookup().in(cluster(fluss), table).withColumns("order_id", "ds");
    PCollection<String> byPrefix =
        keys("prefixes", prefix, days.stream().map(day -> row(prefix, day, "u")).toList())
            .apply("by prefix", lookup)
            .apply("text of prefixes", texts());
    PCollection<String> byKey =
        keys("keys", key, days.stream().map(day -> row(key, day, "u", "o")).toList())
            .apply("by key", lookup)
            .apply("text of keys", texts());
    for (String fields : List.of("u", "u, o")) {
      PAssert.that(fields.equals("u") ? byPrefix : byKey)
          .containsInAnyOrder(
              days.stream()
                  .map(
                      day ->
                          String.format(
                              "[%s, %s]: %s",
                              day,
                              fields,
                              List.of("20260101", "20260102").contains(day)
                                  ? "[o, " + day + "]"
                                  : ""))
                  .toList());
    }
    run();
  }

  // bundles

  /** A bundle whose keys go back and forth in time, and are in several windows. */
  @Test
  void answersOfABundleComeInOrderWithTheTimesAndWindowsOfTheirKeys() {
    String table = ordersOfUsers();
    long seed = System.nanoTime();
    System.out.println("Seed of the keys: " + seed);
    Random random = new Random(seed);
    List<Integer> numbers =
        IntStream.range(0, 500).mapToObj(i -> random.nextInt(USERS + 10)).toList();
    List<Collected<String>> results = new ArrayList<>();
    for (int maxInFlight : new int[] {1, 3, 100, 5_000}) {
      Collected<String> result = new Collected<>();
      results.add(result);
      pipeline
          .apply("seed " + maxInFlight, Create.of(1))
          .apply("keys " + maxInFlight, ParDo.of(new Timed(numbers)))
          .setRowSchema(USER)
          .apply(
              "windows " + maxInFlight,
              Window.<Row>into(FixedWindows.of(org.joda.time.Duration.millis(10)))
                  .withAllowedLateness(org.joda.time.Duration.ZERO)
                  .discardingFiredPanes())
          .apply(
              "lookup " + maxInFlight,
              FlussIO.lookup()
                  .in(cluster(fluss), table)
                  .withColumns("amount", "order_id")
                  .withMaxInFlight(maxInFlight))
          .apply("describe " + maxInFlight, ParDo.of(new DescribeTimed()))
          .apply("collect " + maxInFlight, result);
    }
    run();
    List<String> expected =
        numbers.stream()
            .map(
                n ->
                    String.format(
                        "[u%d]: %s at %d before %d",
                        n, amountsAndOrders("u" + n), time(n), time(n) / 10 * 10 + 9))
            .toList();
    results.forEach(result -> assertThat(result.soFar(), equalTo(expected)));
  }

  private static long time(int n) {
    return 1_000_000 + n * 7L;
  }

  private static final class Timed extends DoFn<Integer, Row> {
    private final ArrayList<Integer> numbers;

    Timed(List<Integer> numbers) {
      this.numbers = new ArrayList<>(numbers);
    }

    @ProcessElement
    public void process(OutputReceiver<Row> out) {
      numbers.forEach(n -> out.outputWithTimestamp(user("u" + n), Instant.ofEpochMilli(time(n))));
    }
  }

  private static final class DescribeTimed extends DoFn<KV<Row, List<Row>>, String> {
    @ProcessElement
    public void process(
        @Element KV<Row, List<Row>> found,
        @Timestamp Instant timestamp,
        BoundedWindow window,
        OutputReceiver<String> out) {
      out.output(
          String.format(
              "%s at %d before %d",
              text(found), timestamp.getMillis(), window.maxTimestamp().getMillis()));
    }
  }

  /** The client is told to wait before it sends, so that all are called while the first waits. */
  @Test
  void aKeyThatIsInFlightIsNotAskedForAgain() {
    String table = ordersOfUsers();
    FlussCluster slow = cluster(fluss).withProperty("client.lookup.batch-timeout", "3s");
    PCollection<String> found =
        pipeline
            .apply(Create.of(1))
            .apply(ParDo.of(new Timed(IntStream.range(0, 90).map(i -> 2 + i % 3).boxed().toList())))
            .setRowSchema(USER)
            .apply(FlussIO.lookup().in(slow, table).withColumns("amount", "order_id"))
            .apply(texts());
    PAssert.that(found)
        .containsInAnyOrder(
            IntStream.range(0, 90)
                .map(i -> 2 + i % 3)
                .mapToObj(n -> "[u" + n + "]: " + amountsAndOrders("u" + n))
                .toList());
    PipelineResult result = run();
    assertThat(counter(metrics(result), "lookups"), equalTo(90L));
    assertThat(counter(metrics(result), "lookupRequests"), equalTo(3L));
    assertThat(counter(metrics(result), "lookupMisses"), equalTo(30L));
    assertThat(counter(metrics(result), "lookupCacheHits"), equalTo(0L));
  }

  // cache

  @Test
  void aWorkerKeepsAnswersForAllItsLookupsOfTheSameOptions() {
    String path = TestTables.orders(fluss, 1);
    FlussTable table = cluster(fluss).describe(path);
    TestTables.write(fluss, path, List.of(RowChange.upsert(order("u1", "o", 1))));
    LookupCache cache =
        LookupCache.ofMaxRows(100)
            .expireAfterWrite(Duration.ofHours(1))
            .expireAfterAccess(Duration.ofMinutes(30));
    FlussIO.LookupRows lookup = FlussIO.lookup().in(cluster(fluss), path).withCache(cache);
    // one more lookup of this worker, as the cache goes with the last of them
    try (TableLookup other =
        TableLookup.open(
            table,
            List.of("user_id"),
            USER,
            table.schema().getFieldNames(),
            LookupSpec.builder().setCache(cache).build())) {
      assertThat(other.await(other.lookup(user("u1"))), hasSize(1));
      assertThat(other.await(other.lookup(user("u2"))), hasSize(0));
      TestTables.write(
          fluss,
          path,
          List.of(
              RowChange.upsert(order("u1", "o", 2)),
              RowChange.upsert(order("u2", "o", 2)),
              RowChange.upsert(order("u3", "o", 2))));

      List<Row> users = List.of(user("u1"), user("u2"), user("u3"));
      Map<String, FlussIO.LookupRows> lookups =
          Map.of(
              "kept", lookup,
              "of other options", lookup.withCache(cache.cacheMissingKey(false)),
              "of other columns", lookup.withColumns("user_id", "order_id", "amount"),
              "not kept", FlussIO.lookup().in(cluster(fluss), path));
      lookups.forEach(
          (name, transform) ->
              PAssert.that(
                      keys(name, USER, users)
                          .apply(name, transform)
                          .apply("text of " + name, texts()))
                  .containsInAnyOrder(
                      List.of("kept", "of other columns").contains(name)
                          ? List.of("[u1]: [u1, o, 1]", "[u2]: ", "[u3]: [u3, o, 2]")
                          : List.of("[u1]: [u1, o, 2]", "[u2]: [u2, o, 2]", "[u3]: [u3, o, 2]")));
      PipelineResult result = run();
      assertThat(
          counter(metrics(result), "lookupCacheHits"),
          allOf(greaterThanOrEqualTo(4L), lessThanOrEqualTo(5L)));
      assertThat(counter(metrics(result), "lookups"), equalTo(12L));
    }

    TestPipeline second = newPipeline(true);
    PAssert.that(
            second
                .apply(Create.of(user("u1"), user("u2")).withRowSchema(USER))
                .apply(lookup)
                .apply(texts()))
        .containsInAnyOrder("[u1]: [u1, o, 2]", "[u2]: [u2, o, 2]");
    second.run().waitUntilFinish();
  }

  // inserts

  @Test
  void insertsOneRowForEachKeyThatHasNone() {
    String table = users(fluss, 1);
    FlussIO.LookupRows lookup =
        FlussIO.lookup().in(cluster(fluss), table).withColumns("id").insertIfNotExists();
    List<Row> users = IntStream.range(0, 2_000).mapToObj(i -> user("u" + i * 37 % 500)).toList();
    Map<String, FlussIO.LookupRows> lookups =
        Map.of(
            "plain", lookup,
            "again", lookup.withMaxInFlight(10),
            "cached", lookup.withCache(LookupCache.ofMaxRows(10_000)),
            "shuffled", lookup.withReplicatedShuffle(2));
    Map<String, Collected<KV<Row, List<Row>>>> results = new TreeMap<>();
    lookups.forEach(
        (name, transform) -> {
          results.put(name, new Collected<>());
          keys(name, USER, users).apply(name, transform).apply("result " + name, results.get(name));
        });
    run();
    Map<String, Long> ids = new TreeMap<>();
    results.forEach(
        (name, result) -> {
          assertThat(name, result.soFar(), hasSize(users.size()));
          result
              .soFar()
              .forEach(
                  found -> {
                    assertThat(found.getValue(), hasSize(1));
                    String user = found.getKey().getString(0);
                    long id = found.getValue().get(0).getInt64("id");
                    assertThat("the id of " + user, ids.merge(user, id, Math::max), equalTo(id));
                  });
        });
    assertThat(
        ids.values().stream().sorted().toList(),
        equalTo(java.util.stream.LongStream.rangeClosed(1, 500).boxed().toList()));
  }

  /** KV, key user_id, ids from the server. */
  static String users(FlussExtension fluss, int buckets) {
    return TestTables.create(
        fluss,
        "users",
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("user_id", DataTypes.STRING())
                    .column("id", DataTypes.BIGINT())
                    .column("name", DataTypes.STRING())
                    .primaryKey("user_id")
                    .enableAutoIncrement("id")
                    .build())
            .distributedBy(buckets, "user_id")
            .build());
  }

  // keys that cannot be looked up

  private static final Schema SHORT_KEY =
      Schema.builder().addNullableField("k", FieldType.STRING).build();

  private static String tableWithShortKey() {
    String table =
        TestTables.create(
            fluss,
            "short_key",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("k", DataTypes.CHAR(2))
                        .column("v", DataTypes.INT())
                        .primaryKey("k")
                        .build())
                .distributedBy(1)
                .build());
    Schema schema = cluster(fluss).describe(table).schema();
    TestTables.write(
        fluss, table, List.of(RowChange.upsert(Row.withSchema(schema).addValues("ab", 1).build())));
    return table;
  }

  @Test
  void keysThatCanNeverBeLookedUpGoToTheErrorHandlerAndTheRestIsFound() throws Exception {
    String table = tableWithShortKey();
    List<Row> rows =
        Stream.of("ab", null, "cd", "abc")
            .map(k -> Row.withSchema(SHORT_KEY).addValue(k).build())
            .toList();
    FlussIO.LookupRows lookup = FlussIO.lookup().in(cluster(fluss), table);
    ErrorHandler.BadRecordErrorHandler<PCollection<String>> handler =
        pipeline.registerBadRecordErrorHandler(new Describe());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors = handler) {
      for (FlussIO.LookupRows each : List.of(lookup, lookup.withReplicatedShuffle(1))) {
        String name = "lookup with " + each.replicas();
        PAssert.that(
                keys(name, SHORT_KEY, rows)
                    .apply(name, each.withErrorHandler(errors))
                    .apply("text of " + name, texts()))
            .containsInAnyOrder("[ab]: [ab, 1]", "[cd]: ");
      }
    }
    String isNull =
        "This key can never be looked up: Column k of table "
            + table
            + " is NOT NULL, but the row has null there: [null]";
    String isTooLong =
        "This key can never be looked up: Value abc does not fit column k of table "
            + table
            + ", which is CHAR(2) NOT NULL.";
    PAssert.that(handler.getOutput()).containsInAnyOrder(isNull, isTooLong, isNull, isTooLong);
    assertThat(counter(metrics(run()), "lookupKeysRefused"), equalTo(4L));
  }

  private static final class Describe
      extends PTransform<PCollection<BadRecord>, PCollection<String>> {
    @Override
    public PCollection<String> expand(PCollection<BadRecord> input) {
      return input.apply(
          MapElements.into(TypeDescriptors.strings())
              .via(bad -> bad.getFailure().getDescription()));
    }
  }

  @Test
  void aNullKeyFailsThePipelineWhereNobodyHandlesIt() {
    String table = tableWithShortKey();
    keys("keys", SHORT_KEY, List.of(Row.nullRow(SHORT_KEY)))
        .apply(FlussIO.lookup().in(cluster(fluss), table));
    Throwable e = assertThrows(Throwable.class, this::run);
    assertThat(
        Throwables.getStackTraceAsString(e),
        containsString("Column k of table " + table + " is NOT NULL, but the row has null there"));
  }

  // unbounded input

  @Test
  void looksUpWhatAnEndlessReadGives() throws Exception {
    String orders = TestTables.orders(fluss, 2);
    String users = users(fluss, 1);
    Collected<KV<Row, List<Row>>> ids = new Collected<>();
    Collected<KV<Row, List<Row>>> shuffled = new Collected<>();
    TestPipeline endless = newPipeline(false);
    PCollection<Row> keys =
        endless
            .apply(FlussIO.readChanges().from(cluster(fluss), orders).withColumns("user_id"))
            .apply(MapElements.into(TypeDescriptors.rows()).via(RowChange::row))
            .setRowSchema(USER);
    FlussIO.LookupRows lookup =
        FlussIO.lookup().in(cluster(fluss), users).withColumns("id").insertIfNotExists();
    keys.apply("ids", lookup).apply("collect", ids);
    keys.apply("ids of shuffled", lookup.withReplicatedShuffle(2))
        .apply("collect shuffled", shuffled);
    PipelineResult result = endless.run();
    try {
      int number = 0;
      for (int round = 1; round <= 3; round++) {
        List<RowChange> changes = new ArrayList<>();
        for (int n = 0; n < 50; n++) {
          changes.add(RowChange.upsert(order("u" + n % 20, "o" + number++, n)));
        }
        TestTables.write(fluss, orders, changes);
        int seen = number;
        for (Collected<KV<Row, List<Row>>> collected : List.of(ids, shuffled)) {
          await("answers of round " + round)
              .atMost(Duration.ofSeconds(60))
              .pollInterval(Duration.ofMillis(50))
              .until(() -> collected.soFar().size() >= seen);
          assertThat(collected.soFar(), hasSize(seen));
        }
      }
      Map<String, Long> idOf = new TreeMap<>();
      Stream.of(ids, shuffled)
          .flatMap(collected -> collected.soFar().stream())
          .forEach(
              found -> {
                long id = found.getValue().get(0).getInt64("id");
                assertThat(idOf.merge(found.getKey().getString(0), id, Math::max), equalTo(id));
              });
      assertThat(idOf.values().stream().distinct().toList(), hasSize(20));
    } finally {
      result.cancel();
    }
  }

  // helpers

  static Row user(String user) {
    return row(USER, user);
  }

  private static Row row(Schema schema, Object... values) {
    return Row.withSchema(schema).addValues(values).build();
  }

  private PCollection<Row> keys(String name, Schema schema, List<Row> rows) {
    return pipeline.apply("keys: " + name, Create.of(rows).withRowSchema(schema));
  }

  private static MapElements<KV<Row, List<Row>>, String> texts() {
    return MapElements.into(TypeDescriptors.strings()).via(LookupContract::text);
  }

  private static String text(KV<Row, List<Row>> found) {
    return found.getKey().getValues()
        + ": "
        + String.join(", ", found.getValue().stream().map(r -> r.getValues().toString()).toList());
  }

  private PipelineResult run() {
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    return result;
  }
}

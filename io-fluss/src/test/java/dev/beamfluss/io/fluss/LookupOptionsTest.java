package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.LookupContract.USER;
import static dev.beamfluss.io.fluss.LookupContract.user;
import static dev.beamfluss.io.fluss.ReadOptionsTest.assertOptions;
import static dev.beamfluss.io.fluss.ReadOptionsTest.assertRefused;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The defaults of the lookup's options, that each can be set, what they refuse, and the cache. */
class LookupOptionsTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final FlussCluster CLUSTER = FlussCluster.at("fluss:9123");
  private static final ErrorHandler<BadRecord, ?> HANDLER =
      new ErrorHandler.DefaultErrorHandler<>();

  @Test
  void defaults() {
    assertOptions(
        FlussIO.LookupRows.class,
        FlussIO.lookup(),
        Map.of("spec", LookupSpec.builder().build(), "replicas", 0),
        Set.of("cluster", "table", "by", "columns", "errorHandler"));
    assertOptions(
        LookupSpec.class,
        FlussIO.lookup().spec(),
        Map.of("maxInFlight", 5_000, "timeout", Duration.ofMinutes(2), "insertsMissing", false),
        Set.of("cache"));
    assertOptions(
        LookupCache.class,
        LookupCache.ofMaxRows(7),
        Map.of("maxRows", 7L, "cacheMissingKey", true),
        Set.of("expireAfterWrite", "expireAfterAccess"));
  }

  @Test
  void everyOptionCanBeSet() {
    LookupCache cache =
        LookupCache.ofMaxRows(10)
            .expireAfterWrite(Duration.ofSeconds(1))
            .expireAfterAccess(Duration.ofSeconds(2))
            .cacheMissingKey(false);
    assertOptions(
        LookupCache.class,
        cache,
        Map.of(
            "maxRows",
            10L,
            "expireAfterWrite",
            Duration.ofSeconds(1),
            "expireAfterAccess",
            Duration.ofSeconds(2),
            "cacheMissingKey",
            false),
        Set.of());
    FlussIO.LookupRows lookup =
        FlussIO.lookup()
            .in(CLUSTER, "shop.users")
            .by("a")
            .withColumns("b", "c")
            .withCache(cache)
            .withMaxInFlight(3)
            .withTimeout(Duration.ofSeconds(4))
            .insertIfNotExists()
            .withReplicatedShuffle(5)
            .withErrorHandler(HANDLER);
    assertOptions(
        FlussIO.LookupRows.class,
        lookup,
        Map.of(
            "cluster",
            CLUSTER,
            "table",
            "shop.users",
            "by",
            List.of("a"),
            "columns",
            List.of("b", "c"),
            "spec",
            lookup.spec(),
            "replicas",
            5,
            "errorHandler",
            HANDLER),
        Set.of());
    assertOptions(
        LookupSpec.class,
        lookup.spec(),
        Map.of(
            "cache",
            cache,
            "maxInFlight",
            3,
            "timeout",
            Duration.ofSeconds(4),
            "insertsMissing",
            true),
        Set.of());
    String shown = DisplayData.from(lookup).items().toString();
    for (String part :
        List.of("shop.users", "fluss:9123", "b,c", "PT4S", "maxRows=10", "insertIfNotExists")) {
      assertThat(shown, containsString(part));
    }
  }

  @Test
  void valuesThatCannotBe() {
    for (int number : new int[] {0, -1}) {
      assertRefused(
          () -> FlussIO.lookup().withMaxInFlight(number),
          "withMaxInFlight(" + number + ")",
          "above zero");
      assertRefused(
          () -> FlussIO.lookup().withReplicatedShuffle(number),
          "withReplicatedShuffle(" + number + ")",
          "above zero");
      assertRefused(() -> LookupCache.ofMaxRows(number), "ofMaxRows(" + number + ")", "above zero");
    }
    for (Duration time : List.of(Duration.ZERO, Duration.ofMillis(-1))) {
      assertRefused(
          () -> FlussIO.lookup().withTimeout(time),
          "withTimeout(" + time + ")",
          "longer than zero");
      assertRefused(
          () -> LookupCache.ofMaxRows(1).expireAfterWrite(time),
          "expireAfterWrite(" + time + ")",
          "longer than zero");
      assertRefused(
          () -> LookupCache.ofMaxRows(1).expireAfterAccess(time),
          "expireAfterAccess(" + time + ")",
          "longer than zero");
    }
    assertRefused(() -> FlussIO.lookup().withColumns(), "at least one column");
    assertRefused(() -> FlussIO.lookup().by(new String[0]), "by(..)", "at least one column");
  }

  @Test
  void tablesAndKeysThatCannotBeLookedUp() {
    String orders = TestTables.orders(fluss, 1);
    FlussIO.LookupRows inOrders = FlussIO.lookup().in(cluster(fluss), orders);
    assertRefused(() -> apply(FlussIO.lookup(), USER), "in(cluster");
    String log = TestTables.numbers(fluss, 1);
    assertRefused(
        () -> apply(FlussIO.lookup().in(cluster(fluss), log), USER), log, "is a log table");
    assertRefused(() -> apply(inOrders.by("user_id", "user_id"), USER), orders, "named twice");
    assertRefused(
        () -> apply(inOrders.by("user_id", "order_id"), USER),
        orders,
        "has a column order_id, but the rows do not");
    assertRefused(() -> apply(inOrders.withColumns("price"), USER), orders, "has no column price");
    assertRefused(
        () -> apply(inOrders, Schema.builder().addInt64Field("user_id").build()),
        "Column user_id of table " + orders,
        "takes STRING",
        "the rows hold INT64");
  }

  @Test
  void rowsThatCannotBeInserted() {
    String orders = TestTables.orders(fluss, 1);
    assertRefused(
        () -> apply(FlussIO.lookup().in(cluster(fluss), orders).insertIfNotExists(), USER),
        orders,
        "by its whole primary key [user_id, order_id], not by [user_id]");
    String daily = TestTables.dailyOrders(fluss, 1);
    assertRefused(
        () ->
            apply(
                FlussIO.lookup()
                    .in(cluster(fluss), daily)
                    .by("user_id", "ds", "order_id")
                    .insertIfNotExists(),
                TestTables.DAILY_ORDER),
        daily,
        "partitioned by [ds]",
        "Leave out insertIfNotExists()");
    String names =
        TestTables.create(
            fluss,
            "names",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("user_id", DataTypes.STRING())
                        .column("name", DataTypes.STRING().copy(false))
                        .primaryKey("user_id")
                        .build())
                .distributedBy(1)
                .build());
    assertRefused(
        () -> apply(FlussIO.lookup().in(cluster(fluss), names).insertIfNotExists(), USER),
        names,
        "columns [name] are NOT NULL");
  }

  private static void apply(FlussIO.LookupRows lookup, Schema keys) {
    Pipeline.create().apply(Create.empty(keys)).apply(lookup);
  }

  // cache

  private static final Duration SHORT = Duration.ofSeconds(2);

  @Test
  void anAnswerIsForgottenSoLongAfterItCame() {
    String table = table(1);
    try (TableLookup lookup = open(table, LookupCache.ofMaxRows(10).expireAfterWrite(SHORT))) {
      assertAmounts(lookup, "u1", 1L);
      update(table, "u1", 2);
      long start = System.nanoTime();
      // being asked for does not make it last
      await().atMost(Duration.ofSeconds(30)).until(() -> amounts(lookup, "u1").equals(List.of(2L)));
      assertThat(
          Duration.ofNanos(System.nanoTime() - start), lessThanOrEqualTo(SHORT.multipliedBy(5)));
      assertThat(lookup.requests(), equalTo(2L));
    }
  }

  @Test
  void anAnswerIsForgottenOnceNobodyAskedForItSoLong() {
    String table = table(1);
    try (TableLookup lookup = open(table, LookupCache.ofMaxRows(10).expireAfterAccess(SHORT))) {
      assertAmounts(lookup, "u1", 1L);
      update(table, "u1", 2);
      long end = System.nanoTime() + SHORT.multipliedBy(2).toNanos();
      await()
          .pollInterval(Duration.ofMillis(50))
          .atMost(Duration.ofSeconds(30))
          .until(
              () -> {
                assertAmounts(lookup, "u1", 1L);
                return System.nanoTime() > end;
              });
      await()
          .pollInterval(SHORT.plusMillis(500))
          .atMost(Duration.ofSeconds(30))
          .until(() -> amounts(lookup, "u1").equals(List.of(2L)));
      assertThat(lookup.requests(), equalTo(2L));
    }
  }

  @Test
  void aMissingKeyIsKeptUnlessThatIsNotWanted() {
    String table = table(1);
    LookupCache cache = LookupCache.ofMaxRows(10);
    try (TableLookup keeping = open(table, cache);
        TableLookup notKeeping = open(table, cache.cacheMissingKey(false))) {
      for (TableLookup lookup : List.of(keeping, notKeeping)) {
        assertAmounts(lookup, "new");
      }
      update(table, "new", 1);
      assertAmounts(keeping, "new");
      assertThat(keeping.cacheHits(), equalTo(1L));
      assertAmounts(notKeeping, "new", 1L);
      assertAmounts(notKeeping, "new", 1L);
      assertThat(notKeeping.cacheHits(), equalTo(1L));
    }
  }

  @Test
  void noMoreRowsThanGivenAreKept() {
    String table = table(30);
    try (TableLookup lookup = open(table, LookupCache.ofMaxRows(10))) {
      for (int round = 0; round < 3; round++) {
        for (int n = 1; n <= 30; n++) {
          assertAmounts(lookup, "u" + n, (long) n);
        }
      }
      assertThat(lookup.cacheHits(), lessThanOrEqualTo(2 * 10L));
      assertThat(lookup.requests() + lookup.cacheHits(), equalTo(90L));
      long before = lookup.requests();
      for (int n = 0; n < 100; n++) {
        assertAmounts(lookup, "u7", 7L);
      }
      assertThat(lookup.requests() - before, lessThanOrEqualTo(5L));
    }
  }

  @Test
  void aKeyWithMoreRowsThanTheCacheTakesIsNotKept() {
    String table = TestTables.orders(fluss, 1);
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(order("u", "o1", 1)),
            RowChange.upsert(order("u", "o2", 2)),
            RowChange.upsert(order("u", "o3", 3))));
    try (TableLookup lookup = open(table, LookupCache.ofMaxRows(2))) {
      for (int n = 0; n < 3; n++) {
        assertAmounts(lookup, "u", 1L, 2L, 3L);
      }
      assertThat(lookup.cacheHits(), equalTo(0L));
    }
  }

  /** What others know to be missing must be inserted all the same. */
  @Test
  void lookupsThatInsertHaveACacheOfTheirOwn() {
    FlussTable table = cluster(fluss).describe(LookupContract.users(fluss, 1));
    LookupSpec plain = LookupSpec.builder().setCache(LookupCache.ofMaxRows(10)).build();
    try (TableLookup lookup =
            TableLookup.open(table, List.of("user_id"), USER, List.of("id"), plain);
        TableLookup inserting =
            TableLookup.open(
                table,
                List.of("user_id"),
                USER,
                List.of("id"),
                plain.toBuilder().setInsertsMissing(true).build())) {
      assertThat(lookup.await(lookup.lookup(user("u"))), hasSize(0));
      List<Row> inserted = inserting.await(inserting.lookup(user("u")));
      assertThat(inserted, hasSize(1));
      assertThat(inserted.get(0).getInt64("id"), equalTo(1L));
      assertThat(inserting.await(inserting.lookup(user("u"))), equalTo(inserted));
      assertThat(inserting.cacheHits(), equalTo(1L));
    }
  }

  private static String table(int users) {
    String table = TestTables.orders(fluss, 1);
    for (int n = 1; n <= users; n++) {
      update(table, "u" + n, n);
    }
    return table;
  }

  private static void update(String table, String user, long amount) {
    TestTables.write(fluss, table, List.of(RowChange.upsert(order(user, "o", amount))));
  }

  private static TableLookup open(String path, LookupCache cache) {
    return TableLookup.open(
        cluster(fluss).describe(path),
        List.of("user_id"),
        USER,
        List.of("amount"),
        LookupSpec.builder().setCache(cache).build());
  }

  private static List<Long> amounts(TableLookup lookup, String user) {
    return lookup.await(lookup.lookup(user(user))).stream().map(row -> row.getInt64(0)).toList();
  }

  private static void assertAmounts(TableLookup lookup, String user, Long... amounts) {
    List<Long> found = amounts(lookup, user);
    assertThat(found, amounts.length == 0 ? hasSize(0) : contains(amounts));
  }
}

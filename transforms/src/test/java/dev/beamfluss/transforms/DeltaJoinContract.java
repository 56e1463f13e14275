package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** What {@link DeltaJoin} promises on every runner: at rest, the sink is the join of its tables. */
abstract class DeltaJoinContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int CHANGES_AT_ONCE = 12;
  private static final int ROUNDS = 36;
  private static final int SEEDS_A_JOB = 2;

  private static Connection connection;

  private final JoinTables tables = new JoinTables(fluss, connection);

  @BeforeAll
  static void connect() {
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  /** Of a pipeline that never ends, and that run() starts and leaves running. */
  abstract PipelineOptions unbounded();

  abstract PipelineOptions bounded();

  @ParameterizedTest(name = "outer {0}, seed {1}")
  @CsvSource({"false, 1", "true, 3"})
  void followsRandomChangesOfBothSides(boolean outer, long seed) throws Exception {
    follow(outer, seed);
  }

  @Tag("nightly")
  @ParameterizedTest(name = "outer {0}, seed {1}")
  @MethodSource("manySeeds")
  void followsManyRandomChangesOfBothSides(boolean outer, long seed) throws Exception {
    follow(outer, seed);
  }

  static Stream<Arguments> manySeeds() {
    return LongStream.range(100, 150).mapToObj(seed -> Arguments.of(seed % 2 == 0, seed));
  }

  private void follow(boolean outer, long seed) throws Exception {
    String visits = tables.visits();
    String orders = tables.orders();
    String sink = tables.sink();
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TailedTable held = tables.tail(sink)) {
      data.change(4 * CHANGES_AT_ONCE, 1);
      PipelineResult running = start(unbounded(), join(outer, visits, orders, sink));
      try {
        assertComesToRest(seed, held, data.joined(outer), Duration.ZERO);
        for (int round = 0; round < ROUNDS; round++) {
          data.change(CHANGES_AT_ONCE, 1 + 3 * round / ROUNDS);
          if (round % 9 == 8) {
            data.deleteBothSides(3);
          }
          // some rounds follow each other at once, others leave the join time to come between
          for (int i = 0; i < round % 4; i++) {
            held.contents();
          }
        }
        assertThat("the test joins something", data.joined(outer), is(not(anEmptyMap())));
        assertComesToRest(seed, held, data.joined(outer), Duration.ofSeconds(1));
      } finally {
        running.cancel();
      }
    }
  }

  /** All kinds of joins at once, in one job, each of tables and changes of its own. */
  @Test
  void followsRandomChangesWhateverTheJoin() throws Exception {
    followAll(List.of(ThreadLocalRandom.current().nextLong(1_000_000), 77L), 25);
  }

  /** Many seeds in one job, each of tables of its own. */
  @Tag("nightly")
  @ParameterizedTest(name = "seeds from {0} on")
  @MethodSource("firstSeeds")
  void followsManyRandomChangesWhateverTheJoin(long first) throws Exception {
    followAll(LongStream.range(first, first + SEEDS_A_JOB).boxed().toList(), 25);
    tables.drop();
  }

  static LongStream firstSeeds() {
    return LongStream.range(0, 200 / SEEDS_A_JOB).map(job -> 1000 + job * SEEDS_A_JOB);
  }

  private void followAll(List<Long> seeds, int rounds) throws Exception {
    List<RandomJoin> joins = new ArrayList<>();
    try {
      for (long seed : seeds) {
        joins.addAll(RandomJoin.ofEveryType(tables, seed));
      }
      Pipeline pipeline = Pipeline.create(unbounded());
      for (RandomJoin join : joins) {
        System.err.println(join.name());
        join.change(40);
        pipeline.apply(join.name(), join.join());
      }
      PipelineResult running = pipeline.run();
      try {
        for (RandomJoin join : joins) {
          join.assertComesToRest(Duration.ZERO);
        }
        for (int round = 0; round < rounds; round++) {
          for (RandomJoin join : joins) {
            join.change(10);
            // some follow each other at once, others leave the join time to come between
            for (int i = 0; i < round % 3; i++) {
              join.held();
            }
          }
        }
        for (RandomJoin join : joins) {
          join.assertComesToRest(Duration.ofMillis(300));
        }
      } finally {
        running.cancel();
      }
      joinTheSameOfBoundedInputs(joins);
    } finally {
      joins.forEach(RandomJoin::close);
    }
  }

  /** Changes of both sides, or several of one, that are handled in one round or in two. */
  @ParameterizedTest
  @EnumSource(RandomJoin.Sink.class)
  void changesThatComeTogether(RandomJoin.Sink sink) throws Exception {
    try (RandomJoin full = new RandomJoin(tables, JoinType.FULL, true, sink, 0);
        RandomJoin inner = new RandomJoin(tables, JoinType.INNER, true, sink, 0)) {
      Pipeline pipeline = Pipeline.create(unbounded());
      List<RandomJoin> joins = List.of(full, inner);
      joins.forEach(join -> pipeline.apply(join.name(), join.join()));
      PipelineResult running = pipeline.run();
      try {
        afterwards(joins, "a row without a match", join -> join.putLeft("k1", "i0", 1));
        afterwards(
            joins,
            "two first matches",
            join -> {
              join.putRight("k1", "i0", 2);
              join.putRight("k1", "i1", 3);
            });
        afterwards(
            joins,
            "the last two matches gone",
            join -> {
              join.deleteRight("k1", "i0");
              join.deleteRight("k1", "i1");
            });
        afterwards(joins, "the condition holds", join -> join.putRight("k1", "i0", 2));
        afterwards(
            joins,
            "the condition holds no more, of both sides",
            join -> {
              join.putLeft("k1", "i0", 3);
              join.putRight("k1", "i0", 0);
            });
        afterwards(
            joins,
            "the condition holds again, of both sides",
            join -> {
              join.putLeft("k1", "i0", 0);
              join.putRight("k1", "i0", 3);
            });
        afterwards(
            joins,
            "both sides gone",
            join -> {
              join.deleteLeft("k1", "i0");
              join.deleteRight("k1", "i0");
            });
        afterwards(
            joins,
            "both sides inserted",
            join -> {
              join.putLeft("k1", "i0", 0);
              join.putRight("k1", "i0", 3);
            });
        afterwards(
            joins,
            "gone, and inserted with other values",
            join -> {
              join.deleteLeft("k1", "i0");
              join.deleteRight("k1", "i0");
              join.putLeft("k1", "i0", 1);
              join.putRight("k1", "i0", 2);
            });
      } finally {
        running.cancel();
      }
    }
  }

  private static void afterwards(List<RandomJoin> joins, String what, Consumer<RandomJoin> change) {
    System.err.println(what);
    for (RandomJoin join : joins) {
      change.accept(join);
      join.flush();
    }
    joins.forEach(join -> join.assertComesToRest(Duration.ofMillis(200)));
  }

  /** The others go on; a key that can be computed again is. */
  @Test
  void keysThatCannotBeComputedGoToTheErrorHandler() throws Exception {
    try (RandomJoin join =
        new RandomJoin(tables, JoinType.INNER, false, RandomJoin.Sink.LOOKUP, 0)) {
      join.putLeft("k1", "i0", 1);
      join.putRight("k1", "i0", 1);
      join.putLeft("k2", "i0", 13);
      join.putRight("k2", "i0", 1);
      join.flush();
      DeltaJoin failing =
          join.join()
              .withStoppingPosition(Position.latest())
              .withCondition(
                  row -> {
                    if (row.getInt64("a") == 13) {
                      throw new IllegalStateException("13 is not liked");
                    }
                    return true;
                  });
      Pipeline pipeline = Pipeline.create(bounded());
      ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors =
          pipeline.registerBadRecordErrorHandler(new Descriptions());
      pipeline.apply(failing.withErrorHandler(errors));
      errors.close();
      PAssert.that(errors.getOutput())
          .satisfies(
              descriptions -> {
                for (String description : descriptions) {
                  assertThat(
                      description,
                      allOf(
                          containsString("Key [k2] of the join into "),
                          containsString("The condition failed on [k2, i0, 13, i0, 1]"),
                          containsString("13 is not liked")));
                }
                assertThat(descriptions.iterator().hasNext(), is(true));
                return null;
              });
      pipeline.run().waitUntilFinish();
      await()
          .pollInSameThread()
          .untilAsserted(() -> assertThat(join.held().keySet(), equalTo(Set.of("[k1, i0, i0]"))));

      Pipeline without = Pipeline.create(bounded());
      without.apply(failing);
      Throwable failure =
          assertThrows(RuntimeException.class, () -> without.run().waitUntilFinish());
      assertThat(Throwables.getStackTraceAsString(failure), containsString("13 is not liked"));
    }
  }

  private static final class Descriptions
      extends PTransform<PCollection<BadRecord>, PCollection<String>> {
    @Override
    public PCollection<String> expand(PCollection<BadRecord> input) {
      return input.apply(
          MapElements.into(TypeDescriptors.strings())
              .via(record -> record.getFailure().getDescription()));
    }
  }

  private void joinTheSameOfBoundedInputs(List<RandomJoin> joins) {
    Pipeline pipeline = Pipeline.create(bounded());
    for (RandomJoin join : joins) {
      PAssert.that(
              join.name(),
              join.contents(pipeline)
                  .apply(join.name(), join.join().bounded())
                  .apply(
                      join.name() + " values",
                      MapElements.into(TypeDescriptors.strings())
                          .via(row -> row.getValues().toString())))
          .containsInAnyOrder(join.expected().values().stream().map(List::toString).toList());
    }
    pipeline.run().waitUntilFinish();
  }

  /** An order matches the visits of its day and of the two days before. */
  @ParameterizedTest
  @EnumSource(
      value = JoinType.class,
      names = {"INNER", "LEFT"})
  void aWindowOfDaysReachesOverPartitions(JoinType type) throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    String visits = tables.visits();
    String orders = tables.orders();
    String sink =
        tables.daily(
            "windowed_" + type,
            JoinTables.visitColumns()
                .column("order_day", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .column("pay_amt", DataTypes.BIGINT())
                .primaryKey("user_id", "ds", "order_day", "order_id"),
            2);
    DeltaJoin join =
        DeltaJoin.of(type)
            .left(tables.cluster(), visits, "first_page_time", "pv")
            .right(tables.cluster(), orders, "order_id", "pay_amt")
            .on("user_id", "ds")
            .withDayWindow("ds", "order_day", 3)
            .to(tables.cluster(), sink)
            .withPartitionDiscoveryInterval(Duration.ofMillis(200));
    if (type == JoinType.LEFT) {
      join =
          join.withStandIn("order_id", VisitsAndOrders.NO_ORDER)
              .withStandIn("order_day", VisitsAndOrders.NO_ORDER);
    }
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TailedTable held = tables.tail(sink)) {
      data.change(60, 1);
      PipelineResult running = start(unbounded(), join);
      try {
        for (int round = 0; round < 20; round++) {
          data.change(CHANGES_AT_ONCE, 1 + 3 * round / 20);
          held.contents();
        }
        assertComesToRest(seed, held, data.windowed(type, 3), Duration.ofMillis(500));
      } finally {
        running.cancel();
      }
    }
  }

  /** Visits, their orders, and the level of the user, who may have none and then has no row. */
  @Test
  void severalTablesAreJoinedInOneStep() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    String visits = tables.visits();
    String orders = tables.orders();
    String levels =
        tables.daily(
            "levels",
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("ds", DataTypes.STRING())
                .column("level", DataTypes.BIGINT())
                .primaryKey("user_id", "ds"),
            2);
    String sink =
        tables.daily(
            "three",
            JoinTables.visitColumns()
                .column("order_id", DataTypes.STRING())
                .column("pay_amt", DataTypes.BIGINT())
                .column("level", DataTypes.BIGINT())
                .primaryKey("user_id", "ds", "order_id"),
            2);
    DeltaJoin join =
        DeltaJoin.leftOuter()
            .left(tables.cluster(), visits, "first_page_time", "pv")
            .right(tables.cluster(), orders, "order_id", "pay_amt")
            .and(JoinType.INNER, tables.cluster(), levels, "level")
            .on("user_id", "ds")
            .withStandIn("order_id", VisitsAndOrders.NO_ORDER)
            .to(tables.cluster(), sink)
            .withPartitionDiscoveryInterval(Duration.ofMillis(200));
    FlussTable levelTable = tables.cluster().describe(levels);
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TableWriter level = TableWriter.open(levelTable, levelTable.schema());
        TailedTable held = tables.tail(sink)) {
      data.change(60, 1);
      PipelineResult running = start(unbounded(), join);
      try {
        Map<String, Long> known = new TreeMap<>();
        Random random = new Random(seed);
        for (int round = 0; round < 20; round++) {
          data.change(CHANGES_AT_ONCE, 1 + 3 * round / 20);
          String user = "user" + random.nextInt(VisitsAndOrders.USERS);
          String day = VisitsAndOrders.DAYS.get(random.nextInt(3));
          Row row = Row.withSchema(levelTable.schema()).addValues(user, day, (long) round).build();
          if (known.containsKey(user + day) && random.nextInt(3) == 0) {
            known.remove(user + day);
            level.delete(row);
          } else {
            known.put(user + day, (long) round);
            level.upsert(row);
          }
          level.flush();
          held.contents();
        }
        Map<String, List<Object>> expected = new TreeMap<>();
        data.windowed(JoinType.LEFT, 1)
            .forEach(
                (key, visit) -> {
                  Long found = known.get("" + visit.get(0) + visit.get(1));
                  if (found != null) {
                    List<Object> values = new ArrayList<>(visit);
                    values.remove(4);
                    values.add(found);
                    expected.put(
                        List.of(values.get(0), values.get(1), values.get(4)).toString(), values);
                  }
                });
        assertComesToRest(seed, held, expected, Duration.ofMillis(500));
      } finally {
        running.cancel();
      }
    }
  }

  @Test
  void boundedAndReplayedGivesTheJoinToo() throws Exception {
    boundedAndReplayed(true, 12);
  }

  @Tag("nightly")
  @Test
  void boundedAndReplayedGivesTheInnerJoinToo() throws Exception {
    boundedAndReplayed(false, 11);
  }

  private void boundedAndReplayed(boolean outer, long seed) throws Exception {
    String visits = tables.visits();
    String orders = tables.orders();
    String sink = tables.sink();
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TailedTable held = tables.tail(sink)) {
      data.change(150, 3);
      DeltaJoin whole = join(outer, visits, orders, sink).withStoppingPosition(Position.latest());
      start(bounded(), whole).waitUntilFinish();
      assertComesToRest(seed, held, data.joined(outer), Duration.ZERO);

      // what the sink holds of these keys goes, though only deletes tell of them now
      data.deleteBothSides(8);
      data.change(50, 3);
      start(bounded(), join(outer, visits, orders, sink).withStoppingPosition(Position.latest()))
          .waitUntilFinish();
      assertComesToRest(seed, held, data.joined(outer), Duration.ZERO);
    }
  }

  /** From the earliest change on, on a sink that is there already: it is the join again. */
  @Test
  void aReplayLeavesTheSinkEqual() throws Exception {
    long seed = 21;
    String visits = tables.visits();
    String orders = tables.orders();
    String sink = tables.sink();
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TailedTable held = tables.tail(sink)) {
      data.change(200, 3);
      for (int run = 0; run < 2; run++) {
        PipelineResult running = start(unbounded(), join(true, visits, orders, sink));
        try {
          // rows at the end of every bucket: once they are in the sink, all before them was read
          data.change(80, 3);
          assertComesToRest(seed, held, data.joined(true), Duration.ofSeconds(1));
        } finally {
          running.cancel();
        }
      }
    }
  }

  /** As where the log of the deletes has expired before a start without state. */
  @Test
  void rowsOfDeletesThatAreNotReadStayInAnOldSink() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    String visits = tables.visits();
    String orders = tables.orders();
    String sink = tables.sink();
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TailedTable held = tables.tail(sink)) {
      data.change(100, VisitsAndOrders.DAYS.subList(0, 2));
      start(bounded(), join(true, visits, orders, sink).withStoppingPosition(Position.latest()))
          .waitUntilFinish();
      Map<String, List<Object>> expected = data.joined(true);
      assertComesToRest(seed, held, expected, Duration.ZERO);
      data.deleteBothSides(4);
      // the cluster tells times by the millisecond
      long deleted = System.currentTimeMillis();
      await().until(() -> System.currentTimeMillis() > deleted);
      Instant start = Instant.now();
      data.change(40, VisitsAndOrders.DAYS.subList(2, 3));
      start(
              bounded(),
              join(true, visits, orders, sink)
                  .withStartingPosition(Position.timestamp(start))
                  .withStoppingPosition(Position.latest()))
          .waitUntilFinish();
      data.joined(true)
          .forEach(
              (key, row) -> {
                if (row.get(1).equals(VisitsAndOrders.DAYS.get(2))) {
                  expected.put(key, row);
                }
              });
      assertComesToRest(seed, held, expected, Duration.ZERO);
      assertThat("rows of deletes", expected, is(not(data.joined(true))));
    }
  }

  @Test
  void joinsOneToOne() throws Exception {
    joinOneToOne(true);
  }

  @Tag("nightly")
  @Test
  void joinsOneToOneWhereBothAre() throws Exception {
    joinOneToOne(false);
  }

  /** Then a pair and the left row alone have one and the same key in the sink. */
  private void joinOneToOne(boolean outer) throws Exception {
    String visits = tables.visits();
    String payments =
        tables.daily(
            "payments",
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("ds", DataTypes.STRING())
                .column("pay_amt", DataTypes.BIGINT())
                .primaryKey("user_id", "ds"),
            2);
    String sink =
        tables.daily(
            "visits_paid",
            JoinTables.visitColumns()
                .column("pay_amt", DataTypes.BIGINT())
                .primaryKey("user_id", "ds"),
            2);
    FlussTable visitTable = tables.cluster().describe(visits);
    FlussTable paymentTable = tables.cluster().describe(payments);
    try (TableWriter visit = TableWriter.open(visitTable, visitTable.schema());
        TableWriter payment = TableWriter.open(paymentTable, paymentTable.schema());
        TailedTable held = tables.tail(sink)) {
      String day = "20260101";
      for (String user : List.of("both", "left", "gone")) {
        visit.upsert(Row.withSchema(visitTable.schema()).addValues(user, day, "1", 1L).build());
      }
      for (String user : List.of("both", "right", "gone")) {
        payment.upsert(Row.withSchema(paymentTable.schema()).addValues(user, day, 9L).build());
      }
      payment.delete(Row.withSchema(paymentTable.schema()).addValues("gone", day, 0L).build());
      visit.flush();
      payment.flush();
      start(
              bounded(),
              (outer ? DeltaJoin.leftOuter() : DeltaJoin.inner())
                  .left(tables.cluster(), visits, "first_page_time", "pv")
                  .right(tables.cluster(), payments, "pay_amt")
                  .on("user_id", "ds")
                  .to(tables.cluster(), sink)
                  .withStoppingPosition(Position.latest()))
          .waitUntilFinish();
      List<Object> pair = List.<Object>of("both", day, "1", 1L, 9L);
      Map<String, List<Object>> expected =
          outer
              ? Map.of(
                  "[both, 20260101]", pair,
                  "[left, 20260101]", Arrays.asList("left", day, "1", 1L, null),
                  "[gone, 20260101]", Arrays.asList("gone", day, "1", 1L, null))
              : Map.of("[both, 20260101]", pair);
      assertComesToRest(0, held, expected, Duration.ZERO);
    }
  }

  @Test
  void followsLivePartitionsWhileOthersAreDropped() throws Exception {
    followLivePartitions(true);
  }

  @Tag("nightly")
  @Test
  void theInnerJoinFollowsLivePartitionsWhileOthersAreDropped() throws Exception {
    followLivePartitions(false);
  }

  /**
   * The oracle is the join of live partitions, but for rows whose deciding side is gone: they stay
   * until the sink's partition goes.
   */
  private void followLivePartitions(boolean outer) throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    String visits = tables.visits();
    String orders = tables.orders();
    String sink = tables.sink();
    String withoutOrders = VisitsAndOrders.DAYS.get(0);
    String withoutVisits = VisitsAndOrders.DAYS.get(1);
    try (VisitsAndOrders data = new VisitsAndOrders(tables.cluster(), visits, orders, seed);
        TailedTable held = tables.tail(sink)) {
      data.change(200, 3);
      PipelineResult running = start(unbounded(), join(outer, visits, orders, sink));
      try {
        // a change that is still to come would compute its key without the partitions
        assertComesToRest(seed, held, data.joined(outer), Duration.ofSeconds(2));
        Map<String, List<Object>> kept = data.joined(outer);
        kept.values()
            .removeIf(
                row ->
                    !row.get(1).equals(withoutOrders)
                        || row.get(4).equals(VisitsAndOrders.NO_ORDER));
        tables.dropPartition(orders, withoutOrders);
        data.forgetOrders(withoutOrders);
        tables.dropPartition(visits, withoutVisits);
        data.forgetVisits(withoutVisits);

        data.change(60, VisitsAndOrders.DAYS.subList(2, 3));
        data.changeEveryVisit(withoutOrders);
        data.changeEveryOrder(withoutVisits);
        Map<String, List<Object>> expected = data.joined(outer);
        expected.putAll(kept);
        assertComesToRest(seed, held, expected, Duration.ofMillis(500));
      } finally {
        running.cancel();
      }
    }
  }

  private DeltaJoin join(boolean outer, String visits, String orders, String sink) {
    DeltaJoin join =
        (outer ? DeltaJoin.leftOuter() : DeltaJoin.inner())
            .left(tables.cluster(), visits, "first_page_time", "pv")
            .right(tables.cluster(), orders, "order_id", "order_time", "pay_amt")
            .on("user_id", "ds")
            .withComputed(
                "is_matched",
                FieldType.STRING,
                row ->
                    VisitsAndOrders.isMatched(
                        row.getString("first_page_time"), row.getString("order_time")))
            .to(tables.cluster(), sink)
            .withPartitionDiscoveryInterval(Duration.ofMillis(200));
    return outer ? join.withStandIn("order_id", VisitsAndOrders.NO_ORDER) : join;
  }

  private static PipelineResult start(PipelineOptions options, DeltaJoin join) {
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply(join);
    return pipeline.run();
  }

  private static void assertComesToRest(
      long seed, TailedTable held, Map<String, List<Object>> expected, Duration quiet) {
    assertComesToRest("seed " + seed, held, expected, quiet);
  }

  static void assertComesToRest(
      String what, TailedTable held, Map<String, List<Object>> expected, Duration quiet) {
    await(what)
        .pollInSameThread()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(20))
        .during(quiet)
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> assertThat(what, held.contents(), equalTo(expected)));
  }
}

package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.local.FlussExtension;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What cannot be joined is refused when the pipeline is built, with what to do. */
class JoinPlanTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static Connection connection;
  private static JoinTables tables;
  private static String visits;
  private static String orders;
  private static String sink;
  private static String orders2;

  @BeforeAll
  static void createTables() {
    connection = JoinTables.connect(fluss);
    tables = new JoinTables(fluss, connection);
    visits = tables.visits();
    orders = tables.orders();
    sink = tables.sink();
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void acceptsWhatFits() {
    build(outer().withStandIn("order_id", "none"));
    build(inner());
  }

  @Test
  void everythingRequiredIsAskedFor() {
    String right = orders;
    assertRefused(DeltaJoin.inner(), "left(cluster");
    assertRefused(DeltaJoin.inner().left(tables.cluster(), visits), "right(cluster");
    assertRefused(
        DeltaJoin.inner().left(tables.cluster(), visits).right(tables.cluster(), right), "on(...)");
    assertRefused(
        DeltaJoin.inner()
            .left(tables.cluster(), visits)
            .right(tables.cluster(), right)
            .on("user_id", "ds"),
        "to(cluster");
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> DeltaJoin.inner().withShards(0))
            .getMessage(),
        containsString("shards must be at least 1"));
    assertThat(
        assertThrows(IllegalArgumentException.class, () -> DeltaJoin.inner().withMaxKeysInFlight(0))
            .getMessage(),
        containsString("maxKeysInFlight must be at least 1"));
  }

  @Test
  void eachSideIsFoundByTheJoinColumns() {
    assertRefused(
        inner().on("user_id"), visits, "cannot be looked up by [user_id]", "[user_id, ds]");
    String log =
        tables.create(
            "log",
            TableDescriptor.builder()
                .schema(Schema.newBuilder().column("user_id", DataTypes.STRING()).build())
                .distributedBy(1)
                .build());
    assertRefused(inner().left(tables.cluster(), log), log, "is a log table");
  }

  @Test
  void theRightIsFoundByItsKeyOrAPrefixOfIt() {
    String byOrder =
        tables.create(
            "orders_by_order",
            TableDescriptor.builder()
                .schema(JoinTables.orderColumns().primaryKey("order_id", "user_id", "ds").build())
                .distributedBy(1, "order_id")
                .build());
    assertRefused(
        inner().right(tables.cluster(), byOrder, "order_id"),
        byOrder,
        "cannot be looked up by [user_id, ds]",
        "create it with PRIMARY KEY (user_id, ds, order_id)",
        "'bucket.key' = 'user_id,ds'");
  }

  @Test
  void theWayToTheSinksRowsIsChosenByTheTables() {
    assertUpdate(inner(), "BY_KEY_OF_SIDE " + orders);
    assertUpdate(outer().withStandIn("order_id", "none"), "BY_KEY_OF_SIDE " + orders);
    String many = manyToMany("many", "user_id");
    assertUpdate(
        inner().left(tables.cluster(), orders2(), "o2").to(tables.cluster(), many), "BY_LOOKUP");
    String spread = manyToMany("spread", "user_id", "order_id");
    DeltaJoin noWay = inner().left(tables.cluster(), orders2(), "o2").to(tables.cluster(), spread);
    assertRefused(
        noWay,
        "cannot find the rows of a join key in sink " + spread,
        "'bucket.key' = 'user_id'",
        "PRIMARY KEY (user_id, ds, order_id, o2) PARTITIONED BY (ds)",
        "withIndex(..)");
    String index =
        tables.daily(
            "index",
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("ds", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .column("o2", DataTypes.STRING())
                .primaryKey("user_id", "ds", "order_id", "o2"),
            2);
    assertUpdate(noWay.withIndex(index), "BY_INDEX " + index);
    assertRefused(noWay.withIndex(visits), visits, "first_page_time");
  }

  /** A second table of which a user has several rows a day. */
  private static String orders2() {
    if (orders2 == null) {
      orders2 =
          tables.daily(
              "orders2",
              Schema.newBuilder()
                  .column("user_id", DataTypes.STRING())
                  .column("ds", DataTypes.STRING())
                  .column("o2", DataTypes.STRING())
                  .primaryKey("user_id", "ds", "o2"),
              2);
    }
    return orders2;
  }

  private static String manyToMany(String name, String... bucketKey) {
    return tables.create(
        name,
        TableDescriptor.builder()
            .schema(
                Schema.newBuilder()
                    .column("user_id", DataTypes.STRING())
                    .column("ds", DataTypes.STRING())
                    .column("o2", DataTypes.STRING())
                    .column("order_id", DataTypes.STRING())
                    .column("order_time", DataTypes.STRING())
                    .column("pay_amt", DataTypes.BIGINT())
                    .column("is_matched", DataTypes.STRING())
                    .primaryKey("user_id", "ds", "order_id", "o2")
                    .build())
            .partitionedBy("ds")
            .distributedBy(2, bucketKey)
            .build());
  }

  private static void assertUpdate(DeltaJoin join, String expected) {
    List<String> found = new ArrayList<>();
    Pipeline pipeline = Pipeline.create();
    pipeline.apply(join);
    pipeline.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public void visitPrimitiveTransform(TransformHierarchy.Node node) {
            DisplayData.from(node.getTransform()).items().stream()
                .filter(item -> item.getKey().equals("sinkUpdate"))
                .forEach(item -> found.add(String.valueOf(item.getValue())));
          }
        });
    assertThat(found, equalTo(List.of(expected)));
  }

  @Test
  void joinColumnsHaveOneType() {
    String numbered =
        tables.daily(
            "orders_of_numbers",
            Schema.newBuilder()
                .column("user_id", DataTypes.BIGINT())
                .column("ds", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .primaryKey("user_id", "ds", "order_id"),
            1);
    assertRefused(
        inner().right(tables.cluster(), numbered, "order_id"),
        "Join column user_id is STRING",
        visits,
        "but INT64",
        numbered,
        "Both must be of one type");
  }

  @Test
  void aColumnIsTakenOnce() {
    String withPv =
        tables.daily(
            "orders_with_pv",
            JoinTables.orderColumns()
                .column("pv", DataTypes.BIGINT())
                .primaryKey("user_id", "ds", "order_id"),
            1);
    assertRefused(
        inner().right(tables.cluster(), withPv, "order_id", "pv"),
        "Column pv is wanted twice",
        visits,
        withPv,
        "one side only");
    assertRefused(
        inner().withComputed("pv", FieldType.INT64, row -> 1L), "Column pv is wanted twice");
    assertRefused(
        inner().withComputed("user_id", FieldType.STRING, row -> ""),
        "Column user_id is wanted twice");
    assertRefused(
        inner().left(tables.cluster(), visits, "pv", "pv", "first_page_time"),
        visits,
        "named twice");
    assertRefused(
        inner().left(tables.cluster(), visits, "pv", "nothing"), visits, "has no column nothing");
  }

  @Test
  void theSinksKeyTellsTheRowsOfTheJoinApart() {
    String byTime =
        tables.daily(
            "by_time", JoinTables.sinkColumns().primaryKey("user_id", "ds", "order_time"), 1);
    assertRefused(
        inner().to(tables.cluster(), byTime),
        "primary key [user_id, ds, order_time] of sink " + byTime,
        "lacks [order_id]",
        "the primary key [user_id, ds, order_id] of table " + orders);
    String coarse = tables.daily("coarse", JoinTables.sinkColumns().primaryKey("user_id", "ds"), 1);
    assertRefused(inner().to(tables.cluster(), coarse), "primary key [user_id, ds] of sink");
    String log =
        tables.create(
            "sink_log",
            TableDescriptor.builder()
                .schema(JoinTables.sinkColumns().build())
                .distributedBy(1)
                .build());
    assertRefused(inner().to(tables.cluster(), log), "Sink " + log + " is a log table");
  }

  @Test
  void theSinkHasTheColumnsOfTheJoinAndNoOther() {
    assertRefused(
        inner().right(tables.cluster(), orders, "order_id", "order_time"),
        sink,
        "has a column pay_amt, but the rows do not");
    assertRefused(
        inner().withComputed("extra", FieldType.STRING, row -> ""),
        "fields [extra], which table " + sink + " does not");
    assertRefused(
        inner().withComputed("is_matched", FieldType.INT64, row -> 1L),
        "Column is_matched of table " + sink,
        "the rows hold INT64");
  }

  @Test
  void anOuterJoinNeedsStandInsWhereTheSinkTakesNoNull() {
    assertRefused(
        outer(),
        "no value for order_id, which is a key column of sink " + sink,
        "withStandIn(\"order_id\", ...)");
    String notNull =
        tables.daily(
            "not_null",
            JoinTables.visitColumns()
                .column("order_id", DataTypes.STRING())
                .column("order_time", DataTypes.STRING())
                .column("pay_amt", DataTypes.BIGINT().copy(false))
                .column("is_matched", DataTypes.STRING())
                .primaryKey("user_id", "ds", "order_id"),
            1);
    DeltaJoin join = outer().withStandIn("order_id", "none").to(tables.cluster(), notNull);
    assertRefused(
        join, "no value for pay_amt, which is a NOT NULL column", "withStandIn(\"pay_amt\", ...)");
    build(join.withStandIn("pay_amt", 0L));
  }

  @Test
  void aStandInIsForARightColumnAndOfItsType() {
    DeltaJoin fits = outer().withStandIn("order_id", "none");
    for (String column : new String[] {"pv", "user_id", "is_matched", "nothing"}) {
      assertRefused(
          fits.withStandIn(column, "none"),
          "stand-in for " + column + " is for no column",
          "[order_id, order_time, pay_amt]");
    }
    assertRefused(
        outer().withStandIn("order_id", 0),
        "stand-in '0' for order_id is no value of the column's type",
        "STRING");
  }

  private static DeltaJoin inner() {
    return join(DeltaJoin.inner());
  }

  private static DeltaJoin outer() {
    return join(DeltaJoin.leftOuter());
  }

  private static DeltaJoin join(DeltaJoin join) {
    return join.left(tables.cluster(), visits, "first_page_time", "pv")
        .right(tables.cluster(), orders, "order_id", "order_time", "pay_amt")
        .on("user_id", "ds")
        .withComputed("is_matched", FieldType.STRING, row -> "")
        .to(tables.cluster(), sink);
  }

  private static void build(DeltaJoin join) {
    Pipeline.create().apply(join);
  }

  private static void assertRefused(DeltaJoin join, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, () -> build(join)).getMessage();
    for (String part : parts) {
      assertThat(message, containsString(part));
    }
  }
}

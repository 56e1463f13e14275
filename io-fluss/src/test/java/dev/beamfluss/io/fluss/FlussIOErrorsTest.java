package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is wrong is said when the pipeline is built: where, what, and what to do. */
class FlussIOErrorsTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final Pipeline pipeline = Pipeline.create();
  private int steps;

  @Test
  void unknownDatabase() {
    for (int i = 0; i < 21; i++) {
      fluss.newDatabase();
    }
    assertRefused(
        () -> pipeline.apply(FlussIO.readRows().from(cluster(fluss), "nowhere.orders")),
        "Table nowhere.orders does not exist",
        fluss.bootstrapServers(),
        "no database nowhere either, only the databases [db_",
        ", ...] (",
        " in all)",
        "Check the name, or create the table first");
  }

  @Test
  void unknownTableListsTheOthers() {
    String database = TestTables.orders(fluss, 1).replace(".orders", "");
    assertRefused(
        () -> pipeline.apply(FlussIO.readRows().from(cluster(fluss), database + ".order")),
        "Table " + database + ".order does not exist",
        "has the tables [orders]",
        "Check the name");
  }

  @Test
  void notAPath() {
    for (String path : List.of("orders", ".orders", "shop.", "a.b.c", "")) {
      assertRefused(
          () -> pipeline.apply(FlussIO.readRows().from(cluster(fluss), path)),
          "'" + path + "' is not a table path",
          "database.table");
    }
  }

  @Test
  void nothingNamed() {
    assertRefused(() -> pipeline.apply(FlussIO.readRows()), "from(cluster");
    assertRefused(() -> pipeline.apply(FlussIO.readChanges()), "from(cluster");
    assertRefused(() -> orders(pipeline).apply(FlussIO.write()), "to(cluster");
    assertRefused(() -> changes(pipeline).apply(FlussIO.writeChanges()), "to(cluster");
    assertRefused(() -> orders(pipeline).apply(FlussIO.lookup()), "in(cluster");
  }

  @Test
  void unknownColumnAndColumnNamedTwice() {
    String table = TestTables.orders(fluss, 1);
    assertRefused(
        () ->
            pipeline.apply(
                FlussIO.readChanges().from(cluster(fluss), table).withColumns("amount", "price")),
        table,
        "has no column price",
        "[user_id, order_id, amount]");
    assertRefused(
        () ->
            pipeline.apply(
                FlussIO.readChanges().from(cluster(fluss), table).withColumns("amount", "amount")),
        table,
        "named twice",
        "[amount, amount]");
    assertRefused(
        () ->
            orders(pipeline)
                .apply(
                    FlussIO.lookup()
                        .in(cluster(fluss), table)
                        .by("user_id")
                        .withColumns("nothing")),
        table,
        "has no column nothing");
  }

  @Test
  void aLogTableHasNoChangesAndAKvTableNoRows() {
    String log = TestTables.numbers(fluss, 1);
    assertRefused(
        () -> pipeline.apply(FlussIO.readChanges().from(cluster(fluss), log)),
        log,
        "is a log table",
        "FlussIO.readRows()");
    String kv = TestTables.orders(fluss, 1);
    assertRefused(
        () -> pipeline.apply(FlussIO.readRows().from(cluster(fluss), kv)),
        kv,
        "is a KV table (primary key [user_id, order_id])",
        "FlussIO.readChanges()");
    assertRefused(
        () -> changes(pipeline).apply(FlussIO.writeChanges().to(cluster(fluss), log)),
        log,
        "is a log table",
        "cannot take changes",
        "Name a KV table");
    assertRefused(
        () -> orders(pipeline).apply(FlussIO.lookup().in(cluster(fluss), log).by("n")),
        log,
        "is a log table",
        "cannot be looked up");
  }

  @Test
  void lookupColumnsThatAreNoKeyNameTheDdlThatIsNeeded() {
    String table = TestTables.orders(fluss, 1);
    assertRefused(
        () -> orders(pipeline).apply(FlussIO.lookup().in(cluster(fluss), table).by("order_id")),
        table,
        "cannot be looked up by [order_id]",
        "by its primary key [user_id, order_id] or by the prefix [user_id]",
        "PRIMARY KEY (order_id, user_id)",
        "'bucket.key' = 'order_id'");
    String daily = TestTables.dailyOrders(fluss, 1);
    assertRefused(
        () -> orders(pipeline).apply(FlussIO.lookup().in(cluster(fluss), daily).by("user_id")),
        daily,
        "cannot be looked up by [user_id]",
        "the prefix [user_id, ds]",
        "name its partition columns [ds] as well");
  }

  @Test
  void rowsThatAreNotTheTables() {
    String table = TestTables.orders(fluss, 1);
    Schema.Builder key = Schema.builder().addStringField("user_id").addStringField("order_id");
    Schema missing = key.build();
    assertRefused(
        () -> rows(pipeline, missing).apply(FlussIO.write().to(cluster(fluss), table)),
        table,
        "has a column amount, but the rows do not",
        "[user_id, order_id]");
    Schema extra =
        Schema.builder().addFields(TestTables.ORDER.getFields()).addStringField("note").build();
    assertRefused(
        () -> rows(pipeline, extra).apply(FlussIO.write().to(cluster(fluss), table)),
        "fields [note]",
        table,
        "[user_id, order_id, amount]");
    Schema wrong = Schema.builder().addFields(missing.getFields()).addStringField("amount").build();
    assertRefused(
        () -> rows(pipeline, wrong).apply(FlussIO.write().to(cluster(fluss), table)),
        "Column amount",
        table,
        "is BIGINT and takes INT64",
        "the rows hold STRING");
    assertRefused(
        () ->
            Pipeline.create()
                .apply(Create.empty(RowChange.coder(wrong)))
                .apply(FlussIO.writeChanges().to(cluster(fluss), table)),
        "Column amount",
        "STRING");
    Schema wrongKey = Schema.builder().addInt32Field("user_id").build();
    assertRefused(
        () -> rows(pipeline, wrongKey).apply(FlussIO.lookup().in(cluster(fluss), table)),
        "Column user_id",
        table,
        "takes STRING",
        "the rows hold INT32");
    assertRefused(
        () ->
            rows(pipeline, missing).apply(FlussIO.lookup().in(cluster(fluss), table).by("amount")),
        table,
        "cannot be looked up by [amount]");
  }

  @Test
  void malformedBootstrapServers() {
    for (String servers :
        List.of(
            "",
            "localhost",
            "localhost:",
            ":9123",
            "a:1,,b:2",
            "a:1;b:2",
            "a:0",
            "a:65536",
            "http://a:1",
            "a b:1")) {
      assertRefused(() -> FlussCluster.at(servers), "is not host:port", "fluss-1:9123");
    }
    FlussCluster.at("localhost:9123");
    FlussCluster.at("10.0.0.1:1, [::1]:65535");
    assertRefused(
        () -> FlussCluster.at("a:1").withProperty("bootstrap.servers", "b:2"),
        "FlussCluster.at(..)");
  }

  /** One refuses the connection; the other takes it, and every request, and never answers. */
  @Test
  void clustersThatDoNotAnswerFailInTime() throws Exception {
    int closedPort;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      closedPort = socket.getLocalPort();
    }
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      CompletableFuture<String> refusing = failureToReach(closedPort);
      CompletableFuture<String> hanging = failureToReach(silent.getLocalPort());
      assertThat(refusing.get(60, TimeUnit.SECONDS), containsString("localhost:" + closedPort));
      assertThat(
          hanging.get(60, TimeUnit.SECONDS),
          containsString("localhost:" + silent.getLocalPort() + " did not accept a connection"));
      assertThat(hanging.join(), containsString("Check that its servers run"));
    }
  }

  private static CompletableFuture<String> failureToReach(int port) {
    return CompletableFuture.supplyAsync(
        () -> {
          long start = System.nanoTime();
          RuntimeException e =
              assertThrows(
                  RuntimeException.class,
                  () ->
                      Pipeline.create()
                          .apply(
                              FlussIO.readRows()
                                  .from(FlussCluster.at("localhost:" + port), "shop.orders")));
          assertThat(Duration.ofNanos(System.nanoTime() - start), lessThan(Duration.ofSeconds(30)));
          return e.getMessage();
        },
        command -> new Thread(command, "reach-" + port).start());
  }

  @Test
  void secretsAreShownNowhere() {
    String secret = "hunter2-of-the-test";
    FlussCluster cluster =
        cluster(fluss)
            .withProperty("client.security.sasl.password", secret)
            .withProperty("client.security.sasl.username", "somebody");
    String kv = TestTables.orders(fluss, 1);
    String log = TestTables.numbers(fluss, 1);
    pipeline.apply("rows", FlussIO.readRows().from(cluster, log));
    pipeline.apply(
        "bounded rows",
        FlussIO.readRows().from(cluster, log).withStoppingPosition(Position.latest()));
    pipeline
        .apply("changes", FlussIO.readChanges().from(cluster, kv).withColumns("user_id"))
        .getName();
    orders(pipeline).apply("write", FlussIO.write().to(cluster, kv));
    changes(pipeline).apply("write changes", FlussIO.writeChanges().to(cluster, kv));
    orders(pipeline).apply("lookup", FlussIO.lookup().in(cluster, kv).by("user_id"));

    int[] seen = {0};
    pipeline.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public CompositeBehavior enterCompositeTransform(TransformHierarchy.Node node) {
            look(node);
            return CompositeBehavior.ENTER_TRANSFORM;
          }

          @Override
          public void visitPrimitiveTransform(TransformHierarchy.Node node) {
            look(node);
          }

          private void look(TransformHierarchy.Node node) {
            PTransform<?, ?> transform = node.getTransform();
            if (transform != null) {
              seen[0]++;
              assertThat(transform.toString(), not(containsString(secret)));
              String display = DisplayData.from(transform).items().toString();
              assertThat(display, not(containsString(secret)));
            }
          }
        });
    assertThat(seen[0], greaterThan(10));
    for (Object shown : new Object[] {cluster, cluster.describe(kv)}) {
      assertThat(shown.toString(), not(containsString(secret)));
    }
    assertThat(cluster.toString(), containsString("client.security.sasl.password"));
    assertThat(cluster.properties().get("client.security.sasl.password"), is(equalTo(secret)));
  }

  @Test
  void displayDataNamesWhatIsReadAndFromWhere() {
    String table = TestTables.orders(fluss, 1);
    DisplayData shown =
        DisplayData.from(
            FlussIO.readChanges()
                .from(cluster(fluss), table)
                .withColumns("amount", "user_id")
                .withStoppingPosition(Position.latest()));
    String items = shown.items().toString();
    for (String part :
        List.of(table, fluss.bootstrapServers(), "amount,user_id", "full", "latest")) {
      assertThat(items, containsString(part));
    }
  }

  private PCollection<Row> orders(Pipeline pipeline) {
    return rows(pipeline, TestTables.ORDER);
  }

  private PCollection<Row> rows(Pipeline pipeline, Schema schema) {
    return pipeline.apply("rows " + steps++, Create.empty(schema));
  }

  private PCollection<RowChange> changes(Pipeline pipeline) {
    return pipeline.apply("changes " + steps++, Create.empty(RowChange.coder(TestTables.ORDER)));
  }

  private static void assertRefused(
      org.junit.jupiter.api.function.Executable action, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    for (String part : parts) {
      assertThat(message, containsString(part));
    }
  }
}

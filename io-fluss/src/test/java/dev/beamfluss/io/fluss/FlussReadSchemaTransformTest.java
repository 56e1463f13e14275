package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussReadSchemaTransformProvider.Configuration;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.LongStream;
import java.util.stream.StreamSupport;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.Reify;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Reads by name and configuration, on the direct runner. */
class FlussReadSchemaTransformTest implements Serializable {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final transient TestPipeline pipeline =
      TestPipeline.create().enableAbandonedNodeEnforcement(false);

  @Test
  void isFoundByItsNameAndTellsItsConfiguration() {
    SchemaTransformProvider provider = provider();
    assertThat(
        provider.configurationSchema().getFieldNames(),
        containsInAnyOrder(
            "bootstrap_servers",
            "table",
            "columns",
            "mode",
            "starting_position",
            "stopping_position",
            "partitions",
            "timestamp_column",
            "max_out_of_orderness_millis",
            "partition_discovery_seconds",
            "cluster_timeout_seconds",
            "lake",
            "client_properties",
            "error_handling"));
    for (Schema.Field field : provider.configurationSchema().getFields()) {
      assertThat(field.getName(), field.getDescription(), not(""));
      assertThat(
          field.getName(),
          field.getType().getNullable(),
          equalTo(!List.of("bootstrap_servers", "table").contains(field.getName())));
    }
    assertThat(provider.description(), containsString("Fluss"));
    assertThat(provider.inputCollectionNames(), equalTo(List.of()));
    assertThat(provider.outputCollectionNames(), equalTo(List.of("output")));
  }

  @Test
  void rowsOfALogTableByARowOfConfiguration() {
    String table = TestTables.numbers(fluss, 2);
    Schema schema = cluster(fluss).describe(table).schema();
    TestTables.write(
        fluss,
        table,
        LongStream.range(0, 10)
            .mapToObj(n -> Row.withSchema(schema).addValues(n, "text").build())
            .map(RowChange::upsert)
            .toList());
    PCollection<Row> rows =
        read(
            Map.of(
                "bootstrap_servers",
                fluss.bootstrapServers(),
                "table",
                table,
                "columns",
                List.of("n"),
                "mode",
                "rows",
                "starting_position",
                "2020-01-01T00:00:00Z",
                "stopping_position",
                "latest"));
    assertThat(rows.getSchema().getFieldNames(), equalTo(List.of("n")));
    PAssert.that(texts(rows))
        .containsInAnyOrder(LongStream.range(0, 10).mapToObj(n -> "[" + n + "]").toList());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void changesHaveTheirTypeBeforeTheColumns() {
    String table = ordersWithAnUpdateAndADelete();
    PCollection<Row> rows =
        expand(configuration(table).setStoppingPosition("latest").build()).get("output");
    assertThat(
        rows.getSchema().getFieldNames(),
        equalTo(List.of("_change_type", "user_id", "order_id", "amount")));
    assertThat(rows.getSchema().getField("_change_type").getType(), equalTo(FieldType.STRING));
    PAssert.that(texts(rows))
        .containsInAnyOrder(
            "[+I, u1, o1, 1]",
            "[-U, u1, o1, 1]",
            "[+U, u1, o1, 2]",
            "[+I, u2, o2, 3]",
            "[-D, u2, o2, 3]");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void contentsAreWhatIsLeft() {
    PCollection<Row> rows =
        expand(
                configuration(ordersWithAnUpdateAndADelete())
                    .setMode("contents")
                    .setColumns(List.of("amount", "user_id"))
                    .build())
            .get("output");
    assertThat(rows.getSchema().getFieldNames(), equalTo(List.of("amount", "user_id")));
    PAssert.that(texts(rows)).containsInAnyOrder("[2, u1]");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void onlyThePartitionsWithTheValues() {
    String table = TestTables.dailyOrders(fluss, 1);
    TestTables.write(
        fluss,
        table,
        List.of("20260101", "20260102", "20260103").stream()
            .map(day -> Row.withSchema(TestTables.DAILY_ORDER).addValues("u", "o", day, 1L).build())
            .map(RowChange::upsert)
            .toList());
    Map<String, List<String>> partitions = Map.of("ds", List.of("20260101", "20260103", "none"));
    for (String mode : List.of("contents", "changes")) {
      Configuration.Builder configuration =
          configuration(table).setMode(mode).setColumns(List.of("ds")).setPartitions(partitions);
      if (mode.equals("changes")) {
        configuration.setStoppingPosition("latest");
      }
      PAssert.that(texts(expand(configuration.build()).get("output")))
          .containsInAnyOrder(
              mode.equals("changes")
                  ? List.of("[+I, 20260101]", "[+I, 20260103]")
                  : List.of("[20260101]", "[20260103]"));
    }
    pipeline.run().waitUntilFinish();
  }

  @Test
  void rowsThatCannotBeReadGoToTheOutputForErrors() {
    String table =
        TestTables.create(
            fluss,
            "events",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("n", DataTypes.INT())
                        .column("at", DataTypes.BIGINT())
                        .build())
                .distributedBy(1)
                .build());
    Schema schema = cluster(fluss).describe(table).schema();
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(Row.withSchema(schema).addValues(1, 1_000L).build()),
            RowChange.upsert(Row.withSchema(schema).addValues(2, null).build())));
    PCollectionRowTuple outputs =
        expand(
            configuration(table)
                .setColumns(List.of("n"))
                .setTimestampColumn("at")
                .setStoppingPosition("latest")
                .setErrorHandling(ErrorHandling.builder().setOutput("unread").build())
                .build());
    PCollection<String> timed =
        outputs
            .get("output")
            .apply(Reify.timestamps())
            .apply(
                "timed",
                MapElements.into(TypeDescriptors.strings())
                    .via(row -> row.getValue().getValues() + " at " + row.getTimestamp()));
    PAssert.that(timed).containsInAnyOrder("[1] at 1970-01-01T00:00:01.000Z");
    assertThat(
        outputs.get("unread").getSchema().getFieldNames(),
        equalTo(List.of("failed_row", "error_message")));
    PAssert.that(texts(outputs.get("unread")))
        .containsInAnyOrder(
            "[\"row of table "
                + table
                + ", bucket 0, offset 1\", column at holds null, so the row has no timestamp]");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aReadWithoutAnEndIsUnbounded() {
    PCollection<Row> rows =
        expand(
                configuration(TestTables.orders(fluss, 1))
                    .setStartingPosition("latest")
                    .setMaxOutOfOrdernessMillis(5L)
                    .setPartitionDiscoverySeconds(3L)
                    .setClusterTimeoutSeconds(30L)
                    .setClientProperties(Map.of("client.lookup.queue-size", "100"))
                    .build())
            .get("output");
    assertThat(rows.isBounded(), equalTo(IsBounded.UNBOUNDED));
  }

  @Test
  void valuesThatAreWrongWhateverTheTable() {
    Configuration.Builder valid = configuration("shop.orders");
    assertRefused(
        configuration("t").setBootstrapServers("nowhere"), "bootstrap_servers", "nowhere");
    assertRefused(
        configuration("t").setClientProperties(Map.of("bootstrap.servers", "a:1")),
        "client_properties");
    assertRefused(valid.setMode("log"), "mode", "'log'", "rows, changes or contents");
    valid.setMode(null);
    assertRefused(
        valid.setStartingPosition("yesterday"),
        "starting_position",
        "'yesterday'",
        "full, earliest, latest, or a time such as");
    valid.setStartingPosition(null);
    assertRefused(
        configuration("t").setStartingPosition("latest").setLake(true),
        "lake",
        "only with the starting position full");
    for (String position : List.of("full", "earliest", "")) {
      assertRefused(
          configuration("t").setStoppingPosition(position),
          "stopping_position",
          "'" + position + "'",
          "Give latest, or a time such as");
    }
    assertRefused(valid.setColumns(List.of()), "columns", "'[]'");
    valid.setColumns(null);
    assertRefused(valid.setPartitions(Map.of()), "partitions", "'{}'");
    assertRefused(valid.setPartitions(Map.of("ds", List.of())), "partitions", "'{ds=[]}'");
    valid.setPartitions(null);
    assertRefused(
        valid.setMaxOutOfOrdernessMillis(-1L), "max_out_of_orderness_millis", "'-1'", "0 or more");
    valid.setMaxOutOfOrdernessMillis(null);
    assertRefused(
        valid.setPartitionDiscoverySeconds(0L), "partition_discovery_seconds", "'0'", "1 or more");
    valid.setPartitionDiscoverySeconds(null);
    assertRefused(
        configuration("t").setErrorHandling(ErrorHandling.builder().setOutput("output").build()),
        "error_handling",
        "'output'");
    assertRefused(
        valid.setClusterTimeoutSeconds(0L), "cluster_timeout_seconds", "'0'", "1 or more");
  }

  @Test
  void contentsTakeNothingThatIsOfALogOnly() {
    String now = Instant.EPOCH.toString();
    for (Configuration.Builder configuration :
        List.of(
            configuration("t").setStartingPosition("full"),
            configuration("t").setStoppingPosition(now),
            configuration("t").setMaxOutOfOrdernessMillis(1L),
            configuration("t").setPartitionDiscoverySeconds(1L),
            configuration("t").setClusterTimeoutSeconds(1L))) {
      assertRefused(configuration.setMode("contents"), "cannot be used", "mode is contents");
    }
  }

  @Test
  void valuesThatAreWrongForTheTable() {
    String kv = TestTables.orders(fluss, 1);
    String log = TestTables.numbers(fluss, 1);
    String daily = TestTables.dailyOrders(fluss, 1);
    assertRefusedWhenApplied(configuration(kv + "s"), "table", kv + "s does not exist");
    assertRefusedWhenApplied(configuration(kv).setLake(true), "lake: Table " + kv, "not a lake");
    assertRefusedWhenApplied(configuration("orders"), "table", "'orders' is not a table path");
    assertRefusedWhenApplied(
        configuration(kv).setMode("rows"), "mode", "'rows'", "changes or contents", kv);
    assertRefusedWhenApplied(
        configuration(log).setMode("changes"), "mode", "'changes'", "rows or contents", log);
    assertRefusedWhenApplied(
        configuration(kv).setColumns(List.of("price")), "columns", kv, "no column price");
    assertRefusedWhenApplied(
        configuration(kv).setPartitions(Map.of("ds", List.of("1"))),
        "partitions",
        "'[ds]'",
        "which has none");
    assertRefusedWhenApplied(
        configuration(daily).setPartitions(Map.of("day", List.of("1"))),
        "partitions",
        "'[day]'",
        "which are [ds]");
    assertRefusedWhenApplied(
        configuration(kv).setTimestampColumn("order_id"),
        "timestamp_column",
        "Column order_id",
        "no timestamp");
  }

  // helpers

  private static SchemaTransformProvider provider() {
    SchemaTransformProvider found =
        StreamSupport.stream(ServiceLoader.load(SchemaTransformProvider.class).spliterator(), false)
            .filter(p -> p.identifier().equals(FlussReadSchemaTransformProvider.IDENTIFIER))
            .findAny()
            .orElse(null);
    assertThat(found, notNullValue());
    return found;
  }

  private static Configuration.Builder configuration(String table) {
    return Configuration.builder().setBootstrapServers(fluss.bootstrapServers()).setTable(table);
  }

  private PCollection<Row> read(Map<String, Object> fields) {
    Row configuration =
        Row.withSchema(provider().configurationSchema()).withFieldValues(fields).build();
    return expand(provider().from(configuration)).get("output");
  }

  private PCollectionRowTuple expand(Configuration configuration) {
    return expand(new FlussReadSchemaTransformProvider().from(configuration));
  }

  private PCollectionRowTuple expand(SchemaTransform transform) {
    return PCollectionRowTuple.empty(pipeline)
        .apply("read " + System.identityHashCode(transform), transform);
  }

  private static PCollection<String> texts(PCollection<Row> rows) {
    return rows.apply(
        "texts of " + rows.getName(),
        MapElements.into(TypeDescriptors.strings()).via(row -> row.getValues().toString()));
  }

  private static String ordersWithAnUpdateAndADelete() {
    String table = TestTables.orders(fluss, 1);
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(order("u1", "o1", 1)),
            RowChange.upsert(order("u1", "o1", 2)),
            RowChange.upsert(order("u2", "o2", 3)),
            RowChange.delete(order("u2", "o2", 0))));
    return table;
  }

  private static void assertRefused(Configuration.Builder configuration, String... parts) {
    Configuration built = configuration.build();
    assertMessage(
        assertThrows(
            IllegalArgumentException.class,
            () -> new FlussReadSchemaTransformProvider().from(built)),
        parts);
  }

  private static void assertRefusedWhenApplied(
      Configuration.Builder configuration, String... parts) {
    SchemaTransform transform = new FlussReadSchemaTransformProvider().from(configuration.build());
    assertMessage(
        assertThrows(
            IllegalArgumentException.class,
            () -> PCollectionRowTuple.empty(Pipeline.create()).apply(transform)),
        parts);
  }

  private static void assertMessage(IllegalArgumentException e, String... parts) {
    for (String part : parts) {
      assertThat(e.getMessage(), containsString(part));
    }
  }
}

package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.LookupContract.USER;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussLookupSchemaTransformProvider.Configuration;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.stream.StreamSupport;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Lookups by name and configuration, on the direct runner. */
class FlussLookupSchemaTransformTest implements Serializable {
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
            "by",
            "columns",
            "cache_max_rows",
            "cache_expire_after_write_millis",
            "cache_expire_after_access_millis",
            "cache_missing_key",
            "insert_if_not_exists",
            "timeout_seconds",
            "max_in_flight",
            "shuffle_replicas",
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
    assertThat(provider.inputCollectionNames(), equalTo(List.of("input")));
    assertThat(provider.outputCollectionNames(), equalTo(List.of("output")));
  }

  private static SchemaTransformProvider provider() {
    return StreamSupport.stream(
            ServiceLoader.load(SchemaTransformProvider.class).spliterator(), false)
        .filter(p -> p.identifier().equals(FlussLookupSchemaTransformProvider.IDENTIFIER))
        .findAny()
        .orElseThrow();
  }

  @Test
  void rowsFoundAreAFieldOfTheRowByARowOfConfiguration() {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(
        fluss,
        table,
        List.of(RowChange.upsert(order("u1", "o1", 1)), RowChange.upsert(order("u1", "o2", 2))));
    Row configuration =
        Row.withSchema(provider().configurationSchema())
            .withFieldValues(
                Map.ofEntries(
                    Map.entry("bootstrap_servers", fluss.bootstrapServers()),
                    Map.entry("table", table),
                    Map.entry("by", List.of("user_id")),
                    Map.entry("columns", List.of("amount", "order_id")),
                    Map.entry("cache_max_rows", 100L),
                    Map.entry("cache_expire_after_write_millis", 60_000L),
                    Map.entry("cache_expire_after_access_millis", 60_000L),
                    Map.entry("cache_missing_key", false),
                    Map.entry("timeout_seconds", 60L),
                    Map.entry("max_in_flight", 10),
                    Map.entry("shuffle_replicas", 2),
                    Map.entry("client_properties", Map.of("client.lookup.queue-size", "100"))))
            .build();
    Schema input = Schema.builder().addInt32Field("n").addStringField("user_id").build();
    PCollection<Row> output =
        apply(
                pipeline,
                provider().from(configuration),
                input,
                Row.withSchema(input).addValues(1, "u1").build(),
                Row.withSchema(input).addValues(2, "nobody").build())
            .get("output");
    assertThat(output.getSchema().getFieldNames(), equalTo(List.of("n", "user_id", "found")));
    PAssert.that(texts(output)).containsInAnyOrder("1 u1 [[1, o1], [2, o2]]", "2 nobody []");
    pipeline.run().waitUntilFinish();
  }

  private static PCollection<String> texts(PCollection<Row> rows) {
    return rows.apply(
        MapElements.into(TypeDescriptors.strings())
            .via(
                row ->
                    row.getValue("n")
                        + " "
                        + row.getValue("user_id")
                        + " "
                        + row.<Row>getArray("found").stream().map(Row::getValues).toList()));
  }

  @Test
  void aMissingRowIsInsertedAndARowThatCannotBeLookedUpIsAnError() {
    String table = LookupContract.users(fluss, 1);
    Schema input =
        Schema.builder().addInt32Field("n").addNullableField("user_id", FieldType.STRING).build();
    PCollectionRowTuple outputs =
        apply(
            pipeline,
            new FlussLookupSchemaTransformProvider()
                .from(
                    configuration(table)
                        .setBy(List.of("user_id"))
                        .setColumns(List.of("id"))
                        .setInsertIfNotExists(true)
                        .setErrorHandling(ErrorHandling.builder().setOutput("errors").build())
                        .build()),
            input,
            Row.withSchema(input).addValues(1, "u1").build(),
            Row.withSchema(input).addValues(2, null).build(),
            Row.withSchema(input).addValues(3, "u1").build());
    PAssert.that(texts(outputs.get("output"))).containsInAnyOrder("1 u1 [[1]]", "3 u1 [[1]]");
    PAssert.that(
            outputs
                .get("errors")
                .apply(
                    "errors",
                    MapElements.into(TypeDescriptors.strings())
                        .via(row -> row.getString("error_message"))))
        .containsInAnyOrder(
            "This key can never be looked up: Column user_id of table "
                + table
                + " is NOT NULL, but the row has null there: [2, null]");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void valuesThatAreWrongWhateverTheTable() {
    assertRefused(configuration("t").setBootstrapServers("nowhere"), "bootstrap_servers");
    assertRefused(
        configuration("t").setClientProperties(Map.of("bootstrap.servers", "a:1")),
        "client_properties");
    assertRefused(configuration("t").setBy(List.of()), "by: ", "at least one column");
    assertRefused(configuration("t").setColumns(List.of()), "columns: ", "at least one column");
    assertRefused(configuration("t").setTimeoutSeconds(0L), "timeout_seconds: ", "longer than");
    assertRefused(configuration("t").setMaxInFlight(0), "max_in_flight: ", "above zero");
    assertRefused(configuration("t").setShuffleReplicas(0), "shuffle_replicas: ", "above zero");
    assertRefused(configuration("t").setCacheMaxRows(0L), "cache_max_rows: ", "above zero");
    assertRefused(
        configuration("t").setCacheMaxRows(1L).setCacheExpireAfterWriteMillis(0L),
        "cache_expire_after_write_millis: ",
        "longer than zero");
    assertRefused(
        configuration("t").setCacheMaxRows(1L).setCacheExpireAfterAccessMillis(0L),
        "cache_expire_after_access_millis: ",
        "longer than zero");
    for (Configuration.Builder withoutCache :
        List.of(
            configuration("t").setCacheExpireAfterWriteMillis(1L),
            configuration("t").setCacheExpireAfterAccessMillis(1L),
            configuration("t").setCacheMissingKey(true))) {
      assertRefused(withoutCache, "Give cache_max_rows too");
    }
    assertRefused(
        configuration("t").setErrorHandling(ErrorHandling.builder().setOutput("output").build()),
        "error_handling: ",
        "'output'");
  }

  @Test
  void valuesThatAreWrongForTheTableOrTheInput() {
    String orders = TestTables.orders(fluss, 1);
    assertRefusedWhenApplied(configuration(orders + "s"), USER, "table: ", "does not exist");
    assertRefusedWhenApplied(
        configuration(orders).setColumns(List.of("price")), USER, "columns: ", "no column price");
    assertRefusedWhenApplied(
        configuration(orders).setBy(List.of("order_id")), USER, "by: ", "cannot be looked up by");
    assertRefusedWhenApplied(
        configuration(TestTables.numbers(fluss, 1)), USER, "by: ", "is a log table");
    assertRefusedWhenApplied(
        configuration(orders).setBy(List.of("user_id")),
        Schema.builder().addFields(USER.getFields()).addStringField("found").build(),
        "input: ",
        "'found'");
  }

  private static Configuration.Builder configuration(String table) {
    return Configuration.builder().setBootstrapServers(fluss.bootstrapServers()).setTable(table);
  }

  private static PCollectionRowTuple apply(
      Pipeline pipeline, SchemaTransform transform, Schema schema, Row... rows) {
    Create.Values<Row> keys = rows.length == 0 ? Create.empty(schema) : Create.of(List.of(rows));
    return PCollectionRowTuple.of("input", pipeline.apply(keys.withRowSchema(schema)))
        .apply(transform);
  }

  private static void assertRefused(Configuration.Builder configuration, String... parts) {
    ReadOptionsTest.assertRefused(
        () -> new FlussLookupSchemaTransformProvider().from(configuration.build()), parts);
  }

  private static void assertRefusedWhenApplied(
      Configuration.Builder configuration, Schema input, String... parts) {
    SchemaTransform transform =
        new FlussLookupSchemaTransformProvider().from(configuration.build());
    ReadOptionsTest.assertRefused(() -> apply(Pipeline.create(), transform, input), parts);
  }
}

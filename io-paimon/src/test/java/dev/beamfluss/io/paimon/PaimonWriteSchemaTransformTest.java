package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.paimon.PaimonWriteSchemaTransformProvider.Configuration;
import dev.beamfluss.io.paimon.PaimonWriteSchemaTransformProvider.Create;
import java.io.Serializable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.paimon.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Writes by name and configuration, on the direct runner. */
class PaimonWriteSchemaTransformTest implements Serializable {
  private static final Schema ORDER =
      Schema.builder()
          .addNullableField("id", FieldType.INT32)
          .addNullableField("amount", FieldType.INT64)
          .addNullableField("ds", FieldType.STRING)
          .build();

  /** An order and what happened to it. */
  private static final Schema CHANGE =
      Schema.builder()
          .addNullableField("_change_type", FieldType.STRING)
          .addFields(ORDER.getFields())
          .build();

  @TempDir transient Path directory;

  private final transient TestPipeline pipeline =
      TestPipeline.create().enableAbandonedNodeEnforcement(false);
  private transient Warehouse warehouse;
  private transient String keyed;
  private transient String appended;

  @BeforeEach
  void createTables() throws Exception {
    warehouse = new Warehouse(directory);
    keyed =
        warehouse.create(
            "keyed",
            columns().primaryKey("ds", "id").partitionKeys("ds").option("bucket", "2").build());
    appended = warehouse.create("appended", columns().partitionKeys("ds").build());
  }

  private static org.apache.paimon.schema.Schema.Builder columns() {
    return org.apache.paimon.schema.Schema.newBuilder()
        .column("id", DataTypes.INT())
        .column("amount", DataTypes.BIGINT())
        .column("ds", DataTypes.STRING());
  }

  @Test
  void isFoundByItsNameAndTellsItsConfiguration() {
    SchemaTransformProvider provider = provider();
    assertThat(
        provider.configurationSchema().getFieldNames(),
        containsInAnyOrder(
            "catalog_properties",
            "table",
            "mode",
            "create",
            "overwrite",
            "overwrite_partition",
            "commit_interval_seconds",
            "shards",
            "error_handling"));
    for (Schema.Field field : provider.configurationSchema().getFields()) {
      assertThat(field.getName(), field.getDescription(), not(""));
      assertThat(
          field.getName(),
          field.getType().getNullable(),
          equalTo(!List.of("catalog_properties", "table").contains(field.getName())));
    }
    assertThat(provider.description(), containsString("Paimon"));
    assertThat(provider.inputCollectionNames(), equalTo(List.of("input")));
    assertThat(provider.outputCollectionNames(), equalTo(List.of("written")));
  }

  @Test
  void changesByARowOfConfiguration() throws Exception {
    String made = "made.orders";
    Schema schema = provider().configurationSchema();
    Row configuration =
        Row.withSchema(schema)
            .withFieldValues(
                Map.of(
                    "catalog_properties",
                    warehouse.catalog(),
                    "table",
                    made,
                    "mode",
                    "changes",
                    "create",
                    row(schema, "create")
                        .withFieldValue("primary_keys", List.of("ds", "id"))
                        .withFieldValue("partition_keys", List.of("ds"))
                        .withFieldValue(
                            "options", Map.of("bucket", "1", "sequence.field", "amount"))
                        .build(),
                    "commit_interval_seconds",
                    1L,
                    "shards",
                    2,
                    "error_handling",
                    row(schema, "error_handling").withFieldValue("output", "errors").build()))
            .build();
    PCollectionRowTuple outputs =
        apply(
            pipeline,
            provider().from(configuration),
            CHANGE,
            change("+I", 1, 1L),
            change("-U", 1, 1L),
            change("+U", 1, 2L),
            change("+I", 2, 1L),
            change("-D", 2, 3L),
            change("+I", 3, 4L));
    PAssert.that(outputs.get("errors")).empty();
    pipeline.run().waitUntilFinish();
    assertHolds(made, "[1, 2, d]", "[3, 4, d]");
    assertThat(warehouse.table(made).primaryKeys(), equalTo(List.of("ds", "id")));
  }

  @Test
  void rowsAreAppendedOrUpserted() throws Exception {
    for (String table : List.of(appended, keyed)) {
      assertWritten(
          2,
          apply(
              pipeline, from(configuration(table)), ORDER, order(1, 1L, "d"), order(2, null, "d")));
    }
    pipeline.run().waitUntilFinish();
    apply(pipeline, from(configuration(keyed)), ORDER, order(2, 5L, "d"));
    assertHolds(appended, "[1, 1, d]", "[2, null, d]");
    assertHolds(keyed, "[1, 1, d]", "[2, null, d]");
  }

  @Test
  void partitionsAreReplaced() throws Exception {
    warehouse.writeEncoded(
        appended, List.of(order(1, 1L, "d1"), order(2, 2L, "d2"), order(3, 3L, "d3")));
    apply(pipeline, from(configuration(appended).setOverwrite(true)), ORDER, order(9, 9L, "d1"));
    pipeline.run().waitUntilFinish();
    assertHolds(appended, "[9, 9, d1]", "[2, 2, d2]", "[3, 3, d3]");

    Pipeline second = Pipeline.create();
    PCollectionRowTuple outputs =
        apply(
            second,
            from(
                configuration(appended)
                    .setOverwritePartition(Map.of("ds", "d2"))
                    .setErrorHandling(errors())),
            ORDER,
            order(8, 8L, "d3"));
    PAssert.thatSingleton(
            outputs
                .get("errors")
                .apply(
                    MapElements.into(TypeDescriptors.strings())
                        .via(row -> row.getString("error_message"))))
        .satisfies(
            message -> {
              assertThat(message, containsString("is not in the partition {ds=d2}"));
              return null;
            });
    second.run().waitUntilFinish();
    assertHolds(appended, "[9, 9, d1]", "[3, 3, d3]");
  }

  @Test
  void rowsThatCannotBeWrittenGoToTheOutputForErrors() throws Exception {
    Row bad = order(null, 1L, "d");
    PCollectionRowTuple rows =
        apply(
            pipeline,
            from(configuration(keyed).setErrorHandling(errors())),
            ORDER,
            bad,
            order(1, 1L, "d"));
    assertThat(rows.get("errors").getSchema(), equalTo(ErrorHandling.errorSchema(ORDER)));
    assertWritten(1, rows);
    assertErrors(
        rows,
        bad
            + ": This row can never be written: Column id of table "
            + keyed
            + " is NOT NULL, but the row has null there: [null, 1, d]");
    PCollectionRowTuple changes =
        apply(
            pipeline,
            from(configuration(keyed).setMode("changes").setErrorHandling(errors())),
            CHANGE,
            change("upsert", 2, 2L),
            change(null, 3, 3L),
            change("+I", 4, 4L));
    assertWritten(1, changes);
    String kinds = "is no kind of change. They are +I, -U, +U and -D.";
    assertErrors(
        changes,
        change("upsert", 2, 2L) + ": This row can never be written: 'upsert' " + kinds,
        change(null, 3, 3L) + ": This row can never be written: 'null' " + kinds);
    pipeline.run().waitUntilFinish();
    assertHolds(keyed, "[1, 1, d]", "[4, 4, d]");
  }

  @Test
  void optionsReachTheWrite() {
    PaimonIO.Write<Row> defaults =
        new PaimonWriteSchemaTransform(configuration("db.t").build()).options;
    assertThat(defaults, equalTo(PaimonIO.write().to(warehouse.catalog(), "db.t")));
    PaimonIO.Write<Row> set =
        new PaimonWriteSchemaTransform(
                configuration("db.t")
                    .setCreate(Create.builder().setOptions(Map.of("a", "b")).build())
                    .setOverwritePartition(Map.of("ds", "d"))
                    .setCommitIntervalSeconds(3L)
                    .setShards(2)
                    .build())
            .options;
    assertThat(
        set,
        equalTo(
            PaimonIO.write()
                .to(warehouse.catalog(), "db.t")
                .withCreateTable(List.of(), List.of(), Map.of("a", "b"))
                .withOverwrite(Map.of("ds", "d"))
                .withCommitInterval(Duration.ofSeconds(3))
                .withShards(2)));
  }

  @Test
  void valuesThatAreWrongWhateverTheTable() {
    assertRefused(configuration("t").setMode("upsert"), "mode: 'upsert'", "rows or changes");
    assertRefused(
        configuration("t").setOverwrite(true).setOverwritePartition(Map.of("ds", "d")),
        "overwrite: 'true'",
        "only one of");
    assertRefused(
        configuration("t").setOverwritePartition(Map.of()), "overwrite_partition: ", "Name the");
    assertRefused(
        configuration("t").setCommitIntervalSeconds(0L),
        "commit_interval_seconds: ",
        "at least a millisecond");
    assertRefused(configuration("t").setShards(0), "shards: ", "at least 1");
    assertRefused(
        configuration("t").setErrorHandling(ErrorHandling.builder().setOutput("written").build()),
        "error_handling: 'written'");
  }

  @Test
  void valuesThatAreWrongForTheTableOrTheInput() {
    assertRefusedWhenApplied(configuration(keyed + "s"), ORDER, "table: ", "does not exist");
    assertRefusedWhenApplied(
        configuration(keyed).setCatalogProperties(Map.of()), ORDER, "table: ", "'warehouse'");
    assertRefusedWhenApplied(
        configuration("shop.made")
            .setCreate(Create.builder().setPrimaryKeys(List.of("id")).build()),
        ORDER,
        "create: ",
        "fixed number of buckets");
    assertRefusedWhenApplied(
        configuration(keyed).setCreate(Create.builder().build()),
        ORDER,
        "create: ",
        "is there already");
    assertRefusedWhenApplied(configuration(keyed), CHANGE, "mode: 'rows'", "Give changes");
    assertRefusedWhenApplied(
        configuration(keyed).setMode("changes"), ORDER, "mode: ", "no field _change_type");
    assertRefusedWhenApplied(
        configuration(appended).setMode("changes"), CHANGE, "mode: ", "has no primary key");
    assertRefusedWhenApplied(
        configuration(keyed).setOverwritePartition(Map.of("id", "1")),
        ORDER,
        "overwrite_partition: ",
        "not partitioned by id");
    assertRefusedWhenApplied(
        configuration(keyed),
        Schema.builder().addInt32Field("id").build(),
        "input: ",
        "has a column amount");
    SchemaTransform overwrite = from(configuration(keyed).setOverwrite(true));
    PCollection<Row> endless =
        Pipeline.create()
            .apply(org.apache.beam.sdk.transforms.Create.empty(ORDER))
            .setIsBoundedInternal(IsBounded.UNBOUNDED);
    assertRefused(
        () -> PCollectionRowTuple.of("input", endless).apply(overwrite),
        "overwrite: ",
        "by an unbounded input");
  }

  // helpers

  private static SchemaTransformProvider provider() {
    return ServiceLoader.load(SchemaTransformProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(found -> found.identifier().equals(PaimonWriteSchemaTransformProvider.IDENTIFIER))
        .findAny()
        .orElseThrow();
  }

  private Configuration.Builder configuration(String table) {
    return Configuration.builder().setCatalogProperties(warehouse.catalog()).setTable(table);
  }

  private static Row.FieldValueBuilder row(Schema configuration, String field) {
    return Row.withSchema(configuration.getField(field).getType().getRowSchema())
        .withFieldValues(Map.of());
  }

  private static ErrorHandling errors() {
    return ErrorHandling.builder().setOutput("errors").build();
  }

  private static SchemaTransform from(Configuration.Builder configuration) {
    return new PaimonWriteSchemaTransformProvider().from(configuration.build());
  }

  private static PCollectionRowTuple apply(
      Pipeline pipeline, SchemaTransform transform, Schema schema, Row... rows) {
    String name = " " + System.identityHashCode(transform);
    var input =
        rows.length == 0
            ? org.apache.beam.sdk.transforms.Create.empty(schema)
            : org.apache.beam.sdk.transforms.Create.of(Arrays.asList(rows));
    return PCollectionRowTuple.of(
            "input", pipeline.apply("rows" + name, input.withRowSchema(schema)))
        .apply("write" + name, transform);
  }

  private static void assertWritten(long count, PCollectionRowTuple outputs) {
    PCollection<Row> written = outputs.get("written");
    assertThat(written.getSchema(), equalTo(Schema.builder().addInt64Field("count").build()));
    String name = " of " + written.getName();
    PAssert.thatSingleton(
            written
                .apply(
                    "counts" + name,
                    MapElements.into(TypeDescriptors.longs()).via(row -> row.getInt64("count")))
                .apply("sum" + name, Sum.longsGlobally()))
        .isEqualTo(count);
  }

  private static void assertErrors(PCollectionRowTuple outputs, String... expected) {
    PCollection<Row> errors = outputs.get("errors");
    PAssert.that(
            errors.apply(
                "texts of " + errors.getName(),
                MapElements.into(TypeDescriptors.strings())
                    .via(row -> row.getRow("failed_row") + ": " + row.getString("error_message"))))
        .containsInAnyOrder(expected);
  }

  private static Row order(@Nullable Integer id, @Nullable Long amount, String day) {
    return Row.withSchema(ORDER).addValues(id, amount, day).build();
  }

  private static Row change(@Nullable String type, int id, long amount) {
    return Row.withSchema(CHANGE).addValues(type, id, amount, "d").build();
  }

  private void assertHolds(String table, String... rows) throws Exception {
    assertThat(
        Contents.of(warehouse.table(table)).stream()
            .map(row -> row.getValues().toString())
            .toList(),
        containsInAnyOrder(rows));
  }

  private static void assertRefused(Configuration.Builder configuration, String... parts) {
    assertRefused(() -> from(configuration), parts);
  }

  private static void assertRefusedWhenApplied(
      Configuration.Builder configuration, Schema input, String... parts) {
    SchemaTransform transform = from(configuration);
    assertRefused(() -> apply(Pipeline.create(), transform, input), parts);
  }

  private static void assertRefused(
      org.junit.jupiter.api.function.Executable step, String... parts) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, step);
    for (String part : parts) {
      assertThat(e.getMessage(), containsString(part));
    }
  }
}

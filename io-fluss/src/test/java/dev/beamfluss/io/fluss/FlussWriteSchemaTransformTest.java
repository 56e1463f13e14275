package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.ORDER;
import static dev.beamfluss.io.fluss.TestTables.contentsAsText;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussWriteSchemaTransformProvider.Configuration;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.ServiceLoader;
import java.util.TreeMap;
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
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.metadata.AggFunction;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Writes by name and configuration, on the direct runner. */
class FlussWriteSchemaTransformTest implements Serializable {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  /** An order and what happened to it. */
  private static final Schema CHANGE =
      Schema.builder()
          .addNullableField("_change_type", FieldType.STRING)
          .addFields(ORDER.getFields())
          .build();

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
            "deletes",
            "timeout_seconds",
            "idempotent_writer",
            "allow_non_idempotent_merge",
            "bucket_shuffle",
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
    assertThat(provider.outputCollectionNames(), equalTo(List.of("written")));
  }

  @Test
  void changesByARowOfConfiguration() {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(order("updated", "o", 1)),
            RowChange.upsert(order("deleted", "o", 2))));
    Schema schema = provider().configurationSchema();
    Row configuration =
        Row.withSchema(schema)
            .withFieldValues(
                Map.ofEntries(
                    Map.entry("bootstrap_servers", fluss.bootstrapServers()),
                    Map.entry("table", table),
                    Map.entry("columns", List.of("user_id", "order_id", "amount")),
                    Map.entry("mode", "changes"),
                    Map.entry("deletes", "apply"),
                    Map.entry("timeout_seconds", 60L),
                    Map.entry("idempotent_writer", false),
                    Map.entry("allow_non_idempotent_merge", true),
                    Map.entry("bucket_shuffle", true),
                    Map.entry("client_properties", Map.of("client.writer.batch-timeout", "2ms")),
                    Map.entry(
                        "error_handling",
                        Row.withSchema(schema.getField("error_handling").getType().getRowSchema())
                            .addValue("errors")
                            .build())))
            .build();
    PCollectionRowTuple outputs =
        apply(
            pipeline,
            provider().from(configuration),
            CHANGE,
            change("-U", "updated", 1L),
            change("+U", "updated", 3L),
            change("-D", "deleted", 2L),
            change("+I", "inserted", 4L));
    assertWritten(3, outputs);
    PAssert.that(outputs.get("errors")).empty();
    pipeline.run().waitUntilFinish();
    assertThat(
        contentsAsText(fluss, table), containsInAnyOrder("[updated, o, 3]", "[inserted, o, 4]"));
  }

  @Test
  void rowsAreAppendedToALogTable() {
    String table = TestTables.numbers(fluss, 2);
    // fields are taken by name
    Schema schema =
        Schema.builder().addNullableField("text", FieldType.STRING).addInt64Field("n").build();
    assertWritten(
        2,
        apply(
            pipeline,
            from(configuration(table)),
            schema,
            Row.withSchema(schema).addValues("one", 1L).build(),
            Row.withSchema(schema).addValues(null, 2L).build()));
    pipeline.run().waitUntilFinish();
    assertThat(contentsAsText(fluss, table), containsInAnyOrder("[1, one]", "[2, null]"));
  }

  @Test
  void rowsAreUpsertedInSomeColumnsOnly() {
    String table = wide(3);
    Schema whole = TestTables.cluster(fluss).describe(table).schema();
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(wideRow(whole, 1, "kept")),
            RowChange.upsert(wideRow(whole, 2, "kept"))));
    Schema part =
        Schema.builder()
            .addStringField("not_sent")
            .addDecimalField("price")
            .addInt32Field("id")
            .build();
    assertWritten(
        2,
        apply(
            pipeline,
            from(configuration(table).setColumns(List.of("id", "price"))),
            part,
            Row.withSchema(part).addValues("x", new BigDecimal("7.50"), 1).build(),
            Row.withSchema(part).addValues("x", new BigDecimal("8.50"), 3).build()));
    pipeline.run().waitUntilFinish();
    assertThat(
        contentsAsText(fluss, table),
        containsInAnyOrder(
            "[1, 7.50, 2026-01-01T00:00:01, kept]",
            "[2, 2.25, 2026-01-01T00:00:02, kept]",
            "[3, 8.50, null, null]"));
  }

  @Test
  void deletesAreIgnoredOrRefused() {
    String ignored = TestTables.orders(fluss, 1);
    String refused = TestTables.orders(fluss, 1);
    for (String table : List.of(ignored, refused)) {
      TestTables.write(fluss, table, List.of(RowChange.upsert(order("u1", "o", 1))));
    }
    apply(
        pipeline,
        from(configuration(ignored).setMode("changes").setDeletes("ignore")),
        CHANGE,
        change("-D", "u1", 1L),
        change("+I", "u2", 2L));
    PCollectionRowTuple outputs =
        apply(
            pipeline,
            from(
                configuration(refused)
                    .setMode("changes")
                    .setDeletes("refuse")
                    .setErrorHandling(errors())),
            CHANGE,
            change("-D", "u1", 1L),
            change("+I", "u2", 2L));
    assertWritten(1, outputs);
    assertErrors(
        outputs,
        List.of(
            change("-D", "u1", 1L)
                + ": This row can never be written: A delete came for table "
                + refused
                + ", which this write refuses: [u1, o, 1]"));
    pipeline.run().waitUntilFinish();
    for (String table : List.of(ignored, refused)) {
      assertThat(contentsAsText(fluss, table), containsInAnyOrder("[u1, o, 1]", "[u2, o, 2]"));
    }
  }

  /**
   * Of one bucket, which a bounded read must not cut: its pieces would be read at once. The types'
   * values must come back from a coder as they were.
   */
  @Test
  void changesThatWereReadMakeAnEqualTable() {
    long seed = new Random().nextLong();
    System.out.println("changesThatWereReadMakeAnEqualTable seed " + seed);
    Random random = new Random(seed);
    String source = wide(1);
    String copy = wide(3);
    Schema schema = TestTables.cluster(fluss).describe(source).schema();
    List<RowChange> changes = new ArrayList<>();
    TreeMap<Integer, String> expected = new TreeMap<>();
    for (int i = 0; i < 6_000; i++) {
      int id = random.nextInt(100);
      if (random.nextInt(3) == 0) {
        changes.add(RowChange.delete(wideRow(schema, id, null)));
        expected.remove(id);
      } else {
        Row row = wideRow(schema, id, "v" + i);
        changes.add(RowChange.upsert(row));
        expected.put(id, row.getValues().toString());
      }
    }
    TestTables.write(fluss, source, changes);
    PCollection<Row> read =
        PCollectionRowTuple.empty(pipeline)
            .apply(
                new FlussReadSchemaTransformProvider()
                    .from(
                        FlussReadSchemaTransformProvider.Configuration.builder()
                            .setBootstrapServers(fluss.bootstrapServers())
                            .setTable(source)
                            .setStartingPosition("earliest")
                            .setStoppingPosition("latest")
                            .build()))
            .get("output");
    PCollectionRowTuple.of("input", read)
        .apply(from(configuration(copy).setMode("changes").setBucketShuffle(true)));
    pipeline.run().waitUntilFinish();
    assertThat(
        "seed " + seed,
        contentsAsText(fluss, copy),
        containsInAnyOrder(expected.values().toArray(new String[0])));
    assertThat(
        "seed " + seed,
        contentsAsText(fluss, source),
        containsInAnyOrder(expected.values().toArray(new String[0])));
  }

  @Test
  void theValuesOfARowNameItsTable() {
    String database = fluss.newDatabase();
    for (String name : List.of("orders_de", "orders_fr")) {
      TestTables.create(fluss, TablePath.of(database, name), TestTables.ordersDescriptor(1));
    }
    PCollectionRowTuple outputs =
        apply(
            pipeline,
            from(
                configuration(database + ".orders_{user_id}")
                    .setMode("changes")
                    .setErrorHandling(errors())),
            CHANGE,
            change("+I", "de", 1L),
            change("+I", "fr", 2L),
            change("+I", "nowhere", 3L));
    assertWritten(2, outputs);
    PAssert.that(outputs.get("errors"))
        .satisfies(
            rows -> {
              Row error = rows.iterator().next();
              assertThat(error.getRow("failed_row"), equalTo(change("+I", "nowhere", 3L)));
              assertThat(
                  error.getString("error_message"),
                  containsString("Table " + database + ".orders_nowhere does not exist"));
              return null;
            });
    pipeline.run().waitUntilFinish();
    assertThat(contentsAsText(fluss, database + ".orders_de"), contains("[de, o, 1]"));
    assertThat(contentsAsText(fluss, database + ".orders_fr"), contains("[fr, o, 2]"));
  }

  @Test
  void rowsThatCannotBeWrittenGoToTheOutputForErrors() {
    String table = TestTables.orders(fluss, 1);
    Schema schema =
        Schema.builder()
            .addNullableField("user_id", FieldType.STRING)
            .addStringField("order_id")
            .addInt64Field("amount")
            .build();
    Row bad = Row.withSchema(schema).addValues(null, "o", 1L).build();
    PCollectionRowTuple rows =
        apply(
            pipeline,
            from(configuration(table).setErrorHandling(errors())),
            schema,
            bad,
            Row.withSchema(schema).addValues("u1", "o", 1L).build());
    assertThat(rows.get("errors").getSchema(), equalTo(ErrorHandling.errorSchema(schema)));
    assertWritten(1, rows);
    assertErrors(
        rows,
        List.of(
            bad
                + ": This row can never be written: Column user_id of table "
                + table
                + " is NOT NULL, but the row has null there: [null, o, 1]"));
    PCollectionRowTuple changes =
        apply(
            pipeline,
            from(
                configuration(table)
                    .setMode("changes")
                    .setBucketShuffle(true)
                    .setErrorHandling(errors())),
            CHANGE,
            change("upsert", "u2", 2L),
            change(null, "u3", 3L),
            change("+I", "u4", 4L));
    assertWritten(1, changes);
    String kinds = "is no kind of change. They are +I, -U, +U and -D.";
    assertErrors(
        changes,
        List.of(
            change("upsert", "u2", 2L) + ": This row can never be written: 'upsert' " + kinds,
            change(null, "u3", 3L) + ": This row can never be written: 'null' " + kinds));
    pipeline.run().waitUntilFinish();
    assertThat(contentsAsText(fluss, table), containsInAnyOrder("[u1, o, 1]", "[u4, o, 4]"));
  }

  @Test
  void optionsReachTheWrite() {
    FlussIO.Write<Row> defaults = new FlussWriteSchemaTransform(configuration("t").build()).options;
    assertThat(defaults.spec(), equalTo(FlussIO.write().spec()));
    assertThat(defaults.bucketShuffle(), equalTo(false));
    FlussIO.Write<Row> set =
        new FlussWriteSchemaTransform(
                configuration("t")
                    .setColumns(List.of("a", "b"))
                    .setMode("changes")
                    .setDeletes("ignore")
                    .setTimeoutSeconds(3L)
                    .setIdempotentWriter(false)
                    .setAllowNonIdempotentMerge(true)
                    .setBucketShuffle(true)
                    .build())
            .options;
    assertThat(
        set.spec(),
        equalTo(
            WriteSpec.builder()
                .setColumns(List.of("a", "b"))
                .setDeletes(Deletes.IGNORE)
                .setTimeout(Duration.ofSeconds(3))
                .setIdempotentWriter(false)
                .setNonIdempotentMergeAllowed(true)
                .build()));
    assertThat(set.bucketShuffle(), equalTo(true));
  }

  @Test
  void valuesThatAreWrongWhateverTheTable() {
    assertRefused(configuration("t").setBootstrapServers("nowhere"), "bootstrap_servers");
    assertRefused(
        configuration("t").setClientProperties(Map.of("bootstrap.servers", "a:1")),
        "client_properties");
    for (String table : List.of("shop.orders_{", "shop.{}", "shop.{a{b}}", "shop.o_{$YYYY}")) {
      assertRefused(configuration(table), "table: '" + table + "'", "shop.orders_{country}");
    }
    assertRefused(configuration("t").setColumns(List.of()), "columns: ", "at least one column");
    assertRefused(configuration("t").setMode("upsert"), "mode: 'upsert'", "rows or changes");
    assertRefused(
        configuration("t").setMode("changes").setDeletes("drop"),
        "deletes: 'drop'",
        "apply, ignore or refuse");
    assertRefused(configuration("t").setDeletes("ignore"), "deletes: 'ignore'", "mode is rows");
    assertRefused(configuration("t").setTimeoutSeconds(0L), "timeout_seconds: ", "longer than");
    assertRefused(
        configuration("shop.orders_{country}").setBucketShuffle(true),
        "bucket_shuffle: 'true'",
        "template");
    assertRefused(
        configuration("t").setErrorHandling(ErrorHandling.builder().setOutput("written").build()),
        "error_handling: 'written'");
  }

  @Test
  void valuesThatAreWrongForTheTableOrTheInput() {
    String kv = TestTables.orders(fluss, 1);
    String log = TestTables.numbers(fluss, 1);
    Schema numbers = TestTables.cluster(fluss).describe(log).schema();
    assertRefusedWhenApplied(configuration(kv + "s"), ORDER, "table: ", kv + "s does not exist");
    assertRefusedWhenApplied(configuration("orders"), ORDER, "table: ", "is not a table path");
    assertRefusedWhenApplied(
        configuration("shop.orders_{country}"), ORDER, "table: ", "fields: [country]");
    assertRefusedWhenApplied(configuration(kv), CHANGE, "mode: 'rows'", "Give changes");
    assertRefusedWhenApplied(
        configuration(kv).setMode("changes"), ORDER, "mode: ", "no field _change_type");
    assertRefusedWhenApplied(
        configuration(kv).setMode("changes"),
        Schema.builder().addInt32Field("_change_type").addFields(ORDER.getFields()).build(),
        "mode: ",
        "no field _change_type of type STRING");
    assertRefusedWhenApplied(
        configuration(log).setMode("changes"), CHANGE, "mode: ", log, "is a log table");
    assertRefusedWhenApplied(
        configuration(ordersWith(null, "table.delete.behavior", "disable")).setMode("changes"),
        CHANGE,
        "deletes: ",
        "refuses deletes");
    assertRefusedWhenApplied(
        configuration(kv).setColumns(List.of("user_id", "amount")),
        ORDER,
        "columns: ",
        "needs its whole primary key");
    assertRefusedWhenApplied(
        configuration(kv).setColumns(List.of("price")), ORDER, "columns: ", "no column price");
    assertRefusedWhenApplied(
        configuration(log).setColumns(List.of("n")), numbers, "columns: ", "is a log table");
    assertRefusedWhenApplied(
        configuration(ordersWith(AggFunctions.SUM(), "table.merge-engine", "aggregation")),
        ORDER,
        "allow_non_idempotent_merge: ",
        "would count twice");
    assertRefusedWhenApplied(configuration(log), ORDER, "input: ", "user_id");
    assertRefusedWhenApplied(
        configuration(kv),
        Schema.builder().addStringField("user_id").addStringField("order_id").build(),
        "input: ",
        "has a column amount");
    assertRefusedWhenApplied(
        configuration(log).setBucketShuffle(true), numbers, "bucket_shuffle: ", "no bucket key");
  }

  // helpers

  private static SchemaTransformProvider provider() {
    return StreamSupport.stream(
            ServiceLoader.load(SchemaTransformProvider.class).spliterator(), false)
        .filter(p -> p.identifier().equals(FlussWriteSchemaTransformProvider.IDENTIFIER))
        .findAny()
        .orElseThrow();
  }

  private static Configuration.Builder configuration(String table) {
    return Configuration.builder().setBootstrapServers(fluss.bootstrapServers()).setTable(table);
  }

  private static ErrorHandling errors() {
    return ErrorHandling.builder().setOutput("errors").build();
  }

  private static SchemaTransform from(Configuration.Builder configuration) {
    return new FlussWriteSchemaTransformProvider().from(configuration.build());
  }

  private static PCollectionRowTuple apply(
      Pipeline pipeline, SchemaTransform transform, Schema schema, Row... rows) {
    String name = " " + System.identityHashCode(transform);
    Create.Values<Row> input =
        rows.length == 0 ? Create.empty(schema) : Create.of(Arrays.asList(rows));
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

  private static void assertErrors(PCollectionRowTuple outputs, List<String> expected) {
    PCollection<Row> errors = outputs.get("errors");
    PAssert.that(
            errors.apply(
                "texts of " + errors.getName(),
                MapElements.into(TypeDescriptors.strings())
                    .via(row -> row.getRow("failed_row") + ": " + row.getString("error_message"))))
        .containsInAnyOrder(expected);
  }

  private static Row change(String type, String user, Long amount) {
    return Row.withSchema(CHANGE).addValues(type, user, "o", amount).build();
  }

  /** KV, key id. */
  private static String wide(int buckets) {
    return TestTables.create(
        fluss,
        "wide",
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("id", DataTypes.INT())
                    .column("price", DataTypes.DECIMAL(10, 2))
                    .column("at", DataTypes.TIMESTAMP(3))
                    .column("note", DataTypes.STRING())
                    .primaryKey("id")
                    .build())
            .distributedBy(buckets, "id")
            .build());
  }

  private static Row wideRow(Schema schema, int id, String note) {
    return Row.withSchema(schema)
        .addValues(
            id,
            new BigDecimal(id + ".25"),
            LocalDateTime.of(2026, 1, 1, 0, 0).plusSeconds(id),
            note)
        .build();
  }

  private static String ordersWith(@Nullable AggFunction merge, String property, String value) {
    org.apache.fluss.metadata.Schema.Builder columns =
        org.apache.fluss.metadata.Schema.newBuilder()
            .column("user_id", DataTypes.STRING())
            .column("order_id", DataTypes.STRING());
    if (merge == null) {
      columns.column("amount", DataTypes.BIGINT());
    } else {
      columns.column("amount", DataTypes.BIGINT(), merge);
    }
    return TestTables.create(
        fluss,
        "orders",
        TableDescriptor.builder()
            .schema(columns.primaryKey("user_id", "order_id").build())
            .distributedBy(1, "user_id")
            .property(property, value)
            .build());
  }

  private static void assertRefused(Configuration.Builder configuration, String... parts) {
    ReadOptionsTest.assertRefused(() -> from(configuration), parts);
  }

  private static void assertRefusedWhenApplied(
      Configuration.Builder configuration, Schema input, String... parts) {
    SchemaTransform transform = from(configuration);
    ReadOptionsTest.assertRefused(() -> apply(Pipeline.create(), transform, input), parts);
  }
}

package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.ORDER;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What {@link FlussIO} promises on every runner, against a real cluster. */
abstract class FlussIOContract implements Serializable {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final transient TestPipeline pipeline = newPipeline();
  private final transient TestPipeline second = newPipeline();

  abstract PipelineOptions options();

  private TestPipeline newPipeline() {
    return TestPipeline.fromOptions(options()).enableAbandonedNodeEnforcement(false);
  }

  @Test
  void appendsToALogTableAndReadsItBack() {
    String table = TestTables.numbers(fluss, 3);
    org.apache.beam.sdk.schemas.Schema schema = cluster(fluss).describe(table).schema();
    List<Row> rows =
        LongStream.range(0, 1000)
            .mapToObj(n -> Row.withSchema(schema).addValues(n, "row " + n).build())
            .toList();

    FlussWriteResult result =
        pipeline
            .apply(Create.of(rows).withRowSchema(schema))
            .apply(FlussIO.write().to(cluster(fluss), table));
    PAssert.thatSingleton(result.getAcknowledged().apply(Sum.longsGlobally())).isEqualTo(1000L);
    pipeline.run().waitUntilFinish();

    PCollection<Row> read =
        second.apply(
            FlussIO.readRows().from(cluster(fluss), table).withStoppingPosition(Position.latest()));
    PAssert.that(read).containsInAnyOrder(rows);
    second.run().waitUntilFinish();
  }

  @Test
  void readsOnlyTheColumnsAskedForInTheirOrder() {
    String table = TestTables.orders(fluss, 2);
    TestTables.write(
        fluss,
        table,
        List.of(RowChange.upsert(order("u1", "o1", 1)), RowChange.upsert(order("u2", "o2", 2))));

    PCollection<Row> rows =
        pipeline
            .apply(
                FlussIO.readChanges()
                    .from(cluster(fluss), table)
                    .withColumns("amount", "user_id")
                    .withStoppingPosition(Position.latest()))
            .apply("row", rowsOf("amount", "user_id"));
    PAssert.that(rows)
        .containsInAnyOrder(
            Row.withSchema(rows.getSchema()).addValues(1L, "u1").build(),
            Row.withSchema(rows.getSchema()).addValues(2L, "u2").build());
    pipeline.run().waitUntilFinish();
  }

  private PTransform<PCollection<RowChange>, PCollection<Row>> rowsOf(String... columns) {
    org.apache.beam.sdk.schemas.Schema schema =
        org.apache.beam.sdk.schemas.Schema.of(
            Arrays.stream(columns)
                .map(ORDER::getField)
                .map(this::nullableUnlessKey)
                .toArray(org.apache.beam.sdk.schemas.Schema.Field[]::new));
    return new PTransform<>() {
      @Override
      public PCollection<Row> expand(PCollection<RowChange> input) {
        return input
            .apply(MapElements.into(TypeDescriptors.rows()).via(RowChange::row))
            .setRowSchema(schema);
      }
    };
  }

  private org.apache.beam.sdk.schemas.Schema.Field nullableUnlessKey(
      org.apache.beam.sdk.schemas.Schema.Field field) {
    return field.withNullable(field.getName().equals("amount"));
  }

  @Test
  void writesUpsertsAndDeletesAndReadsTheirChangelog() {
    String table = TestTables.orders(fluss, 1);
    List<RowChange> changes =
        List.of(
            RowChange.upsert(order("u1", "o1", 1)),
            RowChange.upsert(order("u1", "o1", 2)),
            RowChange.delete(order("u1", "o1", 0)),
            RowChange.delete(order("nobody", "nothing", 0)));
    pipeline
        .apply(
            Create.of(List.of(changes))
                .withCoder(org.apache.beam.sdk.coders.ListCoder.of(RowChange.coder(ORDER))))
        .apply(org.apache.beam.sdk.transforms.FlatMapElements.via(new InOrder()))
        .setCoder(RowChange.coder(ORDER))
        .apply(FlussIO.writeChanges().to(cluster(fluss), table));
    pipeline.run().waitUntilFinish();

    // the delete of a key that is not there leaves an offset without a row at the log's end: the
    // read ends all the same
    PCollection<RowChange> read =
        second.apply(
            FlussIO.readChanges()
                .from(cluster(fluss), table)
                .withStoppingPosition(Position.latest()));
    PCollection<String> text =
        read.apply(MapElements.into(TypeDescriptors.strings()).via(RowChange::toString));
    PAssert.that(text)
        .containsInAnyOrder("+I[u1, o1, 1]", "-U[u1, o1, 1]", "+U[u1, o1, 2]", "-D[u1, o1, 2]");
    second.run().waitUntilFinish();
  }

  static final class InOrder
      extends org.apache.beam.sdk.transforms.InferableFunction<List<RowChange>, List<RowChange>> {
    @Override
    public List<RowChange> apply(List<RowChange> changes) {
      return changes;
    }
  }

  @Test
  void looksUpByKeyAndByPrefixInOrderOfTheInput() {
    String table = TestTables.orders(fluss, 3);
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(order("u1", "o1", 1)),
            RowChange.upsert(order("u1", "o2", 2)),
            RowChange.upsert(order("u2", "o3", 3))));
    org.apache.beam.sdk.schemas.Schema user =
        org.apache.beam.sdk.schemas.Schema.builder().addStringField("user_id").build();
    org.apache.beam.sdk.schemas.Schema key =
        org.apache.beam.sdk.schemas.Schema.builder()
            .addStringField("order_id")
            .addStringField("user_id")
            .build();

    PCollection<KV<Row, List<Row>>> byPrefix =
        pipeline
            .apply(
                "users",
                Create.of(
                        Row.withSchema(user).addValue("u1").build(),
                        Row.withSchema(user).addValue("nobody").build(),
                        Row.withSchema(user).addValue("u1").build())
                    .withRowSchema(user))
            .apply("by prefix", FlussIO.lookup().in(cluster(fluss), table).withColumns("amount"));
    PCollection<KV<Row, List<Row>>> byKey =
        pipeline
            .apply(
                "keys",
                Create.of(
                        Row.withSchema(key).addValues("o3", "u2").build(),
                        Row.withSchema(key).addValues("o3", "u1").build())
                    .withRowSchema(key))
            .apply("by key", FlussIO.lookup().in(cluster(fluss), table));

    PAssert.that(
            byPrefix.apply(
                "p", MapElements.into(TypeDescriptors.strings()).via(FlussIOContract::text)))
        .containsInAnyOrder("[u1]: [1], [2]", "[u1]: [1], [2]", "[nobody]: ");
    PAssert.that(
            byKey.apply(
                "k", MapElements.into(TypeDescriptors.strings()).via(FlussIOContract::text)))
        .containsInAnyOrder("[o3, u2]: [u2, o3, 3]", "[o3, u1]: ");
    pipeline.run().waitUntilFinish();
  }

  private static String text(KV<Row, List<Row>> found) {
    return found.getKey().getValues()
        + ": "
        + String.join(", ", found.getValue().stream().map(r -> r.getValues().toString()).toList());
  }

  @Test
  void looksUpInPartitionsAndFindsNothingInOneThatIsMissing() {
    String table = TestTables.dailyOrders(fluss, 2);
    FlussTable described = cluster(fluss).describe(table);
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(
                Row.withSchema(described.schema()).addValues("u1", "o1", "20260101", 1L).build()),
            RowChange.upsert(
                Row.withSchema(described.schema()).addValues("u1", "o2", "20260102", 2L).build())));
    org.apache.beam.sdk.schemas.Schema key =
        org.apache.beam.sdk.schemas.Schema.builder()
            .addStringField("ds")
            .addStringField("user_id")
            .build();
    PCollection<KV<Row, List<Row>>> found =
        pipeline
            .apply(
                Create.of(
                        Row.withSchema(key).addValues("20260102", "u1").build(),
                        Row.withSchema(key).addValues("20260103", "u1").build())
                    .withRowSchema(key))
            .apply(FlussIO.lookup().in(cluster(fluss), table).withColumns("order_id"));
    PAssert.that(
            found.apply(MapElements.into(TypeDescriptors.strings()).via(FlussIOContract::text)))
        .containsInAnyOrder("[20260102, u1]: [o2]", "[20260103, u1]: ");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void rowsThatCanNeverBeWrittenGoToTheErrorHandlerAndTheRestIsWritten() throws Exception {
    String table = TestTables.dailyOrders(fluss, 2);
    org.apache.beam.sdk.schemas.Schema schema =
        org.apache.beam.sdk.schemas.Schema.builder()
            .addNullableField("user_id", FieldType.STRING)
            .addStringField("ds")
            .addStringField("order_id")
            .addInt32Field("amount")
            .build();
    ErrorHandler.BadRecordErrorHandler<PCollection<Long>> kept =
        pipeline.registerBadRecordErrorHandler(new CountErrors());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors = kept) {
      pipeline
          .apply(
              Create.of(
                      Row.withSchema(schema).addValues("u1", "20260101", "o1", 1).build(),
                      Row.withSchema(schema).addValues("u2", "not-a-day", "o2", 2).build(),
                      Row.withSchema(schema).addValues(null, "20260101", "o3", 3).build())
                  .withRowSchema(schema))
          .apply(FlussIO.write().to(cluster(fluss), table).withErrorHandler(errors));
    }
    PAssert.thatSingleton(kept.getOutput()).isEqualTo(2L);
    pipeline.run().waitUntilFinish();

    PCollection<String> read =
        second
            .apply(
                FlussIO.readChanges()
                    .from(cluster(fluss), table)
                    .withStoppingPosition(Position.latest()))
            .apply(MapElements.into(TypeDescriptors.strings()).via(RowChange::toString));
    PAssert.that(read).containsInAnyOrder("+I[u1, o1, 20260101, 1]");
    second.run().waitUntilFinish();
  }

  private static final class CountErrors
      extends PTransform<PCollection<BadRecord>, PCollection<Long>> {
    @Override
    public PCollection<Long> expand(PCollection<BadRecord> input) {
      return input.apply(Count.globally());
    }
  }

  @Test
  void everyTypeComesBackAsItWasWritten() {
    Schema.Builder columns = Schema.newBuilder().column("id", DataTypes.INT());
    List<KV<org.apache.fluss.types.DataType, Object>> types = allTypes();
    for (int i = 0; i < types.size(); i++) {
      columns.column("c" + i, types.get(i).getKey());
    }
    for (boolean keyed : new boolean[] {false, true}) {
      String table =
          TestTables.create(
              fluss,
              "types",
              TableDescriptor.builder()
                  .schema(keyed ? columns.primaryKey("id").build() : columns.build())
                  .distributedBy(1)
                  .build());
      org.apache.beam.sdk.schemas.Schema schema = cluster(fluss).describe(table).schema();
      List<Object> values = new ArrayList<>(types.stream().map(KV::getValue).toList());
      values.add(0, 1);
      Row full = Row.withSchema(schema).addValues(values).build();
      List<Object> nulls = new ArrayList<>(java.util.Collections.nCopies(types.size(), null));
      nulls.add(0, 2);
      Row empty = Row.withSchema(schema).addValues(nulls).build();
      TestTables.write(fluss, table, List.of(RowChange.upsert(full), RowChange.upsert(empty)));

      TestPipeline p = keyed ? second : pipeline;
      PCollection<Row> read;
      if (keyed) {
        read =
            p.apply(
                    FlussIO.readChanges()
                        .from(cluster(fluss), table)
                        .withStoppingPosition(Position.latest()))
                .apply(MapElements.into(TypeDescriptors.rows()).via(RowChange::row))
                .setRowSchema(schema);
      } else {
        read =
            p.apply(
                FlussIO.readRows()
                    .from(cluster(fluss), table)
                    .withStoppingPosition(Position.latest()));
      }
      PAssert.that(
              read.apply(
                  "text", MapElements.into(TypeDescriptors.strings()).via(FlussIOContract::deep)))
          .containsInAnyOrder(deep(full), deep(empty));
      p.run().waitUntilFinish();

      if (keyed) {
        // and by lookup, which decodes another format
        org.apache.beam.sdk.schemas.Schema key =
            org.apache.beam.sdk.schemas.Schema.builder().addInt32Field("id").build();
        FlussTable described = cluster(fluss).describe(table);
        try (TableLookup lookup =
            TableLookup.open(described, List.of("id"), key, schema.getFieldNames())) {
          assertThat(lookup.lookup(Row.withSchema(key).addValue(1).build()).join(), contains(full));
          assertThat(
              lookup.lookup(Row.withSchema(key).addValue(2).build()).join(), contains(empty));
        }
      }
    }
  }

  private static String deep(Row row) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < row.getFieldCount(); i++) {
      Object value = row.getValue(i);
      text.append(row.getSchema().getField(i).getName())
          .append('=')
          .append(
              value instanceof byte[] bytes
                  ? Arrays.toString(bytes)
                  : value instanceof Row nested ? deep(nested) : value)
          .append(value == null ? "" : " " + value.getClass().getSimpleName())
          .append('\n');
    }
    return text.toString();
  }

  private static List<KV<org.apache.fluss.types.DataType, Object>> allTypes() {
    org.apache.beam.sdk.schemas.Schema nested =
        org.apache.beam.sdk.schemas.Schema.builder()
            .addNullableField("a", FieldType.INT32)
            .addNullableField("b", FieldType.STRING)
            .build();
    List<KV<org.apache.fluss.types.DataType, Object>> types = new ArrayList<>();
    types.add(KV.of(DataTypes.BOOLEAN(), true));
    types.add(KV.of(DataTypes.TINYINT(), (byte) -1));
    types.add(KV.of(DataTypes.SMALLINT(), (short) -2));
    types.add(KV.of(DataTypes.INT(), Integer.MIN_VALUE));
    types.add(KV.of(DataTypes.BIGINT(), Long.MAX_VALUE));
    types.add(KV.of(DataTypes.FLOAT(), 1.5f));
    types.add(KV.of(DataTypes.DOUBLE(), -2.25));
    types.add(KV.of(DataTypes.CHAR(3), "aé中"));
    types.add(KV.of(DataTypes.STRING(), "naïve 奶茶 🧋"));
    types.add(KV.of(DataTypes.BINARY(2), new byte[] {0, -1}));
    types.add(KV.of(DataTypes.BYTES(), new byte[] {}));
    types.add(KV.of(DataTypes.DECIMAL(10, 2), new BigDecimal("-12345678.90")));
    types.add(
        KV.of(
            DataTypes.DECIMAL(38, 10), new BigDecimal("1234567890123456789012345678.0123456789")));
    types.add(KV.of(DataTypes.DATE(), LocalDate.of(1969, 12, 31)));
    types.add(KV.of(DataTypes.TIME(3), LocalTime.of(23, 59, 59, 999_000_000)));
    types.add(KV.of(DataTypes.TIMESTAMP(3), LocalDateTime.of(2026, 1, 2, 3, 4, 5, 678_000_000)));
    types.add(KV.of(DataTypes.TIMESTAMP(9), LocalDateTime.of(1960, 1, 2, 3, 4, 5, 123_000_000)));
    types.add(KV.of(DataTypes.TIMESTAMP_LTZ(3), Instant.parse("2026-01-02T03:04:05.678Z")));
    types.add(KV.of(DataTypes.TIMESTAMP_LTZ(6), Instant.parse("2026-01-02T03:04:05.123456Z")));
    types.add(KV.of(DataTypes.TIMESTAMP_LTZ(9), Instant.parse("2026-01-02T03:04:05.123456789Z")));
    types.add(KV.of(DataTypes.ARRAY(DataTypes.STRING()), Arrays.asList("a", null, "c")));
    types.add(
        KV.of(
            DataTypes.ARRAY(DataTypes.ARRAY(DataTypes.INT())), List.of(List.of(1, 2), List.of())));
    types.add(
        KV.of(DataTypes.MAP(DataTypes.STRING(), DataTypes.BIGINT()), Map.of("x", 1L, "y", 2L)));
    types.add(
        KV.of(
            DataTypes.ROW(
                DataTypes.FIELD("a", DataTypes.INT()), DataTypes.FIELD("b", DataTypes.STRING())),
            Row.withSchema(nested).addValues(7, null).build()));
    return types;
  }

  @Test
  void boundedReadsStartAndStopAtTimes() throws Exception {
    String table = TestTables.orders(fluss, 1);
    TestTables.write(fluss, table, List.of(RowChange.upsert(order("u1", "o1", 1))));
    Instant between = awaitNextMilli();
    TestTables.write(fluss, table, List.of(RowChange.upsert(order("u1", "o2", 2))));

    PCollection<String> before =
        pipeline
            .apply(
                "before",
                FlussIO.readChanges()
                    .from(cluster(fluss), table)
                    .withStoppingPosition(Position.timestamp(between)))
            .apply("a", MapElements.into(TypeDescriptors.strings()).via(RowChange::toString));
    PCollection<String> after =
        pipeline
            .apply(
                "after",
                FlussIO.readChanges()
                    .from(cluster(fluss), table)
                    .withStartingPosition(Position.timestamp(between))
                    .withStoppingPosition(Position.latest()))
            .apply("b", MapElements.into(TypeDescriptors.strings()).via(RowChange::toString));
    PAssert.that(before).containsInAnyOrder("+I[u1, o1, 1]");
    PAssert.that(after).containsInAnyOrder("+I[u1, o2, 2]");
    pipeline.run().waitUntilFinish();
  }

  /** A time that is later than every row so far and not later than any after. */
  private static Instant awaitNextMilli() {
    long start = System.currentTimeMillis();
    while (System.currentTimeMillis() <= start + 1) {
      Thread.onSpinWait();
    }
    return Instant.ofEpochMilli(System.currentTimeMillis());
  }

  /** Each delete of a key that is not there takes an offset at the end and leaves no row. */
  @Test
  void boundedReadsEndWhereTheLastOffsetsOfManyBucketsHoldNoRow() {
    String table = TestTables.dailyOrders(fluss, 3);
    org.apache.beam.sdk.schemas.Schema schema = cluster(fluss).describe(table).schema();
    List<RowChange> changes = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (String day : List.of("20260101", "20260102", "20260103")) {
      for (int user = 0; user < 10; user++) {
        Row row = Row.withSchema(schema).addValues("user" + user, "o", day, 1L).build();
        changes.add(RowChange.upsert(row));
        expected.add(RowChange.of(RowChange.Kind.INSERT, row).toString());
      }
    }
    TestTables.write(fluss, table, changes);
    for (int i = 0; i < 2; i++) {
      TestTables.write(
          fluss,
          table,
          changes.stream()
              .map(
                  change ->
                      RowChange.delete(
                          Row.fromRow(change.row()).withFieldValue("order_id", "none").build()))
              .toList());
    }
    PCollection<String> read =
        pipeline
            .apply(
                FlussIO.readChanges()
                    .from(cluster(fluss), table)
                    .withStoppingPosition(Position.latest()))
            .apply(MapElements.into(TypeDescriptors.strings()).via(RowChange::toString));
    PAssert.that(read).containsInAnyOrder(expected);
    pipeline.run().waitUntilFinish();
  }

  @Test
  void anEmptyTableIsReadAsNothing() {
    String table = TestTables.numbers(fluss, 2);
    PCollection<Row> read =
        pipeline.apply(
            FlussIO.readRows().from(cluster(fluss), table).withStoppingPosition(Position.latest()));
    PAssert.that(read).empty();
    pipeline.run().waitUntilFinish();
  }
}

package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.ORDER;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.contentsAsText;
import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.roaringbitmap.RoaringBitmap;

/** What writes promise on every runner, against a real cluster. */
abstract class WriteContract implements Serializable {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Schema CELLS =
      Schema.builder()
          .addInt32Field("id")
          .addNullableField("a", FieldType.STRING)
          .addNullableField("b", FieldType.STRING)
          .addNullableField("c", FieldType.STRING)
          .build();

  private final transient TestPipeline pipeline = newPipeline(false);

  /** The runner's, for what it makes of a bounded input, or of an endless one. */
  abstract PipelineOptions options(boolean streaming);

  private TestPipeline newPipeline(boolean streaming) {
    return TestPipeline.fromOptions(options(streaming)).enableAbandonedNodeEnforcement(false);
  }

  private static String cells(String... properties) {
    TableDescriptor.Builder descriptor =
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("id", DataTypes.INT())
                    .column("a", DataTypes.STRING())
                    .column("b", DataTypes.STRING())
                    .column("c", DataTypes.STRING())
                    .primaryKey("id")
                    .build())
            .distributedBy(2);
    for (int i = 0; i < properties.length; i += 2) {
      descriptor.property(properties[i], properties[i + 1]);
    }
    return TestTables.create(fluss, "cells", descriptor.build());
  }

  private static Row cell(int id, String a, String b, String c) {
    return Row.withSchema(CELLS).addValues(id, a, b, c).build();
  }

  private static Schema schema(String... names) {
    return Schema.of(Arrays.stream(names).map(CELLS::getField).toArray(Schema.Field[]::new));
  }

  private static PCollection<Row> rows(Pipeline pipeline, Schema schema, List<?>... values) {
    return pipeline.apply(
        "rows " + schema.getFieldNames(),
        Create.of(
                Stream.of(values)
                    .map(row -> Row.withSchema(schema).addValues(row.toArray()).build())
                    .toList())
            .withRowSchema(schema));
  }

  /** In one bundle, in order. */
  private static PCollection<RowChange> changes(Pipeline pipeline, RowChange... changes) {
    Schema schema = changes[0].row().getSchema();
    return pipeline
        .apply(
            Create.of(List.of(List.of(changes)))
                .withCoder(org.apache.beam.sdk.coders.ListCoder.of(RowChange.coder(schema))))
        .apply(org.apache.beam.sdk.transforms.FlatMapElements.via(new FlussIOContract.InOrder()))
        .setCoder(RowChange.coder(schema));
  }

  private PipelineResult run() {
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    return result;
  }

  private static long counter(PipelineResult result, String name) {
    long sum = 0;
    for (MetricResult<Long> counter :
        result
            .metrics()
            .queryMetrics(
                MetricsFilter.builder()
                    .addNameFilter(MetricNameFilter.named(FlussIO.class, name))
                    .build())
            .getCounters()) {
      sum += counter.getAttempted();
    }
    return sum;
  }

  @Test
  void fieldsAreTakenByNameAndTheRowsAreCounted() {
    String table = cells();
    FlussWriteResult written =
        rows(
                pipeline,
                schema("c", "id", "b", "a"),
                List.of("c1", 1, "b1", "a1"),
                List.of("c2", 2, "b2", "a2"))
            .apply(FlussIO.write().to(cluster(fluss), table));
    PAssert.thatSingleton(written.getAcknowledged().apply(Sum.longsGlobally())).isEqualTo(2L);
    PipelineResult result = run();

    assertThat(
        contentsAsText(fluss, table), containsInAnyOrder("[1, a1, b1, c1]", "[2, a2, b2, c2]"));
    assertThat(counter(result, "rowsWritten"), equalTo(2L));
    assertThat(counter(result, "rowsRefused"), equalTo(0L));
    assertThat(counter(result, "changesSkipped"), equalTo(0L));
  }

  @Test
  void onlyTheColumnsNamedAreUpdated() {
    String table = cells();
    TestTables.write(fluss, table, List.of(RowChange.upsert(cell(1, "a", "b", "c"))));
    // c is a field of the rows, but not named; a null is a value like others
    PCollection<Row> rows =
        pipeline.apply(
            Create.of(cell(1, "A", null, "not sent"), cell(2, "A2", "B2", "not sent"))
                .withRowSchema(CELLS));
    rows.apply(FlussIO.write().to(cluster(fluss), table).withColumns("b", "a", "id"));
    run();
    assertThat(
        contentsAsText(fluss, table), containsInAnyOrder("[1, A, null, c]", "[2, A2, B2, null]"));
  }

  /** They would fail in the client if they shared a batch. */
  @Test
  void twoPartialWritersOfOneTableInOnePipeline() {
    String table = cells();
    List<List<Object>> as = new ArrayList<>();
    List<List<Object>> bs = new ArrayList<>();
    List<List<Object>> cs = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int id = 0; id < 3_000; id++) {
      as.add(List.of(id, "a" + id));
      bs.add(List.of("b" + id, id));
      cs.add(List.of(id, "c" + id));
      expected.add("[" + id + ", a" + id + ", b" + id + ", c" + id + "]");
    }
    rows(pipeline, schema("id", "a"), as.toArray(List[]::new))
        .apply("a", FlussIO.write().to(cluster(fluss), table).withColumns("id", "a"));
    rows(pipeline, schema("b", "id"), bs.toArray(List[]::new))
        .apply("b", FlussIO.write().to(cluster(fluss), table).withColumns("b", "id"));
    // the same set in another order is the same set
    PCollection<Row> c = rows(pipeline, schema("id", "c"), cs.toArray(List[]::new));
    c.apply("c", FlussIO.write().to(cluster(fluss), table).withColumns("id", "c"));
    c.apply("c again", FlussIO.write().to(cluster(fluss), table).withColumns("c", "id"));
    run();
    assertThat(new TreeSet<>(contentsAsText(fluss, table)), equalTo(new TreeSet<>(expected)));
  }

  @Test
  void partialWritersOfOneTableInTwoPipelinesAtOnce() throws Exception {
    String table = cells();
    List<List<Object>> as = new ArrayList<>();
    List<List<Object>> bs = new ArrayList<>();
    List<String> expected = new ArrayList<>();
    for (int id = 0; id < 3_000; id++) {
      as.add(List.of(id, "a" + id));
      bs.add(List.of(id, "b" + id));
      expected.add("[" + id + ", a" + id + ", b" + id + ", null]");
    }
    TestPipeline second = newPipeline(false);
    rows(pipeline, schema("id", "a"), as.toArray(List[]::new))
        .apply(FlussIO.write().to(cluster(fluss), table).withColumns("id", "a"));
    rows(second, schema("id", "b"), bs.toArray(List[]::new))
        .apply(FlussIO.write().to(cluster(fluss), table).withColumns("id", "b"));
    var other =
        java.util.concurrent.CompletableFuture.runAsync(
            () -> second.run().waitUntilFinish(), task -> new Thread(task, "second").start());
    run();
    other.get(120, java.util.concurrent.TimeUnit.SECONDS);
    assertThat(new TreeSet<>(contentsAsText(fluss, table)), equalTo(new TreeSet<>(expected)));
  }

  @Test
  void deletesAreAppliedByDefault() {
    String table = cells();
    changes(
            pipeline,
            RowChange.upsert(cell(1, "a", "b", "c")),
            RowChange.of(RowChange.Kind.UPDATE_BEFORE, cell(2, "old", "", "")),
            RowChange.of(RowChange.Kind.UPDATE_AFTER, cell(2, "new", "", "")),
            RowChange.delete(cell(1, null, null, null)))
        .apply(FlussIO.writeChanges().to(cluster(fluss), table));
    PipelineResult result = run();
    assertThat(contentsAsText(fluss, table), contains("[2, new, , ]"));
    assertThat(counter(result, "rowsWritten"), equalTo(3L));
    assertThat("the update-before", counter(result, "changesSkipped"), equalTo(1L));
  }

  @Test
  void deletesAreIgnoredAndCountedWhereToldSo() {
    String table = cells("table.delete.behavior", "disable");
    changes(
            pipeline,
            RowChange.upsert(cell(1, "a", "b", "c")),
            RowChange.delete(cell(1, null, null, null)))
        .apply(FlussIO.writeChanges().to(cluster(fluss), table).withDeletes(Deletes.IGNORE));
    PipelineResult result = run();
    assertThat(contentsAsText(fluss, table), contains("[1, a, b, c]"));
    assertThat(counter(result, "rowsWritten"), equalTo(1L));
    assertThat(counter(result, "changesSkipped"), equalTo(1L));
  }

  @Test
  void deletesGoToTheErrorHandlerWhereRefused() throws Exception {
    String table = cells();
    ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> kept =
        pipeline.registerBadRecordErrorHandler(new Keep());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> errors = kept) {
      changes(
              pipeline,
              RowChange.upsert(cell(1, "a", "b", "c")),
              RowChange.delete(cell(1, null, null, null)))
          .apply(
              FlussIO.writeChanges()
                  .to(cluster(fluss), table)
                  .withDeletes(Deletes.REFUSE)
                  .withErrorHandler(errors));
    }
    PAssert.thatSingleton(kept.getOutput())
        .satisfies(
            bad -> {
              assertThat(
                  bad.getFailure().getDescription(),
                  allOf(containsString(table), containsString("which this write refuses")));
              return null;
            });
    PipelineResult result = run();
    assertThat(contentsAsText(fluss, table), contains("[1, a, b, c]"));
    assertThat(counter(result, "rowsRefused"), equalTo(1L));
  }

  /** As the server has it: it empties the columns; the row goes when no others hold anything. */
  @Test
  void aDeleteOfAPartialUpdateEmptiesItsColumns() {
    String table = cells();
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(cell(1, "a", "b", "c")), RowChange.upsert(cell(2, "a", null, null))));
    changes(
            pipeline,
            RowChange.delete(cell(1, null, null, null)),
            RowChange.delete(cell(2, null, null, null)))
        .apply(FlussIO.writeChanges().to(cluster(fluss), table).withColumns("id", "a"));
    run();
    assertThat(contentsAsText(fluss, table), contains("[1, null, b, c]"));
  }

  @Test
  void theServerMergesTheColumnsOfAnAggregationTable() {
    String table = aggregates();
    Schema schema = cluster(fluss).describe(table).schema();
    List<Row> rows =
        List.of(
            Row.withSchema(schema).addValues(1, 5L, 5L, "x", bitmap(1, 2), 2L).build(),
            Row.withSchema(schema).addValues(1, 3L, 3L, "y", bitmap(2, 70_000), 3L).build());
    changes(pipeline, RowChange.upsert(rows.get(0)), RowChange.upsert(rows.get(1)))
        .apply(
            FlussIO.writeChanges()
                .to(cluster(fluss), table)
                .allowNonIdempotentMerge()
                .withDeletes(Deletes.REFUSE));
    run();
    Row merged = TestTables.contents(fluss, table).get(0);
    assertThat(merged.getValues().subList(0, 4), contains(1, 5L, 3L, "y"));
    assertThat(bitmap(merged.getBytes(4)), equalTo(RoaringBitmap.bitmapOf(1, 2, 70_000)));
    assertThat(merged.getInt64(5), equalTo(5L));

    // only some: no sum among them, so nothing is to be allowed
    TestPipeline second = newPipeline(false);
    rows(
            second,
            Schema.of(schema.getField("id"), schema.getField("highest")),
            List.of(1, 4L),
            List.of(1, 9L))
        .apply(FlussIO.write().to(cluster(fluss), table).withColumns("id", "highest"));
    second.run().waitUntilFinish();
    assertThat(
        TestTables.contents(fluss, table).get(0).getValues().subList(0, 4),
        contains(1, 9L, 3L, "y"));
  }

  /** The server would take it, and fail every later write to its row. */
  @Test
  void bytesThatAreNoBitmapAreRefused() throws Exception {
    String table = aggregates();
    Schema schema = cluster(fluss).describe(table).schema();
    ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> kept =
        pipeline.registerBadRecordErrorHandler(new Keep());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> errors = kept) {
      rows(
              pipeline,
              Schema.of(schema.getField("id"), schema.getField("users")),
              List.of(1, new byte[] {1, 2, 3}),
              List.of(2, bitmap(7)))
          .apply(
              FlussIO.write()
                  .to(cluster(fluss), table)
                  .withColumns("id", "users")
                  .withErrorHandler(errors));
    }
    PAssert.thatSingleton(kept.getOutput())
        .satisfies(
            bad -> {
              assertThat(
                  bad.getFailure().getDescription(),
                  allOf(
                      containsString("Column users of table " + table),
                      containsString("takes a serialized RoaringBitmap"),
                      containsString("these 3 bytes")));
              return null;
            });
    run();
    assertThat(
        TestTables.contents(fluss, table).stream().map(row -> row.getInt32("id")).toList(),
        contains(2));
  }

  private static String aggregates() {
    return TestTables.create(
        fluss,
        "aggregates",
        TableDescriptor.builder()
            .schema(
                org.apache.fluss.metadata.Schema.newBuilder()
                    .column("id", DataTypes.INT())
                    .column("highest", DataTypes.BIGINT(), AggFunctions.MAX())
                    .column("lowest", DataTypes.BIGINT(), AggFunctions.MIN())
                    .column("latest", DataTypes.STRING(), AggFunctions.LAST_VALUE())
                    .column("users", DataTypes.BYTES(), AggFunctions.RBM32())
                    .column("total", DataTypes.BIGINT(), AggFunctions.SUM())
                    .primaryKey("id")
                    .build())
            .distributedBy(1)
            .property("table.merge-engine", "aggregation")
            .build());
  }

  private static byte[] bitmap(int... values) {
    RoaringBitmap bitmap = RoaringBitmap.bitmapOf(values);
    ByteBuffer bytes = ByteBuffer.allocate(bitmap.serializedSizeInBytes());
    bitmap.serialize(bytes);
    return bytes.array();
  }

  private static RoaringBitmap bitmap(byte[] bytes) throws java.io.UncheckedIOException {
    RoaringBitmap bitmap = new RoaringBitmap();
    try {
      bitmap.deserialize(ByteBuffer.wrap(bytes));
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
    return bitmap;
  }

  @Test
  void aFunctionNamesTheTableOfEachRow() throws Exception {
    String first = TestTables.orders(fluss, 1);
    String second = TestTables.orders(fluss, 2);
    String other = cells();
    ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> kept =
        pipeline.registerBadRecordErrorHandler(new Keep());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> errors = kept) {
      pipeline
          .apply(
              Create.of(
                      order("1", "o1", 1),
                      order("2", "o2", 2),
                      order("1", "o3", 3),
                      order("missing", "o4", 4),
                      order("other", "o5", 5),
                      order("null", "o6", 6))
                  .withRowSchema(ORDER))
          .apply(
              FlussIO.write()
                  .to(
                      cluster(fluss),
                      row ->
                          switch (row.getString("user_id")) {
                            case "1" -> first;
                            case "2" -> second;
                            case "other" -> other;
                            case "missing" -> first + "_not";
                            default -> null;
                          })
                  .withErrorHandler(errors));
    }
    PAssert.that(kept.getOutput())
        .satisfies(
            bad -> {
              List<String> reasons = new ArrayList<>();
              bad.forEach(b -> reasons.add(b.getFailure().getDescription()));
              assertThat(reasons, hasSize(3));
              assertThat(
                  reasons, hasItem(containsString("Table " + first + "_not does not exist")));
              assertThat(
                  reasons,
                  hasItem(
                      allOf(
                          containsString(
                              "The rows have the fields [user_id, order_id, amount], which table "
                                  + other
                                  + " does not"))));
              assertThat(reasons, hasItem(containsString("names no table")));
              return null;
            });
    PipelineResult result = run();
    assertThat(contentsAsText(fluss, first), containsInAnyOrder("[1, o1, 1]", "[1, o3, 3]"));
    assertThat(contentsAsText(fluss, second), contains("[2, o2, 2]"));
    assertThat(counter(result, "rowsWritten"), equalTo(3L));
    assertThat(counter(result, "rowsRefused"), equalTo(3L));
  }

  @Test
  void whatCanNeverBeWrittenIsToldWithTableReasonAndRow() throws Exception {
    String table = TestTables.dailyOrders(fluss, 2);
    Schema schema =
        Schema.builder()
            .addNullableField("user_id", FieldType.STRING)
            .addStringField("ds")
            .addStringField("order_id")
            .addInt32Field("amount")
            .build();
    ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> kept =
        pipeline.registerBadRecordErrorHandler(new Keep());
    try (ErrorHandler.BadRecordErrorHandler<PCollection<BadRecord>> errors = kept) {
      rows(
              pipeline,
              schema,
              List.of("u1", "20260101", "o1", 1),
              List.of("u2", "not-a-day", "o2", 2),
              Arrays.asList(null, "20260101", "o3", 3))
          .apply(FlussIO.write().to(cluster(fluss), table).withErrorHandler(errors));
    }
    PAssert.that(kept.getOutput())
        .satisfies(
            bad -> {
              List<String> told = new ArrayList<>();
              bad.forEach(
                  b ->
                      told.add(
                          b.getFailure().getDescription()
                              + " "
                              + b.getRecord().getHumanReadableJsonRecord()));
              assertThat(told, hasSize(2));
              assertThat(
                  told,
                  hasItem(
                      allOf(
                          containsString(
                              "'not-a-day' in column ds is no partition of table " + table),
                          containsString("o2"))));
              assertThat(
                  told,
                  hasItem(
                      allOf(
                          containsString("Column user_id of table " + table + " is NOT NULL"),
                          containsString("o3"))));
              return null;
            });
    run();
    assertThat(contentsAsText(fluss, table), contains("[u1, o1, 20260101, 1]"));
  }

  @Test
  void withoutAnErrorHandlerSuchARowFailsThePipeline() {
    String table = cells();
    Schema schema = Schema.builder().addNullableField("id", FieldType.INT32).build();
    rows(pipeline, schema, Arrays.asList((Object) null))
        .apply(FlussIO.write().to(cluster(fluss), table).withColumns("id"));
    Exception e = assertThrows(Exception.class, this::run);
    assertThat(
        Waiting.rootMessage(e), containsString("Column id of table " + table + " is NOT NULL"));
  }

  /** A key's rows come in their order, and are written by one worker. */
  @Test
  void rowsOfABucketAreShuffledToOneWorker() {
    String table = TestTables.orders(fluss, 8);
    List<RowChange> changes = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      changes.add(RowChange.upsert(order("u" + i % 50, "o", i)));
    }
    TestPipeline streaming = newPipeline(true);
    FlussWriteResult written =
        changes(streaming, changes.toArray(RowChange[]::new))
            .apply(FlussIO.writeChanges().to(cluster(fluss), table).withBucketShuffle());
    PAssert.thatSingleton(written.getAcknowledged().apply(Sum.longsGlobally())).isEqualTo(2_000L);
    streaming.run().waitUntilFinish();
    assertThat(
        new TreeSet<>(contentsAsText(fluss, table)),
        equalTo(
            new TreeSet<>(
                IntStream.range(0, 50)
                    .mapToObj(user -> "[u" + user + ", o, " + (1_950 + user) + "]")
                    .toList())));
  }

  @Test
  void writesWithoutNumbersOfBatchesToo() {
    String table = TestTables.numbers(fluss, 3);
    Schema schema = cluster(fluss).describe(table).schema();
    pipeline
        .apply(
            Create.of(
                    LongStream.range(0, 500)
                        .mapToObj(n -> Row.withSchema(schema).addValues(n, "text").build())
                        .toList())
                .withRowSchema(schema))
        .apply(FlussIO.write().to(cluster(fluss), table).withIdempotentWriter(false));
    run();
    assertThat(contentsAsText(fluss, table), hasSize(500));
  }

  /** A pipeline built before the column, that runs after. */
  @Test
  void aColumnThatTheTableGainedStaysNull() {
    String table = cells();
    String numbers = TestTables.numbers(fluss, 1);
    Schema number = cluster(fluss).describe(numbers).schema();
    pipeline
        .apply("whole", Create.of(cell(1, "a1", "b1", "c1")).withRowSchema(CELLS))
        .apply("write whole", FlussIO.write().to(cluster(fluss), table));
    rows(pipeline, schema("id", "a"), List.of(2, "a2"))
        .apply("write a", FlussIO.write().to(cluster(fluss), table).withColumns("id", "a"));
    pipeline
        .apply(
            "numbers",
            Create.of(Row.withSchema(number).addValues(1L, "one").build()).withRowSchema(number))
        .apply("append", FlussIO.write().to(cluster(fluss), numbers));
    TestTables.addColumn(fluss, table, "d", DataTypes.STRING());
    TestTables.addColumn(fluss, numbers, "more", DataTypes.STRING());
    Schema now = cluster(fluss).describe(table).schema();
    TestTables.write(
        fluss,
        table,
        List.of(
            RowChange.upsert(Row.withSchema(now).addValues(2, "old", "b2", "c2", "d2").build())));
    run();
    assertThat(
        contentsAsText(fluss, table),
        containsInAnyOrder("[1, a1, b1, c1, null]", "[2, a2, b2, c2, d2]"));
    assertThat(contentsAsText(fluss, numbers), contains("[1, one, null]"));
  }

  /** Its writer stays open, and in the same process another knows the column. */
  @Test
  void writersFromBeforeAndAfterAColumnWasAddedGetAlong() {
    String table = cells();
    FlussTable before = cluster(fluss).describe(table);
    try (TableWriter old = TableWriter.open(before, CELLS)) {
      old.upsert(cell(1, "a", "b", "c"));
      old.flush();
      TestTables.addColumn(fluss, table, "d", DataTypes.STRING());
      FlussTable after = cluster(fluss).describe(table);
      try (TableWriter fresh = TableWriter.open(after, after.schema());
          TableWriter late = TableWriter.open(before, CELLS)) {
        old.upsert(cell(2, "a", "b", "c"));
        fresh.upsert(Row.withSchema(after.schema()).addValues(3, "a", "b", "c", "d").build());
        late.upsert(cell(4, "a", "b", "c"));
        assertThat(old.flush() + fresh.flush() + late.flush(), equalTo(3L));
      }
    }
    assertThat(
        contentsAsText(fluss, table),
        containsInAnyOrder(
            "[1, a, b, c, null]", "[2, a, b, c, null]", "[3, a, b, c, d]", "[4, a, b, c, null]"));
  }

  private static final class Keep
      extends PTransform<PCollection<BadRecord>, PCollection<BadRecord>> {
    @Override
    public PCollection<BadRecord> expand(PCollection<BadRecord> input) {
      return input;
    }
  }
}

package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import java.io.Serializable;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.SourceTestUtils;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowKind;
import org.apache.paimon.types.RowType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link PaimonIO} promises on every runner, against tables that Paimon wrote. */
abstract class PaimonIOContract implements Serializable {
  @TempDir static Path directory;

  private static int tables;

  private transient Warehouse warehouse;
  private transient TestPipeline pipeline;

  abstract PipelineOptions options();

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
    pipeline = TestPipeline.fromOptions(options()).enableAbandonedNodeEnforcement(false);
  }

  private static String newName() {
    return "t" + tables++;
  }

  private String orders(String... options) throws Exception {
    Map<String, DataType> columns = new LinkedHashMap<>();
    columns.put("id", DataTypes.INT().notNull());
    columns.put("user", DataTypes.STRING());
    columns.put("amount", DataTypes.BIGINT());
    columns.put("ds", DataTypes.STRING().notNull());
    Schema.Builder schema =
        Warehouse.columns(columns).primaryKey("ds", "id").partitionKeys("ds").option("bucket", "2");
    for (int i = 0; i < options.length; i += 2) {
      schema.option(options[i], options[i + 1]);
    }
    return warehouse.create(newName(), schema.build());
  }

  private static GenericRow order(int id, String user, long amount, String day) {
    return GenericRow.of(id, BinaryString.fromString(user), amount, BinaryString.fromString(day));
  }

  private PCollection<Row> read(String table, String... columns) {
    PaimonIO.Read read = PaimonIO.read().from(warehouse.catalog(), table);
    return pipeline.apply(columns.length == 0 ? read : read.withColumns(columns));
  }

  @ParameterizedTest
  @ValueSource(strings = {"parquet", "orc", "avro"})
  void randomRowsOfEveryTypeComeBackAsTheyWereWritten(String format) throws Exception {
    long seed = new Random().nextLong();
    System.err.println("seed of the rows: " + seed);
    String table =
        warehouse.create(
            newName(),
            Warehouse.columns(RandomRows.everyType(format.equals("avro") ? 6 : 9))
                .option("file.format", format)
                .build());
    RandomRows random = new RandomRows(seed);
    RowType type = warehouse.type(table);
    List<Row> rows = Stream.generate(() -> random.row(type)).limit(40).toList();
    warehouse.writeEncoded(table, rows);

    PAssert.that("seed " + seed, read(table)).containsInAnyOrder(rows);
    pipeline.run().waitUntilFinish();
    for (Row row : rows) {
      CoderProperties.coderDecodeEncodeEqual(RowCoder.of(row.getSchema()), row);
    }
  }

  @Test
  void readsTheMergedRowsOfTheLatestSnapshot() throws Exception {
    String table = orders();
    warehouse.write(
        table,
        List.of(order(1, "ann", 1, "d1"), order(2, "bob", 2, "d1"), order(1, "cem", 3, "d2")));
    warehouse.write(table, List.of(order(1, "ann", 10, "d1")));
    GenericRow delete = order(2, "bob", 2, "d1");
    delete.setRowKind(RowKind.DELETE);
    warehouse.write(table, List.of(delete));

    PCollection<Row> rows = read(table);
    warehouse.write(table, List.of(order(3, "too", 3, "late")));

    PAssert.that(rows)
        .containsInAnyOrder(
            Row.withSchema(rows.getSchema()).addValues(1, "ann", 10L, "d1").build(),
            Row.withSchema(rows.getSchema()).addValues(1, "cem", 3L, "d2").build());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void leavesOutTheRowsThatDeletionVectorsMark() throws Exception {
    String table = orders("deletion-vectors.enabled", "true");
    warehouse.write(table, List.of(order(1, "ann", 1, "d1"), order(2, "bob", 2, "d1")));
    warehouse.write(table, List.of(order(2, "bob", 20, "d1")));

    PCollection<Row> rows = read(table, "amount");
    PAssert.that(rows)
        .containsInAnyOrder(
            Row.withSchema(rows.getSchema()).addValues(1L).build(),
            Row.withSchema(rows.getSchema()).addValues(20L).build());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void readsOnlyTheColumnsAskedForInTheirOrder() throws Exception {
    String table = orders();
    warehouse.write(table, List.of(order(1, "ann", 1, "d1")));
    warehouse.write(table, List.of(order(1, "ann", 2, "d1")));

    PCollection<Row> rows = read(table, "amount", "user");
    PAssert.that(rows)
        .containsInAnyOrder(Row.withSchema(rows.getSchema()).addValues(2L, "ann").build());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void readsOlderFilesWithTheColumnsOfToday() throws Exception {
    String table = orders();
    warehouse.write(table, List.of(order(1, "ann", 1, "d1")));
    warehouse.addColumn(table, "note", DataTypes.STRING());

    PCollection<Row> rows = read(table, "id", "note");
    PAssert.that(rows)
        .containsInAnyOrder(Row.withSchema(rows.getSchema()).addValues(1, null).build());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void anEmptyTableIsReadAsNothing() throws Exception {
    PAssert.that(read(orders())).empty();
    pipeline.run().waitUntilFinish();
  }

  @Test
  void manyRowsOfManySplitsAreReadOnceEach() throws Exception {
    String table = orders();
    List<GenericRow> rows = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      rows.add(order(i, "user " + i, i, "d" + i % 5));
    }
    warehouse.write(table, rows);

    PAssert.thatSingleton(read(table).apply(Count.globally())).isEqualTo(20_000L);
    pipeline.run().waitUntilFinish();
  }

  @Test
  void theSplitsTogetherReadWhatTheSourceReads() throws Exception {
    String table = orders();
    warehouse.write(
        table, IntStream.range(0, 100).mapToObj(i -> order(i, "u", i, "d" + i % 3)).toList());
    SnapshotSource source =
        SnapshotSource.of(ReadSpec.of(warehouse.table(table), null, List.of(), null, null));
    PipelineOptions options = PipelineOptionsFactory.create();
    List<SnapshotSource> splits = source.split(1, options);

    assertThat("a split a bucket of each partition", splits, hasSize(6));
    assertThat(source.getEstimatedSizeBytes(options), greaterThan(1000L));
    assertReadTheSame(source, splits, options);
    SourceTestUtils.assertUnstartedReaderReadsSameAsItsSource(
        source.createReader(options), options);
  }

  @Test
  void aFilterLetsThroughTheRowsThatFitAlsoByColumnsThatAreNotRead() throws Exception {
    String table = orders();
    warehouse.write(
        table,
        IntStream.range(0, 100).mapToObj(i -> order(i, "u" + i % 10, i, "d" + i % 3)).toList());
    warehouse.write(table, List.of(order(10, "changed", 1000, "d1")));

    PCollection<Row> rows =
        pipeline.apply(
            PaimonIO.read()
                .from(warehouse.catalog(), table)
                .withColumns("id")
                .withPartitionFilter(PaimonFilter.notEqual("ds", "d0"))
                .withFilter(
                    PaimonFilter.and(
                        PaimonFilter.lessThan("amount", 20L),
                        PaimonFilter.or(
                            PaimonFilter.in("user", "u0", "u4"), PaimonFilter.equal("id", 7)))));
    PAssert.that(rows)
        .containsInAnyOrder(
            Stream.of(4, 14, 7)
                .map(id -> Row.withSchema(rows.getSchema()).addValues(id).build())
                .toList());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void readsAnOlderSnapshotTagOrTimeWithTheColumnsOfThen() throws Exception {
    String table = orders();
    warehouse.write(table, List.of(order(1, "ann", 1, "d1")));
    warehouse.table(table).createTag("first", 1);
    Instant between = Instant.now();
    await().until(() -> Instant.now().isAfter(between.plusMillis(5)));
    warehouse.write(table, List.of(order(1, "ann", 2, "d1")));
    warehouse.addColumn(table, "note", DataTypes.STRING());
    warehouse.write(
        table, List.of(GenericRow.of(1, null, 3L, BinaryString.fromString("d1"), null)));

    PaimonIO.Read read = PaimonIO.read().from(warehouse.catalog(), table);
    assertThat(pipeline.apply("now", read).getSchema().getFieldCount(), is(5));
    PCollection<Row> first = pipeline.apply("1", read.withSnapshot(1));
    PAssert.that(first)
        .containsInAnyOrder(
            Row.withSchema(first.getSchema()).addValues(1, "ann", 1L, "d1").build());
    expectAmount(pipeline.apply("2", read.withSnapshot(2).withColumns("amount")), 2);
    expectAmount(pipeline.apply("tag", read.withTag("first").withColumns("amount")), 1);
    expectAmount(
        pipeline.apply("time", read.withTimestamp(between.plusMillis(1)).withColumns("amount")), 1);
    expectAmount(
        pipeline.apply("as of now", read.withTimestamp(Instant.now()).withColumns("amount")), 3);
    pipeline.run().waitUntilFinish();
  }

  private static void expectAmount(PCollection<Row> rows, long amount) {
    PAssert.that(rows)
        .containsInAnyOrder(Row.withSchema(rows.getSchema()).addValues(amount).build());
  }

  @Test
  void theSplitsHaveTheSizeThatTheRunnerWants() throws Exception {
    String table = orders();
    warehouse.write(
        table, IntStream.range(0, 200).mapToObj(i -> order(i, "u", i, "d" + i % 9)).toList());
    SnapshotSource source =
        SnapshotSource.of(ReadSpec.of(warehouse.table(table), null, List.of(), null, null));
    PipelineOptions options = PipelineOptionsFactory.create();
    long size = source.getEstimatedSizeBytes(options);

    List<SnapshotSource> halves = source.split(size / 2, options);
    assertThat(halves, hasSize(2));
    for (SnapshotSource half : halves) {
      assertThat((double) half.getEstimatedSizeBytes(options), closeTo(size / 2.0, size / 10.0));
    }
    assertReadTheSame(source, halves, options);
    assertThat(source.split(2 * size, options), hasSize(1));
  }

  /** Row by row: the batches that they come in depend on the split. */
  private static void assertReadTheSame(
      SnapshotSource whole, List<SnapshotSource> splits, PipelineOptions options) throws Exception {
    List<Row> rows = new ArrayList<>();
    for (SnapshotSource split : splits) {
      rows.addAll(rows(split, options));
    }
    assertThat(rows, containsInAnyOrder(rows(whole, options).toArray()));
  }

  private static List<Row> rows(SnapshotSource source, PipelineOptions options) throws Exception {
    return SourceTestUtils.readFromSource(source, options).stream().flatMap(List::stream).toList();
  }
}

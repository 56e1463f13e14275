package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.FlatMapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.Reshuffle;
import org.apache.beam.sdk.transforms.Sum;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowType;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@link PaimonIO.Write} promises on every runner, by what Paimon's own reader finds. */
abstract class WriteContract {
  private static final Schema ORDER =
      Schema.builder()
          .addInt32Field("id")
          .addNullableField("amount", FieldType.INT64)
          .addStringField("ds")
          .build();

  @TempDir static Path directory;

  private static int tables;

  private Warehouse warehouse;

  abstract PipelineOptions options() throws Exception;

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
  }

  private static String newName() {
    return "w" + tables++;
  }

  private static Map<String, DataType> columns() {
    Map<String, DataType> columns = new LinkedHashMap<>();
    columns.put("id", DataTypes.INT().notNull());
    columns.put("amount", DataTypes.BIGINT());
    columns.put("ds", DataTypes.STRING().notNull());
    return columns;
  }

  private String keyed(String... options) throws Exception {
    var schema =
        Warehouse.columns(columns())
            .primaryKey("ds", "id")
            .partitionKeys("ds")
            .option("bucket", "2");
    return create(schema, options);
  }

  private String create(org.apache.paimon.schema.Schema.Builder schema, String... options)
      throws Exception {
    for (int i = 0; i < options.length; i += 2) {
      schema.option(options[i], options[i + 1]);
    }
    return warehouse.create(newName(), schema.build());
  }

  private String appended(boolean partitioned, int buckets, String... options) throws Exception {
    var schema = Warehouse.columns(columns()).option("bucket", String.valueOf(buckets));
    if (partitioned) {
      schema.partitionKeys("ds");
    }
    if (buckets > 0) {
      schema.option("bucket-key", "id");
    }
    return create(schema, options);
  }

  private static Row order(int id, Long amount, String day) {
    return Row.withSchema(ORDER).addValues(id, amount, day).build();
  }

  private static List<Row> orders(int from, int to) {
    return IntStream.range(from, to).mapToObj(i -> order(i, 10L * i, "d" + i % 3)).toList();
  }

  private PaimonIO.Write<Row> write(String table) {
    return PaimonIO.write()
        .to(warehouse.catalog(), table)
        .withCommitInterval(Duration.ofMillis(300));
  }

  /** Writes, and checks that as many rows were committed. */
  private <T> void run(
      PTransform<? super org.apache.beam.sdk.values.PBegin, PCollection<T>> rows,
      IsBounded bounded,
      PaimonIO.Write<T> write,
      long committed)
      throws Exception {
    Pipeline pipeline = Pipeline.create(options());
    PaimonWriteResult result =
        pipeline.apply("Rows", rows).setIsBoundedInternal(bounded).apply("Write", write);
    if (bounded == IsBounded.BOUNDED) {
      PAssert.thatSingleton(result.getCommitted().apply(Sum.longsGlobally())).isEqualTo(committed);
    }
    pipeline.run().waitUntilFinish();
  }

  private void run(List<Row> rows, IsBounded bounded, PaimonIO.Write<Row> write) throws Exception {
    run(
        Create.of(rows).withRowSchema(rows.isEmpty() ? ORDER : rows.get(0).getSchema()),
        bounded,
        write,
        rows.size());
  }

  private List<Row> contents(String table) throws Exception {
    return Contents.of(warehouse.table(table));
  }

  private void assertHolds(String table, List<Row> rows) throws Exception {
    // by values, as the columns of a table may say more than the rows
    assertThat(
        contents(table).stream().map(row -> row.getValues().toString()).sorted().toList(),
        equalTo(rows.stream().map(row -> row.getValues().toString()).sorted().toList()));
  }

  @ParameterizedTest
  @CsvSource({
    "BOUNDED,false,-1", "BOUNDED,true,-1", "BOUNDED,false,3", "BOUNDED,true,3",
    "UNBOUNDED,false,-1", "UNBOUNDED,true,-1", "UNBOUNDED,false,3", "UNBOUNDED,true,3"
  })
  void appends(IsBounded bounded, boolean partitioned, int buckets) throws Exception {
    String table = appended(partitioned, buckets);
    run(orders(0, 500), bounded, write(table));
    run(orders(400, 600), bounded, write(table));

    List<Row> rows = new ArrayList<>(orders(0, 500));
    rows.addAll(orders(400, 600));
    assertHolds(table, rows);
  }

  @ParameterizedTest
  @EnumSource(IsBounded.class)
  void upserts(IsBounded bounded) throws Exception {
    String table = keyed();
    run(orders(0, 500), bounded, write(table));
    List<Row> updates =
        IntStream.range(400, 600).mapToObj(i -> order(i, -1L, "d" + i % 3)).toList();
    run(updates, bounded, write(table));

    List<Row> rows = new ArrayList<>(orders(0, 400));
    rows.addAll(updates);
    assertHolds(table, rows);
  }

  @ParameterizedTest
  @EnumSource(IsBounded.class)
  void appliesChangesThatDelete(IsBounded bounded) throws Exception {
    String table = keyed();
    run(orders(0, 100), bounded, write(table));
    List<RowChange> changes = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      changes.add(RowChange.delete(order(i, null, "d" + i % 3)));
      changes.add(RowChange.upsert(order(1000 + i, 1L, "d1")));
    }
    run(
        Create.of(changes).withCoder(RowChange.coder(ORDER)),
        bounded,
        PaimonIO.writeChanges()
            .to(warehouse.catalog(), table)
            .withCommitInterval(Duration.ofMillis(300)),
        changes.size());

    List<Row> rows = new ArrayList<>(orders(50, 100));
    IntStream.range(0, 50).forEach(i -> rows.add(order(1000 + i, 1L, "d1")));
    assertHolds(table, rows);
  }

  @ParameterizedTest
  @CsvSource({"parquet,BOUNDED", "orc,BOUNDED", "avro,BOUNDED", "parquet,UNBOUNDED"})
  void randomRowsOfEveryTypeAreReadAsTheyWereWritten(String format, IsBounded bounded)
      throws Exception {
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

    run(rows, bounded, write(table));

    assertThat("seed " + seed, contents(table), containsInAnyOrder(rows.toArray()));
  }

  @Test
  void overwritesThePartitionsThatAreWritten() throws Exception {
    for (String table : List.of(keyed(), appended(true, -1), appended(true, 2))) {
      run(orders(0, 30), IsBounded.BOUNDED, write(table));
      run(List.of(order(7, 7L, "d1")), IsBounded.BOUNDED, write(table).withOverwrite());

      List<Row> rows =
          new ArrayList<>(
              orders(0, 30).stream().filter(row -> !row.getString("ds").equals("d1")).toList());
      rows.add(order(7, 7L, "d1"));
      assertHolds(table, rows);

      run(List.of(), IsBounded.BOUNDED, write(table).withOverwrite());
      assertHolds(table, rows);
    }
  }

  @Test
  void overwritesOnePartitionAlsoWithNothing() throws Exception {
    String table = keyed();
    run(orders(0, 30), IsBounded.BOUNDED, write(table));
    run(
        List.of(order(7, 7L, "d1")),
        IsBounded.BOUNDED,
        write(table).withOverwrite(Map.of("ds", "d1")));
    run(List.of(), IsBounded.BOUNDED, write(table).withOverwrite(Map.of("ds", "d2")));

    List<Row> rows =
        new ArrayList<>(
            orders(0, 30).stream().filter(row -> row.getString("ds").equals("d0")).toList());
    rows.add(order(7, 7L, "d1"));
    assertHolds(table, rows);
  }

  @Test
  void overwritesATableWithoutPartitions() throws Exception {
    String table = appended(false, -1);
    run(orders(0, 30), IsBounded.BOUNDED, write(table));
    run(orders(50, 60), IsBounded.BOUNDED, write(table).withOverwrite());
    assertHolds(table, orders(50, 60));
  }

  @Test
  void createsTheTableFromTheSchema() throws Exception {
    Schema schema =
        Schema.builder()
            .addInt64Field("id")
            .addField("price", FieldType.logicalType(FixedPrecisionNumeric.of(12, 2)))
            .addNullableField("tags", FieldType.array(FieldType.STRING.withNullable(true)))
            .addNullableField("at", FieldType.DATETIME)
            .addStringField("ds")
            .build();
    List<Row> rows =
        List.of(
            Row.withSchema(schema)
                .addValues(
                    1L,
                    new java.math.BigDecimal("12.50"),
                    List.of("a", "b"),
                    org.joda.time.Instant.ofEpochMilli(1_700_000_000_000L),
                    "d1")
                .build());
    String table = "made_" + newName() + ".orders";
    PaimonIO.Write<Row> write =
        write(table).withCreateTable(List.of("ds", "id"), List.of("ds"), Map.of("bucket", "2"));
    run(rows, IsBounded.BOUNDED, write);
    run(rows, IsBounded.BOUNDED, write);

    var made = warehouse.table(table);
    assertThat(made.primaryKeys(), equalTo(List.of("ds", "id")));
    assertThat(
        made.rowType().getFieldTypes(),
        equalTo(
            List.of(
                DataTypes.BIGINT().notNull(),
                DataTypes.DECIMAL(12, 2).notNull(),
                DataTypes.ARRAY(DataTypes.STRING()),
                DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(3),
                DataTypes.STRING().notNull())));
    assertThat(
        contents(table).stream().map(row -> row.getValues().toString()).toList(),
        equalTo(List.of("[1, 12.50, [a, b], 2023-11-14T22:13:20Z, d1]")));
  }

  @Test
  void rowsThatCannotBeWrittenGoToTheErrorHandler() throws Exception {
    String table =
        warehouse.create(
            newName(), Warehouse.columns(columns()).column("code", DataTypes.VARCHAR(2)).build());
    Schema schema =
        Schema.builder()
            .addNullableField("id", FieldType.INT32)
            .addInt64Field("amount")
            .addStringField("ds")
            .addStringField("code")
            .build();
    List<Row> rows =
        List.of(
            Row.withSchema(schema).addValues(1, 1L, "d", "ok").build(),
            Row.withSchema(schema).addValues(null, 1L, "d", "ok").build(),
            Row.withSchema(schema).addValues(3, 1L, "d", "too long").build());
    Pipeline pipeline = Pipeline.create(options());
    ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(new CountBad());
    pipeline
        .apply(Create.of(rows).withRowSchema(schema))
        .apply(write(table).withErrorHandler(errors));
    errors.close();
    PAssert.thatSingleton(errors.getOutput()).isEqualTo(2L);
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    assertThat(counter(result, "rowsWritten"), is(1L));
    assertThat(counter(result, "filesWritten"), is(1L));
    assertThat(counter(result, "rowsRefused"), is(2L));
    assertThat(counter(result, "commits"), is(1L));
    assertHolds(table, rows.subList(0, 1));

    Pipeline failing = Pipeline.create(options());
    failing.apply(Create.of(rows).withRowSchema(schema)).apply(write(table));
    Throwable failure =
        org.junit.jupiter.api.Assertions.assertThrows(
            RuntimeException.class, () -> failing.run().waitUntilFinish());
    assertThat(
        org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables
            .getStackTraceAsString(failure),
        containsString("of table " + table));
  }

  @ParameterizedTest
  @EnumSource(IsBounded.class)
  void mergesFilesAfterCommits(IsBounded bounded) throws Exception {
    String table = keyed("num-sorted-run.compaction-trigger", "2");
    for (int i = 0; i < 4; i++) {
      run(orders(0, 100), bounded, write(table));
    }
    assertHolds(table, orders(0, 100));
    assertThat(Contents.levels(warehouse.table(table)), hasItem(greaterThan(0)));

    String left = keyed("num-sorted-run.compaction-trigger", "2", "write-only", "true");
    for (int i = 0; i < 4; i++) {
      run(orders(0, 100), bounded, write(left));
    }
    assertThat(Contents.levels(warehouse.table(left)).stream().distinct().toList(), is(List.of(0)));
    assertHolds(left, orders(0, 100));
  }

  @Test
  void rowsOfTablesThatAreReadOnlyMergedAreVisible() throws Exception {
    String table = keyed("deletion-vectors.enabled", "true");
    run(orders(0, 100), IsBounded.BOUNDED, write(table));
    run(orders(50, 150), IsBounded.BOUNDED, write(table));
    assertHolds(table, orders(0, 150));
  }

  @Test
  void makesFewFilesOfManyBundles() throws Exception {
    String table = appended(false, -1);
    run(
        orders(0, 5_000),
        IsBounded.UNBOUNDED,
        write(table).withShards(1).withCommitInterval(Duration.ofMinutes(1)));
    assertThat(contents(table).size(), is(5_000));
    assertThat(Contents.files(warehouse.table(table)).size(), lessThanOrEqualTo(2));
  }

  @Test
  void nothingMakesNoSnapshot() throws Exception {
    String table = keyed();
    run(List.of(), IsBounded.BOUNDED, write(table));
    run(List.of(), IsBounded.UNBOUNDED, write(table));
    assertThat(contents(table), empty());
    assertThat(warehouse.table(table).latestSnapshot().isPresent(), is(false));
  }

  enum FailsAt {
    A_FILE,
    THE_COMMIT,
    AFTER_THE_COMMIT
  }

  @ParameterizedTest
  @CsvSource({
    "A_FILE,true", "A_FILE,false",
    "THE_COMMIT,true", "THE_COMMIT,false",
    "AFTER_THE_COMMIT,true", "AFTER_THE_COMMIT,false"
  })
  void aFailedAttemptIsMadeUpForByTheNext(FailsAt point, boolean keyed) throws Exception {
    String name = newName();
    warehouse = warehouse.fragile(name);
    // whoever tries a commit again would get over the failure
    String table =
        keyed ? keyed("commit.max-retries", "0") : appended(true, -1, "commit.max-retries", "0");
    FailOnce after = new FailOnce(name, point == FailsAt.AFTER_THE_COMMIT);
    Pipeline pipeline = Pipeline.create(options());
    pipeline
        .apply(Create.of(orders(0, 200)).withRowSchema(ORDER))
        // so that the bundles are others each time
        .apply(Reshuffle.<Row>viaRandomKey().withNumBuckets(6))
        .setRowSchema(ORDER)
        .apply(write(table))
        .getCommitted()
        .apply("Fail once", ParDo.of(after));
    switch (point) {
      case A_FILE -> FragileFiles.failAfter(2, "data-", name);
      case THE_COMMIT -> FragileFiles.failAfter(0, "snapshot-", name);
      case AFTER_THE_COMMIT -> {}
    }
    assertThrows(RuntimeException.class, () -> pipeline.run().waitUntilFinish());
    FragileFiles.mend(name);
    assertThat(
        warehouse.table(table).latestSnapshot().isPresent(), is(point == FailsAt.AFTER_THE_COMMIT));
    Set<String> left = settled(table);

    pipeline.run().waitUntilFinish();

    assertHolds(table, orders(0, 200));
    // the bundles that had ended, whose files might have been committed yet
    assertThat(warehouse.unreferenced(table), equalTo(left));
    if (point != FailsAt.A_FILE) {
      assertThat(left.isEmpty(), is(point == FailsAt.AFTER_THE_COMMIT));
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aBundleThatFailsRemovesItsFiles(boolean keyed) throws Exception {
    String name = newName();
    warehouse = warehouse.fragile(name);
    String table = keyed ? keyed("target-file-size", "1 b", "bucket", "1") : appended(true, -1);
    List<Row> rows =
        keyed
            ? IntStream.range(0, 5_000).mapToObj(i -> order(i, 1L, "d")).toList()
            : orders(0, 200);
    Pipeline pipeline = Pipeline.create(options());
    pipeline
        .apply(Create.of(0))
        .apply(FlatMapElements.into(TypeDescriptors.rows()).via(zero -> rows))
        .setRowSchema(ORDER)
        .apply(write(table));
    FragileFiles.failAfter(2, "data-", name);
    assertThrows(RuntimeException.class, () -> pipeline.run().waitUntilFinish());
    FragileFiles.mend(name);
    assertThat(settled(table), empty());

    pipeline.run().waitUntilFinish();
    assertHolds(table, rows);
  }

  /** What nobody refers to, once the workers of a run that failed have ended: after the run has. */
  private Set<String> settled(String table) {
    AtomicReference<Set<String>> last = new AtomicReference<>();
    await()
        .pollDelay(Duration.ofMillis(200))
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              Set<String> now = warehouse.unreferenced(table);
              return now.equals(last.getAndSet(now));
            });
    return last.get();
  }

  private static long counter(PipelineResult result, String name) {
    long sum = 0;
    for (MetricResult<Long> counter :
        result
            .metrics()
            .queryMetrics(
                MetricsFilter.builder()
                    .addNameFilter(MetricNameFilter.named(PaimonIO.class, name))
                    .build())
            .getCounters()) {
      sum += counter.getAttempted();
    }
    return sum;
  }

  /** What comes from a commit is lost with the bundle, and the bundle is run again. */
  private static final class FailOnce extends DoFn<Long, Void> {
    private static final Set<String> ARMED = ConcurrentHashMap.newKeySet();
    private final String name;

    FailOnce(String name, boolean armed) {
      this.name = name;
      if (armed) {
        ARMED.add(name);
      }
    }

    @ProcessElement
    public void process() {
      if (ARMED.remove(name)) {
        throw new IllegalStateException("fails after the commit, as the test wants it");
      }
    }
  }

  private static final class CountBad
      extends PTransform<PCollection<BadRecord>, PCollection<Long>> {
    @Override
    public PCollection<Long> expand(PCollection<BadRecord> input) {
      return input.apply(Count.globally());
    }
  }
}

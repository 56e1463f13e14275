package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.ORDER;
import static dev.beamfluss.io.fluss.TestTables.cluster;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.AggFunction;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** The defaults of a write's options, and what is refused before anything runs. */
class WriteErrorsTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final Pipeline pipeline = Pipeline.create();
  private int steps;

  @Test
  void defaultsAndSettingsOfTheOptions() {
    WriteSpec spec = FlussIO.write().spec();
    assertThat(spec.columns(), equalTo(null));
    assertThat(spec.deletes(), equalTo(Deletes.APPLY));
    assertThat(spec.timeout(), equalTo(Duration.ofMinutes(2)));
    assertThat(spec.nonIdempotentMergeAllowed(), equalTo(false));
    assertThat(spec.idempotentWriter(), equalTo(null));
    assertThat(FlussIO.write().bucketShuffle(), equalTo(false));
    assertThat(FlussIO.write().errorHandler(), equalTo(null));

    FlussIO.Write<RowChange> set =
        FlussIO.writeChanges()
            .withColumns("a", "b")
            .withDeletes(Deletes.IGNORE)
            .withTimeout(Duration.ofSeconds(3))
            .allowNonIdempotentMerge()
            .withIdempotentWriter(false)
            .withBucketShuffle();
    assertThat(set.spec().columns(), equalTo(List.of("a", "b")));
    assertThat(set.spec().deletes(), equalTo(Deletes.IGNORE));
    assertThat(set.spec().timeout(), equalTo(Duration.ofSeconds(3)));
    assertThat(set.spec().nonIdempotentMergeAllowed(), equalTo(true));
    assertThat(set.spec().idempotentWriter(), equalTo(false));
    assertThat(set.bucketShuffle(), equalTo(true));

    assertRefused(() -> FlussIO.write().withTimeout(Duration.ZERO), "withTimeout(PT0S)");
    assertRefused(() -> FlussIO.write().withColumns(), "at least one column");
  }

  @Test
  void partialUpdatesThatCannotBe() {
    String table = TestTables.orders(fluss, 1);
    assertRefused(
        () -> write(table, FlussIO.write().withColumns("user_id", "amount")),
        "A partial update of table " + table,
        "its whole primary key [user_id, order_id]",
        "[user_id, amount]");
    assertRefused(
        () -> write(table, FlussIO.write().withColumns("user_id", "order_id", "price")),
        table,
        "has no column price");
    assertRefused(
        () -> write(table, FlussIO.write().withColumns("user_id", "order_id", "user_id")),
        table,
        "named twice");
    assertRefused(
        () ->
            rows(ORDER)
                .apply(
                    FlussIO.write()
                        .to(cluster(fluss), TestTables.numbers(fluss, 1))
                        .withColumns("n")),
        "is a log table",
        "be updated in some columns only");
    String strict =
        keyed(
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .column("amount", DataTypes.BIGINT())
                .column("state", DataTypes.STRING().copy(false)));
    assertRefused(
        () -> write(strict, FlussIO.write().withColumns("user_id", "order_id", "amount")),
        "Table " + strict + " cannot be updated in some columns only",
        "its columns [state] are NOT NULL",
        "Make all columns but the primary key nullable");
  }

  @Test
  void columnsThatTheServerFills() {
    String table =
        keyed(
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .column("amount", DataTypes.BIGINT())
                .enableAutoIncrement("amount"));
    assertRefused(
        () -> write(table, FlussIO.write().withColumns("user_id", "order_id", "amount")),
        "Column amount of table " + table,
        "is filled by the server");
  }

  @Test
  void mergesThatCountTwice() {
    for (AggFunction function :
        List.of(AggFunctions.SUM(), AggFunctions.PRODUCT(), AggFunctions.LISTAGG())) {
      boolean text = function.equals(AggFunctions.LISTAGG());
      Schema.Builder columns =
          Schema.newBuilder()
              .column("user_id", DataTypes.STRING())
              .column("order_id", DataTypes.STRING())
              .column("amount", text ? DataTypes.STRING() : DataTypes.BIGINT(), function);
      String table = keyed(columns, "table.merge-engine", "aggregation");
      org.apache.beam.sdk.schemas.Schema schema = cluster(fluss).describe(table).schema();
      assertRefused(
          () -> rows(schema).apply(FlussIO.write().to(cluster(fluss), table)),
          "Column amount of table " + table + " is merged by " + function.getType(),
          "would count twice",
          "allowNonIdempotentMerge()");
      rows(schema)
          .apply("allowed", FlussIO.write().to(cluster(fluss), table).allowNonIdempotentMerge());
      rows(schema)
          .apply(
              "not written",
              FlussIO.write().to(cluster(fluss), table).withColumns("user_id", "order_id"));
    }
  }

  @Test
  void deletesThatTheTableRefuses() {
    String table = orders("table.delete.behavior", "disable");
    PCollection<RowChange> changes =
        pipeline.apply("changes", Create.empty(RowChange.coder(ORDER)));
    assertRefused(
        () -> changes.apply(FlussIO.writeChanges().to(cluster(fluss), table)),
        "Table " + table + " refuses deletes",
        "withDeletes(Deletes.IGNORE)");
    changes.apply(FlussIO.writeChanges().to(cluster(fluss), table).withDeletes(Deletes.REFUSE));
  }

  @Test
  void deletesThatTheTableIgnores() {
    for (List<String> property :
        List.of(
            List.of("table.delete.behavior", "ignore"),
            List.of("table.merge-engine", "first_row"),
            List.of("table.merge-engine", "aggregation"))) {
      String table = orders(property.get(0), property.get(1));
      PCollection<RowChange> changes =
          pipeline.apply("changes " + steps++, Create.empty(RowChange.coder(ORDER)));
      assertRefused(
          () -> changes.apply(FlussIO.writeChanges().to(cluster(fluss), table)),
          "Table " + table + " does nothing with deletes",
          "withDeletes(Deletes.IGNORE)",
          "'table.delete.behavior' = 'allow'");
      changes.apply(
          "ignore " + steps++,
          FlussIO.writeChanges().to(cluster(fluss), table).withDeletes(Deletes.IGNORE));
    }
  }

  @Test
  void partialUpdatesThatTheMergeEngineCannot() {
    String table = orders("table.merge-engine", "first_row");
    assertRefused(
        () -> write(table, FlussIO.write().withColumns("user_id", "order_id", "amount")),
        "Table " + table + " cannot be updated in some columns only",
        "its merge engine is FIRST_ROW");
  }

  private static String orders(String... property) {
    return keyed(
        Schema.newBuilder()
            .column("user_id", DataTypes.STRING())
            .column("order_id", DataTypes.STRING())
            .column("amount", DataTypes.BIGINT()),
        property);
  }

  @Test
  void shufflesByBucketsThatAreNotKnown() {
    SerializableFunction<Row, String> function = row -> "shop.orders";
    assertRefused(
        () -> rows(ORDER).apply(FlussIO.write().to(cluster(fluss), function).withBucketShuffle()),
        "that a function names cannot shuffle by bucket",
        "Leave out withBucketShuffle()");
    String log = TestTables.numbers(fluss, 2);
    assertRefused(
        () ->
            rows(cluster(fluss).describe(log).schema())
                .apply(FlussIO.write().to(cluster(fluss), log).withBucketShuffle()),
        "Table " + log + " has no bucket key",
        "Leave out withBucketShuffle()");
  }

  @Test
  void changesWithoutTheirColumns() {
    PCollection<RowChange> changes =
        pipeline
            .apply(Create.empty(RowChange.coder(ORDER)))
            .setCoder(org.apache.beam.sdk.coders.SerializableCoder.of(RowChange.class));
    assertRefused(
        () -> changes.apply(FlussIO.writeChanges().to(cluster(fluss), TestTables.orders(fluss, 1))),
        "need the coder RowChange.coder(schema)");
  }

  @Test
  void twoWritersOfAColumnAreKnown() {
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 1));
    FlussTable other = cluster(fluss).describe(TestTables.orders(fluss, 1));
    List<String> key = table.primaryKey();
    assertThat(WriterRegistry.register(pipeline, table, key), empty());
    assertThat("keys are everybody's", WriterRegistry.register(pipeline, table, key), empty());
    assertThat(
        WriterRegistry.register(pipeline, table, List.of("user_id", "order_id", "amount")),
        empty());
    assertThat(
        WriterRegistry.register(pipeline, table, table.schema().getFieldNames()),
        equalTo(Set.of("amount")));
    assertThat(WriterRegistry.register(pipeline, other, other.schema().getFieldNames()), empty());
    assertThat(
        WriterRegistry.register(Pipeline.create(), table, table.schema().getFieldNames()), empty());
  }

  private PCollection<Row> rows(org.apache.beam.sdk.schemas.Schema schema) {
    return pipeline.apply("rows " + steps++, Create.empty(schema));
  }

  private void write(String table, FlussIO.Write<Row> write) {
    rows(ORDER).apply("write " + steps++, write.to(cluster(fluss), table));
  }

  private static String keyed(Schema.Builder columns, String... property) {
    TableDescriptor.Builder descriptor =
        TableDescriptor.builder()
            .schema(columns.primaryKey("user_id", "order_id").build())
            .distributedBy(1, "user_id");
    if (property.length == 2) {
      descriptor.property(property[0], property[1]);
    }
    return TestTables.create(fluss, "keyed", descriptor.build());
  }

  private static void assertRefused(Executable action, String... parts) {
    String message = assertThrows(IllegalArgumentException.class, action).getMessage();
    for (String part : parts) {
      assertThat(message, containsString(part));
    }
  }
}

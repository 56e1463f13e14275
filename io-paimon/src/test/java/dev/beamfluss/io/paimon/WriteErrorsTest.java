package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a write is said when the pipeline is built. */
class WriteErrorsTest {
  private static final Schema ID = Schema.builder().addInt32Field("id").build();

  @TempDir Path directory;

  private Warehouse warehouse;

  @BeforeEach
  void createTables() throws Exception {
    warehouse = new Warehouse(directory);
    warehouse.create("appended", Warehouse.columns(Map.of("id", DataTypes.INT())).build());
    for (int bucket : new int[] {-1, -2, 2}) {
      warehouse.create(
          "bucket" + Math.abs(bucket) + (bucket < 0 ? "less" : ""),
          Warehouse.columns(Map.of("id", DataTypes.INT().notNull()))
              .primaryKey("id")
              .option("bucket", String.valueOf(bucket))
              .build());
    }
  }

  private PaimonIO.Write<Row> to(String table) {
    return PaimonIO.write().to(warehouse.catalog(), "shop." + table);
  }

  private static void expect(Schema schema, PaimonIO.Write<Row> write, String message) {
    expect(Pipeline.create().apply(Create.empty(schema)), write, message);
  }

  private static <T> void expect(PCollection<T> input, PaimonIO.Write<T> write, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> input.apply(write));
    assertThat(e.getMessage(), containsString(message));
  }

  @Test
  void namesWhatIsMissing() {
    expect(ID, PaimonIO.write(), "to(catalogProperties");
    expect(ID, to("order"), "Table shop.order does not exist");
    expect(ID, PaimonIO.write().to(Map.of("key", "s3cret"), "shop.appended"), "'warehouse'");
  }

  @Test
  void refusesFieldsThatDoNotFitTheColumns() {
    expect(
        Schema.builder().addStringField("id").build(),
        to("appended"),
        "Column id of table shop.appended is INT and takes INT32, but the rows hold STRING");
    expect(
        Schema.builder().addInt64Field("n").build(),
        to("appended"),
        "The rows have a field n, but table shop.appended has no such column. Its columns are [id]");
    expect(Schema.builder().build(), to("appended"), "has a column id, but the rows do not");
  }

  @Test
  void refusesTablesThatOneProcessAloneMayWrite() {
    expect(ID, to("bucket1less"), "'bucket' = '-1'");
    expect(ID, to("bucket2less"), "'bucket' = '-2'");
    expect(
        ID,
        to("made").withCreateTable(List.of("id"), List.of(), Map.of()),
        "Give it a fixed number of buckets");
    expect(ID, to("made"), "Table shop.made does not exist");
  }

  @Test
  void refusesChangesWhereThereIsNoKeyOrNoSchema() {
    PaimonIO.Write<RowChange> write =
        PaimonIO.writeChanges().to(warehouse.catalog(), "shop.appended");
    Pipeline pipeline = Pipeline.create();
    expect(pipeline.apply(Create.empty(RowChange.coder(ID))), write, "has no primary key");
    expect(
        pipeline.apply(
            "Other",
            Create.empty(org.apache.beam.sdk.coders.SerializableCoder.of(RowChange.class))),
        write,
        "RowChange.coder(schema)");
  }

  @Test
  void refusesOverwritesThatCannotBe() {
    expect(
        Pipeline.create().apply(Create.empty(ID)).setIsBoundedInternal(IsBounded.UNBOUNDED),
        to("bucket2").withOverwrite(),
        "cannot be overwritten by an unbounded input");
    expect(
        ID,
        to("bucket2").withOverwrite(Map.of("ds", "d1")),
        "not partitioned by ds. Its partition columns are []");
    assertThrows(IllegalArgumentException.class, () -> to("bucket2").withOverwrite(Map.of()));
    assertThrows(
        IllegalArgumentException.class, () -> to("bucket2").withCommitInterval(Duration.ZERO));
    assertThrows(IllegalArgumentException.class, () -> to("bucket2").withShards(0));
  }

  @Test
  void refusesToCreateWhatIsThereWithOtherKeys() {
    expect(
        ID,
        to("bucket2").withCreateTable(List.of(), List.of(), Map.of()),
        "is there already, with the primary key columns [id], not []");
    expect(
        Schema.builder().addDecimalField("amount").build(),
        to("made").withCreateTable(List.of(), List.of(), Map.of()),
        "Field amount is DECIMAL");
  }
}

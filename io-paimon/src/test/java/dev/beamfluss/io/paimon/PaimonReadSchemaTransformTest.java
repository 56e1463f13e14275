package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PaimonReadSchemaTransformTest {
  @TempDir Path directory;

  private final TestPipeline pipeline = TestPipeline.create().enableAbandonedNodeEnforcement(false);
  private Warehouse warehouse;
  private String table;

  @BeforeEach
  void create() throws Exception {
    warehouse = new Warehouse(directory);
    table =
        warehouse.create(
            "t",
            Warehouse.columns(Map.of("a", DataTypes.INT()))
                .column("b", DataTypes.INT())
                .column("c", DataTypes.BIGINT())
                .build());
    warehouse.write(table, List.of(GenericRow.of(1, 2, 3L)));
    warehouse.write(table, List.of(GenericRow.of(3, 4, 5L)));
  }

  private static SchemaTransformProvider provider() {
    return ServiceLoader.load(SchemaTransformProvider.class).stream()
        .map(ServiceLoader.Provider::get)
        .filter(found -> found.identifier().equals(PaimonReadSchemaTransformProvider.IDENTIFIER))
        .findAny()
        .orElseThrow();
  }

  private SchemaTransform transform(Map<String, Object> fields) {
    SchemaTransformProvider provider = provider();
    Row.FieldValueBuilder row =
        Row.withSchema(provider.configurationSchema())
            .withFieldValue("catalog_properties", warehouse.catalog())
            .withFieldValue("table", table);
    fields.forEach(row::withFieldValue);
    return provider.from(row.build());
  }

  private PCollection<Row> read(Map<String, Object> fields) {
    return PCollectionRowTuple.empty(pipeline)
        .apply(fields.toString(), transform(fields))
        .get("output");
  }

  @Test
  void readsRowsOfAnySnapshot() {
    PCollection<Row> first = read(Map.of("snapshot", 1L, "columns", List.of("b")));
    PAssert.that(first).containsInAnyOrder(Row.withSchema(first.getSchema()).addValues(2).build());
    PCollection<Row> all = read(Map.of("mode", "rows", "columns", List.of("b")));
    PAssert.that(all)
        .containsInAnyOrder(
            Row.withSchema(all.getSchema()).addValues(2).build(),
            Row.withSchema(all.getSchema()).addValues(4).build());
    pipeline.run().waitUntilFinish();
  }

  @Test
  void changesBeginWithTheirKind() {
    PCollection<Row> changes =
        read(
            Map.of(
                "mode",
                "changes",
                "starting_position",
                "2",
                "discovery_interval_seconds",
                1L,
                "timestamp_column",
                "c",
                "max_out_of_orderness_millis",
                5L));
    assertThat(changes.getSchema().getFieldNames(), is(List.of("_change_type", "a", "b", "c")));
    assertThat(changes.isBounded(), is(PCollection.IsBounded.UNBOUNDED));
  }

  @Test
  void saysWhichFieldIsWrong() {
    expect(Map.of("mode", "all"), "mode: 'all' cannot be used. Give rows or changes.");
    expect(Map.of("starting_position", "full"), "starting_position: 'full' cannot be used");
    expect(Map.of("mode", "changes", "tag", "x"), "tag: 'x' cannot be used");
    expect(Map.of("mode", "changes", "starting_position", "early"), "full, latest, the number of");
    expect(Map.of("timestamp", "noon"), "timestamp: 'noon' cannot be used");
    expect(Map.of("snapshot", 1L, "tag", "x"), "only one of snapshot, tag and timestamp");
    expect(
        Map.of("mode", "changes", "discovery_interval_seconds", 0L),
        "discovery_interval_seconds: ");
  }

  private void expect(Map<String, Object> fields, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> transform(fields));
    assertThat(e.getMessage(), containsString(message));
  }
}

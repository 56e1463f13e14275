package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.Serializable;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.Decimal;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What {@link PaimonIO#lookupLatest()} promises on every runner. */
abstract class LookupLatestContract implements Serializable {
  private static final Schema INPUT =
      Schema.builder()
          .addInt64Field("order")
          .addNullableStringField("city")
          .addLogicalTypeField("price", FixedPrecisionNumeric.of(10, 2))
          .build();

  private static int tables;

  @TempDir static Path directory;

  private transient Warehouse warehouse;
  private transient TestPipeline pipeline;

  abstract PipelineOptions options();

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
    pipeline = TestPipeline.fromOptions(options()).enableAbandonedNodeEnforcement(false);
  }

  private String cities(boolean partitioned) throws Exception {
    org.apache.paimon.schema.Schema.Builder schema =
        Warehouse.columns(Map.of("city", DataTypes.STRING()))
            .column("rate", DataTypes.INT())
            .column("price", DataTypes.DECIMAL(10, 2))
            .column("day", DataTypes.INT());
    return warehouse.create(
        "cities" + tables++, (partitioned ? schema.partitionKeys("day") : schema).build());
  }

  private static GenericRow city(String name, int rate, int day) {
    return GenericRow.of(
        BinaryString.fromString(name),
        rate,
        Decimal.fromBigDecimal(new BigDecimal(rate + ".50"), 10, 2),
        day);
  }

  private static Row order(long id, String city, String price) {
    return Row.withSchema(INPUT).addValues(id, city, new BigDecimal(price)).build();
  }

  private PCollection<String> lookup(PaimonIO.LookupLatestRows lookup) {
    return pipeline
        .apply(
            Create.of(
                    order(1, "Rome", "7.50"),
                    order(2, "Oslo", "8.50"),
                    order(3, null, "7.50"),
                    order(4, "Bonn", "9.50"))
                .withRowSchema(INPUT))
        .apply(lookup)
        .apply(
            MapElements.into(TypeDescriptors.strings())
                .via(
                    found ->
                        found.getKey().getInt64("order")
                            + ": "
                            + found.getValue().stream()
                                .map(row -> row.getValues().toString())
                                .sorted()
                                .toList()));
  }

  private PaimonIO.LookupLatestRows from(String table) {
    return PaimonIO.lookupLatest().from(warehouse.catalog(), table);
  }

  @Test
  void findsTheRowsOfTheGreatestPartition() throws Exception {
    String table = cities(true);
    warehouse.write(table, List.of(city("Rome", 7, 9), city("Bonn", 9, 9)));
    warehouse.write(table, List.of(city("Rome", 7, 10), city("Rome", 8, 10), city("Oslo", 8, 10)));
    PAssert.that(lookup(from(table).by("city").withColumns("rate", "day")))
        .containsInAnyOrder("1: [[7, 10], [8, 10]]", "2: [[8, 10]]", "3: []", "4: []");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void findsByTwoColumnsInATableWithoutPartitions() throws Exception {
    String table = cities(false);
    warehouse.write(table, List.of(city("Rome", 7, 9), city("Rome", 8, 9)));
    warehouse.write(table, List.of(city("Bonn", 9, 10), city(null, 7, 10)));
    PAssert.that(lookup(from(table).by("city", "price").withColumns("day")))
        .containsInAnyOrder("1: [[9]]", "2: []", "3: []", "4: [[10]]");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void findsNothingInAnEmptyTable() throws Exception {
    PAssert.that(lookup(from(cities(true)).by("city")))
        .containsInAnyOrder("1: []", "2: []", "3: []", "4: []");
    pipeline.run().waitUntilFinish();
  }

  @Test
  void failsIfThereIsMoreThanFits() throws Exception {
    String table = cities(true);
    warehouse.write(table, List.of(city("Rome", 7, 9), city("Bonn", 9, 9)));
    lookup(from(table).by("city").withMaxRows(1));
    Exception e = assertThrows(Exception.class, () -> pipeline.run().waitUntilFinish());
    assertThat(
        Throwables.getStackTraceAsString(e),
        containsString(
            "day=9 of table " + table + " is too large to be kept in memory: more than 1 rows"));
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    String table = cities(true);
    expect(PaimonIO.lookupLatest(), "from(catalogProperties");
    expect(from(table), "Name the columns to look up by");
    expect(from(table).by("x"), "has no column x to read");
    expect(from(table).by("city").withColumns("x"), "has no column x to read");
    expect(from(table).by("rate"), "rate");
    expect(from("shop.none").by("city"), "Table shop.none does not exist");
    assertThrows(IllegalArgumentException.class, () -> from(table).withMaxBytes(0));
    assertThrows(
        IllegalArgumentException.class,
        () -> from(table).withRefreshInterval(java.time.Duration.ZERO));
    assertThat(from(table).by("city").refreshInterval().toHours(), is(1L));
  }

  private void expect(PaimonIO.LookupLatestRows lookup, String message) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, () -> lookup(lookup));
    assertThat(e.getMessage(), containsString(message));
  }
}

package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is wrong with a read is said when the pipeline is built. */
class PaimonIOReadTest {
  @TempDir Path directory;

  private Warehouse warehouse;

  @BeforeEach
  void createTables() throws Exception {
    warehouse = new Warehouse(directory);
    warehouse.create(
        "orders",
        Warehouse.columns(Map.of("id", DataTypes.INT()))
            .column("doc", DataTypes.VARIANT())
            .build());
    warehouse.create("users", Warehouse.columns(Map.of("id", DataTypes.INT())).build());
  }

  @Test
  void namesWhatExistsInsteadOfWhatIsMissing() {
    expect(
        PaimonIO.read().from(warehouse.catalog(), "shop.order"),
        "Database shop has the tables [orders, users]");
    expect(PaimonIO.read().from(warehouse.catalog(), "shops.orders"), "only the databases [shop]");
    expect(PaimonIO.read().from(warehouse.catalog(), "orders"), "Give it as database.table");
    expect(
        PaimonIO.read().from(warehouse.catalog(), "shop.orders").withColumns("id", "x"),
        "Table shop.orders has no column x to read. Its columns are [id, doc]");
    expect(
        PaimonIO.read().from(warehouse.catalog(), "shop.orders").withColumns("id", "id"),
        "named twice");
    expect(
        PaimonIO.read().from(warehouse.catalog(), "shop.orders").withColumns(),
        "at least one column");
    expect(PaimonIO.read().from(Map.of("key", "s3cret"), "shop.orders"), "'warehouse'");
    expect(
        PaimonIO.read().from(Map.of("metastore", "none", "warehouse", "/x"), "shop.orders"),
        "Cannot open the Paimon catalog /x [metastore]");
    expect(PaimonIO.read(), "from(catalogProperties");
  }

  @Test
  void aColumnWithoutABeamTypeCanBeLeftOut() {
    expect(PaimonIO.read().from(warehouse.catalog(), "shop.orders"), "Column doc is VARIANT");
    Pipeline.create()
        .apply(PaimonIO.read().from(warehouse.catalog(), "shop.orders").withColumns("id"));
  }

  @Test
  void showsWhatIsReadButNoSecret() {
    Map<String, String> catalog =
        Map.of("warehouse", "hdfs://user:pw@lake/w", "s3.secret-key", "s3cret");
    DisplayData shown =
        DisplayData.from(PaimonIO.read().from(catalog, "shop.orders").withColumns("id", "amount"));
    assertThat(
        shown.items().stream()
            .collect(Collectors.toMap(DisplayData.Item::getKey, DisplayData.Item::getValue)),
        is(
            Map.of(
                "table",
                "shop.orders",
                "columns",
                "id,amount",
                "catalog",
                "hdfs://lake/w [s3.secret-key]")));
  }

  private static void expect(PaimonIO.Read read, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Pipeline.create().apply(read));
    assertThat(e.getMessage(), containsString(message));
  }
}

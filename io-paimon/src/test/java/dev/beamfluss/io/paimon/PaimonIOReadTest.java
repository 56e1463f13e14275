package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.vendor.guava.v32_1_2_jre.com.google.common.base.Throwables;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.table.source.DataSplit;
import org.apache.paimon.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
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

  @Test
  void saysWhichSnapshotsThereAre() throws Exception {
    String table =
        warehouse.create("numbers", Warehouse.columns(Map.of("id", DataTypes.INT())).build());
    PaimonIO.Read read = PaimonIO.read().from(warehouse.catalog(), table);
    expect(
        read.withSnapshot(1), "Table shop.numbers has no snapshot 1, or it has expired. It has no");
    expect(read.withTimestamp(Instant.now()), "It has no snapshots and no tags.");
    for (int i = 0; i < 4; i++) {
      warehouse.write(table, List.of(GenericRow.of(i)));
    }
    warehouse.table(table).createTag("kept", 2);
    warehouse.expire(table, 2);
    expect(read.withSnapshot(5), "It has the snapshots 3 (of 20");
    expect(read.withSnapshot(1), ") to 4 (of ");
    expect(read.withSnapshot(1), ") and the tags [kept].");
    expect(read.withTag("lost"), "Table shop.numbers has no tag lost. It has the snapshots 3");
    expect(read.withTimestamp(Instant.EPOCH), "no snapshot that was there at 1970-01-01T00:00:00Z");
    expect(read.withTimestamp(Instant.now().plusSeconds(60)), "is yet to come");
    Pipeline.create().apply(read.withTag("kept"));
    expect(
        PaimonIO.read().from(warehouse.catalog(), "shop.numbers$snapshots").withSnapshot(3),
        "keeps no snapshots, so withSnapshot(3) is not possible");
  }

  @Test
  void namesTheSnapshotThatExpiresBeforeItIsRead() throws Exception {
    String table =
        warehouse.create(
            "short",
            Warehouse.columns(Map.of("id", DataTypes.INT().notNull()))
                .primaryKey("id")
                .option("bucket", "1")
                .build());
    warehouse.write(table, List.of(GenericRow.of(1)));
    Pipeline pipeline = Pipeline.create();
    pipeline.apply(PaimonIO.read().from(warehouse.catalog(), table));
    // each compacts what was there before
    for (int i = 0; i < 10; i++) {
      warehouse.write(table, List.of(GenericRow.of(i)));
    }
    warehouse.expire(table, 1);

    Exception e = assertThrows(Exception.class, () -> pipeline.run().waitUntilFinish());
    assertThat(
        Throwables.getStackTraceAsString(e),
        containsString("Snapshot 1 of table shop.short has expired before it was read to its end"));
  }

  @Test
  void checksFiltersAgainstTheTable() throws Exception {
    String table =
        warehouse.create(
            "days",
            Warehouse.columns(Map.of("id", DataTypes.INT(), "ds", DataTypes.STRING()))
                .partitionKeys("ds")
                .build());
    PaimonIO.Read read = PaimonIO.read().from(warehouse.catalog(), table);
    expect(read.withFilter(PaimonFilter.equal("x", 1)), "has no column x to filter by");
    expect(read.withFilter(PaimonFilter.equal("id", "1")), "is INT and is compared with values of");
    expect(
        read.withPartitionFilter(PaimonFilter.equal("id", 1)),
        "Column id is no partition column of table shop.days (id = 1). These are [ds]");
    expect(
        PaimonIO.read()
            .from(warehouse.catalog(), "shop.users")
            .withPartitionFilter(PaimonFilter.equal("id", 1)),
        "It has no partitions: use withFilter(..)");
  }

  @Test
  void partitionsAndFilesThatAFilterRulesOutAreNotOpened() throws Exception {
    String table =
        warehouse.create(
            "pruned",
            Warehouse.columns(Map.of("id", DataTypes.INT()))
                .column("hour", DataTypes.INT())
                .partitionKeys("hour")
                .build());
    for (int hour = 0; hour < 4; hour++) {
      warehouse.write(table, List.of(GenericRow.of(10 * hour, hour)));
    }
    assertThat(files(table, null, null), is(4));
    assertThat(files(table, null, PaimonFilter.lessThan("hour", 2)), is(2));
    assertThat(files(table, PaimonFilter.lessThan("hour", 3), null), is(3));
    assertThat(files(table, PaimonFilter.equal("id", 10), null), is(1));
    assertThat(files(table, PaimonFilter.equal("id", 10), PaimonFilter.lessThan("hour", 1)), is(0));
  }

  private int files(
      String table, @Nullable PaimonFilter filter, @Nullable PaimonFilter partitionFilter) {
    ReadSpec spec = ReadSpec.of(warehouse.table(table), null, List.of(), filter, partitionFilter);
    return spec.scan().newScan().plan().splits().stream()
        .mapToInt(split -> ((DataSplit) split).dataFiles().size())
        .sum();
  }

  private static void expect(PaimonIO.Read read, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> Pipeline.create().apply(read));
    assertThat(e.getMessage(), containsString(message));
  }
}

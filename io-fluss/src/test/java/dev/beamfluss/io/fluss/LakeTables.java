package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.options.ExpireConfig;
import org.apache.paimon.options.Options;
import org.apache.paimon.table.FileStoreTable;

/** What the tests of lake tables share. */
final class LakeTables {
  private static final Duration PATIENCE = Duration.ofSeconds(90);

  private LakeTables() {}

  /** The same table, tiered each second. */
  static TableDescriptor lake(TableDescriptor descriptor) {
    return TableDescriptor.builder(descriptor)
        .property("table.datalake.enabled", "true")
        .property("table.datalake.freshness", "1s")
        .build();
  }

  /** Offsets of the log that are not in the lake. */
  static long untiered(FlussTable table) {
    return LakeLag.of(table.cluster(), table.path()).stream()
        .mapToLong(LakeLag::untieredRows)
        .sum();
  }

  /** Leaves the latest one of the lake's table. */
  @SuppressWarnings("try") // an interrupt while closing fails the test like any other
  static void expireSnapshots(FlussExtension fluss, FlussTable table) throws Exception {
    Options options = new Options();
    options.set("warehouse", fluss.cluster().warehouse().orElseThrow().toString());
    try (Catalog catalog = CatalogFactory.createCatalog(CatalogContext.create(options))) {
      Identifier lake =
          Identifier.create(table.tablePath().getDatabaseName(), table.tablePath().getTableName());
      ((FileStoreTable) catalog.getTable(lake))
          .newExpireSnapshots()
          .config(ExpireConfig.builder().snapshotRetainMax(1).snapshotRetainMin(1).build())
          .expire();
    }
  }

  static void awaitTiered(FlussTable table) {
    await().atMost(PATIENCE).until(() -> untiered(table) == 0);
  }
}

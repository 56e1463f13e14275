package dev.beamfluss.local;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.DataTypes;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.options.Options;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.source.ReadBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is written to Fluss is found in Paimon, by Paimon's own reader. */
@SuppressWarnings("try") // Connection.close() may throw InterruptedException, which fails the test
@Timeout(value = 4, unit = TimeUnit.MINUTES)
class TieringTest {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().tiering());

  @Test
  void tiersRowsAndDeletesAndGoesOnAfterARestart() throws Exception {
    TablePath path = TablePath.of(fluss.newDatabase(), "orders");
    try (Connection connection = connect()) {
      createLakeTable(connection, path);
      try (Table table = connection.getTable(path)) {
        UpsertWriter writer = table.newUpsert().createWriter();
        upsert(writer, 1, "tea");
        upsert(writer, 2, "milk");
        upsert(writer, 3, "ice");
        awaitInPaimon(path, Map.of(1, "tea", 2, "milk", 3, "ice"));

        upsert(writer, 2, "oat milk");
        writer.delete(GenericRow.of(3, null)).get(60, TimeUnit.SECONDS);
        awaitInPaimon(path, Map.of(1, "tea", 2, "oat milk"));

        assertThat(fluss.cluster().isTiering(), is(true));
        fluss.cluster().stopTiering();
        fluss.cluster().stopTiering();
        assertThat(fluss.cluster().isTiering(), is(false));
        upsert(writer, 4, "sugar");
        assertThat(inPaimon(path), equalTo(Map.of(1, "tea", 2, "oat milk")));

        fluss.cluster().startTiering();
        fluss.cluster().startTiering();
        awaitInPaimon(path, Map.of(1, "tea", 2, "oat milk", 4, "sugar"));
      }
    }
  }

  @Test
  void needsAWarehouse() {
    try (LocalFluss without = LocalFluss.builder().start()) {
      IllegalStateException e = assertThrows(IllegalStateException.class, without::startTiering);
      assertThat(e.getMessage(), containsString("has no warehouse"));
    }
  }

  private static void upsert(UpsertWriter writer, int id, String name) throws Exception {
    writer.upsert(GenericRow.of(id, BinaryString.fromString(name))).get(60, TimeUnit.SECONDS);
  }

  private static Connection connect() {
    Configuration configuration = new Configuration();
    configuration.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), fluss.bootstrapServers());
    return ConnectionFactory.createConnection(configuration);
  }

  private static void createLakeTable(Connection connection, TablePath path) throws Exception {
    try (Admin admin = connection.getAdmin()) {
      admin
          .createTable(
              path,
              TableDescriptor.builder()
                  .schema(
                      Schema.newBuilder()
                          .column("id", DataTypes.INT())
                          .column("name", DataTypes.STRING())
                          .primaryKey("id")
                          .build())
                  .distributedBy(2, "id")
                  .property("table.datalake.enabled", "true")
                  .property("table.datalake.freshness", "1s")
                  .build(),
              false)
          .get();
    }
  }

  private static void awaitInPaimon(TablePath path, Map<Integer, String> expected) {
    long start = System.nanoTime();
    Awaitility.await()
        // a table that the job had in hand when it was stopped waits two minutes for another
        .atMost(Duration.ofMinutes(4))
        .untilAsserted(() -> assertThat(inPaimon(path), equalTo(expected)));
    System.out.printf(
        "In Paimon after %d ms%n", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
  }

  private static Map<Integer, String> inPaimon(TablePath path) throws Exception {
    Path warehouse = fluss.cluster().warehouse().orElseThrow();
    Options options = new Options();
    options.set("warehouse", warehouse.toString());
    Map<Integer, String> rows = new TreeMap<>();
    try (Catalog catalog = CatalogFactory.createCatalog(CatalogContext.create(options))) {
      ReadBuilder read =
          catalog
              .getTable(Identifier.create(path.getDatabaseName(), path.getTableName()))
              .newReadBuilder();
      try (RecordReader<InternalRow> reader = read.newRead().createReader(read.newScan().plan())) {
        reader.forEachRemaining(row -> rows.put(row.getInt(0), row.getString(1).toString()));
      }
    }
    return rows;
  }
}

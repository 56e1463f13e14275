package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The cluster drops a partition whose time has come, tiered or not. The clock of the cluster is the
 * machine's, so midnight is where the test lets it look for expired partitions: at a second start,
 * with a partition that is too old already.
 */
@Timeout(240)
class RetentionTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final TablePath PATH = TablePath.of("shop", "daily_orders");
  private static final String LOOK = "auto-partition.check.interval";

  @TempDir Path directory;

  @Test
  void whatIsNotTieredWhenAPartitionExpiresIsLostAndToldBefore() {
    String day =
        LocalDate.now(ZoneId.systemDefault()).minusDays(3).format(DateTimeFormatter.BASIC_ISO_DATE);
    List<String> tiered = new ArrayList<>();
    LocalFluss.Builder cluster = LocalFluss.builder().directory(directory);
    try (LocalFluss fluss = cluster.tiering().property(LOOK, "1d").start()) {
      FlussTable table = create(FlussCluster.at(fluss.bootstrapServers()), day);
      write(table, day, 0, 40).forEach(row -> tiered.add(row.getValues().toString()));
      LakeTables.awaitTiered(table);
      assertThat(LakeLag.of(table.cluster(), table.path()).get(0).age(), equalTo(Duration.ZERO));
      fluss.stopTiering();
      write(table, day, 40, 50);

      List<LakeLag> lags = LakeLag.of(table.cluster(), table.path());
      assertThat(lags, hasSize(1));
      assertThat(lags.get(0).partition(), equalTo(day));
      assertThat("the alarm", lags.get(0).untieredRows(), equalTo(10L));
      await().until(() -> age(table).compareTo(lags.get(0).age()) > 0);
      assertThat(age(table), greaterThan(Duration.ZERO));
      assertThat("nothing is lost yet", read(table), hasSize(50));
    }
    LocalFluss.Builder again = LocalFluss.builder().directory(directory).warehouse();
    try (LocalFluss fluss = again.property(LOOK, "1s").start()) {
      FlussTable table = FlussCluster.at(fluss.bootstrapServers()).describe(PATH.toString());
      await().atMost(PATIENCE).until(() -> LakeLag.of(table.cluster(), table.path()), empty());
      fluss.startTiering();
      assertThat("10 rows are lost", read(table), containsInAnyOrder(tiered.toArray()));
    }
    try (LocalFluss fluss = LocalFluss.builder().directory(directory).start()) {
      FlussTable table = FlussCluster.at(fluss.bootstrapServers()).describe(PATH.toString());
      assertThat(
          assertThrows(IllegalArgumentException.class, () -> read(table)).getMessage(),
          allOf(containsString(PATH + " is a lake table"), containsString("no lake configured")));
    }
  }

  private static Duration age(FlussTable table) {
    return LakeLag.of(table.cluster(), table.path()).get(0).age();
  }

  private static FlussTable create(FlussCluster cluster, String day) {
    TableDescriptor descriptor =
        TableDescriptor.builder(LakeTables.lake(TestTables.dailyOrdersDescriptor(2)))
            .property("table.auto-partition.num-retention", "1")
            .build();
    try (Connections.Lease lease = Connections.lease(cluster, "test")) {
      Admin admin = lease.connection().getAdmin();
      admin.createDatabase(PATH.getDatabaseName(), DatabaseDescriptor.EMPTY, false).join();
      admin.createTable(PATH, descriptor, false).join();
      admin.createPartition(PATH, new PartitionSpec(Map.of("ds", day)), false).join();
    }
    return cluster.describe(PATH.toString());
  }

  private static List<Row> write(FlussTable table, String day, int from, int to) {
    List<Row> rows = new ArrayList<>();
    for (int i = from; i < to; i++) {
      rows.add(
          Row.withSchema(TestTables.DAILY_ORDER)
              .addValues("user" + i % 7, "order" + i, day, (long) i)
              .build());
    }
    TestTables.write(table, rows.stream().map(RowChange::upsert).toList());
    return rows;
  }

  private static List<String> read(FlussTable table) {
    return TestTables.rows(
            FlussIO.readContents().from(table.cluster(), table.path()).withAllColumns().withLake())
        .stream()
        .map(row -> row.getValues().toString())
        .toList();
  }
}

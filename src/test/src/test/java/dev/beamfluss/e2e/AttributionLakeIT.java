package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.startsWith;

import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Past days of which the cluster has dropped visits and orders, and then the result too. */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
class AttributionLakeIT {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().tiering());

  private static final int DAYS = 4;
  private static final int WINDOW_DAYS = 2;
  private static final List<String> LAKE_TABLES =
      List.of(
          AttributionTables.VISITS, AttributionTables.ORDERS, AttributionTables.RESULTS_OF_WINDOW);

  private final AttributionData data = new AttributionData(fluss.bootstrapServers());

  @Test
  void aPastDayIsComputedAndReconciledFromTheLake() throws Exception {
    createTables();
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        Shop shop = new Shop(connection, data.database(), 11, 20, DAYS);
        TableMirror results =
            new TableMirror(connection, path(AttributionTables.RESULTS_OF_WINDOW));
        PlantedRows planted =
            new PlantedRows(connection, path(AttributionTables.RESULTS_OF_WINDOW))) {
      shop.change(250);
      awaitTiering();
      // from here on the lake lags behind
      fluss.cluster().stopTiering();
      shop.change(50);
      for (int day = 0; day < DAYS; day++) {
        batch(0, "--ds=" + Shop.day(day));
      }
      Set<Map<String, Object>> expected = shop.result(WINDOW_DAYS);
      assertThat(results.rows(), is(equalTo(expected)));
      fluss.cluster().startTiering();
      awaitTiering();

      dropPartitions(connection, AttributionTables.VISITS);
      dropPartitions(connection, AttributionTables.ORDERS);
      Map<String, Object> wrong = anyOf(expected, Shop.day(1));
      wrong.put("pv", -1L);
      planted.put(wrong);
      assertThat(reconcile(1).differences(), contains(startsWith("different ")));
      batch(0, "--ds=" + Shop.day(1));
      assertThat(results.rows(), is(equalTo(expected)));
      assertThat(reconcile(1).status(), is(0));

      Map<String, Object> missing = anyOf(expected, Shop.day(2));
      planted.remove(missing);
      awaitTiering();
      dropPartitions(connection, AttributionTables.RESULTS_OF_WINDOW);
      assertThat(reconcile(1).summary(), reconcile(1).status(), is(0));
      assertThat(
          reconcile(2).differences(),
          contains(startsWith("missing [user_id=" + missing.get("user_id"))));
      assertThat(
          batch(2, "--ds=" + Shop.day(2)),
          containsString("The result of a day that is in the lake alone cannot be written"));
    }
  }

  private void createTables() {
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : AttributionTables.definitions(data.tableOptions())) {
        creator.create(
            new TableDefinition(table.database(), table.name(), tieredSoon(table.descriptor())));
      }
    }
  }

  private static TableDescriptor tieredSoon(TableDescriptor descriptor) {
    Map<String, String> properties = new HashMap<>(descriptor.getProperties());
    properties.replace("table.datalake.freshness", "1s");
    return descriptor.withProperties(properties);
  }

  private void awaitTiering() {
    await("tiering")
        .atMost(Duration.ofMinutes(2))
        .until(
            () ->
                LAKE_TABLES.stream()
                    .flatMap(name -> LakeLag.of(data.cluster(), path(name).toString()).stream())
                    .allMatch(lag -> lag.untieredRows() == 0));
  }

  private void dropPartitions(Connection connection, String name) throws Exception {
    TablePath path = path(name);
    for (PartitionInfo partition :
        connection.getAdmin().listPartitionInfos(path).get(30, TimeUnit.SECONDS)) {
      connection
          .getAdmin()
          .dropPartition(path, partition.getPartitionSpec(), false)
          .get(30, TimeUnit.SECONDS);
    }
    await("the partitions to be gone")
        .atMost(Duration.ofMinutes(1))
        .until(
            () ->
                connection.getAdmin().listPartitionInfos(path).get(30, TimeUnit.SECONDS).isEmpty());
  }

  private static Map<String, Object> anyOf(Set<Map<String, Object>> rows, String ds) {
    return new HashMap<>(
        rows.stream().filter(row -> row.get("ds").equals(ds)).findFirst().orElseThrow());
  }

  /** What it says of its failure. */
  private String batch(int expectedStatus, String ds) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status = Attribution.run(flags("--batch", ds), new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(expectedStatus));
    return err.toString(UTF_8);
  }

  private Reconciled reconcile(int day) {
    return Reconciled.with(flags("--ds=" + Shop.day(day)));
  }

  private String[] flags(String... more) {
    return Stream.concat(
            Stream.of(
                "--runner=DirectRunner",
                "--targetParallelism=2",
                "--bootstrapServers=" + fluss.bootstrapServers(),
                "--databasePrefix=" + data.prefix(),
                "--windowDays=" + WINDOW_DAYS),
            Arrays.stream(more))
        .toArray(String[]::new);
  }

  private TablePath path(String table) {
    return TablePath.of(data.database(), table);
  }
}

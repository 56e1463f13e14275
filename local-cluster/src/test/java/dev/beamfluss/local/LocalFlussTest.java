package dev.beamfluss.local;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.notNullValue;
import static org.hamcrest.Matchers.startsWith;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataTypes;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Starts real clusters. */
@SuppressWarnings("try") // Connection.close() may throw InterruptedException, which fails the test
@Timeout(value = 3, unit = TimeUnit.MINUTES)
class LocalFlussTest {

  private static final TablePath TABLE = TablePath.of("shop", "orders");
  private static final Duration CLOSE_BOUND = Duration.ofSeconds(20);

  @TempDir Path scratch;

  @Test
  void survivesTheRestartOfATabletServer() throws Exception {
    Set<Thread> before = liveThreads();
    LocalFluss fluss = timedStart(LocalFluss.builder().tabletServers(2));
    Path directory = fluss.directory();
    try (Connection connection = connect(fluss)) {
      assertThat(fluss.tabletServers(), contains(0, 1));
      createTable(connection, TABLE, Map.of());
      upsert(connection, Map.of(1, "tea", 2, "milk", 3, "ice", 4, "sugar"));

      String bootstrapServers = fluss.bootstrapServers();
      fluss.stopTabletServer(1);
      assertThat(fluss.tabletServers(), contains(0));
      assertThrows(IllegalArgumentException.class, () -> fluss.stopTabletServer(1));
      fluss.startTabletServer(1);
      assertThat(fluss.tabletServers(), contains(0, 1));
      assertThat(fluss.bootstrapServers(), is(bootstrapServers));
      assertThrows(IllegalArgumentException.class, () -> fluss.startTabletServer(1));
      assertThrows(IllegalArgumentException.class, () -> fluss.startTabletServer(7));

      // The same connection goes on, as the port is the same.
      assertThat(
          lookup(connection, 1, 2, 3, 4),
          equalTo(Map.of(1, "tea", 2, "milk", 3, "ice", 4, "sugar")));
      upsert(connection, Map.of(5, "straw"));
      assertThat(lookup(connection, 5), equalTo(Map.of(5, "straw")));
    }
    assertThat(timedClose(fluss), lessThan(CLOSE_BOUND));
    assertThat("deleted", Files.exists(directory), is(false));
    assertThrows(IllegalStateException.class, fluss::bootstrapServers);
    fluss.close();
    Awaitility.await()
        .pollInSameThread()
        .atMost(CLOSE_BOUND)
        .untilAsserted(() -> assertThat(threadsThatKeepTheJvmAlive(before), empty()));
  }

  @Test
  void aReplicaTakesOverForAStoppedServer() throws Exception {
    try (LocalFluss fluss = timedStart(LocalFluss.builder().tabletServers(2));
        Connection connection = connect(fluss)) {
      createTable(connection, TABLE, Map.of("table.replication.factor", "2"));
      upsert(connection, Map.of(1, "tea", 2, "milk", 3, "ice", 4, "sugar"));
      fluss.stopTabletServer(0);
      assertThat(
          lookup(connection, 1, 2, 3, 4),
          equalTo(Map.of(1, "tea", 2, "milk", 3, "ice", 4, "sugar")));
      upsert(connection, Map.of(5, "straw"));
      assertThat(lookup(connection, 5), equalTo(Map.of(5, "straw")));
    }
  }

  @Test
  void continuesOnAGivenDirectory() throws Exception {
    Path directory = scratch.resolve("cluster");
    LocalFluss first = timedStart(LocalFluss.builder().tabletServers(2).directory(directory));
    try (Connection connection = connect(first)) {
      createTable(connection, TABLE, Map.of());
      upsert(connection, Map.of(1, "tea", 2, "milk"));
    } finally {
      assertThat(timedClose(first), lessThan(CLOSE_BOUND));
    }
    try (LocalFluss second =
            timedStart(LocalFluss.builder().tabletServers(2).directory(directory));
        Connection connection = connect(second)) {
      assertThat(lookup(connection, 1, 2, 3), equalTo(Map.of(1, "tea", 2, "milk")));
      upsert(connection, Map.of(3, "ice"));
      assertThat(lookup(connection, 3), equalTo(Map.of(3, "ice")));

      IllegalStateException inUse =
          assertThrows(
              IllegalStateException.class, () -> LocalFluss.builder().directory(directory).start());
      assertThat(inUse.getMessage(), containsString(directory + " is in use"));
    }
    assertThat("kept", Files.isDirectory(directory), is(true));
  }

  /** Where Fluss alone forgets some: see {@link TableCreations}. */
  /** Which ended the JVM, see {@link KeptRateLimiter}. */
  @Test
  void stopsWhileItIsStillMakingTablets() throws Exception {
    for (int round = 0; round < 3; round++) {
      LocalFluss fluss = timedStart(LocalFluss.builder());
      try (Connection connection = connect(fluss)) {
        connection
            .getAdmin()
            .createDatabase("many", DatabaseDescriptor.EMPTY, false)
            .get(30, TimeUnit.SECONDS);
        TableDescriptor table =
            TableDescriptor.builder()
                .schema(Schema.newBuilder().column("id", DataTypes.INT()).primaryKey("id").build())
                .distributedBy(16)
                .build();
        for (int i = 0; i < 20; i++) {
          connection
              .getAdmin()
              .createTable(TablePath.of("many", "t" + i), table, false)
              .get(30, TimeUnit.SECONDS);
        }
        assertThat(timedClose(fluss), lessThan(CLOSE_BOUND));
      }
    }
  }

  @Test
  void everyTableGetsLeadersOnABusyMachine() throws Exception {
    AtomicBoolean busy = new AtomicBoolean(true);
    List<Thread> load = new ArrayList<>();
    try (LocalFluss fluss = timedStart(LocalFluss.builder());
        Connection connection = connect(fluss)) {
      for (int i = 0; i < 8; i++) {
        Thread thread =
            new Thread(
                () -> {
                  while (busy.get()) {
                    Thread.onSpinWait();
                  }
                },
                "load-" + i);
        load.add(thread);
        thread.start();
      }
      List<TablePath> paths = new ArrayList<>();
      for (int i = 0; i < 15; i++) {
        TablePath path = TablePath.of("busy", "table_" + i);
        createTable(connection, path, Map.of());
        paths.add(path);
      }
      busy.set(false);
      try (Admin admin = connection.getAdmin()) {
        for (TablePath path : paths) {
          Awaitility.await(path.toString())
              .ignoreExceptions()
              .atMost(Duration.ofSeconds(20))
              .until(
                  () ->
                      admin
                          .listOffsets(path, List.of(0, 1, 2, 3), new OffsetSpec.LatestSpec())
                          .all()
                          .get(5, TimeUnit.SECONDS),
                  aMapWithSize(4));
        }
      }
    } finally {
      busy.set(false);
    }
    for (Thread thread : load) {
      thread.join();
    }
  }

  @Test
  void acceptsLakeTablesWithAWarehouse() throws Exception {
    Path warehouse = scratch.resolve("lake");
    try (LocalFluss fluss = timedStart(LocalFluss.builder().warehouse(warehouse));
        Connection connection = connect(fluss)) {
      createTable(connection, TABLE, Map.of("table.datalake.enabled", "true"));
      assertThat(fluss.warehouse().orElseThrow(), is(warehouse));
      assertThat(
          "the Paimon table",
          Files.isDirectory(warehouse.resolve("shop.db").resolve("orders").resolve("schema")),
          is(true));
    }
    assertThat("kept", Files.isDirectory(warehouse), is(true));
  }

  @Test
  void refusesWhatMakesNoSense() {
    LocalFluss.Builder builder = LocalFluss.builder();
    assertThrows(IllegalArgumentException.class, () -> builder.tabletServers(0));
    assertThrows(IllegalArgumentException.class, () -> builder.directory(null));
    IllegalArgumentException reserved =
        assertThrows(
            IllegalArgumentException.class, () -> builder.property("bind.listeners", "FLUSS://:1"));
    assertThat(reserved.getMessage(), startsWith("Property bind.listeners is set by LocalFluss"));
  }

  @Test
  void aFailedStartLeavesNothingBehind() {
    Set<Thread> before = liveThreads();
    IllegalStateException failure =
        assertThrows(
            IllegalStateException.class,
            () ->
                LocalFluss.builder()
                    .directory(scratch)
                    .property("default.replication.factor", "0")
                    .start());
    assertThat(failure.getMessage(), containsString(scratch + " did not start"));
    assertThat(failure.getCause().getMessage(), containsString("default.replication.factor"));
    Awaitility.await()
        .pollInSameThread()
        .atMost(CLOSE_BOUND)
        .untilAsserted(() -> assertThat(threadsThatKeepTheJvmAlive(before), empty()));
    // and the directory is free again
    LocalFluss.builder().directory(scratch).start().close();
  }

  private static LocalFluss timedStart(LocalFluss.Builder builder) {
    long start = System.nanoTime();
    LocalFluss fluss = builder.start();
    print("start", fluss.tabletServers().size(), start);
    return fluss;
  }

  private static Duration timedClose(LocalFluss fluss) {
    long start = System.nanoTime();
    int servers = fluss.tabletServers().size();
    fluss.close();
    return print("close", servers, start);
  }

  private static Duration print(String what, int tabletServers, long start) {
    Duration took = Duration.ofNanos(System.nanoTime() - start);
    System.out.printf(
        "LocalFluss %s with %d tablet server(s): %d ms%n", what, tabletServers, took.toMillis());
    return took;
  }

  private static Set<Thread> liveThreads() {
    return Thread.getAllStackTraces().keySet();
  }

  private static Set<String> threadsThatKeepTheJvmAlive(Set<Thread> before) {
    return liveThreads().stream()
        .filter(thread -> !thread.isDaemon() && !before.contains(thread))
        .map(Thread::getName)
        .collect(Collectors.toSet());
  }

  private static Connection connect(LocalFluss fluss) {
    Configuration configuration = new Configuration();
    configuration.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), fluss.bootstrapServers());
    return ConnectionFactory.createConnection(configuration);
  }

  private static void createTable(
      Connection connection, TablePath path, Map<String, String> properties) throws Exception {
    try (Admin admin = connection.getAdmin()) {
      admin.createDatabase(path.getDatabaseName(), DatabaseDescriptor.EMPTY, true).get();
      Schema schema =
          Schema.newBuilder()
              .column("id", DataTypes.INT())
              .column("name", DataTypes.STRING())
              .primaryKey("id")
              .build();
      admin
          .createTable(
              path,
              TableDescriptor.builder()
                  .schema(schema)
                  .distributedBy(4, "id")
                  .properties(properties)
                  .build(),
              false)
          .get();
    }
  }

  /** The client does not ask again where the server it asks has just stopped. */
  private static Table open(Connection connection) {
    return Awaitility.await()
        .ignoreExceptions()
        .atMost(Duration.ofSeconds(60))
        .until(() -> connection.getTable(TABLE), notNullValue());
  }

  private static void upsert(Connection connection, Map<Integer, String> rows) throws Exception {
    assertThat(rows, not(anEmptyMap()));
    try (Table table = open(connection)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      for (Map.Entry<Integer, String> row : rows.entrySet()) {
        writer
            .upsert(GenericRow.of(row.getKey(), BinaryString.fromString(row.getValue())))
            .get(60, TimeUnit.SECONDS);
      }
    }
  }

  private static Map<Integer, String> lookup(Connection connection, int... ids) throws Exception {
    Map<Integer, String> found = new TreeMap<>();
    try (Table table = open(connection)) {
      Lookuper lookuper = table.newLookup().createLookuper();
      for (int id : ids) {
        InternalRow row =
            lookuper.lookup(GenericRow.of(id)).get(60, TimeUnit.SECONDS).getSingletonRow();
        if (row != null) {
          found.put(row.getInt(0), row.getString(1).toString());
        }
      }
    }
    return found;
  }
}

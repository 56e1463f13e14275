package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasItems;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * Order attribution of visits and orders that are days apart, come in no order, change and go: the
 * result, the conversions of each day, and a past day computed again and compared.
 */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class AttributionDaysContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int DAYS = 6;

  private final AttributionData data = new AttributionData(fluss.bootstrapServers());
  private Connection connection;
  private int windowDays;

  /** The flags of the runner, for a streaming pipeline. */
  abstract List<String> streaming();

  /** The flags of the runner, for a batch pipeline. */
  abstract List<String> batch();

  @BeforeEach
  void createTables() {
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      for (TableDefinition table : AttributionTables.definitions(data.tableOptions())) {
        creator.create(table);
      }
    }
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  @Test
  void theResultAndTheConversionsFollowAndAPastDayIsReconciled() throws Exception {
    follow(3);
  }

  @Tag("nightly")
  @Test
  void theyFollowWhereOneDayIsJoined() throws Exception {
    follow(1);
  }

  private void follow(int window) throws Exception {
    windowDays = window;
    long seed = System.nanoTime();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    try (Shop shop = new Shop(connection, data.database(), seed, 25, DAYS);
        TableMirror results = new TableMirror(connection, path(results()));
        TableMirror conversions =
            new TableMirror(connection, path(AttributionTables.CONVERSIONS))) {
      shop.change(150);
      try (RunningPipeline pipeline = start()) {
        awaitEqual(shop, results, conversions, pipeline);
        for (int i = 0; i < 3; i++) {
          shop.change(100);
        }
        awaitEqual(shop, results, conversions, pipeline);
      }
      // while nobody follows; then everything is read from the beginning again
      shop.change(100);
      try (RunningPipeline pipeline = start()) {
        awaitEqual(shop, results, conversions, pipeline);
        shop.change(50);
        awaitEqual(shop, results, conversions, pipeline);
      }
      reconcileFindsWhatIsPlanted(shop, results);
    }
  }

  /** A time that is none, beside one that is and that sorts before it as a text. */
  @Test
  void whatHasNoTimeIsPutAsideAndTheRestGoesOn() throws Exception {
    windowDays = 1;
    String ds = Shop.day(0);
    for (String table : List.of(AttributionTables.VISITS, AttributionTables.ORDERS)) {
      connection
          .getAdmin()
          .createPartition(path(table), new PartitionSpec(Map.of("ds", ds)), true)
          .get(60, TimeUnit.SECONDS);
    }
    try (PlantedRows visits = new PlantedRows(connection, path(AttributionTables.VISITS));
        PlantedRows orders = new PlantedRows(connection, path(AttributionTables.ORDERS));
        TableMirror results = new TableMirror(connection, path(results()));
        TableMirror conversions = new TableMirror(connection, path(AttributionTables.CONVERSIONS));
        TableMirror deadLetters = new TableMirror(connection, path(DeadLetters.TABLE))) {
      for (String user : List.of("u1", "u2")) {
        visits.put(
            Map.of("user_id", user, "ds", ds, "pv", 1L, "first_page_time", "2026-02-26 10:00:00"));
      }
      orders.put(order(ds, "u1", "9:30"));
      orders.put(order(ds, "u2", "2026-02-26 10:00:00.001"));
      try (RunningPipeline pipeline = start()) {
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () -> {
                  pipeline.check();
                  assertThat(
                      reasons(deadLetters),
                      hasItems(
                          allOf(
                              startsWith(
                                  "Key [u1, " + ds + "] of the join into " + path(results())),
                              containsString("'9:30' in column order_time is no time")),
                          allOf(
                              startsWith("Day [u1, " + ds + "] of table "),
                              containsString("'9:30' in column order_time is no time"))));
                  assertThat(users(results, Attribution.MATCHED), is(Set.of("u2")));
                });
        assertThat(users(results, Attribution.NOT_MATCHED), is(Set.of()));

        orders.put(order(ds, "u1", "2026-02-26 09:30:00"));
        await()
            .atMost(PATIENCE)
            .untilAsserted(
                () -> {
                  pipeline.check();
                  assertThat(users(results, Attribution.NOT_MATCHED), is(Set.of("u1")));
                  assertThat(
                      conversions.rows().stream().map(row -> row.get("conversion_rate")).toList(),
                      is(List.of(0.5)));
                });
      }
    }
  }

  private static Map<String, Object> order(String ds, String user, String time) {
    return Map.of(
        "order_id", "o1", "user_id", user, "order_time", time, "pay_amt", "5.00", "ds", ds);
  }

  private static List<String> reasons(TableMirror deadLetters) throws Exception {
    return deadLetters.rows().stream().map(row -> (String) row.get("reason")).toList();
  }

  private static Set<Object> users(TableMirror results, String isMatched) throws Exception {
    return results.rows().stream()
        .filter(row -> row.get("is_matched").equals(isMatched))
        .map(row -> row.get("user_id"))
        .collect(Collectors.toSet());
  }

  private void reconcileFindsWhatIsPlanted(Shop shop, TableMirror results) throws Exception {
    Set<Map<String, Object>> expected = shop.result(windowDays);
    for (int day = 0; day < DAYS; day++) {
      Reconciled untouched = reconcile(Shop.day(day));
      assertThat(untouched.toString(), untouched.status(), is(0));
      assertThat(untouched.differences(), is(List.of()));
    }

    String ds = Shop.day(2);
    List<Map<String, Object>> ofDay =
        expected.stream().filter(row -> row.get("ds").equals(ds)).limit(2).toList();
    plant(ofDay.get(0), ofDay.get(1));
    Reconciled planted = reconcile(ds);
    assertThat(planted.toString(), planted.status(), is(1));
    assertThat(
        planted.differences(),
        containsInAnyOrder(
            allOf(
                startsWith("different "),
                containsString("user_id=" + ofDay.get(0).get("user_id")),
                containsString("order_id=" + ofDay.get(0).get("order_id")),
                containsString("pay_amt is 0.01, should be " + ofDay.get(0).get("pay_amt")),
                not(containsString("pv is"))),
            allOf(
                startsWith("missing "),
                containsString("user_id=" + ofDay.get(1).get("user_id")),
                containsString("pv=" + ofDay.get(1).get("pv"))),
            allOf(startsWith("unexpected "), containsString("user_id=nobody"))));
    assertThat(
        planted.summary(),
        is("3 differences on " + ds + " {different=1, missing=1, unexpected=1}"));
    assertThat("other days", reconcile(Shop.day(1)).status(), is(0));

    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status = Attribution.run(flags("--batch", "--ds=" + ds), new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(0));
    assertThat(results.rows(), is(equalTo(expected)));
    assertThat(reconcile(ds).status(), is(0));
  }

  /** A wrong row, one that is missing, one too many. */
  private void plant(Map<String, Object> wrong, Map<String, Object> missing) throws Exception {
    try (PlantedRows planted = new PlantedRows(connection, path(results()))) {
      Map<String, Object> changed = new HashMap<>(wrong);
      changed.put("pay_amt", "0.01");
      planted.put(changed);
      planted.remove(missing);
      Map<String, Object> extra = new HashMap<>(wrong);
      extra.put("user_id", "nobody");
      planted.put(extra);
    }
  }

  private Reconciled reconcile(String ds) {
    return Reconciled.with(flags("--ds=" + ds));
  }

  private String[] flags(String... more) {
    List<String> flags = new ArrayList<>(batch());
    flags.add("--bootstrapServers=" + fluss.bootstrapServers());
    flags.add("--databasePrefix=" + data.prefix());
    flags.add("--windowDays=" + windowDays);
    flags.addAll(Arrays.asList(more));
    return flags.toArray(String[]::new);
  }

  private TablePath path(String table) {
    return TablePath.of(data.database(), table);
  }

  private String results() {
    return windowDays == 1 ? AttributionTables.RESULTS : AttributionTables.RESULTS_OF_WINDOW;
  }

  private void awaitEqual(
      Shop shop, TableMirror results, TableMirror conversions, RunningPipeline pipeline)
      throws Exception {
    await()
        .alias("the result table equals the answer")
        .atMost(PATIENCE)
        .until(
            () -> {
              pipeline.check();
              return results.rows().equals(shop.result(windowDays));
            });
    await()
        .alias("the conversions are those of the answer")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              pipeline.check();
              assertThat(
                  conversions.rows().stream()
                      .filter(row -> !row.get("visitors").equals(0L))
                      .collect(Collectors.toSet()),
                  is(equalTo(shop.conversions(windowDays))));
            });
  }

  private RunningPipeline start() {
    AttributionOptions options =
        PipelineOptionsFactory.fromArgs(streaming().toArray(String[]::new))
            .as(AttributionOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(data.prefix());
    options.setPartitionDiscoveryMillis(200);
    options.setJoinShards(4);
    options.setWindowDays(windowDays);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    Attribution.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }
}

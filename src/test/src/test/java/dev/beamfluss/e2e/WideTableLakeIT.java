package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.demo.WideTableAnswer;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.io.fluss.TableWriter;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.StatGrain;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TableDescriptor;
import org.joda.time.Instant;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** The check of the day after, from the lake, of days that the cluster has and has not. */
@Tag("nightly")
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
class WideTableLakeIT {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().tiering());

  private static final List<String> DIRECT =
      List.of(
          "--runner=DirectRunner",
          "--targetParallelism=2",
          "--enforceImmutability=false",
          "--enforceEncodability=false");

  private final WideTableData data = new WideTableData(fluss.bootstrapServers());

  @Test
  void theDayAfterFindsWhatIsWrongAndNothingElse() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    data.createTables(
        table ->
            new TableDefinition(
                table.database(), table.name(), tieredSoon(table.descriptor()), table.grows()));
    List<Event> events = WideTableData.events(seed, 60);
    Map<WideTableAnswer.Cell, Map<String, Object>> expected = WideTableAnswer.of(events).cells();
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      try (WideTableData.Tables tables = data.tables(connection);
          RunningPipeline pipeline = start()) {
        data.replay(events);
        await("the wide tables")
            .atMost(Duration.ofMinutes(2))
            .until(
                () -> {
                  pipeline.check();
                  return tables.cells().equals(expected);
                });
      }
      List<String> days = days(connection);
      assertThat(days.size(), is(greaterThan(1)));
      String last = days.get(days.size() - 1);
      assertThat(reconcile(0, last, "--fromLake=false"), is(empty()));
      awaitTiering();
      for (BehaviorStream stream : BehaviorStream.values()) {
        drop(connection, stream.log(), last);
        drop(connection, stream.detail(), last);
      }
      for (String day : days) {
        assertThat(day, reconcile(0, day), is(empty()));
      }

      WideTableAnswer.Cell cell =
          expected.keySet().stream()
              .filter(key -> key.table().equals(StatGrain.SHOP.table()) && key.date().equals(last))
              .filter(key -> expected.get(key).containsKey("exp_cnt"))
              .findFirst()
              .orElseThrow();
      try (WideTableData.Tables tables = data.tables(connection)) {
        tables.plantExposures(cell, 1_000_000);
      }
      assertThat(
          reconcile(1, last),
          contains(
              String.format(
                  "different shop_stat_wide [shop_id=%d, stat_date=%s, stat_hour=%s] exp_cnt is"
                      + " 1000000, should be %s",
                  cell.id(), last, cell.hour(), expected.get(cell).get("exp_cnt"))));
      String first = days.get(0);
      appendEvent(first);
      assertThat(
          reconcile(1, first),
          contains("undetailed lost-1 of exposure_log: exposure_detail has no row for it"));
    }
  }

  /** While nobody gives events their details. */
  private void appendEvent(String day) {
    Schema schema =
        Schema.builder()
            .addStringField("event_id")
            .addInt64Field("user_id")
            .addStringField("item_id")
            .addDateTimeField("event_time")
            .addStringField("stat_date")
            .addStringField("stat_hour")
            .build();
    FlussTable log = data.cluster().describe(data.path("exposure_log").toString());
    try (TableWriter writer = TableWriter.open(log, schema)) {
      writer.upsert(
          Row.withSchema(schema)
              .attachValues("lost-1", 7L, "item1", Instant.ofEpochMilli(0), day, "23"));
      writer.flush();
    }
  }

  private List<String> days(Connection connection) throws Exception {
    return connection
        .getAdmin()
        .listPartitionInfos(data.path(BehaviorStream.EXPOSURES.log()))
        .get(30, TimeUnit.SECONDS)
        .stream()
        .map(PartitionInfo::getPartitionName)
        .sorted()
        .toList();
  }

  private void drop(Connection connection, String table, String day) throws Exception {
    for (PartitionInfo partition :
        connection.getAdmin().listPartitionInfos(data.path(table)).get(30, TimeUnit.SECONDS)) {
      if (partition.getPartitionName().equals(day)) {
        connection
            .getAdmin()
            .dropPartition(data.path(table), partition.getPartitionSpec(), false)
            .get(30, TimeUnit.SECONDS);
      }
    }
  }

  private static TableDescriptor tieredSoon(TableDescriptor descriptor) {
    Map<String, String> properties = new HashMap<>(descriptor.getProperties());
    properties.replace("table.datalake.freshness", "1s");
    return descriptor.withProperties(properties);
  }

  private void awaitTiering() {
    List<String> tables = new ArrayList<>();
    for (BehaviorStream stream : BehaviorStream.values()) {
      tables.add(stream.log());
      tables.add(stream.detail());
    }
    for (StatGrain grain : StatGrain.values()) {
      tables.add(grain.table());
    }
    await("tiering")
        .atMost(Duration.ofMinutes(3))
        .until(
            () ->
                tables.stream()
                    .flatMap(
                        table -> LakeLag.of(data.cluster(), data.path(table).toString()).stream())
                    .allMatch(lag -> lag.untieredRows() == 0));
  }

  private RunningPipeline start() {
    WideTableOptions options = PipelineOptionsFactory.fromArgs(flags()).as(WideTableOptions.class);
    options.setPartitionDiscoveryMillis(200);
    options.setAllowedLatenessHours(1_000_000);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    WideTable.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  private List<String> reconcile(int expectedStatus, String day, String... more) {
    String[] flags =
        Stream.concat(Stream.of("--ds=" + day), Stream.of(more)).toArray(String[]::new);
    Reconciled reconciled = Reconciled.wideTable(flags(flags));
    assertThat(reconciled.toString(), reconciled.status(), is(expectedStatus));
    return reconciled.differences();
  }

  private String[] flags(String... more) {
    return Stream.concat(
            Stream.concat(
                DIRECT.stream(),
                Stream.of(
                    "--bootstrapServers=" + fluss.bootstrapServers(),
                    "--databasePrefix=" + data.prefix())),
            Stream.of(more))
        .toArray(String[]::new);
  }
}

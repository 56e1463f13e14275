package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.ForecastAnswer;
import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.io.paimon.PaimonFilter;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.forecast.OrderForecast;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.PartitionSpec;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who reads forecasts: live days in the cluster, past ones in the lake, all of them in both. */
@Tag("nightly")
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
class ForecastLakeIT {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().tiering());

  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final long seed = System.nanoTime();
  private final ForecastData data = new ForecastData(fluss.bootstrapServers(), seed);
  private final FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
  private final String forecasts = data.path(ForecastTables.FORECASTS).toString();

  @Test
  void pastDaysAreInTheLakeAndAllDaysInBoth() throws Exception {
    System.out.println("seed " + seed);
    data.createTables();
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    String past = ForecastAnswer.ds(ForecastData.DAY);
    Map<String, Long> all;
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      data.place(connection, data.orders(ForecastData.DAY, 20));
      data.place(connection, data.orders(ForecastData.DAY.plusDays(1), 20));
      all = versions(data.totals());
      forecast(connection, all);
      await("tiering")
          .atMost(PATIENCE)
          .until(
              () ->
                  LakeLag.of(cluster, forecasts).stream().allMatch(lag -> lag.untieredRows() == 0));
      connection
          .getAdmin()
          .dropPartition(
              data.path(ForecastTables.FORECASTS), new PartitionSpec(Map.of("ds", past)), false)
          .get(30, TimeUnit.SECONDS);
    }
    Map<String, Long> ofPast = new TreeMap<>(all);
    ofPast.keySet().removeIf(key -> !key.startsWith("[" + past));
    Map<String, Long> live = new TreeMap<>(all);
    live.keySet().removeAll(ofPast.keySet());
    assertReads(FlussIO.readContents().from(cluster, forecasts).withAllColumns(), live);
    assertReads(
        PaimonIO.read()
            .from(
                Map.of("warehouse", fluss.cluster().warehouse().orElseThrow().toString()),
                forecasts)
            .withPartitionFilter(PaimonFilter.equal("ds", past)),
        ofPast);
    assertReads(FlussIO.readContents().from(cluster, forecasts).withAllColumns().withLake(), all);
  }

  private void forecast(Connection connection, Map<String, Long> expected) throws Exception {
    PipelineOptionsFactory.register(ForecastOptions.class);
    ForecastOptions options =
        PipelineOptionsFactory.fromArgs(
                "--runner=DirectRunner",
                "--targetParallelism=2",
                "--enforceImmutability=false",
                "--enforceEncodability=false",
                "--baseline=fluss")
            .as(ForecastOptions.class);
    options.setBootstrapServers(fluss.bootstrapServers());
    options.setDatabasePrefix(data.prefix());
    options.setZone(ForecastData.ZONE.getId());
    options.setPartitionDiscoveryMillis(200);
    options.setAllowedLatenessHours(1_000_000);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    OrderForecast.apply(pipeline, options);
    try (TableMirror table = new TableMirror(connection, data.path(ForecastTables.FORECASTS));
        RunningPipeline running = RunningPipeline.start(pipeline)) {
      await("forecasts")
          .atMost(PATIENCE)
          .until(
              () -> {
                running.check();
                Map<String, Long> found = new TreeMap<>();
                for (Map<String, Object> row : table.rows()) {
                  found.put(
                      List.of(row.get("ds"), row.get("mm"), row.get("order_source")).toString(),
                      (Long) row.get("order_version"));
                }
                return found.equals(expected);
              });
    }
  }

  private static Map<String, Long> versions(Map<List<String>, List<Object>> totals) {
    Map<String, Long> versions = new TreeMap<>();
    totals.forEach((key, total) -> versions.put(key.toString(), (Long) total.get(2)));
    return versions;
  }

  private static void assertReads(
      PTransform<PBegin, PCollection<Row>> read, Map<String, Long> expected) {
    Map<String, Long> wanted = new HashMap<>(expected);
    Pipeline pipeline = Pipeline.create();
    PAssert.that(pipeline.apply(read))
        .satisfies(
            rows -> {
              Map<String, Long> found = new HashMap<>();
              int number = 0;
              for (Row row : rows) {
                number++;
                found.put(
                    List.of(row.getString("ds"), row.getString("mm"), row.getString("order_source"))
                        .toString(),
                    row.getInt64("order_version"));
              }
              assertThat(found, is(wanted));
              assertThat("each once", number, is(wanted.size()));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }
}

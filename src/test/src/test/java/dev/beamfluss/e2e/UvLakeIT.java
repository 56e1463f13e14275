package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.uv.Grain;
import dev.beamfluss.pipelines.uv.Uv;
import dev.beamfluss.pipelines.uv.UvOptions;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.transforms.BitmapType;
import dev.beamfluss.transforms.BitmapUv;
import dev.beamfluss.transforms.IdShards;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Option B: rows of users that are tiered to the lake, and counted there. */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
class UvLakeIT {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder().tiering());

  private static final List<String> DIRECT =
      List.of("--runner=DirectRunner", "--targetParallelism=2");
  private static final int ROWS = 2_000;

  private final long seed = System.nanoTime();
  private final UvData data = new UvData(fluss.bootstrapServers(), seed, ROWS);

  @Test
  void theLakeHasTheUsersAndTheirCounts() throws Exception {
    System.out.println("seed " + seed);
    data.createTables(UvLakeIT::tieredSoon);
    data.happen(ROWS);
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    try (Connection connection = ConnectionFactory.createConnection(configuration)) {
      try (RunningPipeline pipeline = start();
          TableMirror details = new TableMirror(connection, path(UvTables.DETAIL))) {
        awaitUsers(details, pipeline);
        awaitTiering();
      }
      assertThatThereAreAsManyInTheLake();

      Map<String, Set<Map<String, Object>>> counted = new HashMap<>();
      for (String ds : UvData.DAYS) {
        count(ds);
      }
      for (Grain grain : UvData.grains()) {
        try (TableMirror counts = new TableMirror(connection, path(grain.countTable()))) {
          counted.put(grain.countTable(), counts.rows());
        }
      }
      assertThat(counted, is(equalTo(data.expected())));
    }
  }

  /** As {@code starrocks/uv.sql} counts them: everybody who did anything that day. */
  private void assertThatThereAreAsManyInTheLake() {
    TestPipeline pipeline = TestPipeline.create().enableAbandonedNodeEnforcement(false);
    PCollection<Row> counts =
        pipeline
            .apply(
                PaimonIO.read()
                    .from(
                        Map.of("warehouse", fluss.cluster().warehouse().orElseThrow().toString()),
                        data.database() + "." + UvTables.DETAIL)
                    .withColumns("ds", "shard_id", "uid_int32"))
            .apply(
                BitmapUv.countRows()
                    .by("ds")
                    .withShards(IdShards.of(4, BitmapType.RBM32), UvTables.SHARD_COLUMN)
                    .ofValues("uid_int32")
                    .counting("", "rbm_user_count"));
    List<Row> expected = new ArrayList<>();
    for (String ds : UvData.DAYS) {
      expected.add(Row.withSchema(counts.getSchema()).addValues(ds, data.usersOf(ds)).build());
    }
    PAssert.that(counts).containsInAnyOrder(expected);
    pipeline.run().waitUntilFinish();
  }

  private void awaitUsers(TableMirror details, RunningPipeline pipeline) {
    await("the rows of all users")
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              pipeline.check();
              return details.rows().size() == data.details();
            });
  }

  private void awaitTiering() {
    await("tiering")
        .atMost(Duration.ofMinutes(2))
        .until(
            () ->
                LakeLag.of(data.cluster(), path(UvTables.DETAIL).toString()).stream()
                    .allMatch(lag -> lag.untieredRows() == 0));
  }

  private static TableDescriptor tieredSoon(TableDescriptor descriptor) {
    Map<String, String> properties = new HashMap<>(descriptor.getProperties());
    properties.replace("table.datalake.freshness", "1s");
    return descriptor.withProperties(properties);
  }

  private RunningPipeline start() {
    UvOptions options =
        PipelineOptionsFactory.fromArgs(data.flags(DIRECT, "--option=B")).as(UvOptions.class);
    options.setPartitionDiscoveryMillis(200);
    options.setStreaming(true);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    Uv.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  private void count(String ds) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status =
        Uv.run(
            data.flags(DIRECT, "--batch", "--option=B", "--ds=" + ds),
            new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(0));
  }

  private TablePath path(String table) {
    return TablePath.of(data.database(), table);
  }
}

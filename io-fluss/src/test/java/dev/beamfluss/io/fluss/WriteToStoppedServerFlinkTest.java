package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasSize;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.GenerateSequence;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A job that goes on writing, and looking up, while a tablet server is away. */
class WriteToStoppedServerFlinkTest {
  private static final int SERVERS = 3;
  private static final int ROWS_PER_SECOND = 2_000;

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(LocalFluss.builder().tabletServers(SERVERS));

  @TempDir static Path directory;
  private static FlinkCluster flink;

  @BeforeAll
  static void startFlink() throws Exception {
    flink = new FlinkCluster(directory, 2);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
  }

  @AfterAll
  static void stopFlink() {
    flink.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void noRowIsLostAndNoneDoubledThoughAServerStops(int replicas) throws Exception {
    stopUnderLoad(replicas, Duration.ofSeconds(3));
  }

  @Tag("nightly")
  @ParameterizedTest
  @ValueSource(ints = {1, 3})
  void noRowIsLostAndNoneDoubledThoughAServerStopsForLong(int replicas) throws Exception {
    stopUnderLoad(replicas, Duration.ofSeconds(20));
  }

  private static void stopUnderLoad(int replicas, Duration time) throws Exception {
    int seconds = 8 + (int) time.toSeconds();
    int rows = seconds * ROWS_PER_SECOND;
    String upserted = table("upserted", true, replicas);
    String appended = table("appended", false, replicas);
    Schema schema = cluster(fluss).describe(upserted).schema();
    // without replicas a server may forget which batches it has: bundles fail, and Flink goes back
    FlinkPipelineOptions options = flink.options(2);
    options.setStreaming(true);
    Pipeline pipeline = Pipeline.create(options);
    PCollection<Row> numbers =
        pipeline
            .apply(
                GenerateSequence.from(0)
                    .withRate(ROWS_PER_SECOND, org.joda.time.Duration.standardSeconds(1)))
            .apply(Filter.lessThan((long) rows))
            .apply(
                MapElements.into(TypeDescriptors.rows())
                    .via(n -> Row.withSchema(schema).addValues(n, "row " + n).build()))
            .setRowSchema(schema);
    numbers.apply("Upsert", FlussIO.write().to(cluster(fluss), upserted));
    numbers.apply("Append", FlussIO.write().to(cluster(fluss), appended));
    FlinkCluster.Job job = flink.submit(pipeline);
    await("some rows")
        .atMost(Duration.ofSeconds(60))
        .until(() -> !TestTables.contents(fluss, upserted).isEmpty());

    fluss.cluster().stopTabletServer(0);
    long end = System.nanoTime() + time.toNanos();
    await("a job that is not over")
        .atMost(time.plusSeconds(20))
        .until(
            () -> {
              job.checkUnlessFinished();
              return System.nanoTime() > end;
            });
    fluss.cluster().startTabletServer(0);

    await("all rows")
        .atMost(Duration.ofSeconds(120))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(
            () -> {
              job.checkUnlessFinished();
              assertThat(TestTables.contents(fluss, upserted), hasSize(rows));
            });
    Set<String> expected = new TreeSet<>();
    IntStream.range(0, rows).forEach(n -> expected.add("[" + n + ", row " + n + "]"));
    assertThat(new TreeSet<>(TestTables.contentsAsText(fluss, upserted)), equalTo(expected));
    await("all rows in the log")
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofSeconds(1))
        .untilAsserted(
            () ->
                assertThat(
                    new TreeSet<>(TestTables.contentsAsText(fluss, appended)), equalTo(expected)));
    List<Row> log = TestTables.contents(fluss, appended);
    assertThat(log.size(), greaterThan(rows - 1));
    System.out.printf(
        "%d replicas, a server away for %d s: %d rows, %d restarts, %d rows appended again%n",
        replicas, time.toSeconds(), rows, job.restarts(), log.size() - rows);
  }

  private static String table(String name, boolean keyed, int replicas) {
    org.apache.fluss.metadata.Schema.Builder columns =
        org.apache.fluss.metadata.Schema.newBuilder()
            .column("n", DataTypes.BIGINT().copy(false))
            .column("text", DataTypes.STRING());
    return TestTables.create(
        fluss,
        name,
        TableDescriptor.builder()
            .schema(keyed ? columns.primaryKey("n").build() : columns.build())
            .distributedBy(6)
            .property("table.replication.factor", String.valueOf(replicas))
            .build());
  }
}

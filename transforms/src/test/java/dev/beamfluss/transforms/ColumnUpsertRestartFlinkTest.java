package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.fluss.client.Connection;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Failures after totals are written, savepoints, other parallelisms: none goes back. */
class ColumnUpsertRestartFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @TempDir static Path directory;
  private static FlinkCluster flink;
  private static Connection connection;

  private Faults faults;

  @BeforeAll
  static void start() throws Exception {
    flink = new FlinkCluster(directory, 4);
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void stop() throws Exception {
    flink.close();
    connection.close();
  }

  private FlinkCluster.Job submit(ShopHours shops, int parallelism, @Nullable String savepoint)
      throws Exception {
    FlinkPipelineOptions options = flink.options(parallelism);
    // so that what is replayed is written step by step, and would be seen to go back
    options.setMaxBundleTimeMills(5L);
    options.setMaxBundleSize(3L);
    options.setSavepointPath(savepoint);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(shops.readOrders().withStartingPosition(Position.earliest()))
        .apply(shops.orders().withUpdateInterval(Duration.ofMillis(1)))
        .apply("Fail", faults);
    pipeline
        .apply(shops.readExposures().withStartingPosition(Position.earliest()))
        .apply("Exposures", shops.exposures());
    return flink.submit(pipeline);
  }

  @Test
  void totalsAreRightThoughItFailsAndIsRestored() throws Exception {
    ShopHours shops = new ShopHours(new JoinTables(fluss, connection));
    String savepoint = null;
    try (ShopHours.Versions versions = shops.versions()) {
      for (int parallelism : new int[] {1, 2, 4}) {
        faults = new Faults();
        shops.happen(200);
        FlinkCluster.Job job = submit(shops, parallelism, savepoint);
        job.awaitMoreCheckpoints(1);
        faults.failAfter(Faults.Place.WRITTEN, 5);
        await("a failure")
            .pollInSameThread()
            .pollInterval(Duration.ofMillis(20))
            .atMost(Duration.ofMinutes(1))
            .until(
                () -> {
                  job.check();
                  versions.requireNoneBack();
                  if (faults.failures() == 0) {
                    shops.happen(10);
                  }
                  return faults.failures() > 0;
                });
        shops.happen(200);
        shops.assertComesToRest();
        versions.requireNoneBack();
        if (parallelism < 4) {
          savepoint = job.stopWithSavepoint();
          shops.happen(200);
        } else {
          job.cancel();
        }
      }
      assertThat(versions.seen(), greaterThan(10));
    }
  }
}

package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Failures between the steps, savepoints, and other parallelisms. */
class BitmapUvRestartFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @TempDir static Path directory;
  private static FlinkCluster flink;
  private static Connection connection;

  private Faults mapped;
  private Faults counted;

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

  private FlinkCluster.Job submit(DistinctUsers users, int parallelism, @Nullable String savepoint)
      throws Exception {
    FlinkPipelineOptions options = flink.options(parallelism);
    options.setMaxBundleTimeMills(50L);
    options.setSavepointPath(savepoint);
    Pipeline pipeline = Pipeline.create(options);
    SerializableFunction<Row, Boolean> all = row -> true;
    users.write(
        pipeline.apply(users.read().withStartingPosition(Position.earliest())),
        Filter.by(mapped.failing(all)));
    pipeline.apply("Count", users.count()).apply("Fail", counted);
    return flink.submit(pipeline);
  }

  @Test
  void countsAllThoughItFailsAndIsRestored() throws Exception {
    DistinctUsers users = new DistinctUsers(new JoinTables(fluss, connection), BitmapType.RBM32);
    String savepoint = null;
    for (int parallelism : new int[] {1, 2, 4}) {
      mapped = new Faults();
      counted = new Faults();
      users.happen(200);
      FlinkCluster.Job job = submit(users, parallelism, savepoint);
      job.awaitMoreCheckpoints(1);
      mapped.failAfter(Faults.Place.COMPUTING, 20);
      happenUntilFailed(users, job, mapped);
      counted.failAfter(Faults.Place.WRITTEN, 2);
      happenUntilFailed(users, job, counted);
      users.happen(200);
      if (parallelism < 4) {
        savepoint = job.stopWithSavepoint();
        users.happen(200);
      } else {
        users.assertComeToRest(Duration.ofMillis(400));
        job.cancel();
      }
    }
    users.assertIdsAreDistinct();
  }

  private static void happenUntilFailed(DistinctUsers users, FlinkCluster.Job job, Faults faults) {
    await("a failure")
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(20))
        .atMost(Duration.ofMinutes(1))
        .until(
            () -> {
              job.check();
              if (faults.failures() == 0) {
                users.happen(10);
              }
              return faults.failures() > 0;
            });
  }
}

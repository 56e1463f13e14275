package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.beam.sdk.Pipeline;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A job that is started, or goes on, while the server that has its rows does not answer. */
class ReadFromStoppedServerFlinkTest {
  @RegisterExtension
  static final FlussExtension fluss = FlussExtension.dedicated(LocalFluss.builder());

  private static final int TABLET_SERVER = 0;

  @TempDir Path directory;

  @Test
  void aJobStartedWhileTheServerIsDownLosesNothing() throws Exception {
    startsAndGoesOnWhileDown(Duration.ofSeconds(3));
  }

  /** Longer than a reader waits for the cluster, so that the job may fail and be restarted. */
  @Tag("nightly")
  @Test
  void aJobStartedLongBeforeTheServerLosesNothing() throws Exception {
    startsAndGoesOnWhileDown(Duration.ofSeconds(50));
  }

  private void startsAndGoesOnWhileDown(Duration down) throws Exception {
    try (FlinkCluster flink = new FlinkCluster(directory, 2);
        NumberedTable table = new NumberedTable(fluss, 4)) {
      table.append(10_000);
      table.addPartition();
      table.append(10_000);
      SeenNumbers seen = new SeenNumbers();
      // the table is looked up now, while there is somebody to ask
      Pipeline pipeline = pipeline(flink, table, seen, null);

      fluss.cluster().stopTabletServer(TABLET_SERVER);
      FlinkCluster.Job job = flink.submit(pipeline);
      letPass(job, down, "start");
      fluss.cluster().startTabletServer(TABLET_SERVER);
      table.addPartition();
      table.append(10_000);
      FlinkCluster.Job started = job;
      seen.assertHoldsEachOnce(table, started::check, () -> started.awaitMoreCheckpoints(3));

      table.append(10_000);
      pipeline = pipeline(flink, table, seen, job.stopWithSavepoint());
      table.append(10_000);
      fluss.cluster().stopTabletServer(TABLET_SERVER);
      job = flink.submit(pipeline);
      letPass(job, down, "restore");
      fluss.cluster().startTabletServer(TABLET_SERVER);
      table.append(10_000);
      FlinkCluster.Job restored = job;
      seen.assertHoldsEachOnce(table, restored::check, () -> restored.awaitMoreCheckpoints(3));

      fluss.cluster().stopTabletServer(TABLET_SERVER);
      letPass(job, down, "run");
      fluss.cluster().startTabletServer(TABLET_SERVER);
      table.append(10_000);
      seen.assertHoldsEachOnce(table, restored::check, () -> restored.awaitMoreCheckpoints(3));
      job.cancel();
    }
  }

  private static Pipeline pipeline(
      FlinkCluster flink, NumberedTable table, SeenNumbers seen, String savepoint)
      throws Exception {
    var options = flink.options(2);
    options.setSavepointPath(savepoint);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Read", table.read().withPartitionDiscoveryInterval(Duration.ofMillis(200)))
        .apply("Seen", seen);
    return pipeline;
  }

  /**
   * Gives the job the time to do what must not lose rows: complete a checkpoint of readers that
   * have not reached the cluster yet, or fail. Either may happen; a job that is over may not.
   */
  private static void letPass(FlinkCluster.Job job, Duration time, String when) {
    long restores = job.restores();
    long checkpoints = job.checkpoints();
    long end = System.nanoTime() + time.toNanos();
    await()
        .atMost(time.plusSeconds(20))
        .until(
            () -> {
              job.check();
              return System.nanoTime() > end;
            });
    System.out.printf(
        "down for %s at %s: %d checkpoints, %d restores%n",
        time, when, job.checkpoints() - checkpoints, job.restores() - restores);
  }
}

package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Jobs that are started, restored, or run while servers do not answer. A job may fail then, as long
 * as it goes on by itself once they answer; nothing may be lost or read twice.
 */
class ReadFromStoppedServerFlinkTest {
  private static final Set<Integer> ONE = Set.of(0);
  private static final Set<Integer> ALL = Set.of(0, 1);

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(LocalFluss.builder().tabletServers(ALL.size()));

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

  @Test
  void aJobStartedWhileNobodyAnswersReadsEachNumberOnce() throws Exception {
    started(ALL, Duration.ofSeconds(2));
  }

  /** Half of the buckets have no leader, while checkpoints are completed. */
  @Test
  void aJobStartedWhileOneOfTwoServersIsDownReadsEachNumberOnce() throws Exception {
    started(ONE, Duration.ofSeconds(2));
  }

  /** Longer than a reader waits for the cluster. */
  @Tag("nightly")
  @Test
  void aJobStartedLongBeforeTheServersReadsEachNumberOnce() throws Exception {
    started(ALL, Duration.ofSeconds(50));
    started(ONE, Duration.ofSeconds(50));
  }

  private static void started(Set<Integer> servers, Duration time) throws Exception {
    try (NumberedTable table = new NumberedTable(fluss, 4)) {
      table.append(10_000);
      table.addPartition();
      table.append(10_000);
      SeenNumbers seen = new SeenNumbers();
      // the table is looked up now, while there is somebody to ask
      Pipeline pipeline = pipeline(table, seen, null);

      stop(servers);
      FlinkCluster.Job job = flink.submit(pipeline);
      letPass(job, servers, time);
      start(servers);
      table.addPartition();
      table.append(10_000);
      assertHoldsEachOnce(seen, table, job);
      flink.cancelAll();
    }
  }

  @Test
  void aJobRestoredOrRunningWhileNobodyAnswersReadsEachNumberOnce() throws Exception {
    restoredAndRunning(ALL, Duration.ofSeconds(2));
  }

  @Tag("nightly")
  @Test
  void aJobRestoredOrRunningWhileServersAreDownReadsEachNumberOnce() throws Exception {
    restoredAndRunning(ONE, Duration.ofSeconds(2));
    restoredAndRunning(ONE, Duration.ofSeconds(50));
    restoredAndRunning(ALL, Duration.ofSeconds(50));
  }

  private static void restoredAndRunning(Set<Integer> servers, Duration time) throws Exception {
    try (NumberedTable table = new NumberedTable(fluss, 4)) {
      table.append(10_000);
      SeenNumbers seen = new SeenNumbers();
      FlinkCluster.Job first = flink.submit(pipeline(table, seen, null));
      first.awaitMoreCheckpoints(3);
      table.append(10_000);
      Pipeline pipeline = pipeline(table, seen, first.stopWithSavepoint());
      table.addPartition();
      table.append(10_000);

      stop(servers);
      FlinkCluster.Job job = flink.submit(pipeline);
      letPass(job, servers, time);
      start(servers);
      table.append(10_000);
      assertHoldsEachOnce(seen, table, job);

      table.append(10_000);
      stop(servers);
      letPass(job, servers, time);
      start(servers);
      table.append(10_000);
      assertHoldsEachOnce(seen, table, job);
      flink.cancelAll();
    }
  }

  private static void stop(Set<Integer> servers) {
    servers.forEach(server -> fluss.cluster().stopTabletServer(server));
  }

  private static void start(Set<Integer> servers) {
    servers.forEach(server -> fluss.cluster().startTabletServer(server));
  }

  private static void assertHoldsEachOnce(
      SeenNumbers seen, NumberedTable table, FlinkCluster.Job job) {
    seen.assertHoldsEachOnce(table, job::check, () -> job.awaitMoreCheckpoints(3));
  }

  private static Pipeline pipeline(
      NumberedTable table, SeenNumbers seen, @Nullable String savepoint) throws Exception {
    FlinkPipelineOptions options = flink.options(2);
    options.setSavepointPath(savepoint);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Read", table.read().withPartitionDiscoveryInterval(Duration.ofMillis(200)))
        .apply("Seen", seen);
    return pipeline;
  }

  /** Gives the job time to do what must lose nothing: complete checkpoints, or fail. */
  private static void letPass(FlinkCluster.Job job, Set<Integer> servers, Duration time) {
    long checkpoints = job.checkpoints();
    int restarts = job.restarts();
    long end = System.nanoTime() + time.toNanos();
    await("a job that is not over")
        .atMost(time.plusSeconds(20))
        .until(
            () -> {
              job.check();
              return System.nanoTime() > end;
            });
    System.out.printf(
        "%d of %d servers down for %d s: %d checkpoints, %d restarts%n",
        servers.size(),
        ALL.size(),
        time.toSeconds(),
        job.checkpoints() - checkpoints,
        job.restarts() - restarts);
    if (servers.size() < ALL.size()) {
      assertThat("checkpoints while a server is down", job.checkpoints(), greaterThan(checkpoints));
    }
  }
}

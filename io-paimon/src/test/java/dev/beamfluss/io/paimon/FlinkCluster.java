package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.jar.JarOutputStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.flink.api.common.JobID;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.RestOptions;
import org.apache.flink.configuration.WebOptions;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.client.JobStatusMessage;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A Flink cluster inside this JVM, for jobs of the tests one after the other. It keeps their
 * checkpoints, so that another job can go on from any of them.
 */
final class FlinkCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int CHECKPOINTS_KEPT = 1_000;

  private final Path directory;
  private final MiniCluster cluster;

  FlinkCluster(Path directory, int slots) throws Exception {
    this.directory = directory;
    Configuration configuration = new Configuration();
    configuration.set(RestOptions.ADDRESS, "localhost");
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(WebOptions.SUBMIT_ENABLE, false);
    configuration.set(CheckpointingOptions.MAX_RETAINED_CHECKPOINTS, CHECKPOINTS_KEPT);
    configuration.set(
        CheckpointingOptions.CHECKPOINTS_DIRECTORY,
        directory.resolve("checkpoints").toUri().toString());
    cluster =
        new MiniCluster(
            new MiniClusterConfiguration.Builder()
                .setConfiguration(configuration)
                .setNumTaskManagers(1)
                .setNumSlotsPerTaskManager(slots)
                .build());
    cluster.start();
  }

  /**
   * Checkpoints five times a second.
   *
   * @param restored where a checkpoint or savepoint is, or null to begin anew
   */
  FlinkPipelineOptions options(int parallelism, int restarts, @Nullable String restored)
      throws Exception {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setJobName("job-" + UUID.randomUUID());
    options.setFlinkMaster(
        "localhost:" + cluster.getRestAddress().get(30, TimeUnit.SECONDS).getPort());
    // left out, the runner sends the whole class path, which this JVM has anyway
    options.setFilesToStage(List.of(emptyJar().toString()));
    options.setAttachedMode(false);
    options.setStreaming(true);
    options.setParallelism(parallelism);
    options.setMaxParallelism(8);
    options.setCheckpointingInterval(200L);
    options.setExternalizedCheckpointsEnabled(true);
    options.setRetainExternalizedCheckpointsOnCancellation(true);
    options.setNumberOfExecutionRetries(restarts);
    options.setExecutionRetryDelay(20L);
    options.setShutdownSourcesAfterIdleMs(0L);
    options.setMaxBundleTimeMills(100L);
    options.setSavepointPath(restored);
    return options;
  }

  private Path emptyJar() throws IOException {
    Path jar = directory.resolve("empty.jar");
    try (OutputStream out = Files.newOutputStream(jar)) {
      new JarOutputStream(out).close();
    }
    return jar;
  }

  /** Runs a pipeline that was made with {@link #options}. */
  Job submit(Pipeline pipeline) {
    pipeline.run();
    String name = pipeline.getOptions().getJobName();
    JobID id =
        get(cluster.listJobs()).stream()
            .filter(job -> job.getJobName().equals(name))
            .map(JobStatusMessage::getJobId)
            .findAny()
            .orElseThrow();
    return new Job(id);
  }

  /** What a test that failed has left running would keep the next one from its slots. */
  void cancelAll() {
    for (JobStatusMessage job : get(cluster.listJobs())) {
      if (!job.getJobState().isGloballyTerminalState()) {
        new Job(job.getJobId()).cancel();
      }
    }
  }

  @Override
  public void close() {
    get(cluster.closeAsync());
  }

  private static <T> T get(CompletableFuture<T> future) {
    try {
      return future.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new IllegalStateException("Flink did not do as asked", e);
    }
  }

  /** One that runs, or did. */
  final class Job {
    private final JobID id;

    private Job(JobID id) {
      this.id = id;
    }

    /** Where the last checkpoint is; null before the first. */
    @Nullable String lastCheckpoint() {
      CompletedCheckpointStats last =
          get(cluster.getExecutionGraph(id))
              .getCheckpointStatsSnapshot()
              .getHistory()
              .getLatestCompletedCheckpoint();
      return last == null ? null : last.getExternalPath();
    }

    /** Where a checkpoint is that is completed from now on. */
    String nextCheckpoint() {
      String before = lastCheckpoint();
      await("a checkpoint")
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(
              () -> {
                check();
                return lastCheckpoint() != null && !lastCheckpoint().equals(before);
              });
      return lastCheckpoint();
    }

    /** Throws if it has failed. */
    void check() {
      if (status() == JobStatus.FAILED) {
        throw new IllegalStateException("The job has failed: " + failure());
      }
    }

    JobStatus status() {
      return get(cluster.getJobStatus(id));
    }

    /** What it failed with last, with all causes. */
    String failure() {
      ErrorInfo failure = get(cluster.getExecutionGraph(id)).getFailureInfo();
      return failure == null ? "" : failure.getExceptionAsString();
    }

    /** Asks it to end as if its input had ended. */
    CompletableFuture<String> drain() {
      return cluster.stopWithSavepoint(
          id,
          directory.resolve("savepoints").toUri().toString(),
          true,
          SavepointFormatType.CANONICAL);
    }

    void cancel() {
      get(cluster.cancelJob(id));
      awaitEnd(JobStatus.CANCELED);
    }

    void awaitEnd(JobStatus end) {
      await("the job to be " + end)
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(
              () -> {
                if (end != JobStatus.FAILED) {
                  check();
                }
                return status() == end;
              });
    }
  }
}

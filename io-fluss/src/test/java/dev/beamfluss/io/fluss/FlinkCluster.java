package dev.beamfluss.io.fluss;

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
import org.apache.flink.runtime.checkpoint.CheckpointStatsSnapshot;
import org.apache.flink.runtime.client.JobStatusMessage;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;

/**
 * A Flink cluster inside this JVM. Jobs are submitted to its address like to any other cluster,
 * with the runner's own options, so that savepoints and restores go the way they go in production.
 */
final class FlinkCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);

  private final Path directory;
  private final MiniCluster cluster;

  FlinkCluster(Path directory, int slots) throws Exception {
    this.directory = directory;
    Configuration configuration = new Configuration();
    configuration.set(RestOptions.ADDRESS, "localhost");
    configuration.set(RestOptions.BIND_PORT, "0");
    configuration.set(WebOptions.SUBMIT_ENABLE, false);
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

  /** Checkpoints five times a second; restarts at once, and as often as need be. */
  FlinkPipelineOptions options(int parallelism) throws Exception {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setJobName("job-" + UUID.randomUUID());
    options.setFlinkMaster(
        "localhost:" + cluster.getRestAddress().get(30, TimeUnit.SECONDS).getPort());
    // left out, the runner sends the whole class path, which this JVM has anyway
    options.setFilesToStage(List.of(emptyJar().toString()));
    options.setAttachedMode(false);
    options.setParallelism(parallelism);
    options.setCheckpointingInterval(200L);
    options.setExternalizedCheckpointsEnabled(true);
    options.setRetainExternalizedCheckpointsOnCancellation(true);
    options.setNumberOfExecutionRetries(1000);
    options.setExecutionRetryDelay(50L);
    options.setMaxBundleTimeMills(100L);
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

    long checkpoints() {
      return statistics().getCounts().getNumberOfCompletedCheckpoints();
    }

    /**
     * How often it went on from a checkpoint or savepoint, the one it was started from included.
     */
    long restores() {
      return statistics().getCounts().getNumberOfRestoredCheckpoints();
    }

    /** How often it was started anew by Flink after a failure, from a checkpoint or without. */
    int restarts() {
      int restarts = 0;
      for (AccessExecutionVertex vertex : graph().getAllExecutionVertices()) {
        restarts = Math.max(restarts, vertex.getCurrentExecutionAttempt().getAttemptNumber());
      }
      return restarts;
    }

    private CheckpointStatsSnapshot statistics() {
      return graph().getCheckpointStatsSnapshot();
    }

    private AccessExecutionGraph graph() {
      return get(cluster.getExecutionGraph(id));
    }

    void check() {
      check(graph(), false);
    }

    /** For a job whose input ends. */
    void checkUnlessFinished() {
      check(graph(), true);
    }

    private static void check(AccessExecutionGraph graph, boolean mayFinish) {
      if (graph.getState().isTerminalState()
          && !(mayFinish && graph.getState() == JobStatus.FINISHED)) {
        throw new IllegalStateException(
            "The job is "
                + graph.getState()
                + (graph.getFailureInfo() == null
                    ? ""
                    : ": " + graph.getFailureInfo().getExceptionAsString()));
      }
    }

    void awaitMoreCheckpoints(int more) {
      long number = checkpoints() + more;
      await(more + " more checkpoints")
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(
              () -> {
                check();
                return checkpoints() >= number;
              });
    }

    void awaitRestores(long number) {
      await("restore " + number)
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(
              () -> {
                check();
                return restores() >= number;
              });
    }

    /**
     * Ends it; the savepoint's place. Asks once more where Flink declines: a subtask without a
     * split ends as soon as it knows that it gets none, and Flink takes no savepoint in that
     * moment.
     */
    String stopWithSavepoint() {
      String savepoint;
      try {
        savepoint = requestStopWithSavepoint();
      } catch (IllegalStateException e) {
        System.out.println("Flink declined to stop: " + e.getCause());
        awaitMoreCheckpoints(3);
        savepoint = requestStopWithSavepoint();
      }
      awaitEnd(JobStatus.FINISHED);
      return savepoint;
    }

    private String requestStopWithSavepoint() {
      return get(
          cluster.stopWithSavepoint(
              id,
              directory.resolve("savepoints").toUri().toString(),
              false,
              SavepointFormatType.CANONICAL));
    }

    void cancel() {
      get(cluster.cancelJob(id));
      awaitEnd(JobStatus.CANCELED);
    }

    /** Ends it; the place of its last checkpoint, which what it did since is not part of. */
    String cancelKeepingCheckpoint() {
      cancel();
      return statistics().getHistory().getLatestCompletedCheckpoint().getExternalPath();
    }

    private void awaitEnd(JobStatus end) {
      await("the job to be " + end)
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(() -> get(cluster.getJobStatus(id)) == end);
    }
  }
}

package dev.beamfluss.flink;

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
import org.apache.flink.runtime.checkpoint.CompletedCheckpointStats;
import org.apache.flink.runtime.client.JobStatusMessage;
import org.apache.flink.runtime.executiongraph.AccessExecutionGraph;
import org.apache.flink.runtime.executiongraph.AccessExecutionVertex;
import org.apache.flink.runtime.executiongraph.ErrorInfo;
import org.apache.flink.runtime.minicluster.MiniCluster;
import org.apache.flink.runtime.minicluster.MiniClusterConfiguration;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A Flink cluster inside this JVM. Jobs are submitted to its address like to any other cluster,
 * with the runner's own options, so that savepoints and restores go the way they go in production.
 * It keeps the checkpoints of its jobs, so that another job can go on from any of them.
 */
public final class FlinkCluster implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int CHECKPOINTS_KEPT = 1_000;

  private final Path directory;
  private final MiniCluster cluster;

  /**
   * Starts one.
   *
   * @param directory where its checkpoints and savepoints are kept
   */
  public FlinkCluster(Path directory, int slots) throws Exception {
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

  /** Checkpoints five times a second; restarts at once, and as often as need be. */
  public FlinkPipelineOptions options(int parallelism) throws Exception {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setJobName("job-" + UUID.randomUUID());
    options.setFlinkMaster(
        "localhost:" + cluster.getRestAddress().get(30, TimeUnit.SECONDS).getPort());
    // left out, the runner sends the whole class path, which this JVM has anyway
    options.setFilesToStage(List.of(emptyJar().toString()));
    options.setAttachedMode(false);
    options.setParallelism(parallelism);
    options.setMaxParallelism(8);
    options.setCheckpointingInterval(200L);
    options.setExternalizedCheckpointsEnabled(true);
    options.setRetainExternalizedCheckpointsOnCancellation(true);
    options.setNumberOfExecutionRetries(1000);
    options.setExecutionRetryDelay(50L);
    options.setMaxBundleTimeMills(100L);
    return options;
  }

  /**
   * As {@link #options(int)}, of a job that ends where its input does.
   *
   * @param restarts how often Flink may start it anew
   * @param restored where a checkpoint or savepoint is, or null to begin anew
   */
  public FlinkPipelineOptions options(int parallelism, int restarts, @Nullable String restored)
      throws Exception {
    FlinkPipelineOptions options = options(parallelism);
    options.setStreaming(true);
    options.setNumberOfExecutionRetries(restarts);
    options.setShutdownSourcesAfterIdleMs(0L);
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
  public Job submit(Pipeline pipeline) {
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
  public void cancelAll() {
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
  public final class Job {
    private final JobID id;

    private Job(JobID id) {
      this.id = id;
    }

    /** How many it has completed since it was submitted. */
    public long checkpoints() {
      return statistics().getCounts().getNumberOfCompletedCheckpoints();
    }

    /**
     * How often it went on from a checkpoint or savepoint, the one it was started from included.
     */
    public long restores() {
      return statistics().getCounts().getNumberOfRestoredCheckpoints();
    }

    /** How often it was started anew by Flink after a failure, from a checkpoint or without. */
    public int restarts() {
      int restarts = 0;
      for (AccessExecutionVertex vertex : graph().getAllExecutionVertices()) {
        restarts = Math.max(restarts, vertex.getCurrentExecutionAttempt().getAttemptNumber());
      }
      return restarts;
    }

    public JobStatus status() {
      return get(cluster.getJobStatus(id));
    }

    /** What it failed with last, with all causes. */
    public String failure() {
      return failure(graph());
    }

    private static String failure(AccessExecutionGraph graph) {
      ErrorInfo failure = graph.getFailureInfo();
      return failure == null ? "" : failure.getExceptionAsString();
    }

    /** Where the last checkpoint is; null before the first. */
    public @Nullable String lastCheckpoint() {
      CompletedCheckpointStats last = statistics().getHistory().getLatestCompletedCheckpoint();
      return last == null ? null : last.getExternalPath();
    }

    /** Where a checkpoint is that is completed from now on. */
    public String nextCheckpoint() {
      awaitMoreCheckpoints(1);
      return lastCheckpoint();
    }

    private CheckpointStatsSnapshot statistics() {
      return graph().getCheckpointStatsSnapshot();
    }

    private AccessExecutionGraph graph() {
      return get(cluster.getExecutionGraph(id));
    }

    /** Throws if it is over. */
    public void check() {
      check(graph(), false);
    }

    /** As {@link #check}, of a job whose input ends. */
    public void checkUnlessFinished() {
      check(graph(), true);
    }

    private static void check(AccessExecutionGraph graph, boolean mayFinish) {
      if (graph.getState().isTerminalState()
          && !(mayFinish && graph.getState() == JobStatus.FINISHED)) {
        throw new IllegalStateException("The job is " + graph.getState() + ": " + failure(graph));
      }
    }

    /** Waits until it has completed so many more checkpoints. */
    public void awaitMoreCheckpoints(int more) {
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

    /** Waits until it was restored so often, as {@link #restores} counts. */
    public void awaitRestores(long number) {
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
    public String stopWithSavepoint() {
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
      return get(stop(false));
    }

    /** Asks it to end as if its input had ended. */
    public CompletableFuture<String> drain() {
      return stop(true);
    }

    private CompletableFuture<String> stop(boolean drained) {
      return cluster.stopWithSavepoint(
          id,
          directory.resolve("savepoints").toUri().toString(),
          drained,
          SavepointFormatType.CANONICAL);
    }

    /** Ends it where it is. */
    public void cancel() {
      get(cluster.cancelJob(id));
      awaitEnd(JobStatus.CANCELED);
    }

    /** Ends it; the place of its last checkpoint, which what it did since is not part of. */
    public String cancelKeepingCheckpoint() {
      cancel();
      return lastCheckpoint();
    }

    /** Waits for this end; throws if it comes to another. */
    public void awaitEnd(JobStatus end) {
      await("the job to be " + end)
          .atMost(PATIENCE)
          .pollInterval(POLL)
          .until(
              () -> {
                JobStatus now = status();
                if (now != end && now.isTerminalState()) {
                  check();
                }
                return now == end;
              });
    }
  }
}

package dev.beamfluss.local;

import java.lang.reflect.Field;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.flink.api.common.JobStatus;
import org.apache.flink.configuration.CheckpointingOptions;
import org.apache.flink.configuration.CoreOptions;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.ExecutionCheckpointingOptions;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.flink.tiering.LakeTieringJobBuilder;
import org.apache.fluss.flink.tiering.source.TieringSourceOptions;
import org.apache.fluss.server.coordinator.CoordinatorServer;
import org.apache.fluss.server.coordinator.LakeTableTieringManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Fluss's tiering service for one cluster: its Flink job, on a Flink inside this JVM. */
final class Tiering implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Tiering.class);

  /** How often it asks the coordinator for a table whose freshness has run out. */
  private static final Duration POLL_INTERVAL = Duration.ofMillis(500);

  private static final Duration CHECKPOINT_INTERVAL = Duration.ofSeconds(3);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final JobClient job;
  private final LakeTableTieringManager manager;

  private Tiering(JobClient job, LakeTableTieringManager manager) {
    this.job = job;
    this.manager = manager;
  }

  /**
   * Submits the job, and returns when it runs or is about to.
   *
   * @throws IllegalStateException if it cannot be submitted
   */
  static Tiering start(String bootstrapServers, Path warehouse, CoordinatorServer coordinator) {
    return new Tiering(
        submit(flink(), bootstrapServers, warehouse),
        coordinator.getCoordinatorService().getLakeTableTieringManager());
  }

  /**
   * Submits the job to a Flink cluster.
   *
   * @throws IllegalStateException if it cannot be submitted
   */
  static JobClient submit(
      StreamExecutionEnvironment flink, String bootstrapServers, Path warehouse) {
    Configuration fluss = new Configuration();
    fluss.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), bootstrapServers);
    fluss.set(TieringSourceOptions.POLL_TIERING_TABLE_INTERVAL, POLL_INTERVAL);
    Configuration lake = new Configuration();
    lake.setString("metastore", "filesystem");
    lake.setString("warehouse", warehouse.toString());
    try {
      return LakeTieringJobBuilder.newBuilder(flink, fluss, lake, new Configuration(), "paimon")
          .build();
    } catch (Exception e) {
      throw new IllegalStateException("The tiering of " + bootstrapServers + " did not start", e);
    }
  }

  private static StreamExecutionEnvironment flink() {
    org.apache.flink.configuration.Configuration configuration = settings();
    // a failed round begins anew as a whole
    configuration.set(JobManagerOptions.EXECUTION_FAILOVER_STRATEGY, "full");
    configuration.set(CheckpointingOptions.CHECKPOINT_STORAGE, "jobmanager");
    return StreamExecutionEnvironment.createLocalEnvironment(1, configuration);
  }

  /** Of the job, on whichever cluster. */
  static org.apache.flink.configuration.Configuration settings() {
    org.apache.flink.configuration.Configuration configuration =
        new org.apache.flink.configuration.Configuration();
    configuration.set(ExecutionCheckpointingOptions.CHECKPOINTING_INTERVAL, CHECKPOINT_INTERVAL);
    configuration.set(CoreOptions.DEFAULT_PARALLELISM, 1);
    return configuration;
  }

  /** Ends the job. What it had not committed is tiered by the next. */
  @Override
  public void close() {
    try {
      JobStatus status = job.getJobStatus().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      if (!status.isGloballyTerminalState()) {
        job.cancel().get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      }
      CompletableFuture<?> ended = job.getJobExecutionResult().handle((result, e) -> result);
      ended.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      giveBackTables();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | TimeoutException | CompletionException e) {
      LOG.warn("The tiering of the local Fluss cluster did not end cleanly", e);
    }
  }

  /**
   * A job that is stopped at the moment at which it is given a table, or is done with one, does not
   * tell: the coordinator would wait two minutes before it gives the table to the next job.
   */
  private void giveBackTables() {
    try {
      Map<Long, Long> epochs = new HashMap<>(field("tableTierEpoch"));
      Map<Long, Long> given = new HashMap<>(field("liveTieringTableIds"));
      for (long table : given.keySet()) {
        manager.reportTieringFail(table, epochs.get(table));
      }
    } catch (ReflectiveOperationException | RuntimeException e) {
      LOG.warn("Tables of the tiering that was stopped may rest for two minutes", e);
    }
  }

  @SuppressWarnings("unchecked") // both are of numbers of tables
  private Map<Long, Long> field(String name) throws ReflectiveOperationException {
    Field field = LakeTableTieringManager.class.getDeclaredField(name);
    field.setAccessible(true);
    return (Map<Long, Long>) field.get(manager);
  }
}

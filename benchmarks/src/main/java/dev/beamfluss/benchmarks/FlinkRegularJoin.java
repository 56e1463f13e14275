package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.core.execution.SavepointFormatType;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Joins with Flink's SQL, which keeps all rows of both sides in RocksDB. It reads the tables once;
 * for each turn of changes it goes on from the savepoint that the turn before ended with, so that
 * the changes are there before it starts, as for everybody else.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class FlinkRegularJoin implements AutoCloseable {
  private final String bootstrapServers;
  private final JoinTables tables;
  private final TablePath sink;
  private final int parallelism;
  private final Map<String, String> client;
  private final List<CheckpointedFlink.Checkpoint> checkpoints = new ArrayList<>();
  private final CheckpointedFlink flink = new CheckpointedFlink();
  private @Nullable String savepoint;
  private double preloadSeconds;
  private final int warmUps;
  private int turn;

  /**
   * @param sink without rows
   * @param client settings of Fluss's client, for reads and writes
   */
  FlinkRegularJoin(
      String bootstrapServers,
      JoinTables tables,
      TablePath sink,
      int parallelism,
      Map<String, String> client,
      int warmUps)
      throws Exception {
    this.bootstrapServers = bootstrapServers;
    this.tables = tables;
    this.sink = sink;
    this.parallelism = parallelism;
    this.client = client;
    this.warmUps = warmUps;
  }

  /** Reads both tables, before there are changes, and joins them. */
  void preload() throws Exception {
    SinkGrowth growth = new SinkGrowth(tables.connection(), sink);
    long start = System.nanoTime();
    JobClient job = start();
    growth.await(tables.rows(), () -> check(job));
    preloadSeconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
    savepoint = stop(job);
    growth.requireExactly(tables.rows());
  }

  /** Rows of the join a second, of the next turn. */
  double measure() throws Exception {
    turn++;
    var unused = tables.awaitTurn(turn);
    SinkGrowth growth = new SinkGrowth(tables.connection(), sink);
    long records = tables.changes() * tables.recordsOfChange();
    JobClient job = start();
    double rate = growth.awaitRate(records, () -> check(job)) / tables.recordsOfChange();
    List<CheckpointedFlink.Checkpoint> completed = flink.checkpoints();
    savepoint = stop(job);
    growth.requireExactly(records);
    if (turn > warmUps) {
      checkpoints.addAll(completed);
    }
    return rate;
  }

  private JobClient start() {
    Configuration configuration = flink.configuration();
    configuration.setString("state.backend.type", "rocksdb");
    configuration.setString("state.backend.incremental", "false");
    configuration.setString("taskmanager.memory.managed.size", "1gb");
    if (savepoint != null) {
      configuration.setString("execution.savepoint.path", savepoint);
      // and deletes it
      configuration.setString("execution.savepoint-restore-mode", "CLAIM");
    }
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
    environment.getConfig().enableObjectReuse();
    StreamTableEnvironment sql = StreamTableEnvironment.create(environment);
    sql.executeSql(
        String.format(
            "CREATE CATALOG fluss WITH ('type' = 'fluss', 'bootstrap.servers' = '%s')",
            bootstrapServers));
    return sql.executeSql(tables.insert(sink, client, client)).getJobClient().orElseThrow();
  }

  private String stop(JobClient job) throws Exception {
    String path =
        job.stopWithSavepoint(false, flink.savepoints(), SavepointFormatType.NATIVE)
            .get(10, TimeUnit.MINUTES);
    NativeWrite.end(job);
    return path;
  }

  private static void check(JobClient job) throws Exception {
    if (job.getJobStatus().get(1, TimeUnit.MINUTES).isTerminalState()) {
      var unused = job.getJobExecutionResult().get(1, TimeUnit.MINUTES);
      throw new IllegalStateException("The join has ended");
    }
  }

  /** From the start of the job until all of the tables was joined. */
  double preloadSeconds() {
    return preloadSeconds;
  }

  /** Of all turns but those that warm up. */
  List<CheckpointedFlink.Checkpoint> checkpoints() {
    return checkpoints;
  }

  @Override
  public void close() throws Exception {
    flink.close();
  }
}

package dev.beamfluss.benchmarks.flink22;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.table.api.bridge.java.StreamTableEnvironment;

/**
 * Runs INSERTs of Flink SQL on Fluss, one after the other, if Flink makes delta joins of them.
 * Arguments: the address of the cluster, the parallelism, and settings of Flink as {@code
 * key=value}. Each line it reads is a statement, which calls the catalog {@code fluss}, or {@link
 * #STOP}; each is answered with a line. It ends with its input, and where a job fails.
 */
public final class NativeDeltaJoin {
  /** Ends the job that runs. */
  public static final String STOP = "stop";

  /** The answer to a statement. */
  public static final String STARTED = "started";

  /** The answer to {@link #STOP}. */
  public static final String STOPPED = "stopped";

  private static final String DELTA_JOIN = "DeltaJoin(";

  private final String bootstrapServers;
  private final int parallelism;
  private final Configuration configuration;
  private volatile boolean stopping;

  private NativeDeltaJoin(String bootstrapServers, int parallelism, Configuration configuration) {
    this.bootstrapServers = bootstrapServers;
    this.parallelism = parallelism;
    this.configuration = configuration;
  }

  /** Runs the program. */
  public static void main(String[] args) throws Exception {
    Configuration configuration = new Configuration();
    for (int i = 2; i < args.length; i++) {
      String[] setting = args[i].split("=", 2);
      configuration.setString(setting[0], setting[1]);
    }
    new NativeDeltaJoin(args[0], Integer.parseInt(args[1]), configuration).run();
    System.exit(0);
  }

  private void run() throws Exception {
    BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    JobClient job = null;
    String order;
    while ((order = orders.readLine()) != null) {
      if (order.equals(STOP)) {
        stop(job);
        System.out.println(STOPPED);
      } else {
        job = start(order);
        System.out.println(STARTED);
      }
    }
  }

  private JobClient start(String statement) throws IOException {
    StreamExecutionEnvironment environment =
        StreamExecutionEnvironment.createLocalEnvironment(parallelism, configuration);
    environment.getConfig().enableObjectReuse();
    StreamTableEnvironment tables = StreamTableEnvironment.create(environment);
    configuration.toMap().forEach(tables.getConfig()::set);
    tables.getConfig().set("table.optimizer.delta-join.strategy", "FORCE");
    tables.executeSql(
        String.format(
            "CREATE CATALOG fluss WITH ('type' = 'fluss', 'bootstrap.servers' = '%s')",
            bootstrapServers));
    String plan = tables.explainSql(statement);
    System.err.println(plan);
    if (!plan.contains(DELTA_JOIN)) {
      throw new IOException("Flink made no delta join of it");
    }
    stopping = false;
    JobClient job = tables.executeSql(statement).getJobClient().orElseThrow();
    var unused =
        job.getJobExecutionResult()
            .whenComplete(
                (result, error) -> {
                  if (!stopping) {
                    if (error != null) {
                      error.printStackTrace();
                    }
                    System.exit(1);
                  }
                });
    return job;
  }

  private void stop(JobClient job) throws Exception {
    stopping = true;
    job.cancel().get();
    var unused = job.getJobExecutionResult().handle((result, error) -> true).get();
  }
}

package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.pipelines.Main;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;

/** Attribution from the bundled jar on a Flink cluster of processes, as an operator submits it. */
final class AttributionOnFlink {
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final AttributionData data;
  private final String bootstrapServers;
  private final FlinkProcesses flink;
  private final FlinkRest rest;
  private final Path logs;

  AttributionOnFlink(
      AttributionData data, String bootstrapServers, FlinkProcesses flink, Path logs) {
    this.data = data;
    this.bootstrapServers = bootstrapServers;
    this.flink = flink;
    this.rest = new FlinkRest(flink.port());
    this.logs = logs;
  }

  void createTables() throws IOException, InterruptedException {
    runBundled(
        Shipped.bundle(),
        "create-tables",
        List.of(
            "--bootstrapServers=" + bootstrapServers,
            "--databasePrefix=" + data.prefix(),
            "--scenario=attribution",
            "--bucketNum=" + data.tableOptions().bucketNum(),
            "--numPrecreate=" + data.tableOptions().numPrecreate().orElseThrow(),
            "--numRetention=" + data.tableOptions().numRetention().orElseThrow()));
  }

  /** Submits it, with the flags that are shipped, and returns once its tasks run. */
  FlinkRest.Job submit() throws IOException, InterruptedException {
    return submit(Shipped.bundle(), List.of());
  }

  /**
   * Submits it, and returns once its tasks run.
   *
   * @param more flags, each in the place of the one that is shipped
   */
  FlinkRest.Job submit(Path bundle, List<String> more) throws IOException, InterruptedException {
    List<String> own =
        new ArrayList<>(
            List.of(
                "--flinkMaster=" + flink.address(),
                "--filesToStage=" + bundle,
                "--bootstrapServers=" + bootstrapServers,
                "--databasePrefix=" + data.prefix(),
                "--partitionDiscoveryMillis=200"));
    own.addAll(more);
    List<String> flags = new ArrayList<>(Shipped.flags("flink-cluster.args"));
    for (String flag : own) {
      String name = flag.substring(0, flag.indexOf('=') + 1);
      flags.removeIf(each -> each.startsWith(name));
    }
    flags.addAll(own);
    runBundled(bundle, "attribution", flags);
    List<FlinkRest.Job> jobs = rest.runningJobs();
    assertThat(jobs, hasSize(1));
    FlinkRest.Job job = jobs.get(0);
    awaitTasks(job);
    return job;
  }

  /** Waits until all tasks run. */
  static void awaitTasks(FlinkRest.Job job) {
    await("the tasks to run")
        .atMost(PATIENCE)
        .until(
            () -> {
              job.check();
              return job.tasksRun();
            });
  }

  /** Sums in the engine's state, so nothing may count twice after a restore. */
  @SuppressWarnings("try") // an interrupt while closing fails the test
  void conversionsAreThoseOf(AttributionAnswer answer, FlinkRest.Job job) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrapServers);
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        TableMirror conversions =
            new TableMirror(
                connection, TablePath.of(data.database(), AttributionTables.CONVERSIONS))) {
      await("the conversions to be those of the answer")
          .atMost(Duration.ofSeconds(30))
          .untilAsserted(
              () -> {
                job.check();
                assertThat(conversions.rows(), is(AttributionData.conversions(answer)));
              });
    }
  }

  /** Runs a program of a bundle in a process of its own, to its end. */
  private void runBundled(Path bundle, String program, List<String> flags)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of(program));
    arguments.addAll(flags);
    try (JavaProcess process =
        JavaProcess.start(
            program,
            logs,
            bundle + File.pathSeparator + Shipped.flinkClassPath(),
            Shipped.SUBMITTER_JVM_FLAGS,
            Main.class.getName(),
            arguments)) {
      process.awaitSuccess();
    }
  }
}

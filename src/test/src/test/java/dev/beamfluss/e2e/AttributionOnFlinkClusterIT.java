package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.CreateTables;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.demo.AttributionAnswer;
import dev.beamfluss.pipelines.demo.Observer;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.Replay;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.AfterTestExecutionCallback;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * What is shipped, as an operator runs it: the bundled jar creates the tables and submits
 * attribution to a Flink cluster of separate processes, one of which is then killed.
 */
class AttributionOnFlinkClusterIT {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long SEED = 7;

  /** Kept, to be read after a failure. */
  private static final Path LOGS = Path.of("target", "flink-processes");

  @TempDir Path directory;

  private FlinkProcesses flink;

  @RegisterExtension
  final AfterTestExecutionCallback stop =
      context -> {
        if (flink != null) {
          if (context.getExecutionException().isPresent()) {
            System.out.println(flink.tails());
          }
          flink.close();
        }
      };

  @Test
  void theResultIsRightBeforeAndAfterATaskManagerIsKilled() throws Exception {
    AttributionData data = new AttributionData(fluss.bootstrapServers());
    List<Event> events = new ArrayList<>();
    AttributionData.events(SEED).forEach(events::add);
    List<Event> firstHalf = events.subList(0, events.size() / 2);
    List<Event> secondHalf = events.subList(events.size() / 2, events.size());
    AttributionAnswer answer = AttributionAnswer.of(events);
    assertThat(answer.rowsPerMatch().get(Attribution.MATCHED), greaterThan(0L));

    flink = new FlinkProcesses(directory, LOGS, 2, Shipped.flinkClassPath());
    flink.startTaskManager();
    createTables(data);
    FlinkRest.Job job = submit(data);

    try (Observer observer = data.observer();
        Replay replay = data.replay()) {
      replay.run(firstHalf.iterator());
      AttributionData.awaitEqual(observer, job::check, AttributionAnswer.of(firstHalf), PATIENCE);
      assertThat(
          "what the pipeline logs comes into the TaskManager's log",
          flink.taskManager().output(),
          hasItem(containsString("org.apache.beam.")));
      // one that began after the result was right
      job.awaitMoreCheckpoints(2);
      long restores = job.restores();

      flink.killTaskManager();
      await("Flink to notice").atMost(PATIENCE).until(() -> !job.tasksRun());
      replay.run(secondHalf.iterator());
      long start = System.nanoTime();
      flink.startTaskManager();
      AttributionData.awaitEqual(observer, job::check, answer, PATIENCE);
      System.out.printf(
          "Right again %.1f s after a new TaskManager was started%n",
          (System.nanoTime() - start) / 1e9);
      AttributionData.staysEqual(observer, answer);
      conversionsAreThoseOf(answer, data, job);
      assertThat("restores from a checkpoint", job.restores(), is(greaterThan(restores)));
    }
    assertThat("the job is still the same", flink.rest().runningJobs(), hasSize(1));
    job.cancel();
  }

  /** Sums in the engine's state, so nothing may count twice after the restore. */
  @SuppressWarnings("try") // an interrupt while closing fails the test
  private static void conversionsAreThoseOf(
      AttributionAnswer answer, AttributionData data, FlinkRest.Job job) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
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

  private void createTables(AttributionData data) throws IOException, InterruptedException {
    runBundled(
        CreateTables.class,
        List.of(
            "--bootstrapServers=" + fluss.bootstrapServers(),
            "--databasePrefix=" + data.prefix(),
            "--scenario=attribution",
            "--bucketNum=" + data.tableOptions().bucketNum(),
            "--numPrecreate=" + data.tableOptions().numPrecreate().orElseThrow(),
            "--numRetention=" + data.tableOptions().numRetention().orElseThrow()));
  }

  private FlinkRest.Job submit(AttributionData data) throws IOException, InterruptedException {
    List<String> flags = new ArrayList<>(Shipped.flags("flink-cluster.args"));
    assertThat(flags.removeIf(flag -> flag.startsWith("--flinkMaster=")), is(true));
    flags.add("--flinkMaster=" + flink.address());
    flags.add("--filesToStage=" + Shipped.bundle());
    flags.add("--bootstrapServers=" + fluss.bootstrapServers());
    flags.add("--databasePrefix=" + data.prefix());
    flags.add("--partitionDiscoveryMillis=200");
    runBundled(Attribution.class, flags);
    List<FlinkRest.Job> jobs = flink.rest().runningJobs();
    assertThat(jobs, hasSize(1));
    FlinkRest.Job job = jobs.get(0);
    await("the tasks to run")
        .atMost(PATIENCE)
        .until(
            () -> {
              job.check();
              return job.tasksRun();
            });
    return job;
  }

  /** Runs a program of the bundle in a process of its own, to its end. */
  private static void runBundled(Class<?> program, List<String> flags)
      throws IOException, InterruptedException {
    try (JavaProcess process =
        JavaProcess.start(
            program.getSimpleName(),
            LOGS,
            Shipped.bundle() + File.pathSeparator + Shipped.flinkClassPath(),
            Shipped.SUBMITTER_JVM_FLAGS,
            program.getName(),
            flags)) {
      process.awaitSuccess();
    }
  }
}

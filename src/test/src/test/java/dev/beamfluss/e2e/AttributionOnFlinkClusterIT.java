package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.demo.Observer;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.Replay;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
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
          flink.stop();
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

    flink =
        Shipped.flinkProcesses(
            Files.createDirectories(LOGS), directory.resolve("flink"), 2, Shipped.flinkClassPath());
    String taskManager = flink.startTaskManager();
    AttributionOnFlink attribution =
        new AttributionOnFlink(data, fluss.bootstrapServers(), flink, LOGS);
    attribution.createTables();
    FlinkRest.Job job = attribution.submit();

    try (Observer observer = data.observer();
        Replay replay = data.replay()) {
      replay.run(firstHalf.iterator());
      AttributionData.awaitEqual(observer, job::check, AttributionAnswer.of(firstHalf), PATIENCE);
      assertThat(
          "what the pipeline logs comes into the TaskManager's log",
          flink.log(taskManager),
          hasItem(containsString("org.apache.beam.")));
      // one that began after the result was right
      job.awaitMoreCheckpoints(2);
      long restores = job.restores();

      flink.killTaskManager(taskManager);
      await("Flink to notice").atMost(PATIENCE).until(() -> !job.tasksRun());
      replay.run(secondHalf.iterator());
      long start = System.nanoTime();
      flink.startTaskManager();
      AttributionData.awaitEqual(observer, job::check, answer, PATIENCE);
      System.out.printf(
          "Right again %.1f s after a new TaskManager was started%n",
          (System.nanoTime() - start) / 1e9);
      AttributionData.staysEqual(observer, answer);
      attribution.conversionsAreThoseOf(answer, job);
      assertThat("restores from a checkpoint", job.restores(), is(greaterThan(restores)));
    }
    assertThat("the job is still the same", new FlinkRest(flink.port()).runningJobs(), hasSize(1));
    job.cancel();
  }
}

package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.demo.Observer;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.local.FlussProcesses;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.Replay;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Order attribution on clusters of processes, Flink's and Fluss's, of which one is killed as {@code
 * kill -9} does, or whose job is stopped and goes on otherwise. Each time the second half of the
 * events comes in while it is gone, and every row must be that of the answer in the end. Prints the
 * table of docs/operations.md.
 */
@Tag("nightly")
class KilledProcessesIT {
  private static final Duration PATIENCE = Duration.ofMinutes(4);
  private static final long SEED = 11;
  private static final int TABLET_SERVERS = 3;

  /** Kept, to be read after a failure. */
  private static final Path LOGS = Path.of("target", "killed-processes");

  @TempDir static Path directory;

  private static FlinkProcesses flink;
  private static FlussProcesses fluss;
  private static final List<String> TABLE = new ArrayList<>();

  private AttributionData data;
  private AttributionOnFlink attribution;
  private FlinkRest.Job job;

  /** May fail. */
  @FunctionalInterface
  private interface Step {
    void run() throws Exception;
  }

  @BeforeAll
  static void startClusters() throws Exception {
    fluss =
        FlussProcesses.in(
            directory.resolve("fluss"),
            System.getProperty("java.class.path"),
            JavaProcess.testFlags(LOGS));
    fluss.configure(
        Shipped.config("fluss-cluster.yaml"), 0, TABLET_SERVERS, Optional.of(directory));
    fluss.start();
    flink = Shipped.flinkProcesses(LOGS, directory.resolve("flink"), 4, Shipped.flinkClassPath());
    flink.startTaskManager();
    flink.startTaskManager();
    flink.awaitSlots(8);
  }

  @AfterAll
  static void stopClusters() {
    System.out.println("| event | recovery, s | rows checked | differences |\n|---|---|---|---|");
    TABLE.forEach(System.out::println);
    if (flink != null) {
      flink.stop();
    }
    if (fluss != null) {
      fluss.stop();
    }
  }

  @BeforeEach
  void submit() throws Exception {
    data = new AttributionData(fluss.bootstrapServers());
    attribution = new AttributionOnFlink(data, fluss.bootstrapServers(), flink, LOGS);
    attribution.createTables();
    job = attribution.submit();
  }

  @AfterEach
  void cancel() {
    new FlinkRest(flink.port()).runningJobs().forEach(FlinkRest.Job::cancel);
  }

  @Test
  void aTaskManager() throws Exception {
    long restores = job.restores();
    survives(
        "TaskManager killed, the other has slots left",
        () -> flink.killTaskManager("taskmanager-1"),
        () -> {});
    assertThat("restores from a checkpoint", job.restores(), is(greaterThan(restores)));
    flink.startTaskManager();
    flink.awaitSlots(8);
  }

  @Test
  void theJobManager() throws Exception {
    String killed = job.id();
    survives(
        "JobManager killed, started again, job resubmitted from its last checkpoint",
        flink::killJobManager,
        () -> {
          flink.startJobManager();
          flink.awaitSlots(8);
          job =
              attribution.submit(
                  Shipped.bundle(),
                  List.of("--savepointPath=" + flink.lastCheckpoint(killed).orElseThrow().toUri()));
        });
    // more than once where a TaskManager was not free of the JobManager that is gone yet
    assertThat("went on from the checkpoint", job.restores(), is(greaterThan(0L)));
  }

  @Test
  void aTabletServer() throws Exception {
    survives(
        "tablet server killed, started again with its disk",
        () -> fluss.killTabletServer(0),
        () -> fluss.startTabletServer(0));
  }

  @Test
  void aTabletServerAndItsDisk() throws Exception {
    survives(
        "tablet server killed, its disk lost, started again empty",
        () -> {
          fluss.killTabletServer(1);
          fluss.loseDisk(1);
        },
        () -> fluss.startTabletServer(1));
  }

  @Test
  void aTabletServerThatStaysAway() throws Exception {
    survives("tablet server killed, not started again", () -> fluss.killTabletServer(2), () -> {});
    fluss.startTabletServer(2);
  }

  @Test
  void theCoordinator() throws Exception {
    survives("coordinator killed, started again", fluss::killCoordinator, fluss::startCoordinator);
  }

  @Test
  void moreParallelism() throws Exception {
    survives("savepoint, resumed with parallelism 4 instead of 2", () -> {}, () -> resume(4));
  }

  @Test
  void lessParallelism() throws Exception {
    survives("savepoint, resumed with parallelism 1 instead of 2", () -> {}, () -> resume(1));
  }

  private void resume(int parallelism) throws Exception {
    String savepoint = job.stopWithSavepoint();
    job =
        attribution.submit(
            Shipped.bundle(),
            List.of("--savepointPath=" + savepoint, "--parallelism=" + parallelism));
    assertThat(job.parallelism(), is(parallelism));
  }

  @Test
  void anotherBuild() throws Exception {
    Path rebuilt = Files.copy(Shipped.bundle(), directory.resolve("rebuilt.jar"));
    try (FileSystem jar =
        FileSystems.newFileSystem(URI.create("jar:" + rebuilt.toUri()), Map.of())) {
      Files.writeString(jar.getPath("META-INF", "build"), "another");
    }
    survives(
        "savepoint, resumed from another build of the bundle",
        () -> {},
        () ->
            job =
                attribution.submit(rebuilt, List.of("--savepointPath=" + job.stopWithSavepoint())));
  }

  /**
   * @param kill what happens once the first half of the events is in the result
   * @param recover what an operator does then, while the second half comes in
   */
  private void survives(String event, Step kill, Step recover) throws Exception {
    List<Event> events = new ArrayList<>();
    AttributionData.events(SEED).forEach(events::add);
    List<Event> firstHalf = events.subList(0, events.size() / 2);
    AttributionAnswer answer = AttributionAnswer.of(events);
    try (Observer observer = data.observer();
        Replay replay = data.replay()) {
      replay.run(firstHalf.iterator());
      AttributionData.awaitEqual(
          observer, () -> job.check(), AttributionAnswer.of(firstHalf), PATIENCE);
      // one that began after the result was right
      job.awaitMoreCheckpoints(2);

      long start = System.nanoTime();
      kill.run();
      CompletableFuture<Void> feeding =
          CompletableFuture.runAsync(
              () -> {
                try {
                  replay.run(events.listIterator(events.size() / 2));
                } catch (Exception e) {
                  throw new IllegalStateException(
                      "The second half of the events did not get in", e);
                }
              });
      recover.run();
      feeding.join();
      AttributionData.awaitEqual(observer, () -> job.check(), answer, PATIENCE);
      double seconds = (System.nanoTime() - start) / 1e9;
      attribution.conversionsAreThoseOf(answer, job);
      AttributionData.staysEqual(observer, answer);
      String line =
          String.format(
              "| %s | %.1f | %,d | 0 |",
              event, seconds, answer.rows().size() + answer.conversions().size());
      TABLE.add(line);
      System.out.println(line);
    } catch (Exception | AssertionError e) {
      System.out.println(event + ": " + e);
      System.out.println(flink.tails() + fluss.tails());
      throw e;
    }
    await("one job").until(() -> new FlinkRest(flink.port()).runningJobs().size() == 1);
  }
}

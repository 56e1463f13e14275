package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.local.FlinkProcesses;
import dev.beamfluss.local.FlussProcesses;
import dev.beamfluss.local.TieringMain;
import java.io.File;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.flink.api.common.JobID;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;

/**
 * What an operator does with each pipeline, on clusters of processes: it is stopped with a
 * savepoint and goes on from it as another build and with more parallelism; it is cancelled and
 * goes on from its last checkpoint with less; and with all of them and the tiering service at once
 * the JobManager is killed and, started again, goes on by itself. Each time things happen while it
 * stands still, and every row of its tables must be right in the end. Prints the table of
 * docs/operations.md.
 */
@SuppressWarnings("try") // an interrupt while closing fails the test
@Tag("nightly")
class OperatedPipelinesIT {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int SLOTS = 8;
  private static final List<String> PROGRAMS =
      List.of("forecast", "canary", "uv", "attribution", "widetable");

  /** Tables are as fresh in the lake as three minutes. */
  private static final Duration LAKE_PATIENCE = Duration.ofMinutes(8);

  /** Kept, to be read after a failure. */
  private static final Path LOGS = Path.of("target", "operated-pipelines");

  @TempDir static Path directory;

  private static FlinkProcesses flink;
  private static FlussProcesses fluss;
  private static Path rebuilt;
  private static final List<String> TABLE = new ArrayList<>();

  private final long seed = Long.getLong("operated.seed", System.nanoTime());
  private Connection connection;
  private BundleOnFlink bundle;
  private FlinkRest rest;

  @BeforeAll
  static void startClusters() throws Exception {
    fluss =
        FlussProcesses.in(
            directory.resolve("fluss"),
            System.getProperty("java.class.path"),
            JavaProcess.testFlags(LOGS));
    fluss.configure(Shipped.config("fluss-cluster.yaml"), 0, 3, Optional.of(directory));
    fluss.start();
    flink =
        Shipped.flinkProcesses(
            LOGS,
            directory.resolve("flink"),
            SLOTS / 2,
            Shipped.flinkClassPath() + File.pathSeparator + Shipped.lakeClassPath(),
            Optional.of(fluss.zooKeeper()));
    flink.startTaskManager();
    flink.startTaskManager();
    flink.awaitSlots(SLOTS);
    rebuilt = AnotherBuild.of(Shipped.bundle(), directory.resolve("rebuilt.jar"));
  }

  @AfterAll
  static void stopClusters() {
    System.out.println(
        "| pipeline | what was done | right again after, s | rows checked | differences |\n"
            + "|---|---|---|---|---|");
    TABLE.forEach(System.out::println);
    if (flink != null) {
      flink.stop();
    }
    if (fluss != null) {
      fluss.stop();
    }
  }

  @BeforeEach
  void connect() {
    System.out.println("seed " + seed);
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
    bundle = new BundleOnFlink(fluss.bootstrapServers(), flink, LOGS);
    rest = new FlinkRest(flink.port());
  }

  @AfterEach
  void disconnect() throws Exception {
    rest.runningJobs().forEach(FlinkRest.Job::cancel);
    connection.close();
  }

  private OperatedPipeline pipeline(String program) throws Exception {
    return OperatedPipeline.of(program, fluss.bootstrapServers(), connection, seed);
  }

  private FlinkRest.Job submit(Path jar, OperatedPipeline pipeline, String... more)
      throws Exception {
    Set<String> flags = new LinkedHashSet<>(pipeline.flags());
    flags.addAll(List.of(more));
    return bundle.submit(jar, pipeline.program(), List.copyOf(flags));
  }

  @ParameterizedTest
  @FieldSource("PROGRAMS")
  void stoppedUpgradedAndCancelledItGoesOn(String program) throws Exception {
    try (OperatedPipeline pipeline = pipeline(program)) {
      pipeline.happen(0);
      FlinkRest.Job first = submit(Shipped.bundle(), pipeline);
      pipeline.awaitRight(first);

      String savepoint = first.stopWithSavepoint();
      pipeline.happen(1);
      long start = System.nanoTime();
      FlinkRest.Job second =
          submit(rebuilt, pipeline, "--savepointPath=" + savepoint, "--parallelism=4");
      assertThat(second.parallelism(), is(4));
      report(
          program,
          "stopped with a savepoint, goes on from it as another build, parallelism 4 instead of 2",
          start,
          pipeline.awaitRight(second));
      assertThat("restores", second.restores(), is(greaterThan(0L)));

      // one that began after the tables were right
      second.awaitMoreCheckpoints(2);
      second.cancel();
      pipeline.happen(2);
      start = System.nanoTime();
      FlinkRest.Job third =
          submit(
              Shipped.bundle(),
              pipeline,
              "--savepointPath=" + flink.lastCheckpoint(second.id()).orElseThrow().toUri(),
              "--parallelism=1");
      assertThat(third.parallelism(), is(1));
      report(
          program,
          "cancelled, goes on from its last checkpoint as the build before, parallelism 1",
          start,
          pipeline.awaitRight(third));
      assertThat("restores", third.restores(), is(greaterThan(0L)));
    } catch (Exception | AssertionError e) {
      System.out.println(program + ": " + e);
      System.out.println(flink.tails());
      throw e;
    }
  }

  /** Eight slots, as operations.md has it; the tiering service is one more job that goes on. */
  @Test
  void allAtOnceWithTieringTheyGoOnByThemselvesWhenTheirJobManagerIsKilled() throws Exception {
    List<OperatedPipeline> pipelines = new ArrayList<>();
    List<FlinkRest.Job> jobs = new ArrayList<>();
    try {
      JobID tiering =
          TieringMain.submit(flink.address(), fluss.bootstrapServers(), directory).getJobID();
      for (String program : PROGRAMS) {
        OperatedPipeline pipeline = pipeline(program);
        pipelines.add(pipeline);
        pipeline.happen(0);
        jobs.add(
            submit(
                Shipped.bundle(),
                pipeline,
                "--parallelism=1",
                // five jobs and three tablet servers on two cores
                "--maxBundleTimeMills=200",
                "--checkpointingInterval=5000"));
      }
      long start = System.nanoTime();
      for (int i = 0; i < jobs.size(); i++) {
        report(
            pipelines.get(i).program(),
            "all five and tiering started, in eight slots",
            start,
            pipelines.get(i).awaitRight(jobs.get(i)));
      }
      for (FlinkRest.Job job : jobs) {
        job.awaitMoreCheckpoints(2);
      }
      start = System.nanoTime();
      flink.killJobManager();
      for (OperatedPipeline pipeline : pipelines) {
        pipeline.happen(1);
      }
      flink.startJobManager();
      await("the jobs").atMost(PATIENCE).until(() -> rest.runningJobs().size() == jobs.size() + 1);
      for (int i = 0; i < jobs.size(); i++) {
        FlinkRest.Job job = jobs.get(i);
        report(
            pipelines.get(i).program(),
            "JobManager killed with all of them, started again",
            start,
            pipelines.get(i).awaitRight(job));
        assertThat("restores", job.restores(), is(greaterThan(0L)));
      }
      List<String> ids = rest.runningJobs().stream().map(FlinkRest.Job::id).toList();
      assertThat("the jobs are the same", ids, hasSize(jobs.size() + 1));
      assertThat("tiering is one of them", ids, hasItem(tiering.toString()));
      for (OperatedPipeline pipeline : pipelines) {
        awaitLake(pipeline);
      }
    } catch (Exception | AssertionError e) {
      System.out.println(flink.tails());
      throw e;
    } finally {
      for (OperatedPipeline pipeline : pipelines) {
        pipeline.close();
      }
    }
  }

  private void awaitLake(OperatedPipeline pipeline) throws Exception {
    FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
    long start = System.nanoTime();
    List<String> tables = pipeline.lakeTables();
    for (String table : tables) {
      await("table " + table + " to be in the lake")
          .atMost(LAKE_PATIENCE)
          .pollInterval(Duration.ofSeconds(1))
          .until(
              () -> LakeLag.of(cluster, table).stream().allMatch(lag -> lag.untieredRows() == 0));
    }
    System.out.printf(
        "%s: %d tables in the lake, %.1f s later%n",
        pipeline.program(), tables.size(), (System.nanoTime() - start) / 1e9);
  }

  /** Where a job leaves its connections to a TaskManager, it leaves them its classes as well. */
  @Test
  void aJobThatIsOverLeavesNothing() throws Exception {
    try (OperatedPipeline pipeline = pipeline("attribution")) {
      pipeline.happen(0);
      runAndCancel(pipeline);
      // Flink's own threads, of its first job; some pools of it grow with the next ones
      int before = settledThreads();
      int ofOneJob = 48;
      for (int i = 0; i < 3; i++) {
        runAndCancel(pipeline);
      }
      await("the threads of the jobs to end")
          .atMost(PATIENCE)
          .pollInterval(Duration.ofSeconds(1))
          .until(() -> rest.threads() < before + ofOneJob);
    }
  }

  private void runAndCancel(OperatedPipeline pipeline) throws Exception {
    FlinkRest.Job job = submit(Shipped.bundle(), pipeline);
    pipeline.awaitRight(job);
    job.cancel();
  }

  /** How many threads the TaskManagers have once no more of them end. */
  private int settledThreads() {
    AtomicInteger threads = new AtomicInteger(Integer.MAX_VALUE);
    await("no more threads to end")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(15))
        .until(
            () -> {
              int now = rest.threads();
              return threads.getAndSet(now) <= now;
            });
    return threads.get();
  }

  private static void report(String program, String what, long start, int rows) {
    String line =
        String.format(
            "| %s | %s | %.1f | %,d | 0 |", program, what, (System.nanoTime() - start) / 1e9, rows);
    TABLE.add(line);
    System.out.println(line);
  }
}

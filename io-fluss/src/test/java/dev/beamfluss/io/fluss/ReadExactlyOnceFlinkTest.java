package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.io.fluss.SeenNumbers.Place;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every row enters the pipeline's state once, whatever happens to the job: failures after which
 * Flink goes on from the last checkpoint, and stops after which it goes on from a savepoint or a
 * kept checkpoint, with more subtasks or fewer; rows and partitions come meanwhile.
 *
 * <p>Were splits handed out twice after a restore, as apache/beam#34890 has it, two readers would
 * read the same buckets from the same offsets, and the state would tell of each number that came
 * again. It tells of none here, neither after a failure of the first run nor after one of a run
 * that was restored itself, with as many subtasks as before, more, or fewer.
 */
class ReadExactlyOnceFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int NUMBERS = 200_000;
  private static final int BUCKETS = 4;
  private static final int UNSET = -1;

  @TempDir static Path directory;
  private static FlinkCluster flink;

  private final Random random = random();

  private static Random random() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("seed " + seed);
    return new Random(seed);
  }

  @BeforeAll
  static void startFlink() throws Exception {
    flink = new FlinkCluster(directory, 3);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
  }

  @AfterAll
  static void stopFlink() {
    flink.close();
  }

  @Test
  void eachNumberIsInTheStateOnceThoughTheJobFailsAgainAndAgain() throws Exception {
    failsAgainAndAgain(5);
  }

  @Tag("nightly")
  @RepeatedTest(5)
  void eachNumberIsInTheStateOnceThoughTheJobFailsALot() throws Exception {
    failsAgainAndAgain(20);
  }

  private void failsAgainAndAgain(int failures) throws Exception {
    int share = NUMBERS / (failures + 1);
    try (NumberedTable table = new NumberedTable(fluss, BUCKETS)) {
      table.append(share);
      SeenNumbers seen = new SeenNumbers();
      FlinkCluster.Job job = submit(table, seen, flink.options(1 + random.nextInt(3)), null);
      job.awaitMoreCheckpoints(1);
      for (int failure = 1; failure <= failures; failure++) {
        seen.failAfter(randomPlace(), random.nextInt(share / 3));
        table.append(share / 2);
        awaitFailure(seen, failure);
        // while the job is down, or comes up
        if (table.partitions() < 6) {
          table.addPartition();
        }
        table.append(share - share / 2);
        job.awaitRestores(failure);
        job.awaitMoreCheckpoints(1);
      }
      table.append(NUMBERS - table.size());
      seen.assertHoldsEachOnce(table, job::check, () -> job.awaitMoreCheckpoints(3));
      assertThat("went on from a checkpoint", job.restores(), equalTo((long) failures));
      assertThat(table.partitions(), greaterThanOrEqualTo(5));
    }
  }

  /** Where the first checkpoint is not complete, Flink starts the job from its beginning. */
  @Test
  void eachNumberIsInTheStateOnceThoughTheJobFailsBeforeItsFirstCheckpoint() throws Exception {
    try (NumberedTable table = new NumberedTable(fluss, BUCKETS)) {
      table.append(50_000);
      SeenNumbers seen = new SeenNumbers();
      seen.failAfter(randomPlace(), random.nextInt(20_000));
      FlinkPipelineOptions options = flink.options(2);
      options.setCheckpointingInterval(2_000L);
      FlinkCluster.Job job = submit(table, seen, options, null);
      awaitFailure(seen, 1);
      table.addPartition();
      table.append(10_000);
      job.awaitMoreCheckpoints(1);
      seen.failAfter(randomPlace(), random.nextInt(5_000));
      table.append(10_000);
      awaitFailure(seen, 2);
      job.awaitRestores(1);
      seen.assertHoldsEachOnce(table, job::check, () -> job.awaitMoreCheckpoints(3));
    }
  }

  /**
   * The number of splits is fixed when a job is first started: as many as it has subtasks then, or
   * as its highest number of subtasks where that is set. So either there are subtasks without a
   * split after the rescaling, or subtasks with several before and after.
   */
  @ParameterizedTest
  @ValueSource(ints = {UNSET, 6})
  void eachNumberIsInTheStateOnceThoughTheJobIsStoppedAndRescaled(int maxParallelism)
      throws Exception {
    rescaled(maxParallelism, 2, 3, 1, 2);
  }

  @Tag("nightly")
  @ParameterizedTest
  @ValueSource(ints = {UNSET, 3, 4, 6, 128})
  void eachNumberIsInTheStateOnceThoughTheJobIsRescaledALot(int maxParallelism) throws Exception {
    rescaled(maxParallelism, 1, 3, 2, 1, 2, 3, 3, 1);
  }

  private void rescaled(int maxParallelism, int... parallelisms) throws Exception {
    int share = NUMBERS / parallelisms.length / 5;
    try (NumberedTable table = new NumberedTable(fluss, BUCKETS)) {
      SeenNumbers seen = new SeenNumbers();
      String restored = null;
      for (int stage = 0; stage < parallelisms.length; stage++) {
        table.append(share);
        FlinkPipelineOptions options = flink.options(parallelisms[stage]);
        options.setMaxParallelism(maxParallelism);
        FlinkCluster.Job job = submit(table, seen, options, restored);
        table.append(share);
        job.awaitMoreCheckpoints(1);
        seen.failAfter(randomPlace(), random.nextInt(share / 2));
        table.append(share);
        awaitFailure(seen, stage + 1);
        job.awaitRestores(restored == null ? 1 : 2);
        if (stage == parallelisms.length - 1) {
          table.append(NUMBERS - table.size());
          seen.assertHoldsEachOnce(table, job::check, () -> job.awaitMoreCheckpoints(3));
        } else {
          // a job that is still coming up cannot be stopped
          job.awaitMoreCheckpoints(1);
          CompletableFuture<Void> writing = CompletableFuture.runAsync(() -> table.append(share));
          restored = stage % 2 == 0 ? job.stopWithSavepoint() : job.cancelKeepingCheckpoint();
          writing.join();
          table.addPartition();
          table.append(share);
        }
      }
      assertThat(table.partitions(), equalTo(parallelisms.length));
    }
  }

  private static FlinkCluster.Job submit(
      NumberedTable table,
      SeenNumbers seen,
      FlinkPipelineOptions options,
      @Nullable String restored) {
    options.setSavepointPath(restored);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Read", table.read().withPartitionDiscoveryInterval(Duration.ofMillis(200)))
        .apply("Seen", seen);
    return flink.submit(pipeline);
  }

  private Place randomPlace() {
    return random.nextBoolean() ? Place.READ : Place.STATE;
  }

  private static void awaitFailure(SeenNumbers seen, int number) {
    await("failure " + number)
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(10))
        .until(() -> seen.failures() == number);
  }
}

package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.fluss.client.Connection;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Joins whose bundles are thrown away and replayed, and that are stopped and restored. */
class DeltaJoinRestartFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Duration QUIET = Duration.ofSeconds(1);

  @TempDir static Path directory;
  private static FlinkCluster flink;
  private static Connection connection;

  private final JoinTables tables = new JoinTables(fluss, connection);
  private List<RandomJoin> joins = List.of();
  private List<Faults> faults = List.of();

  @BeforeAll
  static void start() throws Exception {
    flink = new FlinkCluster(directory, 3);
    connection = JoinTables.connect(fluss);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
    joins.forEach(RandomJoin::close);
  }

  @AfterAll
  static void stop() throws Exception {
    flink.close();
    connection.close();
  }

  private void join(List<RandomJoin> all) {
    joins = all;
    faults = all.stream().map(join -> new Faults()).toList();
  }

  private FlinkCluster.Job submit(int parallelism, @Nullable String restored) throws Exception {
    FlinkPipelineOptions options = flink.options(parallelism);
    options.setMaxBundleTimeMills(50L);
    options.setSavepointPath(restored);
    Pipeline pipeline = Pipeline.create(options);
    for (int i = 0; i < joins.size(); i++) {
      String name = joins.get(i).name();
      pipeline
          .apply(name, joins.get(i).join(faults.get(i)))
          .apply("Fail after " + name, faults.get(i));
    }
    return flink.submit(pipeline);
  }

  @Test
  void followsRandomChangesThoughItFailsAndIsRestored() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    join(RandomJoin.ofEveryType(tables, seed));
    followThroughFailures(seed, 1, 2, 1);
  }

  @Tag("nightly")
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void followsRandomChangesThoughItFailsAndIsRestoredOften(long seed) throws Exception {
    join(RandomJoin.ofEveryKind(tables, seed));
    followThroughFailures(seed, 1, 3, 2, 2, 1, 2, 3, 3, 1);
  }

  private void followThroughFailures(long seed, int... parallelisms) throws Exception {
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    String restored = null;
    for (int stage = 0; stage < parallelisms.length; stage++) {
      changeAll(20);
      FlinkCluster.Job job = submit(parallelisms[stage], restored);
      changeAll(20);
      job.awaitMoreCheckpoints(1);
      failAll(job, random);
      job.awaitMoreCheckpoints(1);
      if (stage < parallelisms.length - 1) {
        restored = stage % 2 == 0 ? stopWhileChanging(job) : cancelAfterMoreThanItsCheckpoint(job);
      }
    }
    changeAll(20);
    RandomJoin.assertComeToRest(joins, QUIET);
  }

  private void changeAll(int changes) {
    joins.forEach(join -> join.change(changes));
  }

  /** Each join once, at a random place, while changes go on. */
  private void failAll(FlinkCluster.Job job, Random random) {
    List<Integer> wanted = new ArrayList<>();
    for (Faults fault : faults) {
      wanted.add(fault.failures() + 1);
      if (random.nextBoolean()) {
        fault.failAfter(Faults.Place.COMPUTING, random.nextInt(20));
      } else {
        fault.failAfter(Faults.Place.WRITTEN, random.nextInt(4));
      }
    }
    await("a failure of each join")
        .pollInSameThread()
        .pollInterval(Duration.ofMillis(20))
        .atMost(Duration.ofMinutes(2))
        .until(
            () -> {
              job.check();
              boolean all = true;
              for (int i = 0; i < joins.size(); i++) {
                if (faults.get(i).failures() < wanted.get(i)) {
                  all = false;
                  joins.get(i).change(10);
                }
              }
              return all;
            });
  }

  private String stopWhileChanging(FlinkCluster.Job job) {
    CompletableFuture<Void> changing = CompletableFuture.runAsync(() -> changeAll(30));
    String savepoint = job.stopWithSavepoint();
    changing.join();
    return savepoint;
  }

  /** What it has done since, it does again. */
  private String cancelAfterMoreThanItsCheckpoint(FlinkCluster.Job job) {
    String checkpoint = job.nextCheckpoint();
    changeAll(30);
    RandomJoin.assertComeToRest(joins, Duration.ZERO);
    job.cancel();
    return checkpoint;
  }

  /** No change of one side finds the other as it was. */
  @Test
  void bothSidesChangeWhileTheJobIsDown() throws Exception {
    join(RandomJoin.ofEveryKindWithCondition(tables));
    for (RandomJoin join : joins) {
      join.putLeft("gone", "i0", 1);
      join.putRight("gone", "i0", 2);
      join.putLeft("manyGone", "i0", 1);
      join.putRight("manyGone", "i0", 2);
      join.putRight("manyGone", "i1", 3);
      join.putLeft("ceases", "i0", 1);
      join.putRight("ceases", "i0", 3);
      join.putLeft("begins", "i0", 3);
      join.putRight("begins", "i0", 1);
      join.putLeft("alone", "i0", 1);
      join.flush();
    }
    FlinkCluster.Job first = submit(2, null);
    RandomJoin.assertComeToRest(joins, Duration.ZERO);
    String savepoint = first.stopWithSavepoint();
    for (RandomJoin join : joins) {
      join.deleteLeft("gone", "i0");
      join.deleteRight("gone", "i0");
      join.deleteLeft("manyGone", "i0");
      join.deleteRight("manyGone", "i0");
      join.deleteRight("manyGone", "i1");
      join.putLeft("ceases", "i0", 3);
      join.putRight("ceases", "i0", 0);
      join.putLeft("begins", "i0", 0);
      join.putRight("begins", "i0", 3);
      join.putRight("alone", "i0", 2);
      join.putRight("alone", "i1", 3);
      join.flush();
    }
    FlinkCluster.Job second = submit(1, savepoint);
    RandomJoin.assertComeToRest(joins, QUIET);
    String checkpoint = second.nextCheckpoint();
    for (RandomJoin join : joins) {
      join.putRight("gone", "i0", 2);
      join.putRight("alone", "i2", 2);
      join.flush();
    }
    RandomJoin.assertComeToRest(joins, Duration.ZERO);
    second.cancel();
    for (RandomJoin join : joins) {
      join.putLeft("gone", "i1", 0);
      join.deleteRight("gone", "i0");
      join.putLeft("ceases", "i0", 0);
      join.deleteRight("ceases", "i0");
      join.deleteRight("alone", "i0");
      join.deleteRight("alone", "i1");
      join.deleteRight("alone", "i2");
      join.flush();
    }
    submit(2, checkpoint);
    RandomJoin.assertComeToRest(joins, QUIET);
  }
}

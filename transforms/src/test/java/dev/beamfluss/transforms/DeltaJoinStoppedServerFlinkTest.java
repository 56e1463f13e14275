package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.sdk.Pipeline;
import org.apache.fluss.client.Connection;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Joins of tables whose leaders change while rows come. */
@Timeout(600)
class DeltaJoinStoppedServerFlinkTest {
  private static final int SERVERS = 3;

  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(
          LocalFluss.builder()
              .tabletServers(SERVERS)
              .property("default.replication.factor", String.valueOf(SERVERS)));

  @TempDir static Path directory;
  private static FlinkCluster flink;
  private static Connection connection;

  @BeforeAll
  static void start() throws Exception {
    flink = new FlinkCluster(directory, 2);
    connection = JoinTables.connect(fluss);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
  }

  @AfterAll
  static void stop() throws Exception {
    flink.close();
    connection.close();
  }

  @Test
  void theSinkEqualsTheJoinThoughAServerStops() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    changeWhileServersStop(
        RandomJoin.ofEveryType(new JoinTables(fluss, connection), seed),
        1,
        Duration.ofSeconds(2),
        Duration.ofSeconds(2));
  }

  /** Five minutes, as fast as the joins follow. */
  @Tag("nightly")
  @Test
  void theSinkEqualsTheJoinAfterMinutesInWhichServersStop() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong(1_000_000);
    changeWhileServersStop(
        RandomJoin.ofEveryKind(new JoinTables(fluss, connection), seed),
        5,
        Duration.ofSeconds(40),
        Duration.ofSeconds(20));
  }

  private static void changeWhileServersStop(
      List<RandomJoin> joins, int stops, Duration up, Duration down) throws Exception {
    joins.forEach(join -> System.err.println(join.name()));
    AtomicBoolean over = new AtomicBoolean();
    AtomicLong changes = new AtomicLong();
    try {
      Pipeline pipeline = Pipeline.create(flink.options(2));
      joins.forEach(join -> pipeline.apply(join.name(), join.join()));
      FlinkCluster.Job job = flink.submit(pipeline);
      joins.forEach(join -> join.change(20));
      RandomJoin.assertComeToRest(joins, Duration.ZERO);
      CompletableFuture<Void> changing =
          CompletableFuture.runAsync(
              () -> {
                while (!over.get()) {
                  joins.forEach(join -> join.change(40));
                  // so the lag is bounded
                  joins.forEach(RandomJoin::awaitFollowed);
                  changes.addAndGet(40L * joins.size());
                }
              });
      try {
        for (int stop = 0; stop < stops; stop++) {
          letPass(up, job, changing);
          fluss.cluster().stopTabletServer(stop % SERVERS);
          letPass(down, job, changing);
          fluss.cluster().startTabletServer(stop % SERVERS);
        }
        letPass(up, job, changing);
      } finally {
        over.set(true);
      }
      changing.join();
      RandomJoin.assertComeToRest(joins, Duration.ofSeconds(2));
      System.err.printf(
          "%d changes, a server stopped %d times: %d restarts of the job%n",
          changes.get(), stops, job.restarts());
    } finally {
      over.set(true);
      joins.forEach(RandomJoin::close);
    }
  }

  private static void letPass(
      Duration time, FlinkCluster.Job job, CompletableFuture<Void> changing) {
    long end = System.nanoTime() + time.toNanos();
    await("time in which job and changes go on")
        .atMost(time.plusMinutes(1))
        .until(
            () -> {
              job.check();
              if (changing.isDone()) {
                changing.join();
              }
              return System.nanoTime() > end;
            });
  }
}

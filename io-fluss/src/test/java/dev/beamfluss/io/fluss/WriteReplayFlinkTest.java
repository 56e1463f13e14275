package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Bundles that are thrown away after they were written, and replayed by Flink. */
class WriteReplayFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int SHARE = 5_000;

  @TempDir static Path directory;
  private static FlinkCluster flink;

  @BeforeAll
  static void startFlink() throws Exception {
    flink = new FlinkCluster(directory, 2);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
  }

  @AfterAll
  static void stopFlink() {
    flink.close();
  }

  @RepeatedTest(3)
  void tablesHoldWhatTheyWouldWithoutFailures() throws Exception {
    failAndCompare(3);
  }

  @Tag("nightly")
  @RepeatedTest(30)
  void tablesHoldWhatTheyWouldWithoutManyFailures() throws Exception {
    failAndCompare(10);
  }

  private static void failAndCompare(int failures) throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    // one bucket, so that the numbers come in order
    try (NumberedTable table = new NumberedTable(fluss, 1)) {
      ReplayedWrites writes = new ReplayedWrites(fluss);
      Pipeline pipeline = Pipeline.create(flink.options(2));
      pipeline
          .apply("Read", table.read())
          .apply("Number", MapElements.into(TypeDescriptors.longs()).via(row -> row.getInt64("n")))
          .apply("Write", writes);
      FlinkCluster.Job job = flink.submit(pipeline);
      for (int failure = 1; failure <= failures; failure++) {
        table.append(SHARE);
        job.awaitMoreCheckpoints(1);
        writes.failAfter(random.nextInt(10));
        int wanted = failure;
        await("failure " + failure)
            .atMost(Duration.ofSeconds(60))
            .pollInterval(Duration.ofMillis(20))
            .until(
                () -> {
                  job.check();
                  // some more, as nothing may be left to write
                  table.append(100);
                  return writes.failures() == wanted;
                });
      }
      await("all numbers")
          .atMost(Duration.ofSeconds(90))
          .pollInterval(Duration.ofMillis(500))
          .untilAsserted(
              () -> {
                job.check();
                writes.assertSameAsWithoutFailures(table.size());
              });
      job.awaitMoreCheckpoints(3);
      writes.assertSameAsWithoutFailures(table.size());
    }
  }
}

package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChangesFlinkRunnerTest extends ChangesContract {
  @TempDir Path checkpoints;
  @TempDir Path configuration;

  @Override
  PipelineOptions options() {
    return flinkOptions();
  }

  private static FlinkPipelineOptions flinkOptions() {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    options.setAttachedMode(false);
    options.setMaxBundleTimeMills(100L);
    return options;
  }

  /** Checkpoints that stay, restarts at once. */
  private FlinkPipelineOptions safe(int parallelism, @Nullable Path restored) throws IOException {
    FlinkPipelineOptions options = flinkOptions();
    options.setParallelism(parallelism);
    options.setMaxParallelism(4);
    options.setCheckpointingInterval(200L);
    options.setStateBackend("filesystem");
    options.setStateBackendStoragePath(checkpoints.toUri().toString());
    options.setExternalizedCheckpointsEnabled(true);
    options.setRetainExternalizedCheckpointsOnCancellation(true);
    options.setNumberOfExecutionRetries(1000);
    options.setExecutionRetryDelay(50L);
    if (restored != null) {
      Files.writeString(
          configuration.resolve("flink-conf.yaml"),
          "execution.savepoint.path: " + restored.toUri() + "\n");
      options.setFlinkConfDir(configuration.toString());
    }
    return options;
  }

  /** The job fails and goes on from a checkpoint; then another goes on from what is left of it. */
  @Test
  void everyNumberEntersTheStateOnceThoughTheJobFailsAndIsStopped() throws Exception {
    long seed = new Random().nextLong();
    System.err.println("seed of the failures: " + seed);
    Random random = new Random(seed);
    Numbers numbers = new Numbers(warehouse, "killed", 3);
    Seen seen = new Seen();
    numbers.append(20_000);
    int failures = 0;
    Path restored = null;
    for (int parallelism : new int[] {2, 1, 3}) {
      Pipeline pipeline = Pipeline.create(safe(parallelism, restored));
      // a job that did not go on from where the one before ended would lack all that is there
      PaimonPosition start = restored == null ? PaimonPosition.full() : PaimonPosition.latest();
      pipeline.apply("Read", numbers.read().withStartingPosition(start)).apply("Seen", seen);
      PipelineResult result = pipeline.run();
      try {
        for (int failure = 0; failure < 2; failure++) {
          awaitCheckpoints(latest(), 2);
          seen.failAfter(random.nextInt(3000));
          numbers.append(2000);
          numbers.append(2000);
          int expected = ++failures;
          await("failure").atMost(Duration.ofSeconds(60)).until(() -> seen.failures() == expected);
        }
        numbers.append(3000);
        numbers.assertSeenOnceEach(seen);
        numbers.append(3000);
      } finally {
        result.cancel();
      }
      restored = latest();
      assertThat(restored != null, is(true));
    }
  }

  private void awaitCheckpoints(@Nullable Path last, int more) {
    Path[] seen = {last};
    int[] left = {more};
    await("checkpoints")
        .pollInSameThread()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              Path now = latest();
              if (now != null && !now.equals(seen[0])) {
                seen[0] = now;
                left[0]--;
              }
              return left[0] <= 0;
            });
  }

  /** That was completed last, of any job. */
  private @Nullable Path latest() throws IOException {
    try (Stream<Path> files = Files.walk(checkpoints)) {
      List<Path> complete =
          files.filter(file -> file.endsWith("_metadata")).map(Path::getParent).toList();
      return complete.stream()
          .max(Comparator.comparingLong(path -> path.resolve("_metadata").toFile().lastModified()))
          .orElse(null);
    } catch (java.io.UncheckedIOException e) {
      return null; // one was removed meanwhile
    }
  }
}

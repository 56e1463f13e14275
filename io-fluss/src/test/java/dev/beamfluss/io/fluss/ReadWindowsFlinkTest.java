package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.flink.FlinkCluster;
import dev.beamfluss.local.FlussExtension;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.transforms.Count;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.FixedWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Windows close behind a read, also where there are more subtasks than buckets to read. */
class ReadWindowsFlinkTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Map<String, Map<BoundedWindow, Long>> COUNTS = new ConcurrentHashMap<>();

  @TempDir Path directory;

  @Test
  void windowsFireThoughTwoOfThreeSubtasksHaveNothingToRead() throws Exception {
    windowsFire(1, -1);
  }

  @Tag("nightly")
  @ParameterizedTest
  @CsvSource({"2, -1", "3, -1", "1, 6", "2, 3"})
  void windowsFireWhateverTheNumberOfBuckets(int buckets, int maxParallelism) throws Exception {
    windowsFire(buckets, maxParallelism);
  }

  /** From the beginning, and after a restore, where the runner deals the splits out again. */
  private void windowsFire(int buckets, int maxParallelism) throws Exception {
    String run = UUID.randomUUID().toString();
    COUNTS.put(run, new ConcurrentHashMap<>());
    try (FlinkCluster flink = new FlinkCluster(directory, 3);
        NumberedTable table = new NumberedTable(fluss, buckets)) {
      FlinkPipelineOptions options = flink.options(3);
      options.setMaxParallelism(maxParallelism);
      FlinkCluster.Job job = flink.submit(counts(options, table, run));
      table.append(1_000);
      awaitCount(run, job, 1_000);

      String savepoint = job.stopWithSavepoint();
      options = flink.options(3);
      options.setMaxParallelism(maxParallelism);
      options.setSavepointPath(savepoint);
      job = flink.submit(counts(options, table, run));
      table.append(1_000);
      awaitCount(run, job, 2_000);
      job.cancel();
    }
  }

  private static Pipeline counts(FlinkPipelineOptions options, NumberedTable table, String run) {
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("Read", table.read().withPartitionDiscoveryInterval(Duration.ofMillis(200)))
        .apply(
            "Seconds",
            Window.<Row>into(FixedWindows.of(org.joda.time.Duration.standardSeconds(1)))
                .withAllowedLateness(org.joda.time.Duration.standardMinutes(5))
                .accumulatingFiredPanes())
        .apply("Count", Combine.globally(Count.<Row>combineFn()).withoutDefaults())
        .apply("Collect", ParDo.of(new Collect(run)));
    return pipeline;
  }

  private static void awaitCount(String run, FlinkCluster.Job job, long count) {
    await("windows with " + count + " rows")
        .atMost(Duration.ofSeconds(30))
        .until(
            () -> {
              job.check();
              return COUNTS.get(run).values().stream().mapToLong(Long::longValue).sum();
            },
            equalTo(count));
  }

  private static final class Collect extends DoFn<Long, Void> {
    private final String run;

    Collect(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(@Element Long count, BoundedWindow window) {
      COUNTS.get(run).put(window, count);
    }
  }
}

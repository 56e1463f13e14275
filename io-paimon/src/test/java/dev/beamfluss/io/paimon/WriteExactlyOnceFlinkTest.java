package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.paimon.table.Table;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Failures after which Flink goes on from the last checkpoint, and what comes between is written
 * again, in other bundles, as these end by time.
 */
class WriteExactlyOnceFlinkTest {
  private static final long NUMBERS = 30_000;
  private static final long PER_SECOND = 2_000;
  private static final int KEYS = 97;
  private static final int EARLY_FAILURES = 3;
  private static final Schema SCHEMA =
      Schema.builder().addInt64Field("k").addInt64Field("n").build();
  private static final Map<String, Failures> RUNS = new ConcurrentHashMap<>();

  @TempDir Path directory;

  private Warehouse warehouse;

  /** When to fail next, and how often it did. */
  private static final class Failures {
    final AtomicInteger committedLeft = new AtomicInteger(-1);
    final AtomicInteger failures = new AtomicInteger();
    volatile BooleanSupplier beforeCommit = () -> false;
  }

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
  }

  @Test
  void aTableWithoutKeysHasEachRowOnceThoughTheJobFails() throws Exception {
    String table =
        warehouse.create(
            "appended",
            Warehouse.columns(Map.of("k", DataTypes.BIGINT(), "n", DataTypes.BIGINT())).build());
    run(table);
    List<Long> numbers =
        Contents.of(warehouse.table(table)).stream()
            .map(row -> row.getInt64("n"))
            .sorted()
            .toList();
    assertThat(numbers, equalTo(LongStream.range(0, NUMBERS).boxed().toList()));
  }

  @Test
  void aTableWithKeysHasTheLastRowOfEachThoughTheJobFails() throws Exception {
    String table =
        warehouse.create(
            "upserted",
            Warehouse.columns(Map.of("k", DataTypes.BIGINT(), "n", DataTypes.BIGINT()))
                .primaryKey("k")
                .option("bucket", "3")
                .option("num-sorted-run.compaction-trigger", "3")
                .build());
    run(table);
    Map<Long, Long> held =
        Contents.of(warehouse.table(table)).stream()
            .collect(Collectors.toMap(row -> row.getInt64("k"), row -> row.getInt64("n")));
    assertThat(
        held,
        equalTo(
            LongStream.range(0, KEYS)
                .boxed()
                .collect(Collectors.toMap(k -> k, k -> (NUMBERS - 1 - k) / KEYS * KEYS + k))));
  }

  private void run(String table) {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    String run = UUID.randomUUID().toString();
    Failures failures = new Failures();
    RUNS.put(run, failures);
    Table found = warehouse.table(table);
    Path files = directory.resolve(Warehouse.DATABASE + ".db").resolve(found.name());
    failures.committedLeft.set(1 + random.nextInt(3));
    AtomicInteger early = new AtomicInteger(EARLY_FAILURES);
    failures.beforeCommit =
        () ->
            early.get() > 0
                // at any time, or while what is prepared waits for its checkpoint
                && (random.nextInt(20) == 0 || hasUncommitted(found, files))
                && early.getAndDecrement() > 0;
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setStreaming(true);
    options.setParallelism(2);
    options.setCheckpointingInterval(700L);
    options.setShutdownSourcesAfterIdleMs(0L);
    options.setNumberOfExecutionRetries(1000);
    options.setExecutionRetryDelay(20L);
    options.setMaxBundleTimeMills(100L);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(Read.from(new PacedNumbers(NUMBERS, PER_SECOND)))
        .apply("Fail before", ParDo.of(new FailBefore(run)))
        .apply(
            MapElements.into(TypeDescriptors.rows())
                .via(n -> Row.withSchema(SCHEMA).addValues(n % KEYS, n).build()))
        .setRowSchema(SCHEMA)
        .apply(
            PaimonIO.write()
                .to(warehouse.catalog(), table)
                .withCommitInterval(Duration.ofMillis(400)))
        .getCommitted()
        .apply("Fail after", ParDo.of(new FailAfter(run)));
    pipeline.run().waitUntilFinish();
    assertThat("failures", failures.failures.get(), is(EARLY_FAILURES + 1));
  }

  private static boolean hasUncommitted(Table table, Path directory) {
    Set<String> committed = Contents.files(table);
    try (Stream<Path> all = Files.walk(directory)) {
      return all.map(path -> path.getFileName().toString())
          .anyMatch(name -> name.startsWith("data-") && !committed.contains(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class FailBefore extends DoFn<Long, Long> {
    private static final int EACH = 200;
    private final String run;

    FailBefore(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(@Element Long n, OutputReceiver<Long> out) {
      Failures failures = RUNS.get(run);
      if (n % EACH == 0 && n > 2_000 && failures.beforeCommit.getAsBoolean()) {
        failures.failures.incrementAndGet();
        throw new IllegalStateException("fails before a commit, as the test wants it");
      }
      out.output(n);
    }
  }

  /** In the bundle of the commit, which the table has then, and the state has not. */
  private static final class FailAfter extends DoFn<Long, Void> {
    private final String run;

    FailAfter(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process() {
      Failures failures = RUNS.get(run);
      if (failures.committedLeft.getAndDecrement() == 0) {
        failures.failures.incrementAndGet();
        throw new IllegalStateException("fails after a commit, as the test wants it");
      }
    }
  }
}

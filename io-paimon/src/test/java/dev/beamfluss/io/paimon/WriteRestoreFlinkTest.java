package dev.beamfluss.io.paimon;

import static java.util.stream.Collectors.toMap;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.flink.FlinkCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.LongStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.flink.api.common.JobStatus;
import org.apache.paimon.Snapshot;
import org.apache.paimon.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Jobs that go on from what another job has left. */
class WriteRestoreFlinkTest {
  private static final long PER_SECOND = 2_000;
  private static final long ENDLESS = Long.MAX_VALUE;
  private static final int KEYS = 97;
  private static final Schema SCHEMA =
      Schema.builder().addInt64Field("k").addInt64Field("n").build();

  @TempDir static Path directory;
  private static FlinkCluster flink;
  private static int tables;

  private Warehouse warehouse;
  private String table;

  @BeforeAll
  static void startFlink() throws Exception {
    flink = new FlinkCluster(directory, 4);
  }

  @AfterAll
  static void stopFlink() {
    flink.close();
  }

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
  }

  @AfterEach
  void cancelAll() {
    flink.cancelAll();
  }

  private void create(boolean keyed) throws Exception {
    var schema = Warehouse.columns(Map.of("k", DataTypes.BIGINT(), "n", DataTypes.BIGINT()));
    if (keyed) {
      schema.primaryKey("k").option("bucket", "3").option("num-sorted-run.compaction-trigger", "3");
    }
    table = warehouse.create("restored" + tables++, schema.build());
  }

  private FlinkCluster.Job submit(
      long numbers, int parallelism, int restarts, @Nullable String restored) throws Exception {
    return submit(numbers, flink.options(parallelism, restarts, restored), Duration.ofMillis(200));
  }

  private FlinkCluster.Job submit(
      long numbers, FlinkPipelineOptions options, Duration commitInterval) {
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(Read.from(new PacedNumbers(numbers, PER_SECOND)))
        .apply("Fail at times", ParDo.of(new FailAtTimes(table)))
        .apply(
            MapElements.into(TypeDescriptors.rows())
                .via(n -> Row.withSchema(SCHEMA).addValues(n % KEYS, n).build()))
        .setRowSchema(SCHEMA)
        .apply(PaimonIO.write().to(warehouse.catalog(), table).withCommitInterval(commitInterval))
        .getCommitted()
        .apply("Fail after", ParDo.of(new FailAfterTheLast(table, warehouse)));
    return flink.submit(pipeline);
  }

  private long commits() {
    return warehouse.table(table).latestSnapshot().map(Snapshot::id).orElse(0L);
  }

  private void awaitMoreCommits(int more) {
    long before = commits();
    await("commits").atMost(Duration.ofSeconds(60)).until(() -> commits() >= before + more);
  }

  private void assertHolds(boolean keyed, long numbers) throws Exception {
    List<Row> rows = Contents.of(warehouse.table(table));
    if (keyed) {
      assertThat(
          rows.stream().collect(toMap(row -> row.getInt64("k"), row -> row.getInt64("n"))),
          equalTo(
              LongStream.range(0, KEYS)
                  .boxed()
                  .collect(toMap(k -> k, k -> (numbers - 1 - k) / KEYS * KEYS + k))));
    } else {
      assertThat(
          rows.stream().map(row -> row.getInt64("n")).sorted().toList(),
          equalTo(LongStream.range(0, numbers).boxed().toList()));
    }
  }

  @ParameterizedTest
  @CsvSource({"true,2,3", "false,2,3", "true,3,1", "false,1,2"})
  void filesThatWaitAreCommittedByAJobOfOtherParallelism(boolean keyed, int before, int after)
      throws Exception {
    create(keyed);
    long numbers = 12_000;
    String left = null;
    do {
      FlinkPipelineOptions options = flink.options(before, 0, left);
      // files of more than one interval wait for it
      options.setCheckpointingInterval(1_000L);
      FlinkCluster.Job job = submit(numbers, options, Duration.ofMillis(400));
      awaitMoreCommits(1);
      job.nextCheckpoint();
      job.cancel();
      left = job.lastCheckpoint();
    } while (warehouse.unreferenced(table).isEmpty());

    submit(numbers, after, 0, left).awaitEnd(JobStatus.FINISHED);
    assertHolds(keyed, numbers);
  }

  @Test
  void aStateThatIsOlderThanTheTableIsRefused() throws Exception {
    create(false);
    FlinkCluster.Job first = submit(ENDLESS, 2, 0, null);
    awaitMoreCommits(1);
    String old = first.nextCheckpoint();
    awaitMoreCommits(3);
    first.cancel();
    long commits = commits();
    Set<String> files = Contents.files(warehouse.table(table));

    FlinkCluster.Job second = submit(ENDLESS, 2, 0, old);
    second.awaitEnd(JobStatus.FAILED);
    assertThat(second.failure(), containsString("Table " + table + " has commit"));
    assertThat(second.failure(), containsString("is older"));
    assertThat(commits(), is(commits));
    assertThat(Contents.files(warehouse.table(table)), equalTo(files));
  }

  /**
   * The first job leaves two states and no commit between them. The second goes on from the earlier
   * one and commits less than the later one has waiting.
   */
  @Test
  void aStateOfAnotherLineIsRefused() throws Exception {
    String later;
    FlinkCluster.Job second;
    do {
      create(false);
      FlinkPipelineOptions seldom = flink.options(1, 0, null);
      seldom.setCheckpointingInterval(2_000L);
      FlinkCluster.Job first = submit(ENDLESS, seldom, Duration.ofSeconds(1));
      // a state from before the first file would not know whose it is
      awaitMoreCommits(1);
      String earlier = first.nextCheckpoint();
      later = first.nextCheckpoint();
      first.cancel();
      long before = commits();
      FlinkCluster.Job forked = submit(ENDLESS, 1, 0, earlier);
      await("commits of another line")
          .atMost(Duration.ofSeconds(60))
          .until(() -> forked.status() == JobStatus.FAILED || commits() >= before + 2);
      second = forked;
      // once more if the commit of what the later state has was sooner
    } while (second.status() == JobStatus.FAILED);
    second.cancel();
    long commitsOfBoth = commits();

    FlinkCluster.Job third = submit(ENDLESS, 1, 0, later);
    third.awaitEnd(JobStatus.FAILED);
    assertThat(third.failure(), containsString("is older"));
    assertThat(commits(), is(commitsOfBoth));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void aFailureAfterTheLastCommitRepeatsNothing(boolean keyed) throws Exception {
    create(keyed);
    long numbers = 3_000;
    FailAfterTheLast.arm(table);
    FlinkCluster.Job job = submit(numbers, 2, 1, null);
    job.awaitEnd(JobStatus.FINISHED);
    assertThat("it failed", FailAfterTheLast.isArmed(table), is(false));
    assertHolds(keyed, numbers);
  }

  @Test
  void aDrainedInputIsCommittedWhole() throws Exception {
    create(false);
    FlinkCluster.Job job = submit(ENDLESS, 2, 0, null);
    awaitMoreCommits(2);
    job.drain().get();
    job.awaitEnd(JobStatus.FINISHED);
    assertHolds(false, Contents.of(warehouse.table(table)).size());
  }

  @Test
  void rowsAfterADrainThatFailedAreNotLostInSilence() throws Exception {
    create(false);
    FlinkCluster.Job job = submit(ENDLESS, 2, 1, null);
    awaitMoreCommits(2);
    FailAfterTheLast.arm(table);
    var savepoint = job.drain();
    job.awaitEnd(JobStatus.FAILED);
    assertThat(savepoint.isCompletedExceptionally(), is(true));
    assertThat(job.failure(), containsString("the job was drained, and failed before"));
    assertHolds(false, Contents.of(warehouse.table(table)).size());
  }

  /** Whatever state a job goes on from, it is refused, or the table has each row once. */
  @Tag("nightly")
  @RepeatedTest(10)
  void noStateOfManyLosesOrRepeatsARow() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    boolean keyed = random.nextBoolean();
    create(keyed);
    long numbers = 30_000;
    FailAtTimes.arm(table, random.nextLong(), 12);
    List<String> states = new ArrayList<>();
    String state = null;
    int refused = 0;
    for (int stage = 0; stage < 8; stage++) {
      FlinkCluster.Job job = submit(numbers, 1 + random.nextInt(3), 1000, state);
      boolean running = true;
      for (int i = random.nextInt(6); i > 0 && running; i--) {
        running = awaitCheckpoint(job, states);
      }
      if (job.failure().contains("is older")) {
        refused++;
      }
      if (!running) {
        break;
      }
      job.cancel();
      // to begin without a state after a commit would repeat its rows
      add(job.lastCheckpoint(), states);
      // often the last, or else any
      state = random.nextInt(3) > 0 ? last(states) : any(states, random);
    }
    FailAtTimes.disarm(table);
    FlinkCluster.Job job = null;
    for (int i = states.size() - 1; i >= 0; i--) {
      job = submit(numbers, 2, 0, states.get(i));
      FlinkCluster.Job running = job;
      await("an end")
          .atMost(Duration.ofSeconds(90))
          .until(() -> running.status().isGloballyTerminalState());
      if (job.status() == JobStatus.FINISHED) {
        break;
      }
      assertThat("seed " + seed, job.failure(), containsString("is older"));
      refused++;
    }
    System.err.printf("%d states, %d refused%n", states.size(), refused);
    assertThat("seed " + seed, job.status(), is(JobStatus.FINISHED));
    assertHolds(keyed, numbers);
  }

  private static @Nullable String last(List<String> states) {
    return states.isEmpty() ? null : states.get(states.size() - 1);
  }

  private static @Nullable String any(List<String> states, Random random) {
    return states.isEmpty() ? null : states.get(random.nextInt(states.size()));
  }

  private static void add(@Nullable String checkpoint, List<String> states) {
    if (checkpoint != null && !states.contains(checkpoint)) {
      states.add(checkpoint);
    }
  }

  /** Adds the next checkpoint to the states, if there comes one before the job's end. */
  private static boolean awaitCheckpoint(FlinkCluster.Job job, List<String> states) {
    String before = job.lastCheckpoint();
    await("a checkpoint or the end")
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(20))
        .until(
            () ->
                job.status().isGloballyTerminalState()
                    || job.failure().contains("is older")
                    || (job.lastCheckpoint() != null && !job.lastCheckpoint().equals(before)));
    add(job.lastCheckpoint(), states);
    return !job.status().isGloballyTerminalState();
  }

  private static final class FailAtTimes extends DoFn<Long, Long> {
    private static final int ONE_OF = 2_000;
    private static final Map<String, Random> RANDOMS = new ConcurrentHashMap<>();
    private static final Map<String, Integer> LEFT = new ConcurrentHashMap<>();
    private final String table;

    FailAtTimes(String table) {
      this.table = table;
    }

    static void arm(String table, long seed, int times) {
      LEFT.put(table, times);
      RANDOMS.put(table, new Random(seed));
    }

    static void disarm(String table) {
      RANDOMS.remove(table);
    }

    @ProcessElement
    public void process(@Element Long n, OutputReceiver<Long> out) {
      Random random = RANDOMS.get(table);
      if (random != null
          && random.nextInt(ONE_OF) == 0
          && LEFT.merge(table, -1, Integer::sum) >= 0) {
        throw new IllegalStateException("fails, as the test wants it");
      }
      out.output(n);
    }
  }

  /** In the bundle of the last commit, which the table has then, and no state has. */
  private static final class FailAfterTheLast extends DoFn<Long, Void> {
    private static final Set<String> ARMED = ConcurrentHashMap.newKeySet();
    private final String table;
    private final Map<String, String> catalog;

    FailAfterTheLast(String table, Warehouse warehouse) {
      this.table = table;
      this.catalog = warehouse.catalog();
    }

    static void arm(String table) {
      ARMED.add(table);
    }

    static boolean isArmed(String table) {
      return ARMED.contains(table);
    }

    private static boolean isLast(Snapshot snapshot) {
      return snapshot.commitIdentifier() == Commits.LAST
          && snapshot.commitKind() == Snapshot.CommitKind.APPEND;
    }

    @ProcessElement
    public void process() {
      if (ARMED.contains(table)
          && isLast(PaimonTable.load(catalog, table).latestSnapshot().orElseThrow())
          && ARMED.remove(table)) {
        throw new IllegalStateException("fails after the last commit, as the test wants it");
      }
    }
  }
}

package dev.beamfluss.io.fluss;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.hasSize;

import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PDone;
import org.apache.beam.sdk.values.Row;

/**
 * Keeps in keyed state which numbers came, and whether one came again.
 *
 * <p>What a step put out before a failure says nothing of the state after it: an old output may
 * tell of rows that the state, set back to a checkpoint, has lost. So the state is asked at the
 * end, by rows that come the same way as the numbers: each makes its key tell what it holds then.
 */
final class SeenNumbers extends PTransform<PCollection<Row>, PDone> {
  static final int KEYS = 64;

  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Map<String, Run> RUNS = new ConcurrentHashMap<>();

  private final String runName = UUID.randomUUID().toString();

  SeenNumbers() {
    RUNS.put(runName, new Run());
  }

  static long question(int round, int key) {
    return -1L - ((long) round * KEYS + key);
  }

  /** Where a failure strikes. */
  enum Place {
    /** In the step chained to the source, in the middle of a batch of it. */
    READ,
    /** Behind the shuffle. */
    STATE
  }

  @Override
  public PDone expand(PCollection<Row> rows) {
    rows.apply("Key", ParDo.of(new Key(runName)))
        .setCoder(KvCoder.of(VarIntCoder.of(), VarLongCoder.of()))
        .apply("Remember", ParDo.of(new Remember(runName)));
    return PDone.in(rows.getPipeline());
  }

  private Run run() {
    return RUNS.get(runName);
  }

  /** How often the job was made to fail. */
  int failures() {
    return run().failures.get();
  }

  /** Makes the job fail at a place after so many numbers more have come there. */
  void failAfter(Place place, int numbers) {
    run().fault.set(new Fault(place, new AtomicInteger(numbers)));
  }

  /**
   * Waits until the state holds every number of the table, looks once more a while later, and fails
   * if one is missing or came twice.
   *
   * @param job fails if the job is not what it should be
   */
  void assertHoldsEachOnce(NumberedTable table, Runnable job, Runnable aWhile) {
    AtomicInteger round = new AtomicInteger(run().answers.size());
    await("all numbers")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .conditionEvaluationListener(null)
        .untilAsserted(
            () -> {
              job.run();
              assertHoldsEachOnce(table, answers(table, round.getAndIncrement()));
            });
    // what is read twice may come late
    aWhile.run();
    assertHoldsEachOnce(table, answers(table, round.get()));
  }

  private Map<Integer, Memory> answers(NumberedTable table, int round) {
    table.ask(round);
    await("answers")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> run().answers.getOrDefault(round, Map.of()).size() == KEYS);
    return run().answers.get(round);
  }

  private static void assertHoldsEachOnce(NumberedTable table, Map<Integer, Memory> memories) {
    List<Long> repeated = new ArrayList<>();
    BitSet all = new BitSet();
    long count = 0;
    for (Map.Entry<Integer, Memory> memory : memories.entrySet()) {
      memory.getValue().positions().stream()
          .forEach(position -> all.set(position * KEYS + memory.getKey()));
      repeated.addAll(memory.getValue().repeated());
      count += memory.getValue().count();
    }
    String sum =
        "of " + table.size() + " numbers " + all.cardinality() + " came, " + count + " times";
    if (!repeated.isEmpty()) {
      // no assertion, as waiting longer would not help
      throw new IllegalStateException("Came again: " + repeated + "; " + sum);
    }
    assertThat("distinct; " + sum, all.cardinality(), equalTo(table.size()));
    assertThat("beyond the last; " + sum, all.length(), equalTo(table.size()));
    assertThat("elements; " + sum, count, equalTo((long) table.size()));
    assertThat(memories.keySet(), hasSize(KEYS));
  }

  /** What the steps and the test share; they are in one JVM. */
  private static final class Run {
    final AtomicInteger failures = new AtomicInteger();
    final AtomicReference<Fault> fault = new AtomicReference<>();
    final Map<Integer, Map<Integer, Memory>> answers = new ConcurrentHashMap<>();

    void at(Place place) {
      Fault armed = fault.get();
      if (armed != null
          && armed.place() == place
          && armed.left().decrementAndGet() < 0
          && fault.compareAndSet(armed, null)) {
        failures.incrementAndGet();
        throw new IllegalStateException("The test lets the job fail here.");
      }
    }
  }

  private record Fault(Place place, AtomicInteger left) {}

  /** What the state of a key holds. */
  private record Memory(long count, BitSet positions, List<Long> repeated)
      implements Serializable {}

  private static final class Key extends DoFn<Row, KV<Integer, Long>> {
    private final String run;

    Key(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<KV<Integer, Long>> out) {
      long number = row.getInt64("n");
      if (number >= 0) {
        RUNS.get(run).at(Place.READ);
      }
      out.output(KV.of((int) ((number < 0 ? -1 - number : number) % KEYS), number));
    }
  }

  private static final class Remember extends DoFn<KV<Integer, Long>, Void> {
    private final String run;

    @StateId("positions")
    private final StateSpec<ValueState<byte[]>> positionsSpec =
        StateSpecs.value(ByteArrayCoder.of());

    @StateId("count")
    private final StateSpec<ValueState<Long>> countSpec = StateSpecs.value(VarLongCoder.of());

    @StateId("repeated")
    private final StateSpec<BagState<Long>> repeatedSpec = StateSpecs.bag(VarLongCoder.of());

    Remember(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, Long> element,
        @StateId("positions") ValueState<byte[]> positions,
        @StateId("count") ValueState<Long> count,
        @StateId("repeated") BagState<Long> repeated) {
      long number = element.getValue();
      byte[] before = positions.read();
      BitSet all = before == null ? new BitSet() : BitSet.valueOf(before);
      Long countBefore = count.read();
      if (number < 0) {
        List<Long> twice = new ArrayList<>();
        repeated.read().forEach(twice::add);
        RUNS.get(run)
            .answers
            .computeIfAbsent((int) ((-1 - number) / KEYS), round -> new ConcurrentHashMap<>())
            .put(element.getKey(), new Memory(countBefore == null ? 0 : countBefore, all, twice));
        return;
      }
      RUNS.get(run).at(Place.STATE);
      int position = (int) (number / KEYS);
      if (all.get(position)) {
        repeated.add(number);
      }
      all.set(position);
      positions.write(all.toByteArray());
      count.write(countBefore == null ? 1 : countBefore + 1);
    }
  }
}

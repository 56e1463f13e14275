package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.order;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.changes.RowChange;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.MapState;
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
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Keeps in keyed state what a table holds, from its changes, and whether one did not fit what was
 * there before it. The amount of an order grows with each change of it, so that a change which
 * comes again is known by it.
 *
 * <p>The state is asked at the end as that of {@link SeenNumbers}, by rows of the table.
 */
final class SeenOrders extends PTransform<PCollection<RowChange>, PDone> {
  private static final int SHARDS = 16;
  private static final String QUESTION = "?";
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final int PACE = 100;
  private static final Map<String, Run> RUNS = new ConcurrentHashMap<>();

  /** What a writer knows of its table: the amounts, and how many changes took effect. */
  record Truth(Map<String, Long> amounts, long upserts, long deletes) {}

  private final String runName = UUID.randomUUID().toString();

  SeenOrders() {
    RUNS.put(runName, new Run());
  }

  static String key(Row order) {
    return order.getString("user_id") + " " + order.getString("order_id");
  }

  @Override
  public PDone expand(PCollection<RowChange> changes) {
    changes
        .apply("Key", ParDo.of(new Key(runName)))
        .setCoder(KvCoder.of(VarIntCoder.of(), KvCoder.of(StringUtf8Coder.of(), VarLongCoder.of())))
        .apply("Remember", ParDo.of(new Remember(runName)));
    return PDone.in(changes.getPipeline());
  }

  /** How many changes came out of the read, in all its attempts. */
  long read() {
    return RUNS.get(runName).read.get();
  }

  /** Lets that many changes of a split through in a second; 0 for all there are. */
  void slowDown(int perSecond) {
    RUNS.get(runName).perSecond = perSecond;
  }

  /** Waits until the state is what it should be, and looks once more a while later. */
  void assertHolds(Truth truth, FlussTable table, Runnable job, Runnable aWhile) {
    long[] round = {RUNS.get(runName).answers.size()};
    await("the writer's state")
        .atMost(PATIENCE)
        .pollInterval(Duration.ofMillis(200))
        .conditionEvaluationListener(null)
        .untilAsserted(
            () -> {
              job.run();
              assertEqual(ask(table, round[0]++), truth);
            });
    aWhile.run();
    assertEqual(ask(table, round[0]), truth);
  }

  private Map<Integer, Memory> ask(FlussTable table, long round) {
    List<RowChange> questions = new ArrayList<>();
    for (int shard = 0; shard < SHARDS; shard++) {
      questions.add(RowChange.upsert(order(QUESTION + shard, QUESTION, round)));
    }
    TestTables.write(table, questions);
    Map<Long, Map<Integer, Memory>> answers = RUNS.get(runName).answers;
    await("answers")
        .atMost(Duration.ofSeconds(30))
        .pollInterval(Duration.ofMillis(20))
        .until(() -> answers.getOrDefault(round, Map.of()).size() == SHARDS);
    return answers.get(round);
  }

  private static void assertEqual(Map<Integer, Memory> memories, Truth truth) {
    Map<String, Long> amounts = new HashMap<>();
    List<String> wrong = new ArrayList<>();
    long upserts = 0;
    long deletes = 0;
    for (Memory memory : memories.values()) {
      amounts.putAll(memory.amounts());
      wrong.addAll(memory.wrong());
      upserts += memory.upserts();
      deletes += memory.deletes();
    }
    if (!wrong.isEmpty()) {
      // no assertion, as waiting longer would not help
      throw new IllegalStateException(wrong.size() + " changes do not fit: " + wrong);
    }
    String sum =
        String.format(
            "%d of %d inserts and updates, %d of %d deletes came",
            upserts, truth.upserts(), deletes, truth.deletes());
    assertThat(sum, upserts, equalTo(truth.upserts()));
    assertThat(sum, deletes, equalTo(truth.deletes()));
    assertThat("the same rows; " + sum, amounts.equals(truth.amounts()));
  }

  /** What the steps and the test share; they are in one JVM. */
  private static final class Run {
    final AtomicLong read = new AtomicLong();
    final Map<Long, Map<Integer, Memory>> answers = new ConcurrentHashMap<>();
    volatile int perSecond;
  }

  /** What the state of a shard holds. */
  private record Memory(Map<String, Long> amounts, long upserts, long deletes, List<String> wrong)
      implements Serializable {}

  private static final class Key extends DoFn<RowChange, KV<Integer, KV<String, Long>>> {
    private final String run;
    private transient int sincePause;

    Key(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(
        @Element RowChange change, OutputReceiver<KV<Integer, KV<String, Long>>> out) {
      Run shared = RUNS.get(run);
      int perSecond = shared.perSecond;
      if (perSecond > 0 && ++sincePause >= PACE) {
        LockSupport.parkNanos(TimeUnit.SECONDS.toNanos(PACE) / perSecond);
        sincePause = 0;
      }
      shared.read.incrementAndGet();
      Row row = change.row();
      String user = row.getString("user_id");
      int shard =
          user.startsWith(QUESTION)
              ? Integer.parseInt(user.substring(QUESTION.length()))
              : Math.floorMod(key(row).hashCode(), SHARDS);
      out.output(KV.of(shard, KV.of(change.kind().sign() + key(row), row.getInt64("amount"))));
    }
  }

  private static final class Remember extends DoFn<KV<Integer, KV<String, Long>>, Void> {
    private final String run;

    /** Of each key the last amount that came, negative where the row is deleted. */
    @StateId("amounts")
    private final StateSpec<MapState<String, Long>> amountsSpec =
        StateSpecs.map(StringUtf8Coder.of(), VarLongCoder.of());

    @StateId("upserts")
    private final StateSpec<ValueState<Long>> upsertsSpec = StateSpecs.value(VarLongCoder.of());

    @StateId("deletes")
    private final StateSpec<ValueState<Long>> deletesSpec = StateSpecs.value(VarLongCoder.of());

    @StateId("wrong")
    private final StateSpec<BagState<String>> wrongSpec = StateSpecs.bag(StringUtf8Coder.of());

    Remember(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, KV<String, Long>> element,
        @StateId("amounts") MapState<String, Long> amounts,
        @StateId("upserts") ValueState<Long> upserts,
        @StateId("deletes") ValueState<Long> deletes,
        @StateId("wrong") BagState<String> wrong) {
      String kind = element.getValue().getKey().substring(0, 2);
      String key = element.getValue().getKey().substring(2);
      long amount = element.getValue().getValue();
      if (key.startsWith(QUESTION)) {
        if (kind.startsWith("+")) {
          answer(element.getKey(), amount, amounts, upserts, deletes, wrong);
        }
        return;
      }
      Long before = amounts.get(key).read();
      boolean present = before != null && before > 0;
      boolean fits =
          switch (kind) {
            case "+I" -> !present && (before == null || amount > -before);
            case "+U" -> present && amount > before;
            default -> present && amount == before;
          };
      if (!fits) {
        wrong.add(kind + key + " " + amount + " after " + before);
      }
      if (kind.startsWith("+")) {
        amounts.put(key, amount);
        upserts.write(orZero(upserts.read()) + 1);
      } else if (kind.equals("-D")) {
        amounts.put(key, -amount);
        deletes.write(orZero(deletes.read()) + 1);
      }
    }

    private void answer(
        int shard,
        long round,
        MapState<String, Long> amounts,
        ValueState<Long> upserts,
        ValueState<Long> deletes,
        BagState<String> wrong) {
      Map<String, Long> present = new HashMap<>();
      amounts
          .entries()
          .read()
          .forEach(
              entry -> {
                if (entry.getValue() > 0) {
                  present.put(entry.getKey(), entry.getValue());
                }
              });
      List<String> allWrong = new ArrayList<>();
      wrong.read().forEach(allWrong::add);
      RUNS.get(run)
          .answers
          .computeIfAbsent(round, r -> new ConcurrentHashMap<>())
          .put(
              shard, new Memory(present, orZero(upserts.read()), orZero(deletes.read()), allWrong));
    }

    private static long orZero(@Nullable Long value) {
      return value == null ? 0 : value;
    }
  }
}

package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
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

/**
 * Keeps in keyed state which of the numbers from 0 on came, and which came again. The state tells
 * when it is asked: by numbers below 0, which come the same way. What a step put out before a
 * failure would tell nothing of the state after it.
 */
final class Seen extends PTransform<PCollection<RowChange>, PDone> {
  static final int KEYS = 16;

  private static final Map<String, Run> RUNS = new ConcurrentHashMap<>();

  private final String run = UUID.randomUUID().toString();

  Seen() {
    RUNS.put(run, new Run());
  }

  /** What the steps and the test share; they are in one JVM. */
  private static final class Run {
    final AtomicInteger failures = new AtomicInteger();
    final AtomicInteger failAfter = new AtomicInteger(Integer.MAX_VALUE);
    final Map<Integer, Map<Integer, Memory>> answers = new ConcurrentHashMap<>();
  }

  private record Memory(BitSet positions, List<Long> repeated) {}

  static List<Long> questions(int round) {
    List<Long> questions = new ArrayList<>();
    for (int key = 0; key < KEYS; key++) {
      questions.add(-1L - ((long) round * KEYS + key));
    }
    return questions;
  }

  /** Makes the job fail after so many numbers more. */
  void failAfter(int numbers) {
    RUNS.get(run).failAfter.set(numbers);
  }

  int failures() {
    return RUNS.get(run).failures.get();
  }

  boolean answered(int round) {
    return RUNS.get(run).answers.getOrDefault(round, Map.of()).size() == KEYS;
  }

  /** The numbers that came. */
  BitSet numbers(int round) {
    BitSet all = new BitSet();
    RUNS.get(run)
        .answers
        .get(round)
        .forEach(
            (key, memory) ->
                memory.positions().stream().forEach(position -> all.set(position * KEYS + key)));
    return all;
  }

  List<Long> repeated(int round) {
    return RUNS.get(run).answers.get(round).values().stream()
        .flatMap(memory -> memory.repeated().stream())
        .toList();
  }

  @Override
  public PDone expand(PCollection<RowChange> changes) {
    changes
        .apply("Key", ParDo.of(new Key()))
        .setCoder(KvCoder.of(VarIntCoder.of(), VarLongCoder.of()))
        .apply("Remember", ParDo.of(new Remember(run)));
    return PDone.in(changes.getPipeline());
  }

  private static final class Key extends DoFn<RowChange, KV<Integer, Long>> {
    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<KV<Integer, Long>> out) {
      long number = change.row().getInt64("n");
      out.output(KV.of((int) ((number < 0 ? -1 - number : number) % KEYS), number));
    }
  }

  private static final class Remember extends DoFn<KV<Integer, Long>, Void> {
    private final String run;

    @StateId("positions")
    private final StateSpec<ValueState<byte[]>> positionsSpec =
        StateSpecs.value(ByteArrayCoder.of());

    @StateId("repeated")
    private final StateSpec<BagState<Long>> repeatedSpec = StateSpecs.bag(VarLongCoder.of());

    Remember(String run) {
      this.run = run;
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, Long> element,
        @StateId("positions") ValueState<byte[]> positions,
        @StateId("repeated") BagState<Long> repeated) {
      Run shared = RUNS.get(run);
      long number = element.getValue();
      byte[] before = positions.read();
      BitSet all = before == null ? new BitSet() : BitSet.valueOf(before);
      if (number < 0) {
        List<Long> twice = new ArrayList<>();
        repeated.read().forEach(twice::add);
        shared
            .answers
            .computeIfAbsent((int) ((-1 - number) / KEYS), round -> new ConcurrentHashMap<>())
            .put(element.getKey(), new Memory(all, twice));
        return;
      }
      if (shared.failAfter.getAndDecrement() == 0) {
        shared.failures.incrementAndGet();
        throw new IllegalStateException("The test lets the job fail here.");
      }
      int position = (int) (number / KEYS);
      if (all.get(position)) {
        repeated.add(number);
      }
      all.set(position);
      positions.write(all.toByteArray());
    }
  }
}

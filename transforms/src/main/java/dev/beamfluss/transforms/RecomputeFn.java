package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/**
 * Computes join keys again: looks both sides up, writes the sink, waits for the acknowledgement.
 *
 * <p>Stateful, so that the runner gives the elements of one shard to one instance at a time, bundle
 * after bundle; without that, a later computation of a key could be overtaken by an earlier one.
 * The state itself stays empty.
 */
final class RecomputeFn extends DoFn<KV<Integer, Row>, Long> {

  @StateId("none")
  @SuppressWarnings("unused") // its being declared is what makes the step keyed
  private final StateSpec<ValueState<Boolean>> none = StateSpecs.value();

  private final JoinPlan plan;
  private final int maxKeysInFlight;
  private final Counter keysComputed = Metrics.counter(DeltaJoin.class, "keysComputed");
  private final Counter rowsUpserted = Metrics.counter(DeltaJoin.class, "rowsUpserted");
  private final Counter rowsDeleted = Metrics.counter(DeltaJoin.class, "rowDeletesSent");
  private final Distribution latency =
      Metrics.distribution(DeltaJoin.class, "changeToAcknowledgementMillis");

  private transient TableLookup left;
  private transient TableLookup right;
  private transient TableWriter sink;
  private transient Map<Row, Set<Row>> changedRightKeys;
  private transient Instant oldest;
  private transient long acknowledged;

  private record Answers(
      CompletableFuture<List<Row>> left,
      CompletableFuture<List<Row>> right,
      Set<Row> changedRightKeys) {}

  RecomputeFn(JoinPlan plan, int maxKeysInFlight) {
    this.plan = plan;
    this.maxKeysInFlight = maxKeysInFlight;
  }

  @Setup
  public void setup() {
    left =
        TableLookup.open(plan.left(), plan.joinColumns(), plan.joinKeySchema(), plan.leftColumns());
    right =
        TableLookup.open(
            plan.right(), plan.joinColumns(), plan.joinKeySchema(), plan.rightLookupColumns());
    sink = TableWriter.open(plan.sink(), plan.outputSchema());
  }

  @StartBundle
  public void startBundle() {
    changedRightKeys = new LinkedHashMap<>();
    oldest = BoundedWindow.TIMESTAMP_MAX_VALUE;
    acknowledged = 0;
  }

  @ProcessElement
  public void process(@Element KV<Integer, Row> element, @Timestamp Instant timestamp) {
    Row trigger = element.getValue();
    Set<Row> rightKeys =
        changedRightKeys.computeIfAbsent(plan.joinKeyOf(trigger), key -> new HashSet<>());
    if (plan.isOfRight(trigger)) {
      rightKeys.add(trigger);
    }
    if (timestamp.isBefore(oldest)) {
      oldest = timestamp;
    }
    if (changedRightKeys.size() >= maxKeysInFlight) {
      recompute();
    }
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    recompute();
    if (acknowledged > 0) {
      context.output(acknowledged, GlobalWindow.INSTANCE.maxTimestamp(), GlobalWindow.INSTANCE);
    }
  }

  private void recompute() {
    if (changedRightKeys.isEmpty()) {
      return;
    }
    Map<Row, Answers> answers = new LinkedHashMap<>();
    changedRightKeys.forEach(
        (key, changed) ->
            answers.put(key, new Answers(left.lookup(key), right.lookup(key), changed)));
    answers.forEach(this::write);
    acknowledged += sink.flush();
    keysComputed.inc(answers.size());
    latency.update(Math.max(0, System.currentTimeMillis() - oldest.getMillis()));
    changedRightKeys.clear();
    oldest = BoundedWindow.TIMESTAMP_MAX_VALUE;
  }

  private void write(Row key, Answers answers) {
    List<Row> leftRows = left.await(answers.left());
    List<Row> rightRows = right.await(answers.right());
    @Nullable Row leftRow = leftRows.isEmpty() ? null : leftRows.get(0);
    Set<Row> gone = answers.changedRightKeys();
    for (Row rightRow : rightRows) {
      Row rightKey = plan.rightKeyOf(rightRow);
      gone.remove(rightKey);
      if (leftRow == null) {
        delete(plan.outputKey(key, rightKey));
      } else {
        upsert(plan.output(key, leftRow, rightRow));
      }
    }
    gone.forEach(rightKey -> delete(plan.outputKey(key, rightKey)));
    if (plan.outer()) {
      if (leftRow != null && rightRows.isEmpty()) {
        upsert(plan.output(key, leftRow, null));
      } else if (rightRows.isEmpty() || plan.leftAloneHasItsOwnKey()) {
        delete(plan.outputKey(key, null));
      }
    }
  }

  private void upsert(Row row) {
    sink.upsert(row);
    rowsUpserted.inc();
  }

  private void delete(Row row) {
    sink.delete(row);
    rowsDeleted.inc();
  }

  @Teardown
  public void teardown() {
    for (AutoCloseable open : new AutoCloseable[] {left, right, sink}) {
      if (open != null) {
        try {
          open.close();
        } catch (Exception e) {
          throw new IllegalStateException("Could not close a table of the join", e);
        }
      }
    }
  }
}

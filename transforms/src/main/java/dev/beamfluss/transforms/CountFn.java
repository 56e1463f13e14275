package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Counts keys at the end of a bundle: looks the bitmaps up, writes, waits for the answer. */
abstract class CountFn extends DoFn<KV<Integer, Row>, Long> {
  private static final long serialVersionUID = 1L;

  /** Bounds the answers that are held at once: bitmaps may be large. */
  private static final int LOOKUPS_AT_ONCE = 256;

  private final CountPlan plan;
  private final Counter lookedUp = Metrics.counter(BitmapUv.class, "bitmapsLookedUp");
  private final Counter bytes = Metrics.counter(BitmapUv.class, "bitmapBytes");
  private final Counter counted = Metrics.counter(BitmapUv.class, "keysCounted");
  private final Distribution millis = Metrics.distribution(BitmapUv.class, "refreshMillis");

  private transient @Nullable TableLookup bitmaps;
  private transient @Nullable TableWriter sink;
  transient Set<Row> due;

  private CountFn(CountPlan plan) {
    this.plan = plan;
  }

  @Setup
  public void setup() {
    bitmaps =
        TableLookup.open(
            plan.table(), plan.table().primaryKey(), plan.tableKeySchema(), plan.bitmapColumns());
    sink =
        plan.isWhole()
            ? TableWriter.open(plan.sink(), plan.resultSchema())
            : TableWriter.openPartial(plan.sink(), plan.resultSchema());
  }

  @StartBundle
  public void startBundle() {
    due = new LinkedHashSet<>();
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    if (due.isEmpty()) {
      return;
    }
    long start = System.nanoTime();
    Map<Row, List<TableLookup.Pending>> asked = new LinkedHashMap<>();
    for (Row key : due) {
      List<TableLookup.Pending> ofKey = new ArrayList<>();
      for (int shard = 0; shard < plan.shards().shards(); shard++) {
        ofKey.add(bitmaps.ask(plan.tableKeyOf(key, shard)));
      }
      asked.put(key, ofKey);
      if (asked.size() * plan.shards().shards() >= LOOKUPS_AT_ONCE) {
        write(asked);
      }
    }
    write(asked);
    long rows = sink.flush();
    counted.inc(due.size());
    millis.update((System.nanoTime() - start) / 1_000_000);
    context.output(rows, GlobalWindow.INSTANCE.maxTimestamp(), GlobalWindow.INSTANCE);
  }

  private void write(Map<Row, List<TableLookup.Pending>> asked) {
    asked.forEach(
        (key, ofKey) -> {
          List<Row> found = new ArrayList<>();
          ofKey.forEach(pending -> found.addAll(pending.rows()));
          if (!found.isEmpty()) {
            sink.upsert(plan.count(key, found));
          }
          lookedUp.inc(ofKey.size());
          bytes.inc(found.stream().mapToLong(CountFn::bytesOf).sum());
        });
    asked.clear();
  }

  private static long bytesOf(Row row) {
    long sum = 0;
    for (Object value : row.getValues()) {
      sum += value instanceof byte[] bitmap ? bitmap.length : 0;
    }
    return sum;
  }

  @Teardown
  public void teardown() {
    if (bitmaps != null) {
      bitmaps.close();
    }
    if (sink != null) {
      sink.close();
    }
  }

  /** For bounded input. */
  static final class Once extends CountFn {
    private static final long serialVersionUID = 1L;

    Once(CountPlan plan) {
      super(plan);
    }

    @ProcessElement
    public void process(@Element KV<Integer, Row> changed) {
      due.add(changed.getValue());
    }
  }

  /**
   * For unbounded input: keys that changed are counted together with others of their group, a while
   * after the first of them did.
   */
  static final class Repeatedly extends CountFn {
    private static final long serialVersionUID = 1L;

    /** Once or more each; none while no timer is set. */
    @StateId("changed")
    private final StateSpec<BagState<Row>> changedSpec;

    @TimerId("refresh")
    private final TimerSpec refresh = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

    private final Duration interval;

    Repeatedly(CountPlan plan, Duration interval) {
      super(plan);
      this.changedSpec = StateSpecs.bag(RowCoder.of(plan.keySchema()));
      this.interval = interval;
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, Row> element,
        @StateId("changed") BagState<Row> changed,
        @TimerId("refresh") Timer refresh) {
      if (Boolean.TRUE.equals(changed.isEmpty().read())) {
        refresh.offset(org.joda.time.Duration.millis(interval.toMillis())).setRelative();
      }
      changed.add(element.getValue());
    }

    @OnTimer("refresh")
    public void refresh(@StateId("changed") BagState<Row> changed) {
      changed.read().forEach(due::add);
      // cleared before the lookups: what changes from now on has its key counted once more
      changed.clear();
    }
  }
}

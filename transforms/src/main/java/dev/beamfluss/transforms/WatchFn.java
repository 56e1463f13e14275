package dev.beamfluss.transforms;

import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Duration;

/**
 * Collects the sums of bundles and looks at them: when a while has passed, or as much event time.
 */
final class WatchFn extends DoFn<KV<Integer, CellSums>, Row> {
  private static final long serialVersionUID = 1L;
  private static final long LOOK_EVENT_MILLIS = 1_000;

  private static final String CELLS = "cells";
  private static final String LEDGER = "ledger";
  private static final String ARRIVED = "arrived";
  private static final String LOOK = "look";
  private static final String END = "end";

  @StateId(CELLS)
  private final StateSpec<MapState<CubeCell, WatchedCell>> cellsSpec =
      StateSpecs.map(CubeCell.CODER, WatchedCell.CODER);

  @StateId(LEDGER)
  private final StateSpec<ValueState<WatchLedger>> ledgerSpec = StateSpecs.value(WatchLedger.CODER);

  /** None while no timer is set. */
  @StateId(ARRIVED)
  private final StateSpec<BagState<CellSums>> arrivedSpec = StateSpecs.bag(CellSums.CODER);

  @TimerId(LOOK)
  private final TimerSpec lookSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  /** Of bounded input, whose end comes before the other timer. */
  @TimerId(END)
  private final TimerSpec endSpec = TimerSpecs.timer(TimeDomain.EVENT_TIME);

  private final WatchSettings settings;
  private final Duration interval;
  private final Schema alertSchema;

  private final Counter raised = Metrics.counter(ReleaseWatch.class, "alertsRaised");
  private final Counter ended = Metrics.counter(ReleaseWatch.class, "alertsEnded");
  private final Distribution lookMillis = Metrics.distribution(ReleaseWatch.class, "lookMillis");
  private final Distribution hypotheses = Metrics.distribution(ReleaseWatch.class, "hypotheses");

  WatchFn(WatchSettings settings, java.time.Duration interval, Schema alertSchema) {
    this.settings = settings;
    this.interval = Duration.millis(interval.toMillis());
    this.alertSchema = alertSchema;
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, CellSums> element,
      @StateId(CELLS) MapState<CubeCell, WatchedCell> cells,
      @StateId(LEDGER) ValueState<WatchLedger> ledger,
      @StateId(ARRIVED) BagState<CellSums> arrived,
      @TimerId(LOOK) Timer look,
      @TimerId(END) Timer end,
      OutputReceiver<Row> out) {
    CellSums sums = element.getValue();
    boolean first = Boolean.TRUE.equals(arrived.isEmpty().read());
    if (!first && isAhead(sums, ledger.read())) {
      look(cells, ledger, arrived, out);
    }
    arrived.add(sums);
    if (first) {
      look.offset(interval).setRelative();
      end.set(GlobalWindow.INSTANCE.maxTimestamp());
    }
  }

  /** So that a replay, which is faster than its time was, is looked at about as often. */
  private static boolean isAhead(CellSums sums, @Nullable WatchLedger ledger) {
    return ledger == null || sums.latest() - ledger.now() >= LOOK_EVENT_MILLIS;
  }

  @OnTimer(LOOK)
  public void onLook(
      @StateId(CELLS) MapState<CubeCell, WatchedCell> cells,
      @StateId(LEDGER) ValueState<WatchLedger> ledger,
      @StateId(ARRIVED) BagState<CellSums> arrived,
      OutputReceiver<Row> out) {
    look(cells, ledger, arrived, out);
  }

  @OnTimer(END)
  public void onEnd(
      @StateId(CELLS) MapState<CubeCell, WatchedCell> cells,
      @StateId(LEDGER) ValueState<WatchLedger> ledger,
      @StateId(ARRIVED) BagState<CellSums> arrived,
      OutputReceiver<Row> out) {
    look(cells, ledger, arrived, out);
  }

  private void look(
      MapState<CubeCell, WatchedCell> cells,
      ValueState<WatchLedger> state,
      BagState<CellSums> arrived,
      OutputReceiver<Row> out) {
    long start = System.nanoTime();
    CellSums sums = new CellSums();
    arrived.read().forEach(sums::add);
    arrived.clear();
    if (sums.byCell().isEmpty()) {
      return;
    }
    WatchLedger before = state.read();
    WatchLedger ledger = before == null ? new WatchLedger() : copy(WatchLedger.CODER, before);
    List<ReleaseAlert> alerts = ReleaseMonitor.look(sums, settings, ledger, new StoredCells(cells));
    state.write(ledger);
    alerts.forEach(alert -> out.output(alert.toRow(alertSchema)));
    alerts.forEach(this::count);
    hypotheses.update(ledger.hypotheses());
    lookMillis.update((System.nanoTime() - start) / 1_000_000);
  }

  private void count(ReleaseAlert alert) {
    if (alert.state() != ReleaseAlert.State.RAISED) {
      ended.inc();
    } else if (alert.raisedAt() == alert.updatedAt()) {
      raised.inc();
    }
  }

  /**
   * What is read may be the very object that a checkpoint is being written of, as with the Flink
   * runner's {@code fasterCopy}: it must stay as it is, or what came after the checkpoint would be
   * in it, and be counted again after a restore.
   */
  private static <T> T copy(Coder<T> coder, T value) {
    try {
      return CoderUtils.clone(coder, value);
    } catch (CoderException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record StoredCells(MapState<CubeCell, WatchedCell> state)
      implements ReleaseMonitor.Cells {
    @Override
    public @Nullable WatchedCell get(CubeCell cell) {
      WatchedCell watched = state.get(cell).read();
      return watched == null ? null : copy(WatchedCell.CODER, watched);
    }

    @Override
    public void put(CubeCell cell, WatchedCell watched) {
      state.put(cell, watched);
    }

    @Override
    public void remove(CubeCell cell) {
      state.remove(cell);
    }

    @Override
    public Iterable<Map.Entry<CubeCell, WatchedCell>> all() {
      return state.entries().read();
    }
  }
}

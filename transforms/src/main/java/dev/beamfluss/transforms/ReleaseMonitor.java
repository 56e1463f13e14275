package dev.beamfluss.transforms;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Looks at what has arrived, cell by cell, and raises, updates and clears alerts. */
final class ReleaseMonitor {
  /** A share of the time that cells are kept: how often to see which have none left. */
  private static final int SWEEPS = 4;

  /** Where the cells are kept. */
  interface Cells {
    @Nullable WatchedCell get(CubeCell cell);

    void put(CubeCell cell, WatchedCell watched);

    void remove(CubeCell cell);

    Iterable<Map.Entry<CubeCell, WatchedCell>> all();
  }

  private final WatchSettings settings;
  private final WatchLedger ledger;
  private final Cells cells;
  private final Map<CubeCell, WatchedCell> touched = new LinkedHashMap<>();
  private final List<ReleaseAlert> alerts = new ArrayList<>();
  private double logThreshold;

  private ReleaseMonitor(WatchSettings settings, WatchLedger ledger, Cells cells) {
    this.settings = settings;
    this.ledger = ledger;
    this.cells = cells;
  }

  /** Takes what has arrived since the last look, and gives the alerts that changed. */
  static List<ReleaseAlert> look(
      CellSums arrived, WatchSettings settings, WatchLedger ledger, Cells cells) {
    return new ReleaseMonitor(settings, ledger, cells).look(arrived);
  }

  private List<ReleaseAlert> look(CellSums arrived) {
    ledger.advance(arrived.latest(), settings.timeoutMillis());
    arrived.byCell().forEach(this::count);
    // after the cells, as those that are new begin with what the total had before
    arrived.byCell().forEach(this::countTotal);
    touched.forEach(this::test);
    raise();
    touched.forEach(this::update);
    touched.forEach(cells::put);
    if (ledger.isSweepDue(settings.timeoutMillis() / SWEEPS)) {
      sweep();
    }
    return alerts;
  }

  private void count(CubeCell cell, Map<String, long[]> kinds) {
    WatchedCell watched = cells.get(cell);
    if (watched == null) {
      watched = WatchedCell.startingAt(ledger);
    }
    watched.count(kinds, settings.traffic(), ledger.now());
    touched.put(cell, watched);
  }

  private void countTotal(CubeCell cell, Map<String, long[]> kinds) {
    long[] traffic = kinds.get(settings.traffic());
    if (cell.isTotal() && traffic != null) {
      ledger.countTraffic(traffic[CellSums.CANARY], traffic[CellSums.BASE]);
    }
  }

  private void test(CubeCell cell, WatchedCell watched) {
    long now = ledger.now();
    watched.testRates(now, settings);
    if (cell.isTotal()) {
      watched.testSilence(now, settings);
    } else {
      watched.testShare(ledger, settings);
    }
    watched
        .hypotheses()
        .forEach(
            (kind, hypothesis) -> {
              WatchLedger.Hypothesis name = new WatchLedger.Hypothesis(cell, kind);
              if (hypothesis.isOver(now, settings.clearAfterMillis())) {
                tell(ReleaseAlert.State.CLEARED, name, watched, hypothesis);
                hypothesis.clear(now);
              }
              if (hypothesis.isTestedFirst()) {
                ledger.begin();
              }
              if (hypothesis.isTested()) {
                ledger.tested(name, hypothesis.logEvidence(), settings.falseAlertsPerDay());
              }
            });
  }

  private void raise() {
    List<Map.Entry<WatchLedger.Hypothesis, Double>> candidates = ledger.candidates();
    double[] logs = candidates.stream().mapToDouble(Map.Entry::getValue).toArray();
    double level = settings.falseAlertsPerDay();
    int rejected = FalseDiscovery.rejected(logs, ledger.hypotheses(), level);
    logThreshold = FalseDiscovery.logThreshold(Math.max(1, rejected), ledger.hypotheses(), level);
    for (Map.Entry<WatchLedger.Hypothesis, Double> candidate : candidates.subList(0, rejected)) {
      raise(candidate.getKey());
    }
  }

  private void raise(WatchLedger.Hypothesis name) {
    WatchedCell watched = touched.get(name.cell());
    if (watched == null) {
      watched = cells.get(name.cell());
    }
    RateHypothesis hypothesis = watched == null ? null : watched.hypotheses().get(name.kind());
    if (hypothesis == null
        || hypothesis.isRaised()
        || !hypothesis.hasVolume(settings.minimumEvents())) {
      return;
    }
    hypothesis.raise(ledger.now());
    touched.put(name.cell(), watched);
    tell(ReleaseAlert.State.RAISED, name, watched, hypothesis);
  }

  private void update(CubeCell cell, WatchedCell watched) {
    watched
        .hypotheses()
        .forEach(
            (kind, hypothesis) -> {
              if (hypothesis.isUpdateDue(ledger.now(), settings.updateMillis())) {
                hypothesis.update(ledger.now());
                tell(
                    ReleaseAlert.State.RAISED,
                    new WatchLedger.Hypothesis(cell, kind),
                    watched,
                    hypothesis);
              }
            });
  }

  /** Drops the cells without rows for a while; all of them, once that holds of the canary. */
  private void sweep() {
    ledger.swept();
    boolean over = ledger.isReleaseOver(settings.timeoutMillis());
    Map<CubeCell, WatchedCell> gone = new LinkedHashMap<>();
    for (Map.Entry<CubeCell, WatchedCell> entry : cells.all()) {
      if (over || ledger.now() - entry.getValue().lastSeen() >= settings.timeoutMillis()) {
        gone.put(entry.getKey(), entry.getValue());
      }
    }
    gone.forEach(this::expire);
    if (over) {
      ledger.endRelease();
    }
  }

  private void expire(CubeCell cell, WatchedCell watched) {
    watched
        .hypotheses()
        .forEach(
            (kind, hypothesis) -> {
              WatchLedger.Hypothesis name = new WatchLedger.Hypothesis(cell, kind);
              if (hypothesis.isRaised()) {
                tell(ReleaseAlert.State.EXPIRED, name, watched, hypothesis);
              }
              if (hypothesis.isTested()) {
                ledger.forget(name);
              }
            });
    cells.remove(cell);
  }

  private void tell(
      ReleaseAlert.State state,
      WatchLedger.Hypothesis name,
      WatchedCell watched,
      RateHypothesis hypothesis) {
    EvidenceSpan span = hypothesis.span();
    // a cell that comes again does so later than cells are kept: so this tells it from the first
    long period = Math.floorDiv(watched.firstSeen(), settings.timeoutMillis());
    alerts.add(
        new ReleaseAlert(
            ReleaseAlert.id(name.cell(), name.kind(), period, hypothesis.episode()),
            state,
            hypothesis.direction(),
            name.cell(),
            name.kind(),
            hypothesis.raisedAt(),
            ledger.now(),
            span.since(),
            span.canary(),
            span.base(),
            span.canaryTraffic(),
            span.baseTraffic(),
            hypothesis.logEvidence(),
            logThreshold,
            ledger.hypotheses()));
  }
}

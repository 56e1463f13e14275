package dev.beamfluss.transforms;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * That a kind of event of a cell is as frequent in the canary as in the baseline, per unit of
 * traffic: the evidence against it, and the alert that it has come to.
 */
final class RateHypothesis {
  private static final long OUTSIDE = Long.MAX_VALUE;

  private final RatioEvidence evidence = new RatioEvidence();
  private final EvidenceSpan above = new EvidenceSpan();
  private final EvidenceSpan below = new EvidenceSpan();
  private final FadingCounts lately = new FadingCounts();
  private final FadingCounts trafficLately = new FadingCounts();
  private long canary;
  private long base;
  private long testedTo;
  private boolean tested;
  private boolean counted;
  private int episode = 1;
  private boolean raised;
  private boolean raisedAbove;
  private long raisedAt;
  private long updatedAt;
  private long insideSince = OUTSIDE;

  private RateHypothesis() {}

  static RateHypothesis startingAt(long now) {
    RateHypothesis hypothesis = new RateHypothesis();
    hypothesis.testedTo = now;
    hypothesis.above.restart(now);
    hypothesis.below.restart(now);
    return hypothesis;
  }

  /** Adds events that the next slice will be made of. */
  void count(long moreCanary, long moreBase) {
    canary += moreCanary;
    base += moreBase;
  }

  /** Tests what was counted since the slice before against the traffic of that time. */
  void test(TrafficSlice slice, double tolerance, double dispersion, WatchSettings settings) {
    long events = canary + base;
    // events of which each unit of traffic has several come together
    double scale = dispersion * Math.max(1, (double) events / slice.rows());
    double upper = slice.upperOdds() * (1 + tolerance);
    double lower = slice.lowerOdds() / (1 + tolerance);
    evidence.add(canary, events, upper, lower, elapsed(slice.end()), scale);
    tested = true;
    above.add(
        RatioEvidence.logRatio(RatioEvidence.LITTLE_ABOVE, canary, events, upper),
        canary,
        base,
        slice);
    below.add(
        RatioEvidence.logRatio(RatioEvidence.LITTLE_BELOW, canary, events, lower),
        canary,
        base,
        slice);
    lately.add((double) canary, (double) base, slice.end(), settings.clearAfterMillis() / 2.0);
    trafficLately.add(slice.canary(), slice.base(), slice.end(), settings.clearAfterMillis() / 2.0);
    finish(slice.end(), isInside(tolerance, scale, settings.minimumEvents()));
  }

  /**
   * Of the traffic of the total, which has no other traffic to compare with: tests that the
   * canary's share has not fallen to nothing since a while ago. That it changes is no anomaly.
   */
  void testSilence(long now, WatchSettings settings) {
    if (lately.canary() >= settings.minimumTraffic()) {
      long rows = canary + base;
      double lower = lately.odds() / (1 + settings.trafficTolerance());
      evidence.addSilence(canary, rows, lower, elapsed(now), settings.trafficDispersion());
      // the traffic that there would have been
      TrafficSlice expected =
          new TrafficSlice(lately.odds() * base, base, Double.MAX_VALUE, lower, now);
      below.add(RatioEvidence.logRatio(0, canary, rows, lower), canary, base, expected);
      tested = true;
    }
    lately.add((double) canary, (double) base, now, settings.clearAfterMillis() / 2.0);
    finish(now, canary > 0);
  }

  private long elapsed(long now) {
    return Math.max(1, now - testedTo);
  }

  private void finish(long now, boolean inside) {
    canary = 0;
    base = 0;
    testedTo = Math.max(testedTo, now);
    if (!inside) {
      insideSince = OUTSIDE;
    } else if (insideSince == OUTSIDE) {
      insideSince = now;
    }
  }

  /** Whether the last while looks as if all were well, as far as there is enough of it to say. */
  private boolean isInside(double tolerance, double dispersion, long minimumEvents) {
    double expected = lately.base() * trafficLately.odds();
    if (!raisedAbove && expected < minimumEvents / 2.0) {
      return false;
    }
    // half an event more, so that none is not infinitely few
    double off = Math.log((lately.canary() + 0.5) / (expected + 0.5));
    double chance =
        Math.sqrt(dispersion * (1 / (lately.canary() + 0.5) + 1 / (lately.base() + 0.5)));
    return Math.abs(off) <= Math.log1p(tolerance) + chance;
  }

  boolean isTested() {
    return tested;
  }

  /** Whether it has been tested, and this is the first time it is asked. */
  boolean isTestedFirst() {
    boolean first = tested && !counted;
    counted = tested;
    return first;
  }

  double logEvidence() {
    return evidence.log();
  }

  boolean isRaised() {
    return raised;
  }

  /** Whether there is enough behind the evidence for an alert. */
  boolean hasVolume(long minimumEvents) {
    EvidenceSpan span = evidence.isAbove() ? above : below;
    return span.canary() >= minimumEvents || span.expected() >= minimumEvents;
  }

  void raise(long now) {
    raised = true;
    raisedAbove = evidence.isAbove();
    raisedAt = now;
    updatedAt = now;
    insideSince = OUTSIDE;
  }

  boolean isUpdateDue(long now, long interval) {
    return raised && now - updatedAt >= interval;
  }

  void update(long now) {
    updatedAt = now;
  }

  /** Whether all has been well for a while. */
  boolean isOver(long now, long clearAfter) {
    return raised && insideSince != OUTSIDE && now - insideSince >= clearAfter;
  }

  /** Forgets the evidence: what comes is another anomaly. */
  void clear(long now) {
    raised = false;
    insideSince = OUTSIDE;
    episode++;
    evidence.restart();
    above.restart(now);
    below.restart(now);
  }

  int episode() {
    return episode;
  }

  long raisedAt() {
    return raisedAt;
  }

  /** What was counted since the evidence of the alert began to grow. */
  EvidenceSpan span() {
    return raisedAbove ? above : below;
  }

  ReleaseAlert.Direction direction() {
    if (raisedAbove) {
      return ReleaseAlert.Direction.RATE_UP;
    }
    return evidence.isSilence() ? ReleaseAlert.Direction.SILENT : ReleaseAlert.Direction.RATE_DOWN;
  }

  void write(DataOutputStream out) throws IOException {
    out.writeLong(canary);
    out.writeLong(base);
    out.writeLong(testedTo);
    out.writeInt(episode);
    out.writeBoolean(tested);
    above.write(out);
    below.write(out);
    if (tested) {
      evidence.write(out);
    }
    lately.write(out);
    trafficLately.write(out);
    out.writeBoolean(raised);
    if (raised) {
      out.writeBoolean(raisedAbove);
      out.writeLong(raisedAt);
      out.writeLong(updatedAt);
      out.writeLong(insideSince);
    }
  }

  static RateHypothesis read(DataInputStream in) throws IOException {
    RateHypothesis hypothesis = new RateHypothesis();
    hypothesis.canary = in.readLong();
    hypothesis.base = in.readLong();
    hypothesis.testedTo = in.readLong();
    hypothesis.episode = in.readInt();
    hypothesis.tested = in.readBoolean();
    hypothesis.counted = hypothesis.tested;
    hypothesis.above.read(in);
    hypothesis.below.read(in);
    if (hypothesis.tested) {
      hypothesis.evidence.read(in);
    }
    hypothesis.lately.read(in);
    hypothesis.trafficLately.read(in);
    hypothesis.raised = in.readBoolean();
    if (hypothesis.raised) {
      hypothesis.raisedAbove = in.readBoolean();
      hypothesis.raisedAt = in.readLong();
      hypothesis.updatedAt = in.readLong();
      hypothesis.insideSince = in.readLong();
    }
    return hypothesis;
  }
}

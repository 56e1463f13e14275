package dev.beamfluss.transforms;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.CustomCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.util.VarInt;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What is kept of all cells together: the clock, the traffic, and who might be rejected. */
final class WatchLedger {
  static final Coder<WatchLedger> CODER = new LedgerCoder();

  private final FadingCounts trafficLately = new FadingCounts();
  private final Map<Hypothesis, Double> candidates = new HashMap<>();
  private long now = Long.MIN_VALUE;
  private boolean leapt;
  private long sweptAt;
  private long canarySeenAt = Long.MIN_VALUE;
  private long canaryTraffic;
  private long baseTraffic;
  private int hypotheses;

  /** The name of a hypothesis. */
  record Hypothesis(CubeCell cell, String kind) {}

  /** Whether nothing has been seen so far. */
  boolean isNew() {
    return now == Long.MIN_VALUE;
  }

  /**
   * Moves the clock, which is the latest event time seen. A leap by more than cells are kept is
   * believed when it is seen a second time: one row with a wrong time must not end a watch.
   */
  void advance(long latest, long timeout) {
    if (isNew()) {
      now = latest;
      sweptAt = latest;
      return;
    }
    boolean leap = Math.abs(latest - now) > timeout;
    if (leap && leapt) {
      now = latest;
    } else if (!leap) {
      now = Math.max(now, latest);
    }
    leapt = leap && !leapt;
  }

  void countTraffic(long canary, long base) {
    canaryTraffic += canary;
    baseTraffic += base;
    trafficLately.add((double) canary, (double) base, now, TrafficSlice.HALF_LIFE_MILLIS);
    if (canary > 0) {
      canarySeenAt = now;
    }
  }

  /**
   * The traffic of all cells since a cell was tested, which may be longer ago than the last look.
   */
  TrafficSlice slice(long canary, long base, double dispersion) {
    return TrafficSlice.of(canary, base, trafficLately, dispersion, now);
  }

  /** Takes note of the evidence against a hypothesis. */
  void tested(Hypothesis hypothesis, double logEvidence, double level) {
    // less is never rejected, whatever the others are
    if (logEvidence >= -Math.log(level)) {
      candidates.put(hypothesis, logEvidence);
    } else {
      candidates.remove(hypothesis);
    }
  }

  void begin() {
    hypotheses++;
  }

  void forget(Hypothesis hypothesis) {
    candidates.remove(hypothesis);
    hypotheses--;
  }

  /** Those with the most evidence first. */
  List<Map.Entry<Hypothesis, Double>> candidates() {
    List<Map.Entry<Hypothesis, Double>> all = new ArrayList<>(candidates.entrySet());
    all.sort(Map.Entry.<Hypothesis, Double>comparingByValue(Comparator.reverseOrder()));
    return all;
  }

  boolean isSweepDue(long interval) {
    return now - sweptAt >= interval || now < sweptAt;
  }

  /** Waits for another release. */
  void endRelease() {
    canarySeenAt = Long.MIN_VALUE;
  }

  void swept() {
    sweptAt = now;
  }

  /** Whether there was a canary, and is none any more. */
  boolean isReleaseOver(long timeout) {
    return canarySeenAt != Long.MIN_VALUE && now - canarySeenAt >= timeout;
  }

  /** Event time, in milliseconds. */
  long now() {
    return now;
  }

  long canaryTraffic() {
    return canaryTraffic;
  }

  long baseTraffic() {
    return baseTraffic;
  }

  int hypotheses() {
    return hypotheses;
  }

  /** A version, the numbers, then the candidates. */
  private static final class LedgerCoder extends CustomCoder<WatchLedger> {
    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    @Override
    public void encode(WatchLedger ledger, OutputStream stream) throws IOException {
      DataOutputStream out = new DataOutputStream(stream);
      out.write(VERSION);
      out.writeLong(ledger.now);
      out.writeBoolean(ledger.leapt);
      out.writeLong(ledger.sweptAt);
      out.writeLong(ledger.canarySeenAt);
      out.writeLong(ledger.canaryTraffic);
      out.writeLong(ledger.baseTraffic);
      out.writeInt(ledger.hypotheses);
      ledger.trafficLately.write(out);
      VarInt.encode(ledger.candidates.size(), out);
      for (Map.Entry<Hypothesis, Double> candidate : ledger.candidates.entrySet()) {
        CubeCell.CODER.encode(candidate.getKey().cell(), out);
        StringUtf8Coder.of().encode(candidate.getKey().kind(), out);
        out.writeDouble(candidate.getValue());
      }
      out.flush();
    }

    @Override
    public WatchLedger decode(InputStream stream) throws IOException {
      DataInputStream in = new DataInputStream(stream);
      int version = in.read();
      if (version != VERSION) {
        throw new CoderException("A watch's ledger of an unknown version: " + version);
      }
      WatchLedger ledger = new WatchLedger();
      ledger.now = in.readLong();
      ledger.leapt = in.readBoolean();
      ledger.sweptAt = in.readLong();
      ledger.canarySeenAt = in.readLong();
      ledger.canaryTraffic = in.readLong();
      ledger.baseTraffic = in.readLong();
      ledger.hypotheses = in.readInt();
      ledger.trafficLately.read(in);
      for (int candidates = VarInt.decodeInt(in); candidates > 0; candidates--) {
        CubeCell cell = CubeCell.CODER.decode(in);
        String kind = StringUtf8Coder.of().decode(in);
        ledger.candidates.put(new Hypothesis(cell, kind), in.readDouble());
      }
      return ledger;
    }

    @Override
    public void verifyDeterministic() throws NonDeterministicException {
      throw new NonDeterministicException(this, "Candidates come in any order.");
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof LedgerCoder;
    }

    @Override
    public int hashCode() {
      return LedgerCoder.class.hashCode();
    }
  }
}

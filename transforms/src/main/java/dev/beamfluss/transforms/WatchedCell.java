package dev.beamfluss.transforms;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.CustomCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.util.VarInt;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What is kept of a cell of the cube. */
final class WatchedCell {
  static final Coder<WatchedCell> CODER = new CellCoder();

  private final long firstSeen;
  private final Map<String, RateHypothesis> hypotheses = new LinkedHashMap<>();
  private final FadingCounts trafficLately = new FadingCounts();
  private long lastSeen;
  private long canaryTraffic;
  private long baseTraffic;
  private long totalCanaryTraffic;
  private long totalBaseTraffic;

  private WatchedCell(long firstSeen) {
    this.firstSeen = firstSeen;
  }

  /** As of now, with what the total has had so far. */
  static WatchedCell startingAt(WatchLedger ledger) {
    WatchedCell cell = new WatchedCell(ledger.now());
    cell.totalCanaryTraffic = ledger.canaryTraffic();
    cell.totalBaseTraffic = ledger.baseTraffic();
    return cell;
  }

  void count(Map<String, long[]> kinds, String traffic, long now) {
    lastSeen = now;
    kinds.forEach(
        (kind, arms) ->
            hypotheses
                .computeIfAbsent(kind, unused -> RateHypothesis.startingAt(now))
                .count(arms[CellSums.CANARY], arms[CellSums.BASE]));
    long[] ofTraffic = kinds.get(traffic);
    if (ofTraffic != null) {
      canaryTraffic += ofTraffic[CellSums.CANARY];
      baseTraffic += ofTraffic[CellSums.BASE];
    }
  }

  /** Tests the kinds, once there is traffic of both arms to compare them by. */
  void testRates(long now, WatchSettings settings) {
    if (Math.min(canaryTraffic, baseTraffic) < settings.minimumTraffic()) {
      return;
    }
    trafficLately.add(
        (double) canaryTraffic, (double) baseTraffic, now, TrafficSlice.HALF_LIFE_MILLIS);
    TrafficSlice slice =
        TrafficSlice.of(canaryTraffic, baseTraffic, trafficLately, settings.dispersion(), now);
    canaryTraffic = 0;
    baseTraffic = 0;
    hypotheses.forEach(
        (kind, hypothesis) -> {
          if (!kind.equals(settings.traffic())) {
            hypothesis.test(slice, settings.tolerance(), settings.dispersion(), settings);
          }
        });
  }

  /** Tests the cell's share of the total's traffic. */
  void testShare(WatchLedger ledger, WatchSettings settings) {
    RateHypothesis share = hypotheses.get(settings.traffic());
    long canary = ledger.canaryTraffic() - totalCanaryTraffic;
    long base = ledger.baseTraffic() - totalBaseTraffic;
    if (share == null || Math.min(canary, base) < settings.minimumTraffic()) {
      return;
    }
    totalCanaryTraffic = ledger.canaryTraffic();
    totalBaseTraffic = ledger.baseTraffic();
    share.test(
        ledger.slice(canary, base, settings.dispersion()),
        settings.trafficTolerance(),
        settings.trafficDispersion(),
        settings);
  }

  /** Of the total: tests that the canary has not fallen silent. */
  void testSilence(long now, WatchSettings settings) {
    RateHypothesis traffic = hypotheses.get(settings.traffic());
    if (traffic != null) {
      traffic.testSilence(now, settings);
    }
  }

  Map<String, RateHypothesis> hypotheses() {
    return hypotheses;
  }

  /** Event time, in milliseconds. */
  long firstSeen() {
    return firstSeen;
  }

  long lastSeen() {
    return lastSeen;
  }

  /** A version, the cell, then its hypotheses by the name of their kind. */
  private static final class CellCoder extends CustomCoder<WatchedCell> {
    private static final long serialVersionUID = 1L;
    private static final int VERSION = 1;

    @Override
    public void encode(WatchedCell cell, OutputStream stream) throws IOException {
      DataOutputStream out = new DataOutputStream(stream);
      out.write(VERSION);
      out.writeLong(cell.firstSeen);
      out.writeLong(cell.lastSeen);
      out.writeLong(cell.canaryTraffic);
      out.writeLong(cell.baseTraffic);
      out.writeLong(cell.totalCanaryTraffic);
      out.writeLong(cell.totalBaseTraffic);
      cell.trafficLately.write(out);
      VarInt.encode(cell.hypotheses.size(), out);
      for (Map.Entry<String, RateHypothesis> entry : cell.hypotheses.entrySet()) {
        StringUtf8Coder.of().encode(entry.getKey(), out);
        entry.getValue().write(out);
      }
      out.flush();
    }

    @Override
    public WatchedCell decode(InputStream stream) throws IOException {
      DataInputStream in = new DataInputStream(stream);
      int version = in.read();
      if (version != VERSION) {
        throw new CoderException("A watched cell of an unknown version: " + version);
      }
      WatchedCell cell = new WatchedCell(in.readLong());
      cell.lastSeen = in.readLong();
      cell.canaryTraffic = in.readLong();
      cell.baseTraffic = in.readLong();
      cell.totalCanaryTraffic = in.readLong();
      cell.totalBaseTraffic = in.readLong();
      cell.trafficLately.read(in);
      for (int kinds = VarInt.decodeInt(in); kinds > 0; kinds--) {
        String kind = StringUtf8Coder.of().decode(in);
        cell.hypotheses.put(kind, RateHypothesis.read(in));
      }
      return cell;
    }

    @Override
    public void verifyDeterministic() throws NonDeterministicException {
      throw new NonDeterministicException(this, "Kinds come in the order in which they were met.");
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof CellCoder;
    }

    @Override
    public int hashCode() {
      return CellCoder.class.hashCode();
    }
  }
}

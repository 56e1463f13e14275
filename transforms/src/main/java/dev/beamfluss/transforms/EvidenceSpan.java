package dev.beamfluss.transforms;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/**
 * What was counted since the evidence of one direction began to grow: the numbers that explain an
 * alert. It begins anew whenever the slices since then say no more than none (Page's CUSUM).
 */
final class EvidenceSpan {
  private double sum;
  private long since;
  private long canary;
  private long base;
  private double canaryTraffic;
  private double baseTraffic;

  void restart(long now) {
    sum = 0;
    since = now;
    canary = 0;
    base = 0;
    canaryTraffic = 0;
    baseTraffic = 0;
  }

  /**
   * Adds a slice.
   *
   * @param logRatio what it says
   */
  void add(double logRatio, long ofCanary, long ofBase, TrafficSlice traffic) {
    sum += logRatio;
    canary += ofCanary;
    base += ofBase;
    canaryTraffic += traffic.canary();
    baseTraffic += traffic.base();
    if (sum <= 0) {
      restart(traffic.end());
    }
  }

  /** What the canary would have at the baseline's rate. */
  double expected() {
    return baseTraffic == 0 ? 0 : base * canaryTraffic / baseTraffic;
  }

  long since() {
    return since;
  }

  long canary() {
    return canary;
  }

  long base() {
    return base;
  }

  long canaryTraffic() {
    return Math.round(canaryTraffic);
  }

  long baseTraffic() {
    return Math.round(baseTraffic);
  }

  void write(DataOutputStream out) throws IOException {
    out.writeDouble(sum);
    out.writeLong(since);
    out.writeLong(canary);
    out.writeLong(base);
    out.writeDouble(canaryTraffic);
    out.writeDouble(baseTraffic);
  }

  void read(DataInputStream in) throws IOException {
    sum = in.readDouble();
    since = in.readLong();
    canary = in.readLong();
    base = in.readLong();
    canaryTraffic = in.readDouble();
    baseTraffic = in.readDouble();
  }
}

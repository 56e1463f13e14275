package dev.beamfluss.transforms;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;

/** Counts of canary and baseline in a trailing window: halved each time a while has passed. */
final class FadingCounts {
  private double canary;
  private double base;
  private long time;

  void add(double moreCanary, double moreBase, long now, double halfLife) {
    double left = Math.pow(0.5, Math.max(0, now - time) / halfLife);
    canary = canary * left + moreCanary;
    base = base * left + moreBase;
    time = Math.max(time, now);
  }

  double canary() {
    return canary;
  }

  double base() {
    return base;
  }

  double odds() {
    return canary / base;
  }

  void write(DataOutputStream out) throws IOException {
    out.writeDouble(canary);
    out.writeDouble(base);
    out.writeLong(time);
  }

  void read(DataInputStream in) throws IOException {
    canary = in.readDouble();
    base = in.readDouble();
    time = in.readLong();
  }
}

package dev.beamfluss.transforms;

/**
 * The traffic that the events of a slice belong to.
 *
 * @param canary the canary's traffic
 * @param base the baseline's
 * @param upperOdds of canary to baseline; more than these are the canary's doing
 * @param lowerOdds less than these are
 * @param end event time, in milliseconds
 */
record TrafficSlice(double canary, double base, double upperOdds, double lowerOdds, long end) {
  static final double HALF_LIFE_MILLIS = 10_000;
  private static final double DEVIATIONS = 2;

  /**
   * A slice, given the traffic of the last seconds with it. An event may come some seconds after
   * the traffic it belongs to. While the canary's share stays as it is, that only adds to the
   * dispersion; but when it changes, events follow it later. So where the slice differs from the
   * last seconds by more than chance makes it, the truth may be anywhere between the two.
   */
  static TrafficSlice of(long canary, long base, FadingCounts lately, double dispersion, long now) {
    double odds = (double) canary / base;
    double chance = Math.exp(DEVIATIONS * Math.sqrt(dispersion * (1.0 / canary + 1.0 / base)));
    return new TrafficSlice(
        canary,
        base,
        Math.max(odds, lately.odds() / chance),
        Math.min(odds, lately.odds() * chance),
        now);
  }

  double rows() {
    return canary + base;
  }
}

package dev.beamfluss.transforms;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.Arrays;

/**
 * Evidence that the odds of a row to be of the canary are outside a band: an e-process, which may
 * be looked at as often as one likes.
 *
 * <p>Of {@code n} events of a slice, under the hypothesis, as many are the canary's as a binomial
 * distribution with odds within the band gives. A likelihood ratio of odds beyond the band against
 * its nearest edge has an expectation of at most 1 for all odds of the band, as it is monotone in
 * the canary's count; so have its products over slices (Wald 1945), mixtures of such products over
 * several alternatives (Robbins 1970; Johari, Koomen, Pekelis and Walsh 2022), and mixtures over
 * the slice that the product begins with, which find what begins late (Shin, Ramdas and Rinaldo
 * 2024). The weights of the beginnings are the event time since the slice before as a share of a
 * day: so the expectation is at most the days gone by, and the probability that the evidence of a
 * day ever exceeds {@code 1/a} is at most {@code a} (Ville 1939).
 *
 * <p>Counts that vary more than that, as the events of one user come together, are divided by how
 * much more. If they do not, what is said above holds all the more (Jensen).
 */
final class RatioEvidence {
  private static final double DAY_MILLIS = 86_400_000;

  /** Alternatives, as multiples of the odds at the edge: above the band, then below. */
  private static final double[] RATIOS = {1.2, 2, 4, 0.85, 0.5, 0};

  private static final int ABOVE = 3;
  private static final int SILENCE = 5;
  private static final double LOG_SHARE = Math.log(1.0 / RATIOS.length);

  /** The alternatives nearest to the band. */
  static final double LITTLE_ABOVE = RATIOS[0];

  static final double LITTLE_BELOW = RATIOS[ABOVE];

  private final double[] logs = new double[RATIOS.length];

  RatioEvidence() {
    restart();
  }

  void restart() {
    Arrays.fill(logs, Double.NEGATIVE_INFINITY);
  }

  /**
   * Adds a slice.
   *
   * @param canary how many of the events are the canary's
   * @param upperOdds the upper edge of the band, of canary to baseline
   * @param lowerOdds the lower edge
   * @param elapsed event time since the slice before, in milliseconds
   * @param dispersion what counts are divided by
   */
  void add(
      long canary,
      long events,
      double upperOdds,
      double lowerOdds,
      long elapsed,
      double dispersion) {
    for (int i = 0; i < RATIOS.length; i++) {
      add(i, canary, events, i < ABOVE ? upperOdds : lowerOdds, elapsed, dispersion);
    }
  }

  /** Adds a slice as evidence of the one alternative that the canary has no events at all. */
  void addSilence(long canary, long events, double lowerOdds, long elapsed, double dispersion) {
    add(SILENCE, canary, events, lowerOdds, elapsed, dispersion);
  }

  private void add(int i, long canary, long events, double odds, long elapsed, double dispersion) {
    double beginning = Math.log(Math.min(1, elapsed / DAY_MILLIS));
    logs[i] = logOfSum(logs[i], beginning) + logRatio(RATIOS[i], canary, events, odds) / dispersion;
  }

  /** The logarithm of the likelihood ratio of odds {@code ratio * odds} against {@code odds}. */
  static double logRatio(double ratio, long canary, long events, double odds) {
    double ofCanary = canary == 0 ? 0 : canary * Math.log(ratio);
    return ofCanary + events * (Math.log1p(odds) - Math.log1p(ratio * odds));
  }

  /** The natural logarithm. */
  double log() {
    return LOG_SHARE + logOfSum(above(), below());
  }

  /** Whether there is more evidence of odds above the band than below. */
  boolean isAbove() {
    return above() > below();
  }

  /** Whether, of the odds below the band, those of a canary without any events explain most. */
  boolean isSilence() {
    return logs[SILENCE] > Math.max(logs[ABOVE], logs[ABOVE + 1]);
  }

  private double above() {
    return logOfSum(logOfSum(logs[0], logs[1]), logs[2]);
  }

  private double below() {
    return logOfSum(logOfSum(logs[ABOVE], logs[ABOVE + 1]), logs[SILENCE]);
  }

  private static double logOfSum(double a, double b) {
    double greater = Math.max(a, b);
    double less = Math.min(a, b);
    // also where both are of nothing
    return less == Double.NEGATIVE_INFINITY
        ? greater
        : greater + Math.log1p(Math.exp(less - greater));
  }

  void write(DataOutputStream out) throws IOException {
    for (double log : logs) {
      out.writeDouble(log);
    }
  }

  void read(DataInputStream in) throws IOException {
    for (int i = 0; i < logs.length; i++) {
      logs[i] = in.readDouble();
    }
  }
}

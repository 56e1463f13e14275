package dev.beamfluss.transforms;

/**
 * Which of many hypotheses to reject, so that of those rejected the expected share of wrong ones is
 * at most a level: the e-BH procedure of Wang and Ramdas (2022), "False discovery rate control with
 * e-values", which asks nothing of how the hypotheses depend on each other.
 */
final class FalseDiscovery {
  private FalseDiscovery() {}

  /**
   * How many hypotheses are rejected: those with the most evidence.
   *
   * @param logs the logarithms of e-values, descending; those that are left out must be less than
   *     {@code -log(level)}, which are never rejected
   */
  static int rejected(double[] logs, int hypotheses, double level) {
    for (int k = logs.length; k > 0; k--) {
      if (logs[k - 1] >= logThreshold(k, hypotheses, level)) {
        return k;
      }
    }
    return 0;
  }

  /** What the evidence of each of the rejected hypotheses has reached. */
  static double logThreshold(int rejected, int hypotheses, double level) {
    return Math.log(hypotheses / (rejected * level));
  }
}

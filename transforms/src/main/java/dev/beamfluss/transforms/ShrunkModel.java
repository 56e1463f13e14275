package dev.beamfluss.transforms;

/**
 * The forecast of empirical Bayes: the rates of past days are a gamma distribution, today's orders
 * are Poisson distributed about today's rate but for the factor {@link ForecastBaseline#unit}, and
 * the estimate of the rate is its mean given the count. Before the first order that is the level of
 * past days; the more of the day is over, the more it is the ratio of the reference.
 *
 * <p>A promotion is no day as the others. Where the count is further from what past days make of it
 * than they can explain, that much more is allowed for, and the forecast follows the count.
 */
final class ShrunkModel extends DayRateModel {
  private static final long serialVersionUID = 1L;
  static final String NAME = "shrunk";

  /** Standard deviations from when on a count is no longer explained by what past days were. */
  private static final double SURPRISE = 3;

  ShrunkModel(double confidence) {
    super(confidence);
  }

  @Override
  Rate rate(double soFar, int minute, ForecastBaseline baseline) {
    double share = baseline.share(minute);
    double level = baseline.total();
    double unit = baseline.unit(minute);
    // before the shop opens an order more than expected would stand for infinitely many a day
    double counted = Math.max(share, LEAST_SHARE);
    double excess = soFar - level * share;
    double prior = baseline.rateVariance();
    prior += unexplained(soFar, share, prior, baseline, unit) * square(excess / counted);

    double noise = unit * level;
    double trust = prior / (noise + prior * counted);
    double mean = level + trust * excess;
    return new Rate(mean, trust * unit * mean);
  }

  /** Which part of the excess is no chance, from 0 to 1; roots, as they vary alike at any count. */
  private static double unexplained(
      double soFar, double share, double prior, ForecastBaseline baseline, double unit) {
    double level = baseline.total();
    double off = 2 * (Math.sqrt(soFar / unit) - Math.sqrt(level * share / unit));
    double deviations = square(off) / (1 + prior * share / (unit * level));
    return deviations == 0 ? 0 : Math.max(0, 1 - square(SURPRISE) / deviations);
  }

  private static double square(double x) {
    return x * x;
  }
}

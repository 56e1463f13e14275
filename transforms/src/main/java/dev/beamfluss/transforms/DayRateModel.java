package dev.beamfluss.transforms;

import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A model that estimates the rate of today, in orders a day: the forecast is the count so far and
 * what that rate gives in the share of the day that is left.
 *
 * <p>What is left is taken to be gamma distributed, with the variance of the rate's estimate and of
 * the orders themselves: orders that come together, and days of which the hours differ, make it
 * more than that of a Poisson distribution by the factor {@link ForecastBaseline#unit}.
 */
abstract class DayRateModel implements ForecastModel {
  private static final long serialVersionUID = 1L;

  /** Of a day's orders: of less no rate is told by division, not to explode early in the day. */
  static final double LEAST_SHARE = 0.05;

  private final double z;

  DayRateModel(double confidence) {
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "the confidence of the interval is " + confidence + ": give one between 0 and 1");
    }
    z = normalQuantile((1 + confidence) / 2);
  }

  /** An estimate of the rate, and its variance. */
  record Rate(double mean, double variance) {}

  abstract Rate rate(double soFar, int minute, ForecastBaseline baseline);

  @Override
  public final Forecast forecast(double soFar, int minute, @Nullable ForecastBaseline baseline) {
    check(soFar, minute);
    if (baseline == null) {
      return Forecast.noBaseline();
    }
    double left = baseline.shareAfter(minute);
    if (left == 0) {
      return Forecast.of(soFar, soFar, soFar);
    }
    Rate rate = rate(soFar, minute, baseline);
    double unit = baseline.unit(minute);
    double mean = left * rate.mean();
    double variance = left * (left * rate.variance() + unit * rate.mean());
    // orders are whole: a bound in the middle of one is moved outwards
    double rounding = unit / 2 * -Math.expm1(-mean / unit);
    double total = soFar + mean;
    double lower = soFar + Math.max(0, gammaQuantile(mean, variance, -z) - rounding);
    double upper = soFar + gammaQuantile(mean, variance, z) + rounding;
    return Forecast.of(total, Math.min(lower, total), Math.max(upper, total));
  }

  private static void check(double soFar, int minute) {
    if (!(soFar >= 0 && soFar < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "the count so far is "
              + soFar
              + " at minute "
              + minute
              + ": give a finite number that is not negative");
    }
    if (minute < 0 || minute >= ForecastBaseline.MINUTES) {
      throw new IllegalArgumentException(
          "minute " + minute + " is not of a day: give one from 0 to 1439");
    }
  }

  /** After Wilson and Hilferty (1931), where the normal distribution has {@code z}. */
  static double gammaQuantile(double mean, double variance, double z) {
    // the ratio of no orders is 0, but a rate that is not: exponential, so up to about three units
    double shape = mean == 0 ? 1 : mean * mean / variance;
    double scale = Math.sqrt(variance / shape);
    double root = 1 - 1 / (9 * shape) + z / (3 * Math.sqrt(shape));
    return root <= 0 ? 0 : shape * scale * root * root * root;
  }

  /** Called once a model: plain bisection is fast enough. */
  static double normalQuantile(double probability) {
    double low = -9;
    double high = 9;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      if (normalProbability(middle) < probability) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  private static double normalProbability(double z) {
    double term = z;
    double sum = z;
    for (int k = 3; Math.abs(term) > 1e-17; k += 2) {
      term *= z * z / k;
      sum += term;
    }
    return 0.5 + sum * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
  }
}

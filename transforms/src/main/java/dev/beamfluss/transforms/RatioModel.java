package dev.beamfluss.transforms;

/**
 * The reference's forecast: the count, divided by the share of the day's orders that past days had
 * by then. It knows nothing of how many orders a day has, so early it is as good as the few orders
 * of the night: until a twentieth of the day's orders are to be expected it says that the rest of
 * the day is as that of past days.
 */
final class RatioModel extends DayRateModel {
  private static final long serialVersionUID = 1L;
  static final String NAME = "ratio";

  RatioModel(double confidence) {
    super(confidence);
  }

  @Override
  Rate rate(double soFar, int minute, ForecastBaseline baseline) {
    double share = baseline.share(minute);
    if (share < LEAST_SHARE) {
      return new Rate(baseline.total(), baseline.rateVariance());
    }
    double unit = baseline.unit(minute);
    return new Rate(soFar / share, unit * Math.max(soFar, unit) / (share * share));
  }
}

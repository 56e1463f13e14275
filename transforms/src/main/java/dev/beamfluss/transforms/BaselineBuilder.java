package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Makes the {@link ForecastBaseline} of a channel for a day, out of its past days:
 *
 * <pre>{@code
 * BaselineBuilder builder = BaselineBuilder.of("web").forDay(today);
 * past.forEach((day, cumulative) -> builder.add(day, cumulative));   // all there are, in any order
 * Optional<ForecastBaseline> baseline = builder.build();
 * }</pre>
 *
 * <ul>
 *   <li>Of the days before, the latest {@link #withPastDays} of the same kind are taken: Monday to
 *       Friday, or Saturday and Sunday.
 *   <li>A day that is missing, or has no orders, as the shop was closed, says nothing of a day on
 *       which it is open: it is left out, and an earlier one taken in its place.
 *   <li>The curve is the mean of the days' shares, weighted with their totals, but no day weighs
 *       more than the median one: a promotion does not make the curve its own.
 *   <li>The level is a mean of their totals that halves the weight every eight days. A total that
 *       is further from the median than three standard deviations, as the median deviation of the
 *       logarithms gives them, counts as if it were just that far.
 *   <li>The spread of the totals is that of each from the level of the days before it.
 * </ul>
 *
 * <p>Not for use by several threads.
 */
public final class BaselineBuilder {
  private static final int DEFAULT_PAST_DAYS = 30;
  private static final double HALF_LIFE_DAYS = 8;

  private static final double OUTLIER = 3;

  /** The standard deviation of a normal distribution, as a multiple of its median deviation. */
  private static final double OF_MEDIAN_DEVIATION = 1.4826;

  private static final double LEAST_DEVIATION = 0.1;

  /** Days that a level is told from, before its errors count. */
  private static final int FIRST_DAYS = 3;

  /** Deviation of a total from its level where there are no days to measure it: counts as one. */
  private static final double UNKNOWN_DEVIATION = 0.3;

  /** Variance of a share {@code s}, by {@code s * (1 - s)}, where there is but one day. */
  private static final double UNKNOWN_NOISE = 0.05;

  private final String channel;
  private final TreeMap<LocalDate, double[]> days = new TreeMap<>();
  private LocalDate day = LocalDate.MAX;
  private int pastDays = DEFAULT_PAST_DAYS;

  private BaselineBuilder(String channel) {
    this.channel = channel;
  }

  /** Of a channel, which is named in messages. */
  public static BaselineBuilder of(String channel) {
    return new BaselineBuilder(checkArgumentNotNull(channel, "channel is null"));
  }

  /** For a day: required. */
  public BaselineBuilder forDay(LocalDate forecastDay) {
    day = checkArgumentNotNull(forecastDay, "forecastDay is null");
    return this;
  }

  /** How many days it is made of at most; 30 by default. */
  public BaselineBuilder withPastDays(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("a baseline of " + count + " past days: give 1 or more");
    }
    pastDays = count;
    return this;
  }

  /** Whether days are alike: both of Monday to Friday, or both of Saturday and Sunday. */
  public static boolean isSameKind(LocalDate one, LocalDate other) {
    return isWeekend(one) == isWeekend(other);
  }

  private static boolean isWeekend(LocalDate date) {
    return date.getDayOfWeek().compareTo(DayOfWeek.FRIDAY) > 0;
  }

  /**
   * Adds a day. Days that are not before the day of the forecast, or of the other kind, are not
   * used.
   *
   * @param cumulative what was counted from the beginning of the day to the end of each of its 1440
   *     minutes: orders, or an amount
   * @throws IllegalArgumentException if these are not 1440 finite numbers from 0 that do not fall,
   *     or the day was added before
   */
  public BaselineBuilder add(LocalDate date, double[] cumulative) {
    check(date, cumulative);
    if (days.putIfAbsent(date, cumulative.clone()) != null) {
      throw new IllegalArgumentException(
          at(date) + " was added before: add each day once, with all its orders");
    }
    return this;
  }

  private void check(LocalDate date, double[] cumulative) {
    if (cumulative.length != ForecastBaseline.MINUTES) {
      throw new IllegalArgumentException(
          at(date) + " has " + cumulative.length + " minutes: give the count at each of 1440");
    }
    double before = 0;
    for (int minute = 0; minute < cumulative.length; minute++) {
      if (!(cumulative[minute] >= before && cumulative[minute] < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException(
            at(date)
                + " has "
                + cumulative[minute]
                + " at minute "
                + minute
                + " after "
                + before
                + ": give finite cumulative counts, without what takes away from them");
      }
      before = cumulative[minute];
    }
  }

  private String at(LocalDate date) {
    return "day " + date + " of channel '" + channel + "'";
  }

  /**
   * The baseline; empty if no such day had orders.
   *
   * @throws IllegalStateException without {@link #forDay}
   */
  public Optional<ForecastBaseline> build() {
    if (day.equals(LocalDate.MAX)) {
      throw new IllegalStateException("a baseline is for a day: call forDay()");
    }
    List<double[]> used =
        days.headMap(day, false).descendingMap().entrySet().stream()
            .filter(past -> isSameKind(past.getKey(), day) && total(past.getValue()) > 0)
            .limit(pastDays)
            .map(past -> past.getValue())
            .toList();
    return used.isEmpty() ? Optional.empty() : Optional.of(baselineOf(used));
  }

  private static double total(double[] cumulative) {
    return cumulative[ForecastBaseline.MINUTES - 1];
  }

  private static ForecastBaseline baselineOf(List<double[]> latestFirst) {
    double[] totals = latestFirst.stream().mapToDouble(BaselineBuilder::total).toArray();
    double[] weights = weights(totals);
    double[] share = meanShare(latestFirst, weights);
    double[] withinReason = withoutOutliers(totals);
    double level = level(withinReason, 0);
    return new ForecastBaseline(
        totals.length,
        level,
        levelError(withinReason, level),
        shareSpread(latestFirst, weights, share),
        millionths(share));
  }

  /** Of shares: with more orders they are more precise. They add up to 1. */
  private static double[] weights(double[] totals) {
    double most = median(totals);
    double sum = Arrays.stream(totals).map(total -> Math.min(total, most)).sum();
    return Arrays.stream(totals).map(total -> Math.min(total, most) / sum).toArray();
  }

  private static double[] meanShare(List<double[]> days, double[] weights) {
    double[] share = new double[ForecastBaseline.MINUTES];
    for (int minute = 0; minute < share.length; minute++) {
      for (int i = 0; i < weights.length; i++) {
        share[minute] += weights[i] * shareAt(minute, days.get(i));
      }
    }
    return share;
  }

  private static double shareAt(int minute, double[] cumulative) {
    return cumulative[minute] / total(cumulative);
  }

  private static int[] shareSpread(List<double[]> days, double[] weights, double[] share) {
    double[] spread = new double[ForecastBaseline.HOURS];
    int n = weights.length;
    for (int hour = 0; hour < spread.length; hour++) {
      int minute = hour * 60 + 59;
      double variance = 0;
      for (int i = 0; i < n; i++) {
        double off = shareAt(minute, days.get(i)) - share[minute];
        variance += weights[i] * off * off;
      }
      spread[hour] = Math.sqrt(n > 1 ? variance * n / (n - 1) : unknownVariance(share[minute]));
    }
    return millionths(spread);
  }

  private static double unknownVariance(double share) {
    return Math.max(0, UNKNOWN_NOISE * share * (1 - share));
  }

  /** Whole at the end of the day whatever the sum of weights was rounded to. */
  private static int[] millionths(double[] shares) {
    return Arrays.stream(shares)
        .mapToInt(
            share ->
                (int) Math.min(ForecastBaseline.WHOLE, Math.round(share * ForecastBaseline.WHOLE)))
        .toArray();
  }

  private static double[] withoutOutliers(double[] totals) {
    double median = median(totals);
    double[] deviations =
        Arrays.stream(totals).map(total -> Math.abs(Math.log(total / median))).toArray();
    double deviation = Math.max(LEAST_DEVIATION, OF_MEDIAN_DEVIATION * median(deviations));
    double factor = Math.exp(OUTLIER * deviation);
    return Arrays.stream(totals)
        .map(total -> Math.min(Math.max(total, median / factor), median * factor))
        .toArray();
  }

  /** Of the totals from an index on; the latest is the first. */
  private static double level(double[] totals, int from) {
    double sum = 0;
    double weights = 0;
    for (int i = from; i < totals.length; i++) {
      double weight = Math.pow(2, (from - i) / HALF_LIFE_DAYS);
      sum += weight * totals[i];
      weights += weight;
    }
    return sum / weights;
  }

  private static double levelError(double[] totals, double level) {
    double guess = UNKNOWN_DEVIATION * level;
    double squares = guess * guess;
    int errors = 1;
    for (int i = 0; i < totals.length - FIRST_DAYS; i++) {
      double error = totals[i] - level(totals, i + 1);
      squares += error * error;
      errors++;
    }
    return Math.sqrt(squares / errors);
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  }
}

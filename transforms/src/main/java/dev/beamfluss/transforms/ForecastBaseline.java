package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.Objects;

/**
 * What the past days of a channel were like: the cumulative share of a day's orders that was
 * reached by the end of each of its 1440 minutes, how many orders a day has, and how much both
 * vary. It is what {@link ForecastModel} compares the count of today with, of orders or of an
 * amount. Made by {@link BaselineBuilder}.
 *
 * <h2>As a string</h2>
 *
 * The column {@code minute_ratio_feat} of the baseline table has it as one line:
 *
 * <pre>{@code
 * v1:days=30;total=75.31;totalSpread=16.2;shareSpread=0*7,4811,...,0;share=0*479,40,95,95,...,1000000*240
 * }</pre>
 *
 * <ul>
 *   <li>{@code days}: how many days it is made of.
 *   <li>{@code total}: the total that the next such day is expected to have, more than 0; {@code
 *       totalSpread}: the standard deviation of a day's total from what was expected of it. Both in
 *       the unit of what was counted, to nine significant digits.
 *   <li>{@code share}: the share at the end of each minute, in millionths: 1440 integers that do
 *       not fall, the last is 1000000.
 *   <li>{@code shareSpread}: the standard deviation of a day's share from it at the end of each
 *       hour, in millionths: 24 integers.
 *   <li>{@code v*n} in a list is the value {@code v}, {@code n} times.
 * </ul>
 *
 * What is built has this precision from the start: decoding what was encoded gives an equal
 * baseline, and forecasts do not depend on whether it has been written in between. A reader of
 * {@code v1} ignores fields that it does not know, so fields may be added; what changes the meaning
 * of one of these is another version, which it refuses.
 */
public final class ForecastBaseline implements Serializable {
  private static final long serialVersionUID = 1L;

  static final int MINUTES = 1440;
  static final int HOURS = 24;

  /** The precision of shares. */
  static final int WHOLE = 1_000_000;

  private static final MathContext PRECISION = new MathContext(9);

  /** Of a day's rate from the level of past days, however much alike these were. */
  private static final double LEAST_DEVIATION = 0.1;

  /** How much the noise of all hours counts in that of one, beside one day of it. */
  private static final double POOLED = 1;

  private static final double LEAST_NOISE = 1e-9;

  private final int days;
  private final double total;
  private final double totalSpread;
  private final int[] shareSpread;
  private final int[] share;

  // follow from these
  private final double meanNoise;
  private final double[] noise = new double[HOURS];

  ForecastBaseline(int days, double total, double totalSpread, int[] shareSpread, int[] share) {
    this.days = days;
    this.total = rounded(total);
    this.totalSpread = rounded(totalSpread);
    this.shareSpread = shareSpread.clone();
    this.share = share.clone();
    meanNoise = measureNoise();
  }

  /**
   * As if a day were a number of orders of which each falls anywhere, the share {@code s} has the
   * variance {@code noise * s * (1 - s)}, and the noise is one by this number. Orders come together
   * and hours differ from day to day, so it is more: measured hour by hour, and of all of them.
   */
  private double measureNoise() {
    double variances = 0;
    double products = 0;
    for (int hour = 0; hour < HOURS; hour++) {
      variances += varianceAt(hour);
      products += productAt(hour);
    }
    double mean = products == 0 ? LEAST_NOISE : Math.max(LEAST_NOISE, variances / products);
    // few days say little of an hour
    double pooled = POOLED / days;
    for (int hour = 0; hour < HOURS; hour++) {
      noise[hour] = (varianceAt(hour) + pooled * mean) / (productAt(hour) + pooled);
    }
    return mean;
  }

  private double varianceAt(int hour) {
    double deviation = (double) shareSpread[hour] / WHOLE;
    return deviation * deviation;
  }

  private double productAt(int hour) {
    double s = share(hour * 60 + 59);
    return s * (1 - s);
  }

  /**
   * The baseline of a string.
   *
   * @param channel that it is of, for messages
   * @throws IllegalArgumentException if it is not of the format or not of version 1; the message
   *     names the channel, the place and the value
   */
  public static ForecastBaseline decode(String channel, String text) {
    return new BaselineFormat(checkArgumentNotNull(channel, "channel is null"))
        .decode(checkArgumentNotNull(text, "the baseline is null: there is none"));
  }

  /** As a string, see the class. */
  public String encode() {
    return BaselineFormat.encode(this);
  }

  /** How many past days it is made of. */
  public int days() {
    return days;
  }

  /** The total that the next such day is expected to have, more than 0. */
  public double total() {
    return total;
  }

  /** The standard deviation of a day's total from what was expected of it. */
  public double totalSpread() {
    return totalSpread;
  }

  /**
   * The cumulative share at the end of a minute, 0 to 1.
   *
   * @param minute of the day, 0 to 1439
   */
  public double share(int minute) {
    return (double) share[minute] / WHOLE;
  }

  /**
   * The standard deviation of a day's cumulative share at the end of an hour.
   *
   * @param hour of the day, 0 to 23
   */
  public double shareSpread(int hour) {
    return (double) shareSpread[hour] / WHOLE;
  }

  /** What is left of the day after a minute, exactly 0 at its end. */
  double shareAfter(int minute) {
    return (double) (WHOLE - share[minute]) / WHOLE;
  }

  /**
   * What today's count varies by as if by whole orders of this size: 1 where each comes by itself.
   * The curve is itself known from some days only.
   */
  double unit(int minute) {
    double hour = Math.min(HOURS - 1, Math.max(0, (minute - 59) / 60.0));
    int before = (int) hour;
    int after = Math.min(HOURS - 1, before + 1);
    double between = noise[before] + (hour - before) * (noise[after] - noise[before]);
    return total * between * (1 + 1.0 / days);
  }

  /** Of the rates of days from each other: what their totals vary by beyond their orders. */
  double rateVariance() {
    double least = LEAST_DEVIATION * total;
    return Math.max(least * least, totalSpread * totalSpread - meanNoise * total * total);
  }

  int[] shares() {
    return share.clone();
  }

  int[] shareSpreads() {
    return shareSpread.clone();
  }

  private static double rounded(double value) {
    return new BigDecimal(value).round(PRECISION).doubleValue();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ForecastBaseline that
        && days == that.days
        && Double.compare(total, that.total) == 0
        && Double.compare(totalSpread, that.totalSpread) == 0
        && Arrays.equals(shareSpread, that.shareSpread)
        && Arrays.equals(share, that.share);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        days, total, totalSpread, Arrays.hashCode(shareSpread), Arrays.hashCode(share));
  }

  @Override
  public String toString() {
    return encode();
  }
}

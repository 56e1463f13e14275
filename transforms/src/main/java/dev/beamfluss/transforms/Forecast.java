package dev.beamfluss.transforms;

import java.io.Serializable;
import java.util.Objects;

/**
 * What a {@link ForecastModel} says of a day: its total, and an interval that the total is in with
 * the probability the model was made for. All in the unit of what was counted.
 *
 * <p>Without a baseline nothing can be said, and that is said: {@link #hasBaseline()} is false, and
 * there is no number to mistake for one.
 */
public final class Forecast implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final Forecast NO_BASELINE =
      new Forecast(false, Double.NaN, Double.NaN, Double.NaN);

  private final boolean hasBaseline;
  private final double total;
  private final double lower;
  private final double upper;

  private Forecast(boolean hasBaseline, double total, double lower, double upper) {
    this.hasBaseline = hasBaseline;
    this.total = total;
    this.lower = lower;
    this.upper = upper;
  }

  /** Of a channel that has no baseline. */
  public static Forecast noBaseline() {
    return NO_BASELINE;
  }

  /**
   * A forecast.
   *
   * @throws IllegalArgumentException if not {@code 0 <= lower <= total <= upper}, all finite
   */
  public static Forecast of(double total, double lower, double upper) {
    if (!(0 <= lower && lower <= total && total <= upper && upper < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(
          "a forecast of "
              + total
              + " cannot be between "
              + lower
              + " and "
              + upper
              + ": give finite numbers, 0 <= lower <= total <= upper");
    }
    return new Forecast(true, total, lower, upper);
  }

  /** Whether there is a forecast; the numbers can be asked for only then. */
  public boolean hasBaseline() {
    return hasBaseline;
  }

  /**
   * The day's total.
   *
   * @throws IllegalStateException if there is no baseline
   */
  public double total() {
    return checked(total);
  }

  /**
   * The lower end of the interval, never less than the count so far.
   *
   * @throws IllegalStateException if there is no baseline
   */
  public double lower() {
    return checked(lower);
  }

  /**
   * The upper end of the interval.
   *
   * @throws IllegalStateException if there is no baseline
   */
  public double upper() {
    return checked(upper);
  }

  private double checked(double value) {
    if (!hasBaseline) {
      throw new IllegalStateException("there is no forecast without a baseline: ask hasBaseline()");
    }
    return value;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Forecast that
        && hasBaseline == that.hasBaseline
        && Double.compare(total, that.total) == 0
        && Double.compare(lower, that.lower) == 0
        && Double.compare(upper, that.upper) == 0;
  }

  @Override
  public int hashCode() {
    return Objects.hash(hasBaseline, total, lower, upper);
  }

  @Override
  public String toString() {
    return hasBaseline ? total + " (" + lower + " to " + upper + ")" : "no baseline";
  }
}

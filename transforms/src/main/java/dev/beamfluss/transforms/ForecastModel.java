package dev.beamfluss.transforms;

import java.io.Serializable;
import java.util.List;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Foretells the total of a day, of a channel, from what was counted since its beginning and what
 * its past days were like.
 *
 * <p>Counts and amounts are doubles: a forecast is an estimate, and whoever adds up decimals does
 * so before. Whole numbers to 2<sup>53</sup> and decimals of up to 15 digits come back at the end
 * of the day as they were ({@code BigDecimal.valueOf(total)}).
 *
 * <p>Every model of {@link #named} keeps to this:
 *
 * <ul>
 *   <li>At the end of the day, and from when on no past day had orders, the forecast is the count,
 *       and so are both ends of the interval.
 *   <li>Neither the forecast nor its interval is ever below the count so far.
 *   <li>At the same minute more orders never give a lower forecast.
 *   <li>The same input gives the same forecast: a replay changes nothing.
 * </ul>
 */
public interface ForecastModel extends Serializable {
  /** The probability of the interval where none is given. */
  double DEFAULT_CONFIDENCE = 0.9;

  /**
   * The forecast at the end of a minute.
   *
   * @param soFar what was counted from the beginning of the day to the end of the minute; finite,
   *     not negative
   * @param minute of the day, 0 to 1439
   * @param baseline of the channel for this day; null if there is none
   * @return {@link Forecast#noBaseline()} if there is no baseline, a forecast otherwise
   * @throws IllegalArgumentException if {@code soFar} or {@code minute} is none
   */
  Forecast forecast(double soFar, int minute, @Nullable ForecastBaseline baseline);

  /** {@link #named(String, double)} with an interval of {@link #DEFAULT_CONFIDENCE}. */
  static ForecastModel named(String name) {
    return named(name, DEFAULT_CONFIDENCE);
  }

  /**
   * The model of a name, as options give it:
   *
   * <ul>
   *   <li>{@code ratio}: the count divided by the share of the day's orders that past days had by
   *       then, as the reference does it. While that share is less than a twentieth the rest of the
   *       day is taken from the past days instead, as a quotient of so few orders says nothing.
   *   <li>{@code shrunk}: the level of past days, corrected by the count of today as far as that
   *       can be trusted (empirical Bayes).
   * </ul>
   *
   * @param confidence the probability that a day's total is within the interval, such as 0.9
   * @throws IllegalArgumentException if there is no model of that name, or {@code confidence} is
   *     not between 0 and 1
   */
  static ForecastModel named(String name, double confidence) {
    return switch (name) {
      case RatioModel.NAME -> new RatioModel(confidence);
      case ShrunkModel.NAME -> new ShrunkModel(confidence);
      default ->
          throw new IllegalArgumentException(
              "there is no forecast model '" + name + "': choose one of " + names());
    };
  }

  /** The names of all models, the reference's first. */
  static List<String> names() {
    return List.of(RatioModel.NAME, ShrunkModel.NAME);
  }
}

package dev.beamfluss.pipelines.forecast.backtest;

import java.time.DayOfWeek;
import java.time.LocalDate;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;

/**
 * Days of a channel that delivers meals: lunch, tea, dinner and the hour after midnight, later on
 * weekends; levels, and every two hours the curve, vary from day to day; orders are Poisson.
 */
final class GeneratedDays {
  private static final int MINUTES = 1440;
  private static final double LEVEL_DEVIATION = 0.12;
  private static final double CURVE_DEVIATION = 0.12;
  private static final int STRETCH = 120;
  private static final long PRICES_SEED = 11;
  private static final int MEDIAN_CENTS = 2_500;
  private static final double PRICE_DEVIATION = 0.6;

  private final Random random;
  private final double ordersADay;

  GeneratedDays(long seed, double ordersADay) {
    this.random = new Random(seed);
    this.ordersADay = ordersADay;
  }

  /** Cumulative orders of each day, with one on which {@code promotion} times as many are made. */
  NavigableMap<LocalDate, double[]> orders(
      LocalDate first, int count, LocalDate promotionDay, double promotion) {
    NavigableMap<LocalDate, double[]> days = new TreeMap<>();
    for (LocalDate day = first; days.size() < count; day = day.plusDays(1)) {
      days.put(day, orders(day, day.equals(promotionDay) ? promotion : 1));
    }
    return days;
  }

  private double[] orders(LocalDate day, double factor) {
    double[] rates = rates(day, true);
    double weekend = isWeekend(day) ? 1.25 : 1;
    double total =
        ordersADay * factor * weekend * Math.exp(LEVEL_DEVIATION * random.nextGaussian());
    double[] cumulative = new double[MINUTES];
    double sum = 0;
    for (int minute = 0; minute < MINUTES; minute++) {
      sum += poisson(total * rates[minute]);
      cumulative[minute] = sum;
    }
    return cumulative;
  }

  /** What these orders came to, at log-normally distributed prices, to the cent. */
  static NavigableMap<LocalDate, double[]> amounts(NavigableMap<LocalDate, double[]> orders) {
    Random prices = new Random(PRICES_SEED);
    NavigableMap<LocalDate, double[]> amounts = new TreeMap<>();
    orders.forEach(
        (day, counts) -> {
          double[] cumulative = new double[counts.length];
          long cents = 0;
          double before = 0;
          for (int minute = 0; minute < counts.length; minute++) {
            for (double order = before; order < counts[minute]; order++) {
              cents += Math.round(MEDIAN_CENTS * Math.exp(PRICE_DEVIATION * prices.nextGaussian()));
            }
            before = counts[minute];
            cumulative[minute] = cents / 100.0;
          }
          amounts.put(day, cumulative);
        });
    return amounts;
  }

  private static boolean isWeekend(LocalDate day) {
    return day.getDayOfWeek() == DayOfWeek.SATURDAY || day.getDayOfWeek() == DayOfWeek.SUNDAY;
  }

  /** Of each minute; they add up to 1. */
  private double[] rates(LocalDate day, boolean noisy) {
    int later = isWeekend(day) ? 30 : 0;
    double[] noise = new double[MINUTES / STRETCH + 1];
    for (int i = 0; i < noise.length; i++) {
      noise[i] = noisy ? CURVE_DEVIATION * random.nextGaussian() : 0;
    }
    double[] rates = new double[MINUTES];
    double sum = 0;
    for (int minute = 0; minute < MINUTES; minute++) {
      double place = (double) minute / STRETCH;
      int before = (int) place;
      double logarithm = noise[before] + (place - before) * (noise[before + 1] - noise[before]);
      rates[minute] = curve(minute, later) * Math.exp(logarithm);
      sum += rates[minute];
    }
    for (int minute = 0; minute < MINUTES; minute++) {
      rates[minute] /= sum;
    }
    return rates;
  }

  private static double curve(int minute, int later) {
    return 0.08
        + 0.12 * peak(minute, 20, 60)
        + peak(minute, 720 + later, 70)
        + 0.35 * peak(minute, 940, 90)
        + 0.9 * peak(minute, 1120 + later, 80);
  }

  private static double peak(int minute, int at, double width) {
    double off = (minute - at) / width;
    return Math.exp(-off * off / 2);
  }

  /** By counting exponential gaps; rates here are of some tens at most. */
  private int poisson(double rate) {
    int count = -1;
    for (double left = rate; left >= 0; left += Math.log(1 - random.nextDouble())) {
      count++;
    }
    return count;
  }
}

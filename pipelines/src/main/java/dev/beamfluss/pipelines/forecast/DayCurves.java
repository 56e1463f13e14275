package dev.beamfluss.pipelines.forecast;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.LocalTime;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The days of a channel, put together of its rows of {@code order_dtm}, in any order: what it had
 * from the beginning of the day to the end of each of 1440 minutes. A minute that has no row has
 * what the one before had, the first ones 0.
 */
public final class DayCurves {
  /** Of a day. */
  public static final int MINUTES = 1440;

  /** Strict: 2400 would be 0000. */
  private static final DateTimeFormatter MINUTE =
      DateTimeFormatter.ofPattern("HHmm", Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);

  private final TreeMap<LocalDate, double[]> counts = new TreeMap<>();
  private final TreeMap<LocalDate, double[]> amounts = new TreeMap<>();
  private final Set<LocalDate> unknownAmounts = new HashSet<>();

  /**
   * The day of a {@code ds}.
   *
   * @param what it is of, for the message
   * @throws IllegalArgumentException if it is none
   */
  public static LocalDate day(String what, @Nullable String ds) {
    try {
      return LocalDate.parse(String.valueOf(ds), DateTimeFormatter.BASIC_ISO_DATE);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          String.format("%s is '%s', which is no day: give it as yyyyMMdd.", what, ds), e);
    }
  }

  /** {@code yyyyMMdd}. */
  public static String ds(LocalDate day) {
    return day.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  /** {@code HHmm}, of a minute of the day from 0 on. */
  public static String mm(int minute) {
    return LocalTime.of(minute / 60, minute % 60).format(MINUTE);
  }

  private static int minute(Row row) {
    @Nullable String mm = row.getString("mm");
    try {
      // the reference's DDL allows HH:mm as well
      LocalTime time = LocalTime.parse(String.valueOf(mm).replace(":", ""), MINUTE);
      return time.getHour() * 60 + time.getMinute();
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "Column mm of table %s is '%s' in row %s, which is no minute: write it as HHmm.",
              ForecastTables.ORDERS, mm, row.getValues()),
          e);
    }
  }

  /**
   * Adds what a minute had.
   *
   * @throws IllegalArgumentException if it is no minute of a day
   */
  public void add(Row row) {
    LocalDate day = day("Column ds of table " + ForecastTables.ORDERS, row.getString("ds"));
    int minute = minute(row);
    @Nullable Long count = row.getInt64("order_cnt");
    if (count != null) {
      unsetIfNew(counts, day)[minute] = count;
    }
    @Nullable BigDecimal amount = row.getDecimal("order_gmv");
    if (amount == null) {
      unknownAmounts.add(day);
    } else {
      unsetIfNew(amounts, day)[minute] = amount.doubleValue();
    }
  }

  private static double[] unsetIfNew(Map<LocalDate, double[]> days, LocalDate day) {
    return days.computeIfAbsent(
        day,
        unused -> {
          double[] unset = new double[MINUTES];
          Arrays.fill(unset, Double.NaN);
          return unset;
        });
  }

  /** What there was of orders, each day that has a row. */
  public NavigableMap<LocalDate, double[]> counts() {
    return carriedOn(counts);
  }

  /** The same of amounts, without the days of which one is null. */
  public NavigableMap<LocalDate, double[]> amounts() {
    NavigableMap<LocalDate, double[]> known = carriedOn(amounts);
    known.keySet().removeAll(unknownAmounts);
    return known;
  }

  private static NavigableMap<LocalDate, double[]> carriedOn(Map<LocalDate, double[]> days) {
    NavigableMap<LocalDate, double[]> whole = new TreeMap<>();
    days.forEach(
        (day, given) -> {
          double[] curve = given.clone();
          double last = 0;
          for (int minute = 0; minute < MINUTES; minute++) {
            if (!Double.isNaN(curve[minute])) {
              last = curve[minute];
            }
            curve[minute] = last;
          }
          whole.put(day, curve);
        });
    return whole;
  }
}

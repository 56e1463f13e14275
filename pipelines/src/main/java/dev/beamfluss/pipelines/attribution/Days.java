package dev.beamfluss.pipelines.attribution;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Days as the tables' column {@code ds} has them, such as 20261123. */
final class Days {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT).withResolverStyle(ResolverStyle.STRICT);

  private Days() {}

  /**
   * A day and those that follow it, or precede it.
   *
   * @param count how many there are, all of them
   * @param step from one to the next, 1 or -1
   * @throws IllegalArgumentException if {@code ds} is no day
   */
  static List<String> from(String ds, int count, int step) {
    LocalDate first;
    try {
      first = LocalDate.parse(ds, DAY);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("'" + ds + "' is no day such as 20261123.", e);
    }
    List<String> days = new ArrayList<>(count);
    for (long i = 0; i < count; i++) {
      days.add(first.plusDays(i * step).format(DAY));
    }
    return days;
  }
}

package dev.beamfluss.page;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What stands in tables and cannot be shown: how often, and the first of it by table, column and
 * value. However much there is, what is kept of it is bounded. Not thread-safe.
 */
final class BadValues {
  private static final int KEPT = 100;
  private static final int LONGEST = 80;

  /**
   * A value.
   *
   * @param table its name
   * @param expected what should stand there, for people
   */
  record BadValue(String table, String column, String value, String expected) {
    BadValue {
      value = shorten(value);
      expected = shorten(expected);
    }

    private static String shorten(String text) {
      return text.length() > LONGEST ? text.substring(0, LONGEST) + ".." : text;
    }
  }

  private final Map<BadValue, Long> first = new LinkedHashMap<>();
  private long total;

  /**
   * Takes one that comes or goes.
   *
   * @param number 1 or -1
   * @return whether it is one of the first and was not there before
   */
  boolean add(BadValue value, int number) {
    total = Math.max(0, total + number);
    Long known = first.get(value);
    if (known == null) {
      if (number < 0 || first.size() >= KEPT) {
        return false;
      }
      first.put(value, 1L);
      return true;
    }
    if (known + number == 0) {
      first.remove(value);
    } else {
      first.put(value, known + number);
    }
    return false;
  }

  void clear() {
    first.clear();
    total = 0;
  }

  /** How many there are. */
  long total() {
    return total;
  }

  /** How often the first of them are there, in the order they were found. */
  Map<BadValue, Long> first() {
    return first;
  }
}

package dev.beamfluss.transforms;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/** The string form of {@link ForecastBaseline}, where it is defined. */
final class BaselineFormat {
  private static final String VERSION = "v1:";
  private static final String DAYS = "days";
  private static final String TOTAL = "total";
  private static final String TOTAL_SPREAD = "totalSpread";
  private static final String SHARE_SPREAD = "shareSpread";
  private static final String SHARE = "share";

  private final String channel;

  /** For messages. */
  BaselineFormat(String channel) {
    this.channel = channel;
  }

  static String encode(ForecastBaseline baseline) {
    StringBuilder text = new StringBuilder(VERSION);
    text.append(DAYS).append('=').append(baseline.days());
    text.append(';').append(TOTAL).append('=').append(baseline.total());
    text.append(';').append(TOTAL_SPREAD).append('=').append(baseline.totalSpread());
    text.append(';').append(SHARE_SPREAD).append('=');
    appendAll(text, baseline.shareSpreads());
    text.append(';').append(SHARE).append('=');
    appendAll(text, baseline.shares());
    return text.toString();
  }

  private static void appendAll(StringBuilder text, int[] values) {
    for (int from = 0, to; from < values.length; from = to) {
      to = from + 1;
      while (to < values.length && values[to] == values[from]) {
        to++;
      }
      text.append(from == 0 ? "" : ",").append(values[from]);
      if (to > from + 1) {
        text.append('*').append(to - from);
      }
    }
  }

  ForecastBaseline decode(String text) {
    if (!text.startsWith(VERSION)) {
      throw refused(
          "begins with '"
              + text.substring(0, Math.min(text.length(), VERSION.length()))
              + "', not with "
              + VERSION,
          "build it with, or update to, the version that reads it");
    }
    Map<String, String> fields = fields(text.substring(VERSION.length()));
    int days = integer(DAYS, field(fields, DAYS));
    if (days < 1) {
      throw wrong(DAYS + " is " + days + ", not a number from 1");
    }
    double total = number(TOTAL, field(fields, TOTAL));
    if (total == 0) {
      throw wrong(TOTAL + " is 0: days without orders make no baseline");
    }
    double totalSpread = number(TOTAL_SPREAD, field(fields, TOTAL_SPREAD));
    int[] shareSpread =
        list("hour", SHARE_SPREAD, field(fields, SHARE_SPREAD), ForecastBaseline.HOURS);
    int[] share = list("minute", SHARE, field(fields, SHARE), ForecastBaseline.MINUTES);
    checkCumulative(share);
    return new ForecastBaseline(days, total, totalSpread, shareSpread, share);
  }

  private Map<String, String> fields(String text) {
    Map<String, String> fields = new HashMap<>();
    for (String field : text.split(";", -1)) {
      int equals = field.indexOf('=');
      if (equals < 1) {
        throw wrong("has '" + shortened(field) + "' where a field name=value is expected");
      }
      if (fields.put(field.substring(0, equals), field.substring(equals + 1)) != null) {
        throw wrong("has the field " + field.substring(0, equals) + " twice");
      }
    }
    return fields;
  }

  private String field(Map<String, String> fields, String name) {
    String value = fields.get(name);
    if (value == null) {
      throw wrong("has no field " + name);
    }
    return value;
  }

  private int integer(String what, String text) {
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw wrong(what + " is '" + shortened(text) + "', not an integer");
    }
  }

  private double number(String what, String text) {
    double value;
    try {
      value = Double.parseDouble(text);
    } catch (NumberFormatException e) {
      value = Double.NaN;
    }
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw wrong(what + " is '" + shortened(text) + "', not a finite number from 0");
    }
    return value;
  }

  private int[] list(String unit, String name, String text, int size) {
    int[] values = new int[size];
    int filled = 0;
    for (String item : text.split(",", -1)) {
      String place = name + " at " + unit + " " + filled;
      int star = item.indexOf('*');
      int value = integer(place, star < 0 ? item : item.substring(0, star));
      int times = star < 0 ? 1 : integer("the repetition of " + place, item.substring(star + 1));
      if (value < 0 || value > ForecastBaseline.WHOLE) {
        throw wrong(place + " is " + value + ", not a number of millionths from 0 to 1000000");
      }
      if (times < 1) {
        throw wrong("the repetition of " + place + " is " + times + ", not a number from 1");
      }
      if (times > size - filled) {
        throw wrong(name + " has more than " + size + " values");
      }
      Arrays.fill(values, filled, filled + times, value);
      filled += times;
    }
    if (filled != size) {
      throw wrong(name + " has " + filled + " values, not " + size);
    }
    return values;
  }

  private void checkCumulative(int[] share) {
    for (int minute = 1; minute < share.length; minute++) {
      if (share[minute] < share[minute - 1]) {
        throw wrong(
            SHARE
                + " at minute "
                + minute
                + " is "
                + share[minute]
                + " after "
                + share[minute - 1]
                + ", but shares are cumulative and never fall");
      }
    }
    int last = share[share.length - 1];
    if (last != ForecastBaseline.WHOLE) {
      throw wrong(SHARE + " at the last minute is " + last + ", not 1000000");
    }
  }

  private static String shortened(String text) {
    return text.length() <= 40 ? text : text.substring(0, 40) + "...";
  }

  private IllegalArgumentException wrong(String what) {
    return refused(what, "build the baseline of this channel again");
  }

  private IllegalArgumentException refused(String what, String remedy) {
    return new IllegalArgumentException(
        "minute_ratio_feat of channel '" + channel + "' " + what + ": " + remedy);
  }
}

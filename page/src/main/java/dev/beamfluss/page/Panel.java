package dev.beamfluss.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What a view shows, as the JSON that {@code page.js} draws: figures, bars, charts by the minute
 * and tables, all with their words. A cell of a table is a text, a time in milliseconds since 1970,
 * of which the page tells the age, or nothing.
 */
final class Panel {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private final ObjectNode json = NODES.objectNode();
  private final ArrayNode figures = json.putArray("figures");
  private final ArrayNode bars = json.putArray("bars");
  private final ArrayNode charts = json.putArray("charts");
  private final ArrayNode tables = json.putArray("tables");

  /** A column of a table; numbers stand at the right. */
  record Column(String label, boolean isNumber) {
    static Column text(String label) {
      return new Column(label, false);
    }

    static Column number(String label) {
      return new Column(label, true);
    }
  }

  /**
   * A line of a chart.
   *
   * @param style {@code line}, {@code dashed}, {@code band} for the ends of an interval, {@code
   *     none} for what only the table beside the chart has
   * @param digits behind the point
   */
  record Line(String label, String style, int digits) {}

  /** A sentence about what is shown, after those there are. */
  void note(String text) {
    json.put("note", json.has("note") ? json.path("note").asText() + " " + text : text);
  }

  void figure(String label, String value) {
    figures.addObject().put("label", label).put("value", value);
  }

  /** A figure of a time. */
  void figure(String label, Instant time) {
    figures.addObject().put("label", label).put("time", time.toEpochMilli());
  }

  /**
   * A row of bars.
   *
   * @param share how long it is, from 0 to 1
   */
  void bar(String label, String value, double share) {
    bars.addObject()
        .put("label", label)
        .put("value", value)
        .put("share", Math.max(0, Math.min(1, share)));
  }

  /** A chart by the minute of the day. */
  Chart chart(String title, String day, List<Line> lines) {
    return new Chart(charts.addObject(), title, day, lines);
  }

  /** The points of a chart, in the order of their minutes. */
  static final class Chart {
    private final ArrayNode minutes;
    private final ArrayNode points;

    private Chart(ObjectNode chart, String title, String day, List<Line> lines) {
      chart.put("title", title).put("day", day);
      ArrayNode series = chart.putArray("lines");
      for (Line line : lines) {
        series
            .addObject()
            .put("label", line.label())
            .put("style", line.style())
            .put("digits", line.digits());
      }
      this.minutes = chart.putArray("minutes");
      this.points = chart.putArray("points");
    }

    /** The values of all lines at a minute; null where there is none. */
    void point(int minute, @Nullable Number... values) {
      minutes.add(minute);
      ArrayNode point = points.addArray();
      for (Number value : values) {
        if (value == null || !Double.isFinite(value.doubleValue())) {
          point.addNull();
        } else if (value instanceof Long || value instanceof Integer) {
          point.add(value.longValue());
        } else {
          point.add(value.doubleValue());
        }
      }
    }
  }

  /** A table. */
  Table table(String title, Column... columns) {
    ObjectNode table = tables.addObject().put("title", title);
    ArrayNode head = table.putArray("columns");
    for (Column column : columns) {
      head.addObject().put("label", column.label()).put("number", column.isNumber());
    }
    return new Table(table.putArray("rows"));
  }

  /** The rows of a table. */
  static final class Table {
    private final ArrayNode rows;

    private Table(ArrayNode rows) {
      this.rows = rows;
    }

    /** Texts, times, or null. */
    void row(@Nullable Object... cells) {
      ArrayNode row = rows.addArray();
      for (Object cell : cells) {
        if (cell == null) {
          row.addNull();
        } else if (cell instanceof Instant time) {
          row.add(time.toEpochMilli());
        } else {
          row.add(cell.toString());
        }
      }
    }
  }

  /** How many there are by now. */
  int charts() {
    return charts.size();
  }

  ObjectNode json() {
    return json;
  }

  /** A whole number, as people read it. */
  static String count(long value) {
    return format("#,##0").format(value);
  }

  /** An amount of money, with two digits. */
  static String amount(BigDecimal value) {
    return format("#,##0.00").format(value.setScale(2, RoundingMode.HALF_UP));
  }

  /** A number with as many digits behind the point at most. */
  static String number(double value, int digits) {
    return format("#,##0." + "#".repeat(digits)).format(value);
  }

  /** A part of a whole in percent; a dash where there is no whole. */
  static String percent(long part, long whole) {
    return whole == 0 ? "-" : percent((double) part / whole);
  }

  /** A share from 0 to 1 in percent. */
  static String percent(double share) {
    return format("0.0#").format(100 * share) + " %";
  }

  private static DecimalFormat format(String pattern) {
    DecimalFormat format =
        new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT));
    format.setRoundingMode(RoundingMode.HALF_UP);
    return format;
  }

  /** {@code yyyyMMdd} with dashes; any other text as it is. */
  static String day(String ds) {
    return ds.matches("\\d{8}")
        ? ds.substring(0, 4) + "-" + ds.substring(4, 6) + "-" + ds.substring(6)
        : ds;
  }
}

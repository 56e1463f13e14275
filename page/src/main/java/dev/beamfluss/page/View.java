package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.page.BadValues.BadValue;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A part of the page: what it makes of the changes of some tables. It keeps sums and newest rows,
 * of the newest day where tables have days. A value that cannot be shown is left out and told, with
 * its table and column; the rows beside it are shown. Not thread-safe.
 */
abstract class View {
  private static final Logger LOG = LoggerFactory.getLogger(View.class);
  private static final int BAD_SHOWN = 5;

  /** {@code HH:mm} with or without the colon, which is how tables have minutes of a day. */
  private static final Pattern MINUTE = Pattern.compile("(\\d{2}):?(\\d{2})");

  /**
   * A table that a view reads.
   *
   * @param database before any prefix
   * @param optional columns that older tables do not have
   */
  record Source(String database, String table, List<String> columns, List<String> optional) {
    Source(String database, String table, List<String> columns) {
      this(database, table, columns, List.of());
    }
  }

  private final String id;
  private final String title;
  private @Nullable String newestDay;
  private final BadValues bad = new BadValues();
  private final BadValues badOfDay = new BadValues();

  View(String id, String title) {
    this.id = id;
    this.title = title;
  }

  /** Its name in events. */
  final String id() {
    return id;
  }

  /** For people. */
  final String title() {
    return title;
  }

  /** The tables. All must be there for the view to be. */
  abstract List<Source> sources();

  /** Forgets all: the tables are read from their beginnings again. */
  final void clear() {
    newestDay = null;
    bad.clear();
    badOfDay.clear();
    clearDay();
    clearAllDays();
  }

  /** Forgets the newest day, as one has come that is newer. */
  abstract void clearDay();

  /** Forgets what is not of the newest day alone. */
  void clearAllDays() {}

  /**
   * Takes a change of a table, whatever is in its row.
   *
   * @param table its name
   */
  final void accept(String table, RowChange change) {
    try {
      take(table, change);
    } catch (RuntimeException e) {
      // or the tables would be read again and again, up to this row
      LOG.warn("View {} leaves out a row of {}.", id, table, e);
      refuse(bad, table, "the row", change.row().getValues(), String.valueOf(e), sign(change));
    }
  }

  /** What is special of {@link #accept}. */
  abstract void take(String table, RowChange change);

  /** Says what there is. */
  abstract void show(Panel panel);

  /** Says what cannot be shown. */
  final void showBad(Panel panel, String databasePrefix) {
    long total = bad.total() + badOfDay.total();
    if (total == 0) {
      return;
    }
    Map<BadValue, Long> first = new LinkedHashMap<>(badOfDay.first());
    bad.first().forEach((value, number) -> first.merge(value, number, Long::sum));
    panel.note(
        Panel.count(total)
            + (total == 1 ? " value cannot be read and is" : " values cannot be read and are")
            + " left out; the last table says where.");
    Panel.Table table =
        panel.table(
            first.size() > BAD_SHOWN
                ? "Values that cannot be read, the first " + BAD_SHOWN
                : "Values that cannot be read",
            Panel.Column.text("In table"),
            Panel.Column.text("Column"),
            Panel.Column.text("Value"),
            Panel.Column.text("Should be"),
            Panel.Column.number("Rows"));
    first.entrySet().stream()
        .limit(BAD_SHOWN)
        .forEach(
            entry -> {
              BadValue value = entry.getKey();
              table.row(
                  path(databasePrefix, value.table()),
                  value.column(),
                  "'" + value.value() + "'",
                  value.expected(),
                  Panel.count(entry.getValue()));
            });
  }

  private String path(String databasePrefix, String table) {
    return sources().stream()
        .filter(source -> source.table().equals(table))
        .map(source -> databasePrefix + source.database() + "." + table)
        .findFirst()
        .orElse(table);
  }

  /** Takes note of a row that the table's reader could not make. */
  final void refuseUnreadable(String table, String what, String reason) {
    refuse(bad, table, "the row", what, reason, 1);
  }

  /** Takes note of a value of the newest day that is not what it should be. */
  final void refuse(String table, RowChange change, String column, String expected) {
    refuse(badOfDay, table, column, value(change, column), expected, sign(change));
  }

  private void refuse(
      BadValues to,
      String table,
      String column,
      @Nullable Object value,
      String expected,
      int number) {
    BadValue found = new BadValue(table, column, String.valueOf(value), expected);
    if (to.add(found, number)) {
      LOG.warn(
          "View {} leaves out what it cannot read: {}.{} is '{}', should be {}.",
          id,
          table,
          column,
          found.value(),
          found.expected());
    }
  }

  private static @Nullable Object value(RowChange change, String column) {
    return change.row().getSchema().hasField(column) ? change.row().getValue(column) : null;
  }

  /** Whether a row is of a day at all; takes note of one that is not. */
  final boolean isOfDay(String table, RowChange change, String column) {
    String ds = text(change, column);
    if (ds.equals(newestDay) || isDay(ds)) {
      return true;
    }
    refuse(bad, table, column, value(change, column), "a day, yyyyMMdd", sign(change));
    return false;
  }

  private static boolean isDay(String ds) {
    if (!ds.matches("\\d{8}")) {
      return false;
    }
    try {
      var unused = LocalDate.parse(ds, DateTimeFormatter.BASIC_ISO_DATE);
      return true;
    } catch (DateTimeException e) {
      return false;
    }
  }

  /**
   * Whether a row is of the newest day that was seen: rows of days before it do not count. One of a
   * day that is newer than all before begins it.
   *
   * @param column that has the day
   */
  final boolean isOfNewestDay(String table, RowChange change, String column) {
    if (!isOfDay(table, change, column)) {
      return false;
    }
    String ds = text(change, column);
    if (newestDay == null || ds.compareTo(newestDay) > 0) {
      newestDay = ds;
      badOfDay.clear();
      clearDay();
    }
    return ds.equals(newestDay);
  }

  /** The newest day that was seen; empty where there is none. */
  final String newestDay() {
    return newestDay == null ? "" : newestDay;
  }

  /** The minute of the day in a column, {@code HHmm}; takes note where there is none. */
  final OptionalInt minuteOfDay(String table, RowChange change, String column) {
    Matcher matcher = MINUTE.matcher(text(change, column));
    if (matcher.matches()) {
      int hour = Integer.parseInt(matcher.group(1));
      int minute = Integer.parseInt(matcher.group(2));
      if (hour < 24 && minute < 60) {
        return OptionalInt.of(hour * 60 + minute);
      }
    }
    refuse(table, change, column, "a minute of the day, HHmm");
    return OptionalInt.empty();
  }

  /** The whole number in a column of texts, from 0 on; takes note where there is none. */
  final OptionalInt number(String table, RowChange change, String column, int below) {
    String text = text(change, column);
    if (text.matches("\\d{1,9}") && Integer.parseInt(text) < below) {
      return OptionalInt.of(Integer.parseInt(text));
    }
    refuse(table, change, column, "a number from 0 to " + (below - 1));
    return OptionalInt.empty();
  }

  /** 1 for a row that comes, -1 for one that goes: what sums grow by. */
  static int sign(RowChange change) {
    return change.kind().isPresentAfter() ? 1 : -1;
  }

  /** The number in a column; 0 for null. */
  static long count(RowChange change, String column) {
    Long value = change.row().getInt64(column);
    return value == null ? 0 : value;
  }

  /** The text in a column; empty for null, and where the table has no such column. */
  static String text(RowChange change, String column) {
    return value(change, column) instanceof String text ? text : "";
  }
}

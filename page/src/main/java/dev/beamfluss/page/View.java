package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import java.util.List;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A part of the page: what it makes of the changes of some tables. It keeps sums and newest rows,
 * of the newest day where tables have days. Not thread-safe.
 */
abstract class View {

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
  abstract void clear();

  /**
   * Takes a change of a table.
   *
   * @param table its name
   */
  abstract void take(String table, RowChange change);

  /** Says what there is. */
  abstract void show(Panel panel);

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
    String value =
        change.row().getSchema().hasField(column) ? change.row().getString(column) : null;
    return value == null ? "" : value;
  }

  /** The newest day that was seen: rows of days before it do not count. */
  static final class NewestDay {
    private @Nullable String day;

    /**
     * Whether a row of this day counts.
     *
     * @param onNew what to do where it is newer than all before
     */
    boolean takes(String ds, Runnable onNew) {
      if (day == null || ds.compareTo(day) > 0) {
        day = ds;
        onNew.run();
      }
      return ds.equals(day);
    }

    void clear() {
      day = null;
    }

    /** Empty where there is none. */
    String get() {
      return day == null ? "" : day;
    }
  }
}

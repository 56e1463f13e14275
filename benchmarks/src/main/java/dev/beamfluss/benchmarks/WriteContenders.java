package dev.beamfluss.benchmarks;

import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.fluss.client.Connection;

/** Who takes part in {@link WriteSuite}, and the tables they write. */
final class WriteContenders {
  private static final String APPEND = "append";
  private static final String UPSERT_NEW = "upsert-new";
  private static final String UPSERT_AGAIN = "upsert-again";
  private static final String PARTIAL = "partial-2-of-30";

  /** The key and two more. */
  private static final int PARTIAL_COLUMNS = 3;

  private final EventTable again = EventTable.keyed("again", EventTable.NARROW, 1);
  private final EventTable wide = EventTable.keyed("wide", EventTable.WIDE, 1);
  private final Rounds rounds;
  private final Connection admin;
  private final long rows;
  private int tables;
  private int updates;

  WriteContenders(Rounds rounds, Connection admin, long rows) {
    this.rounds = rounds;
    this.admin = admin;
    this.rows = rows;
  }

  /** The kinds of writes, each with the number of its rows. */
  Map<String, Long> works() {
    Map<String, Long> works = new LinkedHashMap<>();
    works.put(APPEND, rows);
    works.put(UPSERT_NEW, rows);
    works.put(UPSERT_AGAIN, rows);
    works.put(PARTIAL, wideRows());
    return works;
  }

  /** Their updates are slower, and each leaves two whole rows in the changelog. */
  private long wideRows() {
    return Math.max(1, rows / 4);
  }

  /** Everybody does all kinds of writes. */
  void add(Map<String, TableFill> fills) {
    works()
        .keySet()
        .forEach(
            work ->
                fills.forEach(
                    (who, fill) -> rounds.with(who + "-" + work, () -> measure(work, fill))));
  }

  private double measure(String work, TableFill fill) throws Exception {
    return switch (work) {
      case APPEND -> fresh(new EventTable("fresh_" + tables++, EventTable.NARROW), fill);
      case UPSERT_NEW -> fresh(EventTable.keyed("fresh_" + tables++, EventTable.NARROW, 1), fill);
      case UPSERT_AGAIN -> update(again, again.columns(), fill, rows);
      case PARTIAL -> update(wide, PARTIAL_COLUMNS, fill, wideRows());
      default -> throw new IllegalArgumentException(work);
    };
  }

  /** Writes the rows that somebody will update. */
  void fill() throws Exception {
    fill(UPSERT_AGAIN, again, rows);
    fill(PARTIAL, wide, wideRows());
  }

  private void fill(String updates, EventTable table, long number) throws Exception {
    if (rounds.names().stream().anyMatch(name -> name.endsWith(updates))) {
      table.create(admin);
      table.fill(admin, EventRows.of(table.columns()), number);
    }
  }

  /** A table for this one measurement, or the later ones would have more to do. */
  private double fresh(EventTable table, TableFill fill) throws Exception {
    table.create(admin);
    try {
      return fill.measure(table, EventRows.of(table.columns()), rows);
    } finally {
      table.drop(admin);
    }
  }

  /** All rows of the table get other values. */
  private double update(EventTable table, int columns, TableFill fill, long number)
      throws Exception {
    return fill.measure(table, new EventRows(columns, 1, ++updates), number);
  }
}

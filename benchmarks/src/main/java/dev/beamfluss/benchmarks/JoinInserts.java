package dev.beamfluss.benchmarks;

import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * Tables without deletes and updates: at first, the sides have different keys; new left rows are of
 * keys that the right side has, and new right rows of keys that the left side has, each turn of
 * others. So each new row finds its match, and nobody can make a row of the join twice.
 */
final class JoinInserts extends JoinTables {
  private static final EventRows ROWS = EventRows.of(COLUMNS);

  /**
   * @param turns of changes, of as many rows as there are for them
   */
  JoinInserts(Connection connection, String name, long rows, int turns) {
    super(connection, name, rows, 2 * rows / turns);
  }

  @Override
  int recordsOfChange() {
    return 1;
  }

  private long number(int turn, long i) {
    return (turn - 1) * (changes() / 2) + i;
  }

  @Override
  void fill() throws Exception {
    // without it, Flink makes no delta join
    create(Map.of("table.delete.behavior", "IGNORE"));
    fill(rows(), i -> ROWS.fluss(i, COLUMNS), i -> ROWS.fluss(rows() + i, COLUMNS));
  }

  @Override
  void change(int turn) throws Exception {
    fill(
        changes() / 2,
        i -> ROWS.fluss(rows() + number(turn, i), COLUMNS),
        i -> ROWS.fluss(number(turn, i), COLUMNS));
  }
}

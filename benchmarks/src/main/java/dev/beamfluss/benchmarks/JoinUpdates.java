package dev.beamfluss.benchmarks;

import java.util.Map;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;

/**
 * Each key has a row on both sides; changes are updates of rows that are there, evenly spread over
 * all keys, the same ones each turn.
 */
final class JoinUpdates extends JoinTables {
  private static final EventRows ROWS = EventRows.of(COLUMNS);

  JoinUpdates(Connection connection, String name, long rows, long changes) {
    super(connection, name, rows, Math.min(rows, changes));
  }

  @Override
  int recordsOfChange() {
    return 2;
  }

  /** The key of a change of a turn, which has the same ones in each. */
  long changedKey(long change) {
    return EventRows.key(number(change));
  }

  /** The number of its row. */
  long number(long change) {
    return change * rows() / changes();
  }

  @Override
  void fill() throws Exception {
    create(Map.of());
    fill(rows(), i -> ROWS.fluss(i, COLUMNS), i -> ROWS.fluss(i, COLUMNS));
  }

  /** Creates a sink that holds the join of what {@link #fill} wrote. */
  void createFilledSink(TablePath sink) throws Exception {
    createSink(sink);
    EventTable.upsert(
        connection(),
        sink,
        rows(),
        i -> {
          GenericRow both = ROWS.fluss(i, COLUMNS);
          return joined(both, both);
        });
  }

  @Override
  void change(int turn) throws Exception {
    fill(
        changes() / 2,
        i -> changedLeft(turn, number(2 * i)),
        i -> changedRight(turn, number(2 * i + 1)));
  }

  /** A row of the join, with values of a turn in what is not its key. */
  static GenericRow joinedOfTurn(int turn, long number) {
    return joined(changedLeft(turn, number), changedRight(turn, number));
  }

  static GenericRow changedLeft(int turn, long number) {
    return new EventRows(COLUMNS, 1, turn).fluss(number, COLUMNS);
  }

  /** The second column is part of the key and stays. */
  static GenericRow changedRight(int turn, long number) {
    GenericRow row = new EventRows(COLUMNS, 1, turn).fluss(number, COLUMNS);
    row.setField(1, ROWS.fluss(number, COLUMNS).getField(1));
    return row;
  }
}

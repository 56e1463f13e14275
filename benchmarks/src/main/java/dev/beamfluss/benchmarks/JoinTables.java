package dev.beamfluss.benchmarks;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.DataTypes;

/**
 * Two tables of 4 columns that are joined on their first, and turns of changes of both. Each
 * changed row belongs to another key and is in one row of the join, so that a turn changes as many
 * rows of the join as it does of the tables.
 */
abstract class JoinTables {
  static final int COLUMNS = 4;

  private final Connection connection;
  private final EventTable left;
  private final EventTable right;
  private final long rows;
  private final long half;
  private final List<Instant> turns = new ArrayList<>();

  /**
   * @param rows of each side, before the changes
   * @param changes of a turn, half of them of each side
   */
  JoinTables(Connection connection, String name, long rows, long changes) {
    this.connection = connection;
    this.left = EventTable.keyed("left_" + name, COLUMNS, 1);
    this.right = EventTable.keyed("right_" + name, COLUMNS, 2);
    this.rows = rows;
    this.half = Math.max(1, changes / 2);
  }

  /** Its key is the first column. */
  EventTable left() {
    return left;
  }

  /** Its key is the first two columns, its bucket key the first. */
  EventTable right() {
    return right;
  }

  long rows() {
    return rows;
  }

  /** In a turn. */
  long changes() {
    return 2 * half;
  }

  /** How many records a changed row of the join is in the sink's changelog. */
  abstract int recordsOfChange();

  abstract void fill() throws Exception;

  /** Makes the changes of a turn: of half of the left rows, and of half of the right. */
  abstract void change(int turn) throws Exception;

  /** Makes the changes of a turn unless that was done; returns a moment between them and before. */
  Instant awaitTurn(int turn) throws Exception {
    while (turns.size() < turn) {
      turns.add(Instant.now());
      change(turns.size());
    }
    return turns.get(turn - 1);
  }

  void create(Map<String, String> properties) throws Exception {
    left.create(connection, properties);
    right.create(connection, properties);
  }

  void fill(long number, LongFunction<GenericRow> leftRow, LongFunction<GenericRow> rightRow)
      throws Exception {
    left.fill(connection, number, leftRow);
    right.fill(connection, number, rightRow);
  }

  /** Creates a table for the join's rows. */
  void createSink(TablePath path) throws Exception {
    EventTable.create(
        connection,
        path,
        Schema.newBuilder()
            .column("c0", DataTypes.BIGINT().copy(false))
            .column("c3", DataTypes.TIMESTAMP(3))
            .column("c1", DataTypes.STRING().copy(false))
            .column("c2", DataTypes.DECIMAL(10, 2))
            .primaryKey("c0", "c1")
            .build(),
        List.of("c0"),
        Map.of());
  }

  /**
   * The join in Flink's SQL, where the catalog of Fluss is called {@code fluss}.
   *
   * @param sinkOptions of the connector
   * @param sideOptions of the connector, for both sides
   */
  String insert(TablePath sink, Map<String, String> sinkOptions, Map<String, String> sideOptions) {
    return String.format(
        "INSERT INTO fluss.%s %s SELECT r.c0, l.c3, r.c1, r.c2"
            + " FROM fluss.%s %s AS l JOIN fluss.%s %s AS r ON l.c0 = r.c0",
        sink,
        NativeLookup.hint(sinkOptions),
        left.path(),
        NativeLookup.hint(sideOptions),
        right.path(),
        NativeLookup.hint(sideOptions));
  }

  static GenericRow joined(GenericRow left, GenericRow right) {
    return GenericRow.of(left.getField(0), left.getField(3), right.getField(1), right.getField(2));
  }

  Connection connection() {
    return connection;
  }
}

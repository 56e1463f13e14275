package dev.beamfluss.io.paimon;

import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.table.Table;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeChecks;
import org.apache.paimon.types.RowType;

/** Takes the event time of a row from a column. */
interface EventTime {

  /** In milliseconds since the epoch. */
  long millis(InternalRow row);

  /**
   * Checks that a table has it.
   *
   * @throws IllegalArgumentException if the table has no such column, or its type has no time
   */
  static void check(Table table, String column) {
    RowType type = table.rowType();
    if (!type.containsField(column)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no column %s to take timestamps from. Its columns are %s.",
              table.fullName(), column, type.getFieldNames()));
    }
    DataType columnType = type.getField(column).type();
    switch (columnType.getTypeRoot()) {
      case BIGINT, TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {}
      default ->
          throw new IllegalArgumentException(
              String.format(
                  "Column %s of table %s is %s, from which no timestamp can be taken. Name a"
                      + " TIMESTAMP, TIMESTAMP_LTZ or BIGINT (milliseconds since the epoch)"
                      + " column.",
                  column, table.fullName(), columnType));
    }
  }

  /** Of a column that was checked, in rows of the type. */
  static EventTime of(String table, String column, RowType rows) {
    int position = rows.getFieldIndex(column);
    DataType type = rows.getTypeAt(position);
    EventTime notNull =
        switch (type.getTypeRoot()) {
          case BIGINT -> row -> row.getLong(position);
          default -> {
            int precision = DataTypeChecks.getPrecision(type);
            yield row -> row.getTimestamp(position, precision).getMillisecond();
          }
        };
    return row -> {
      if (row.isNullAt(position)) {
        throw new IllegalStateException(
            String.format(
                "A row of table %s holds null in column %s, so it has no timestamp.",
                table, column));
      }
      long millis = notNull.millis(row);
      if (millis < BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis()
          || millis > BoundedWindow.TIMESTAMP_MAX_VALUE.getMillis()) {
        throw new IllegalStateException(
            String.format(
                "A row of table %s holds %d ms in column %s, which is outside of what Beam can"
                    + " tell.",
                table, millis, column));
      }
      return millis;
    };
  }
}

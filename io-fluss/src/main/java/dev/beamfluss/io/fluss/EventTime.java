package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.types.DataType;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** Where a row's event time comes from. */
sealed interface EventTime extends Serializable {

  /** Takes the event time from a row, in milliseconds since the epoch. */
  @FunctionalInterface
  interface Extractor {
    /**
     * The event time of one row.
     *
     * @param scanned all columns that were scanned
     * @param made the row for the pipeline
     * @param stored when the cluster stored it, or {@link #BEFORE_ALL} where nobody knows
     * @throws IllegalStateException if the row has none
     */
    long millis(Row scanned, Row made, long stored);
  }

  /** The event time of what has none: rows of a snapshot. */
  long BEFORE_ALL = BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis();

  /** The column that must be read for it, if any. */
  default @Nullable String column() {
    return null;
  }

  /** Checks that a table's rows have one; for {@link #column()}'s sake. */
  default void check(FlussTable table) {}

  /** For rows with the scanned columns. */
  Extractor extractor(List<String> scanned);

  /** When the cluster stored the row. */
  record Stored() implements EventTime {
    @Override
    public Extractor extractor(List<String> scanned) {
      return (scannedRow, made, stored) -> stored;
    }

    @Override
    public String toString() {
      return "when stored";
    }
  }

  /** A function of the Beam row. */
  record Function(SerializableFunction<Row, Instant> function) implements EventTime {
    @Override
    public Extractor extractor(List<String> scanned) {
      return (scannedRow, made, stored) -> inRange(millis(made));
    }

    private long millis(Row row) {
      Instant time = function.apply(row);
      if (time == null) {
        throw new IllegalStateException("the timestamp function gave null for it");
      }
      return time.getMillis();
    }

    @Override
    public String toString() {
      return "function " + function.getClass().getName();
    }
  }

  /** A column of the table. */
  record Column(String column) implements EventTime {
    @Override
    public void check(FlussTable table) {
      if (table.rowType().getFieldIndex(column) < 0) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has no column %s to take timestamps from. Its columns are %s.",
                table.path(), column, table.schema().getFieldNames()));
      }
      DataType type = table.rowType().getField(column).getType();
      switch (type.getTypeRoot()) {
        case BIGINT, TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {}
        default ->
            throw new IllegalArgumentException(
                String.format(
                    "Column %s of table %s is %s, from which no timestamp can be taken. Name a"
                        + " TIMESTAMP, TIMESTAMP_LTZ or BIGINT (milliseconds since the epoch)"
                        + " column, or use withTimestampFn(..).",
                    column, table.path(), type));
      }
    }

    @Override
    public Extractor extractor(List<String> scanned) {
      int position = scanned.indexOf(column);
      return (scannedRow, made, stored) -> inRange(millis(scannedRow.getValue(position)));
    }

    private long millis(@Nullable Object value) {
      if (value == null) {
        throw new IllegalStateException(
            "column " + column + " holds null, so the row has no timestamp");
      }
      return value instanceof Long number
          ? number
          : value instanceof LocalDateTime time
              ? time.toInstant(ZoneOffset.UTC).toEpochMilli()
              : ((java.time.Instant) value).toEpochMilli();
    }

    @Override
    public String toString() {
      return "column " + column;
    }
  }

  private static long inRange(long millis) {
    if (millis < BEFORE_ALL || millis > BoundedWindow.TIMESTAMP_MAX_VALUE.getMillis()) {
      throw new IllegalStateException(
          "its timestamp of " + millis + " ms is outside of what Beam can tell");
    }
    return millis;
  }
}

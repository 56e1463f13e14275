package dev.beamfluss.io.fluss;

import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The rows of one bucket that one poll gave, in log order: the element of the sources, so that the
 * runner's work an element is paid once a poll, not once a row.
 *
 * @param rows the rows
 * @param kinds each row's kind, or null where all are inserts (log tables)
 * @param timestamps each row's event time in milliseconds since the epoch
 * @param unreadable what was among them and cannot be read
 */
@SuppressWarnings("ArrayRecordComponent") // a hot path; equals and hashCode compare the contents
record RowBatch(
    List<Row> rows,
    RowChange.Kind @Nullable [] kinds,
    long[] timestamps,
    List<UnreadableRow> unreadable) {

  RowBatch(List<Row> rows, RowChange.Kind @Nullable [] kinds, long[] timestamps) {
    this(rows, kinds, timestamps, List.of());
  }

  RowChange.Kind kind(int i) {
    return kinds == null ? RowChange.Kind.INSERT : kinds[i];
  }

  int size() {
    return rows.size();
  }

  /** The least of the timestamps, or of all times where there are none. */
  long minTimestamp(long ofNone) {
    long min = Long.MAX_VALUE;
    for (long timestamp : timestamps) {
      min = Math.min(min, timestamp);
    }
    return timestamps.length == 0 ? ofNone : min;
  }

  long maxTimestamp(long ofNone) {
    long max = Long.MIN_VALUE;
    for (long timestamp : timestamps) {
      max = Math.max(max, timestamp);
    }
    return timestamps.length == 0 ? ofNone : max;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RowBatch that
        && rows.equals(that.rows)
        && Arrays.equals(kinds, that.kinds)
        && Arrays.equals(timestamps, that.timestamps)
        && unreadable.equals(that.unreadable);
  }

  @Override
  public int hashCode() {
    return Objects.hash(rows, Arrays.hashCode(kinds), Arrays.hashCode(timestamps), unreadable);
  }

  @Override
  public String toString() {
    return "RowBatch of " + rows.size();
  }
}

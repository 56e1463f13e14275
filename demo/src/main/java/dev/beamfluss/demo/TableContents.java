package dev.beamfluss.demo;

import dev.beamfluss.pipelines.tables.TableDefinition;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampLtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Follows a table, and has the rows it holds by their keys; values are Java's, times are
 * milliseconds since 1970. Of a table without a key it has all rows.
 */
final class TableContents implements AutoCloseable {
  private final List<String> columns;
  private final List<InternalRow.FieldGetter> getters;
  private final List<String> key;
  private final Set<String> ignored;
  private final Map<List<Object>, Map<String, Object>> rows = new HashMap<>();
  private final TableTail tail;
  private long changes;
  private long lastChange;

  /**
   * Begins to follow.
   *
   * @param ignored columns that are left out
   */
  TableContents(String bootstrapServers, TableDefinition table, Set<String> ignored) {
    Schema schema = table.descriptor().getSchema();
    this.ignored = ignored;
    this.columns = schema.getRowType().getFieldNames();
    this.getters =
        IntStream.range(0, columns.size())
            .mapToObj(i -> InternalRow.createFieldGetter(schema.getRowType().getTypeAt(i), i))
            .toList();
    this.key = schema.getPrimaryKeyColumnNames();
    this.tail = new TableTail(bootstrapServers, table.path(), this::take);
  }

  private synchronized void take(boolean present, InternalRow row, long storedAt) {
    Map<String, Object> values = new HashMap<>();
    for (int i = 0; i < columns.size(); i++) {
      values.put(columns.get(i), value(getters.get(i).getFieldOrNull(row)));
    }
    List<Object> at = key.isEmpty() ? List.of(changes) : key(values);
    changes++;
    lastChange = Math.max(lastChange, storedAt);
    if (present) {
      values.keySet().removeAll(ignored);
      rows.put(at, values);
    } else {
      rows.remove(at);
    }
  }

  private List<Object> key(Map<String, Object> values) {
    return key.stream().map(values::get).toList();
  }

  private static @Nullable Object value(@Nullable Object value) {
    if (value instanceof BinaryString text) {
      return text.toString();
    }
    if (value instanceof Decimal decimal) {
      return decimal.toBigDecimal();
    }
    return value instanceof TimestampLtz time ? (Object) time.getEpochMillisecond() : value;
  }

  /** The rows now. */
  synchronized List<Map<String, Object>> rows() {
    return List.copyOf(rows.values());
  }

  /** Whether it holds just these rows, which have all columns but those left out. */
  synchronized boolean holds(Collection<Map<String, Object>> expected) {
    return rows.size() == expected.size() && missing(expected).isEmpty();
  }

  /** The rows that it does not hold. */
  synchronized List<Map<String, Object>> missing(Collection<Map<String, Object>> expected) {
    return expected.stream().filter(row -> !row.equals(rows.get(key(row)))).toList();
  }

  /** What it holds in place of a row; null if none has its key. */
  synchronized @Nullable Map<String, Object> inPlaceOf(Map<String, Object> row) {
    return rows.get(key(row));
  }

  synchronized int size() {
    return rows.size();
  }

  synchronized long changes() {
    return changes;
  }

  /** When the cluster stored the latest change, in milliseconds since 1970; 0 before any. */
  synchronized long lastChange() {
    return lastChange;
  }

  void check() {
    tail.check();
  }

  @Override
  public void close() {
    tail.close();
  }
}

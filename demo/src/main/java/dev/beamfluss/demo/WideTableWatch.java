package dev.beamfluss.demo;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.StatGrain;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampLtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Follows the wide tables of products and shops, and has what they hold in the form of {@link
 * WideTableAnswer#cells}: by row, what is not null and not 0, but for the versions and for the time
 * of the latest order, which may be one that was cancelled.
 */
public final class WideTableWatch implements AutoCloseable {
  private final List<TableTail> tails = new ArrayList<>();
  private final Map<WideTableAnswer.Cell, Map<String, Object>> cells = new HashMap<>();
  private long changes;
  private long lastChange;

  /**
   * Begins to watch.
   *
   * @param databasePrefix what the name of the database begins with
   */
  public WideTableWatch(String bootstrapServers, String databasePrefix) {
    for (TableDefinition table :
        WideTableTables.definitions(TableOptions.defaults().withDatabasePrefix(databasePrefix))) {
      for (StatGrain grain : StatGrain.values()) {
        if (table.name().equals(grain.table())) {
          tails.add(tail(bootstrapServers, table, grain));
        }
      }
    }
  }

  private TableTail tail(String bootstrapServers, TableDefinition table, StatGrain grain) {
    Schema schema = table.descriptor().getSchema();
    List<String> names = schema.getRowType().getFieldNames();
    Map<String, InternalRow.FieldGetter> compared = new TreeMap<>();
    for (String column : compared()) {
      int index = names.indexOf(column);
      compared.put(
          column, InternalRow.createFieldGetter(schema.getRowType().getTypeAt(index), index));
    }
    int id = names.indexOf(grain.idColumn());
    int date = names.indexOf(WideTableTables.DATE);
    int hour = names.indexOf(WideTableTables.HOUR);
    return new TableTail(
        bootstrapServers,
        TablePath.of(table.database(), table.name()),
        (present, row, storedAt) ->
            take(
                new WideTableAnswer.Cell(
                    grain.table(),
                    row.getLong(id),
                    row.getString(date).toString(),
                    row.getString(hour).toString()),
                present ? columns(row, compared) : Map.of(),
                storedAt));
  }

  private static Set<String> compared() {
    Set<String> compared = new HashSet<>();
    for (BehaviorStream stream : BehaviorStream.values()) {
      compared.addAll(stream.columns());
      compared.remove(stream.versionColumn());
    }
    compared.remove(BehaviorStream.ORDERS.timeColumn());
    return compared;
  }

  private static Map<String, Object> columns(
      InternalRow row, Map<String, InternalRow.FieldGetter> getters) {
    Map<String, Object> columns = new TreeMap<>();
    getters.forEach(
        (column, getter) -> {
          Object value = value(getter.getFieldOrNull(row));
          if (value != null) {
            columns.put(column, value);
          }
        });
    return columns;
  }

  private static @Nullable Object value(@Nullable Object value) {
    if (value instanceof TimestampLtz time) {
      return time.getEpochMillisecond();
    }
    if (value instanceof Decimal decimal) {
      BigDecimal amount = decimal.toBigDecimal();
      return amount.signum() == 0 ? null : amount;
    }
    return Long.valueOf(0).equals(value) ? null : value;
  }

  private synchronized void take(
      WideTableAnswer.Cell cell, Map<String, Object> columns, long storedAt) {
    changes++;
    lastChange = Math.max(lastChange, storedAt);
    if (columns.isEmpty()) {
      cells.remove(cell);
    } else {
      cells.put(cell, columns);
    }
  }

  /** What the tables hold now. */
  public synchronized Map<WideTableAnswer.Cell, Map<String, Object>> cells() {
    return new HashMap<>(cells);
  }

  /** Whether they hold exactly this now. */
  public synchronized boolean holds(Map<WideTableAnswer.Cell, Map<String, Object>> expected) {
    return cells.equals(expected);
  }

  /** How many rows they hold now. */
  public synchronized int rows() {
    return cells.size();
  }

  /** When the latest change was stored, in milliseconds since 1970; 0 before any. */
  synchronized long lastChange() {
    return lastChange;
  }

  /** How many changes they took so far. */
  public synchronized long resultChanges() {
    return changes;
  }

  /** Fails if one of the tables can no longer be followed. */
  public void check() {
    tails.forEach(TableTail::check);
  }

  @Override
  public void close() {
    tails.forEach(TableTail::close);
  }
}

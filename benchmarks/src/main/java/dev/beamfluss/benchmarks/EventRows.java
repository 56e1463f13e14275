package dev.beamfluss.benchmarks;

import java.io.Serializable;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.flink.table.data.GenericRowData;
import org.apache.fluss.row.GenericRow;

/**
 * The rows of an {@link EventTable} by number, in each writer's own kind. Their first column is a
 * key, the other values come from a pool, so that a row costs little more than what its kind needs.
 *
 * @param columns how many of the first columns they fill
 * @param rowsOfKey how many rows in turn have the same first column
 * @param shift other values for the same keys
 */
record EventRows(int columns, int rowsOfKey, int shift) implements Serializable {
  /** A power of two; a batch of 256 KB has fewer rows. */
  private static final int POOL = 4096;

  /** An odd number: no two numbers have the same key, and neighbours are far apart. */
  private static final long SPREAD = 0x9E3779B97F4A7C15L;

  private static final Map<Integer, Object[][]> POOLS = new ConcurrentHashMap<>();

  static EventRows of(int columns) {
    return new EventRows(columns, 1, 0);
  }

  static long key(long number) {
    return number * SPREAD;
  }

  Row beam(long number, Schema schema) {
    Object[] values = values(number).clone();
    values[0] = firstColumn(number);
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }

  /**
   * @param width of the table; columns that are not filled are null
   */
  GenericRow fluss(long number, int width) {
    Object[] values = values(number);
    GenericRow row = new GenericRow(width);
    row.setField(0, firstColumn(number));
    for (int i = 1; i < columns; i++) {
      row.setField(i, EventColumn.at(i).toFluss().apply(values[i]));
    }
    return row;
  }

  /**
   * @param width of the table; columns that are not filled are null
   */
  GenericRowData flink(long number, int width) {
    Object[] values = values(number);
    GenericRowData row = new GenericRowData(width);
    row.setField(0, firstColumn(number));
    for (int i = 1; i < columns; i++) {
      row.setField(i, EventColumn.at(i).toFlink().apply(values[i]));
    }
    return row;
  }

  Long firstColumn(long number) {
    return key(number / rowsOfKey);
  }

  /** All but the first are the row's; nobody may write to them. */
  Object[] values(long number) {
    Object[][] pool = POOLS.get(columns);
    if (pool == null) {
      pool = POOLS.computeIfAbsent(columns, EventRows::pool);
    }
    return pool[(int) (number + shift) & (POOL - 1)];
  }

  private static Object[][] pool(int columns) {
    Random random = new Random(columns);
    return IntStream.range(0, POOL)
        .mapToObj(
            row ->
                IntStream.range(0, columns)
                    .mapToObj(i -> EventColumn.at(i).make().apply(random))
                    .toArray())
        .toArray(Object[][]::new);
  }
}

package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.FlussTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What is counted of which bitmaps, checked against the tables. */
final class CountPlan implements Serializable {
  private static final long serialVersionUID = 1L;

  private final FlussTable table;
  private final FlussTable sink;
  private final IdShards shards;
  private final int shardPosition;
  private final int[] keyPositions;
  private final Schema tableKey;
  private final Schema key;
  private final ArrayList<String> bitmapColumns;
  private final ArrayList<CountBitmaps.Count> counts;
  private final Schema result;

  private CountPlan(
      FlussTable table,
      String shardColumn,
      IdShards shards,
      List<CountBitmaps.Count> counts,
      FlussTable sink) {
    this.table = table;
    this.sink = sink;
    this.shards = shards;
    this.counts = new ArrayList<>(counts);
    List<String> columns = table.primaryKey();
    this.tableKey = table.schema(columns);
    this.shardPosition = columns.indexOf(shardColumn);
    List<String> withoutShard = columns.stream().filter(c -> !c.equals(shardColumn)).toList();
    this.keyPositions = withoutShard.stream().mapToInt(columns::indexOf).toArray();
    this.key = table.schema(withoutShard);
    Set<String> bitmaps = new LinkedHashSet<>();
    Schema.Builder made = Schema.builder().addFields(key.getFields());
    for (CountBitmaps.Count count : counts) {
      bitmaps.addAll(count.columns());
      made.addInt64Field(count.as());
    }
    this.bitmapColumns = new ArrayList<>(bitmaps);
    this.result = made.build();
  }

  static CountPlan of(
      FlussTable table,
      String shardColumn,
      IdShards shards,
      List<CountBitmaps.Count> counts,
      FlussTable sink) {
    if (counts.isEmpty()) {
      throw new IllegalArgumentException(
          "Say what is counted with counting(..) or countingAll(..).");
    }
    List<String> primaryKey = table.primaryKey();
    if (!primaryKey.contains(shardColumn) || primaryKey.size() < 2) {
      throw new IllegalArgumentException(
          String.format(
              "The bitmaps of table %s are to be found by their shard and at least one more column:"
                  + " its primary key must have column %s and another one, and is %s.",
              table.path(), shardColumn, primaryKey));
    }
    Schema.TypeName shardType = table.schema().getField(shardColumn).getType().getTypeName();
    if (shardType != Schema.TypeName.INT32) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of table %s, the shard, must be INT, not %s.",
              shardColumn, table.path(), shardType));
    }
    Set<String> results = new HashSet<>();
    for (CountBitmaps.Count count : counts) {
      count.columns().forEach(column -> requireBitmap(table, column, shards.type()));
      if (!results.add(count.as())) {
        throw new IllegalArgumentException(
            String.format("Column %s of table %s gets two counts.", count.as(), sink.path()));
      }
    }
    CountPlan plan = new CountPlan(table, shardColumn, shards, counts, sink);
    if (!Set.copyOf(sink.primaryKey()).equals(Set.copyOf(plan.key.getFieldNames()))) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s must have a row for each key that is counted. Create it with PRIMARY KEY"
                  + " (%s); it has %s.",
              sink.path(), String.join(", ", plan.key.getFieldNames()), sink.primaryKey()));
    }
    if (plan.isWhole()) {
      sink.requireRows(plan.result);
    } else {
      sink.requirePartialRows(plan.result);
    }
    return plan;
  }

  private static void requireBitmap(FlussTable table, String column, BitmapType type) {
    String wanted = type.name().toLowerCase(Locale.ROOT);
    String found =
        table.schema().hasField(column)
            ? table.mergeFunction(column).map(f -> "is merged by " + f).orElse("is not merged")
            : "is not there";
    if (!found.equals("is merged by " + wanted)) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of table %s must be merged by %s, as the bitmaps are %s, but %s. Create"
                  + " the table with 'table.merge-engine' = 'aggregation' and 'fields.%s.agg' ="
                  + " '%s'.",
              column, table.path(), wanted, type, found, column, wanted));
    }
  }

  FlussTable table() {
    return table;
  }

  FlussTable sink() {
    return sink;
  }

  IdShards shards() {
    return shards;
  }

  /** The columns of a key that is counted. */
  Schema keySchema() {
    return key;
  }

  /** The columns of a bitmap's key. */
  Schema tableKeySchema() {
    return tableKey;
  }

  List<String> bitmapColumns() {
    return bitmapColumns;
  }

  /** The columns that are written. */
  Schema resultSchema() {
    return result;
  }

  /** Whether these are all columns of the sink. */
  boolean isWhole() {
    return result.getFieldCount() == sink.schema().getFieldCount();
  }

  /** Of a row with the columns of a bitmap's key. */
  Row keyOf(Row row) {
    return Values.of(row, keyPositions).toRow(key);
  }

  /** Where the bitmap of a shard is. */
  Row tableKeyOf(Row counted, int shard) {
    @Nullable Object[] values = new Object[tableKey.getFieldCount()];
    for (int i = 0; i < keyPositions.length; i++) {
      values[keyPositions[i]] = counted.getValue(i);
    }
    values[shardPosition] = shard;
    return Values.of(values).toRow(tableKey);
  }

  /** The result of a key, of the rows of its shards. */
  Row count(Row counted, List<Row> shardsOfKey) {
    long[] sums = new long[counts.size()];
    for (Row row : shardsOfKey) {
      @Nullable IdBitmap[] bitmaps = new IdBitmap[bitmapColumns.size()];
      for (int i = 0; i < bitmaps.length; i++) {
        byte[] bytes = row.getBytes(bitmapColumns.get(i));
        bitmaps[i] = bytes == null ? null : bitmap(counted, bitmapColumns.get(i), bytes);
      }
      for (int i = 0; i < sums.length; i++) {
        List<@Nullable IdBitmap> ofCount =
            counts.get(i).columns().stream().map(c -> bitmaps[bitmapColumns.indexOf(c)]).toList();
        sums[i] += IdBitmap.cardinalityOfAll(ofCount);
      }
    }
    Row.Builder made = Row.withSchema(result).addValues(counted.getValues());
    for (long sum : sums) {
      made.addValue(sum);
    }
    return made.build();
  }

  private IdBitmap bitmap(Row counted, String column, byte[] bytes) {
    try {
      return IdBitmap.fromBytes(shards.type(), bytes);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of table %s has no bitmap for %s: %s",
              column, table.path(), counted.getValues(), e.getMessage()),
          e);
    }
  }
}

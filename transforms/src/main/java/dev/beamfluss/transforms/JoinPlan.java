package dev.beamfluss.transforms;

import static java.util.Objects.requireNonNull;

import dev.beamfluss.io.fluss.FlussTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** How a join's tables, columns and keys fit together; checked once, when the pipeline is built. */
final class JoinPlan implements Serializable {
  private static final int NONE = -1;
  private static final String SIDE = "side";
  private static final String INSERTED = "inserted";

  private final JoinShape shape;
  private final ArrayList<FlussTable> tables;
  private final FlussTable sink;
  private final @Nullable FlussTable index;
  private final SinkUpdate update;
  private final int decidingSide;
  private final Schema trigger;
  private final ArrayList<Integer> triggerKeys = new ArrayList<>();
  private final ArrayList<Integer> triggerValues = new ArrayList<>();
  private final Schema sinkKey;
  private final ArrayList<List<String>> ownKeys = new ArrayList<>();

  /** Where the sink's key is in a row of the join. */
  private final int[] sinkKeyInOutput;

  /** Where the deciding side's own key is in a row of the join. */
  private final int[] ownKeyInOutput;

  private final Object[] ownKeyStandIns;

  private JoinPlan(
      JoinShape shape, List<FlussTable> tables, FlussTable sink, @Nullable FlussTable index) {
    this.shape = shape;
    this.tables = new ArrayList<>(tables);
    this.sink = sink;
    this.index = index;
    for (int side = 0; side < tables.size(); side++) {
      ownKeys.add(findOwnKey(side));
    }
    checkSink();
    this.decidingSide = findDecidingSide();
    this.update = chooseUpdate();
    this.trigger = triggerSchema();
    this.sinkKey =
        Schema.builder()
            .addFields(sink.primaryKey().stream().map(shape.outputSchema()::getField).toList())
            .build();
    if (update == SinkUpdate.BY_INDEX) {
      checkIndex();
    }
    this.sinkKeyInOutput = inOutput(sinkKey.getFieldNames());
    List<String> deciding =
        decidingSide == NONE
            ? List.of()
            : ownKeyColumns(decidingSide).stream()
                .map(column -> shape.outputName(decidingSide, column))
                .toList();
    this.ownKeyInOutput = inOutput(deciding);
    this.ownKeyStandIns = deciding.stream().map(shape::standIn).toArray();
  }

  private int[] inOutput(List<String> columns) {
    return columns.stream().mapToInt(shape.outputSchema()::indexOf).toArray();
  }

  static JoinPlan of(
      JoinShape shape, List<FlussTable> tables, FlussTable sink, @Nullable FlussTable index) {
    return new JoinPlan(shape, tables, sink, index);
  }

  private List<String> joinColumns() {
    return shape.keySchema().getFieldNames();
  }

  /** Whether a key has at most one row of this side. */
  private boolean isUnique(int side) {
    DayWindow window = shape.sides().get(side).window();
    return (window == null || window.days() == 1)
        && tables.get(side).lookupKind(joinColumns()) == FlussTable.LookupKind.PRIMARY_KEY;
  }

  /** The columns that tell the rows of a side from each other within a key of the join. */
  private List<String> ownKeyColumns(int side) {
    return ownKeys.get(side);
  }

  private List<String> findOwnKey(int side) {
    List<String> columns = new ArrayList<>(tables.get(side).primaryKey());
    columns.removeAll(joinColumns());
    DayWindow window = shape.sides().get(side).window();
    if (window != null) {
      columns.add(0, window.column());
    }
    return columns;
  }

  private void checkSink() {
    sink.requireRows(shape.outputSchema());
    List<String> key = sink.primaryKey();
    if (key.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Sink %s is a log table (it has no primary key), from which nothing can be taken back."
                  + " Name a KV table.",
              sink.path()));
    }
    requireInSinkKey(joinColumns(), "the join columns " + joinColumns());
    for (int side = 0; side < tables.size(); side++) {
      if (!isUnique(side)) {
        int number = side;
        requireInSinkKey(
            ownKeyColumns(side).stream().map(c -> shape.outputName(number, c)).toList(),
            String.format(
                "the primary key %s of table %s, of which a join key can have several rows",
                tables.get(side).primaryKey(), tables.get(side).path()));
      }
    }
    for (Schema.Field field : shape.outputSchema().getFields()) {
      String column = field.getName();
      int side = sideOf(column);
      if (side != NONE
          && shape.canBeAbsent(side)
          && !sink.schema().getField(column).getType().getNullable()
          && shape.standIn(column) == null) {
        throw new IllegalArgumentException(
            String.format(
                "A row without one of %s has no value for %s, which is a %s column of sink %s and"
                    + " cannot be null. Give one with withStandIn(\"%s\", ...).",
                tables.get(side).path(),
                column,
                key.contains(column) ? "key" : "NOT NULL",
                sink.path(),
                column));
      }
    }
  }

  private void requireInSinkKey(List<String> columns, String what) {
    List<String> missing = new ArrayList<>(columns);
    missing.removeAll(sink.primaryKey());
    if (!missing.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "The primary key %s of sink %s lacks %s: it must have %s, or different rows of the"
                  + " join would be one row of the sink.",
              sink.primaryKey(), sink.path(), missing, what));
    }
  }

  private int sideOf(String column) {
    for (int side = 0; side < tables.size(); side++) {
      if (shape.sideSchema(side).hasField(column)) {
        return side;
      }
    }
    return NONE;
  }

  /** The side whose row's key is the key of its row in the sink, or none. */
  private int findDecidingSide() {
    for (int side = 0; side < tables.size(); side++) {
      if (decides(side)) {
        return side;
      }
    }
    return NONE;
  }

  private boolean decides(int side) {
    Set<String> key = new LinkedHashSet<>(joinColumns());
    ownKeyColumns(side).forEach(column -> key.add(shape.outputName(side, column)));
    if (!key.equals(Set.copyOf(sink.primaryKey()))) {
      return false;
    }
    for (int other = 0; other < tables.size(); other++) {
      if (other != side && !isUnique(other)) {
        return false;
      }
    }
    // the first two, each without a match, would both be joined with the same row of this side
    return !(side > 1 && shape.hasCondition() && shape.sides().get(1).type() == JoinType.FULL);
  }

  private SinkUpdate chooseUpdate() {
    if (decidingSide != NONE) {
      return SinkUpdate.BY_KEY_OF_SIDE;
    }
    try {
      var unused = sink.lookupKind(joinColumns());
      return SinkUpdate.BY_LOOKUP;
    } catch (IllegalArgumentException e) {
      if (index != null) {
        return SinkUpdate.BY_INDEX;
      }
      List<String> others = new ArrayList<>(sink.primaryKey());
      others.removeAll(joinColumns());
      List<String> buckets = new ArrayList<>(joinColumns());
      buckets.removeAll(sink.partitionColumns());
      throw new IllegalArgumentException(
          String.format(
              "The join cannot find the rows of a join key in sink %s: no side's key alone decides a"
                  + " row's key %s, and %s Or keep an index of them: create a KV table with PRIMARY"
                  + " KEY (%s, %s)%s and 'bucket.key' = '%s', and name it with withIndex(..).",
              sink.path(),
              sink.primaryKey(),
              e.getMessage(),
              String.join(", ", joinColumns()),
              String.join(", ", others),
              sink.partitionColumns().isEmpty()
                  ? ""
                  : " PARTITIONED BY (" + String.join(", ", sink.partitionColumns()) + ")",
              String.join(",", buckets)),
          e);
    }
  }

  private void checkIndex() {
    FlussTable table = requireNonNull(index);
    table.requireRows(sinkKey);
    if (!Set.copyOf(table.primaryKey()).equals(Set.copyOf(sink.primaryKey()))) {
      throw new IllegalArgumentException(
          String.format(
              "The primary key %s of index %s must have the columns of the primary key %s of sink"
                  + " %s, with the join columns %s as its bucket key.",
              table.primaryKey(), table.path(), sink.primaryKey(), sink.path(), joinColumns()));
    }
    var unused = table.lookupKind(joinColumns());
  }

  private Schema triggerSchema() {
    Schema.Builder fields =
        Schema.builder()
            .addFields(shape.keySchema().getFields())
            .addInt32Field(SIDE)
            .addBooleanField(INSERTED);
    int position = shape.keySchema().getFieldCount() + 2;
    for (int side = 0; side < tables.size(); side++) {
      triggerKeys.add(position);
      for (String column : ownKeyColumns(side)) {
        FieldType type = tables.get(side).schema().getField(column).getType();
        fields.addNullableField(side + "." + column, type.withNullable(true));
        position++;
      }
      triggerValues.add(position);
      for (String column : insertedColumns(side)) {
        FieldType type = tables.get(side).schema().getField(column).getType();
        fields.addNullableField("inserted " + side + "." + column, type.withNullable(true));
        position++;
      }
    }
    return fields.build();
  }

  JoinShape shape() {
    return shape;
  }

  List<FlussTable> tables() {
    return tables;
  }

  FlussTable sink() {
    return sink;
  }

  @Nullable FlussTable index() {
    return index;
  }

  SinkUpdate update() {
    return update;
  }

  int decidingSide() {
    return decidingSide;
  }

  /** How the sink's rows are found, for people. */
  String describeUpdate() {
    return switch (update) {
      case BY_KEY_OF_SIDE -> update + " " + tables.get(decidingSide).path();
      case BY_LOOKUP -> update.toString();
      case BY_INDEX -> update + " " + requireNonNull(index).path();
    };
  }

  /**
   * Which columns of a side's change travel. A change says what to compute, not with what, but for
   * {@link #insertedColumns}.
   */
  List<String> triggerColumns(int side) {
    Set<String> columns = new LinkedHashSet<>(joinColumns());
    columns.addAll(ownKeyColumns(side));
    columns.addAll(insertedColumns(side));
    return List.copyOf(columns);
  }

  /** The columns that an inserted row brings along, so that its side need not be looked up. */
  private List<String> insertedColumns(int side) {
    return insertsAreEnough() ? shape.sources(side) : List.of();
  }

  /** Whether rows that are new take nothing away, and so bring all that is needed of their side. */
  boolean insertsAreEnough() {
    return shape.isInner();
  }

  KvCoder<Integer, Row> triggerCoder() {
    return KvCoder.of(VarIntCoder.of(), RowCoder.of(trigger));
  }

  /** The keys of the join to compute again for a change, with which row changed, and how. */
  List<Row> triggers(int side, Row change, boolean inserted) {
    List<String> own = ownKeyColumns(side);
    List<Row> triggers = new ArrayList<>();
    for (Row key : shape.keysOf(side, change)) {
      Object[] values = new Object[trigger.getFieldCount()];
      int position = 0;
      for (Object value : key.getValues()) {
        values[position++] = value;
      }
      values[position++] = side;
      values[position] = inserted;
      for (int i = 0; i < own.size(); i++) {
        values[triggerKeys.get(side) + i] = change.getValue(own.get(i));
      }
      if (inserted) {
        List<String> columns = insertedColumns(side);
        for (int i = 0; i < columns.size(); i++) {
          values[triggerValues.get(side) + i] = change.getValue(columns.get(i));
        }
      }
      triggers.add(Row.withSchema(trigger).attachValues(Arrays.asList(values)));
    }
    return triggers;
  }

  /** The join key of a trigger. */
  Values keyOf(Row trigger) {
    return Values.of(trigger, 0, shape.keySchema().getFieldCount());
  }

  /** The key as a row to look up by. */
  Row keyRow(Values key) {
    return key.toRow(shape.keySchema());
  }

  int sideOf(Row trigger) {
    return trigger.getInt32(shape.keySchema().getFieldCount());
  }

  boolean isInsert(Row trigger) {
    return trigger.getBoolean(shape.keySchema().getFieldCount() + 1);
  }

  /** As {@link JoinShape.SideRow#key}. */
  Values ownKeyOf(Row trigger) {
    int side = sideOf(trigger);
    int from = triggerKeys.get(side);
    return Values.of(trigger, from, from + ownKeyColumns(side).size());
  }

  /** The row that was inserted, as if it had been looked up. */
  JoinShape.SideRow insertedRow(Row trigger) {
    int side = sideOf(trigger);
    int from = triggerValues.get(side);
    int size = shape.sideSchema(side).getFieldCount();
    List<@Nullable Object> values = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      values.add(trigger.getValue(from + i));
    }
    return new JoinShape.SideRow(ownKeyOf(trigger), values);
  }

  /** The columns to look up of a side: those of its own key, then those of the joined row. */
  List<String> lookupColumns(int side) {
    Set<String> columns = new LinkedHashSet<>(ownKeyColumns(side));
    columns.addAll(shape.sources(side));
    return List.copyOf(columns);
  }

  /** Takes rows that were looked up apart. */
  SideRows sideRows(int side) {
    List<String> looked = lookupColumns(side);
    return new SideRows(
        ownKeyColumns(side).size(),
        shape.sources(side).stream().mapToInt(looked::indexOf).toArray());
  }

  /** Where the values of a row that was looked up go. */
  static final class SideRows {
    private final int keySize;
    private final int[] positions;

    private SideRows(int keySize, int[] positions) {
      this.keySize = keySize;
      this.positions = positions;
    }

    JoinShape.SideRow of(Row row) {
      Values key = Values.of(row, 0, keySize);
      List<@Nullable Object> values = new ArrayList<>(positions.length);
      for (int position : positions) {
        values.add(row.getValue(position));
      }
      return new JoinShape.SideRow(key, values);
    }
  }

  /** Whether a key of the join can have several rows of the deciding side. */
  boolean decidingSideHasOwnKey() {
    return !ownKeyColumns(decidingSide).isEmpty();
  }

  /**
   * A row of the sink with its key columns alone, to delete by.
   *
   * @param ownKey of the row of the deciding side; null for the row of the join without one
   */
  Row deleted(Row key, @Nullable Values ownKey) {
    Schema output = shape.outputSchema();
    Object[] values = new Object[output.getFieldCount()];
    for (int i = 0; i < key.getFieldCount(); i++) {
      values[i] = key.getValue(i);
    }
    for (int i = 0; i < ownKeyInOutput.length; i++) {
      values[ownKeyInOutput[i]] = ownKey == null ? ownKeyStandIns[i] : ownKey.get(i);
    }
    return Row.withSchema(output).attachValues(Arrays.asList(values));
  }

  /** As {@link #deleted(Row, Values)}, of a key of the sink. */
  Row deleted(Values key) {
    Schema output = shape.outputSchema();
    Object[] values = new Object[output.getFieldCount()];
    for (int i = 0; i < sinkKeyInOutput.length; i++) {
      values[sinkKeyInOutput[i]] = key.get(i);
    }
    return Row.withSchema(output).attachValues(Arrays.asList(values));
  }

  Schema sinkKeySchema() {
    return sinkKey;
  }

  /** The key of a row of the join in the sink. */
  Values sinkKeyOf(Row output) {
    return Values.of(output, sinkKeyInOutput);
  }

  /** As a row of the index. */
  Row indexRow(Values key) {
    return key.toRow(sinkKey);
  }

  /** Whether different keys look up the same rows, so that one's answer may be given to another. */
  boolean keysShareLookups() {
    return shape.sides().stream().anyMatch(side -> side.window() != null);
  }
}

package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.FlussTable;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** How a join's tables, columns and keys fit together; checked once, when the pipeline is built. */
final class JoinPlan implements Serializable {
  private final boolean outer;
  private final FlussTable left;
  private final FlussTable right;
  private final FlussTable sink;
  private final ArrayList<String> joinColumns;
  private final ArrayList<String> rightKeyColumns;
  private final ArrayList<String> leftColumns;
  private final ArrayList<String> rightColumns;
  private final LinkedHashMap<String, DeltaJoin.Computed> computed;
  private final LinkedHashMap<String, Object> standIns;
  private final Schema joinKey;
  private final Schema trigger;
  private final Schema joined;
  private final Schema output;

  private JoinPlan(
      boolean outer,
      FlussTable left,
      List<String> leftColumns,
      FlussTable right,
      List<String> rightColumns,
      List<String> joinColumns,
      Map<String, DeltaJoin.Computed> computed,
      Map<String, Object> standIns,
      FlussTable sink) {
    this.outer = outer;
    this.left = left;
    this.right = right;
    this.sink = sink;
    this.joinColumns = new ArrayList<>(joinColumns);
    this.leftColumns = new ArrayList<>(without(leftColumns, joinColumns));
    this.rightColumns = new ArrayList<>(without(rightColumns, joinColumns));
    Set<String> rightKey = new LinkedHashSet<>(joinColumns);
    rightKey.addAll(right.primaryKey());
    this.rightKeyColumns = new ArrayList<>(rightKey);
    this.computed = new LinkedHashMap<>(computed);
    this.standIns = new LinkedHashMap<>(standIns);
    this.joinKey = left.schema(this.joinColumns);
    this.trigger = nullable(right.schema(rightKeyColumns), this.joinColumns.size());

    Schema.Builder joinedFields = Schema.builder();
    joinedFields.addFields(joinKey.getFields());
    joinedFields.addFields(left.schema(this.leftColumns).getFields());
    joinedFields.addFields(nullable(right.schema(this.rightColumns), 0).getFields());
    this.joined = joinedFields.build();
    Schema.Builder outputFields = Schema.builder().addFields(joined.getFields());
    computed.forEach((name, c) -> outputFields.addField(name, c.type()));
    this.output = outputFields.build();
  }

  static JoinPlan of(
      boolean outer,
      FlussTable left,
      List<String> leftColumns,
      FlussTable right,
      List<String> rightColumns,
      List<String> joinColumns,
      Map<String, DeltaJoin.Computed> computed,
      Map<String, Object> standIns,
      FlussTable sink) {
    if (left.lookupKind(joinColumns) != FlussTable.LookupKind.PRIMARY_KEY) {
      throw new IllegalArgumentException(
          String.format(
              "The join columns %s are not the primary key %s of the left table %s, so a key could"
                  + " have several left rows. Make the table with this primary key the left one.",
              joinColumns, left.primaryKey(), left.path()));
    }
    right.lookupKind(joinColumns);
    checkSameTypes(left, right, joinColumns);
    checkNamedOnce(leftColumns, rightColumns, joinColumns, computed.keySet(), left, right);
    JoinPlan plan =
        new JoinPlan(
            outer, left, leftColumns, right, rightColumns, joinColumns, computed, standIns, sink);
    plan.checkSink();
    return plan;
  }

  private static void checkSameTypes(FlussTable left, FlussTable right, List<String> joinColumns) {
    for (String column : joinColumns) {
      Schema.FieldType l = left.schema().getField(column).getType().withNullable(true);
      Schema.FieldType r = right.schema().getField(column).getType().withNullable(true);
      if (!l.typesEqual(r)) {
        throw new IllegalArgumentException(
            String.format(
                "Join column %s is %s in table %s but %s in table %s. Both must be of one type.",
                column, l, left.path(), r, right.path()));
      }
    }
  }

  private static void checkNamedOnce(
      List<String> leftColumns,
      List<String> rightColumns,
      List<String> joinColumns,
      Set<String> computed,
      FlussTable left,
      FlussTable right) {
    Set<String> seen = new LinkedHashSet<>(joinColumns);
    seen.addAll(leftColumns);
    List<String> others = without(rightColumns, joinColumns);
    others.addAll(computed);
    for (String column : others) {
      if (!seen.add(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is wanted twice of the join of %s and %s. Take it from one side only.",
                column, left.path(), right.path()));
      }
    }
  }

  private void checkSink() {
    sink.requireRows(output);
    List<String> missing = new ArrayList<>(right.primaryKey());
    missing.removeAll(sink.primaryKey());
    List<String> foreign = new ArrayList<>(sink.primaryKey());
    foreign.removeAll(rightKeyColumns);
    if (!missing.isEmpty() || !foreign.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "The primary key %s of sink %s must be made of the join columns %s and the primary"
                  + " key %s of the right table %s, all of the latter, so that a right row decides"
                  + " its row in the sink.",
              sink.primaryKey(), sink.path(), joinColumns, right.primaryKey(), right.path()));
    }
    checkStandIns();
  }

  private void checkStandIns() {
    standIns.forEach(
        (column, value) -> {
          if (!rightColumns.contains(column)) {
            throw new IllegalArgumentException(
                String.format(
                    "The stand-in for %s is for no column that the join takes from the right table"
                        + " %s; those are %s.",
                    column, right.path(), rightColumns));
          }
          try {
            Object unused =
                Row.withSchema(Schema.of(output.getField(column))).addValue(value).build();
          } catch (IllegalArgumentException | ClassCastException e) {
            throw new IllegalArgumentException(
                String.format(
                    "The stand-in '%s' for %s is no value of the column's type in table %s, which"
                        + " is %s.",
                    value, column, right.path(), output.getField(column).getType()),
                e);
          }
        });
    if (outer) {
      for (String column : rightColumns) {
        if (!sink.schema().getField(column).getType().getNullable()
            && standIns.get(column) == null) {
          throw new IllegalArgumentException(
              String.format(
                  "A left row without a right one has no value for %s, which is a %s column of"
                      + " sink %s and cannot be null. Give one with withStandIn(\"%s\", ...).",
                  column,
                  sink.primaryKey().contains(column) ? "key" : "NOT NULL",
                  sink.path(),
                  column));
        }
      }
    }
  }

  private static Schema nullable(Schema schema, int from) {
    Schema.Builder builder = Schema.builder();
    for (int i = 0; i < schema.getFieldCount(); i++) {
      Schema.Field field = schema.getField(i);
      builder.addField(i < from ? field : field.withNullable(true));
    }
    return builder.build();
  }

  private static List<String> without(List<String> columns, List<String> removed) {
    List<String> result = new ArrayList<>(columns);
    result.removeAll(removed);
    return result;
  }

  FlussTable left() {
    return left;
  }

  FlussTable right() {
    return right;
  }

  FlussTable sink() {
    return sink;
  }

  List<String> joinColumns() {
    return joinColumns;
  }

  List<String> rightKeyColumns() {
    return rightKeyColumns;
  }

  List<String> leftColumns() {
    return leftColumns;
  }

  /** Of a right row, what is selected and what makes its key. */
  List<String> rightLookupColumns() {
    Set<String> columns = new LinkedHashSet<>(rightKeyColumns);
    columns.addAll(rightColumns);
    return List.copyOf(columns);
  }

  Schema joinKeySchema() {
    return joinKey;
  }

  Schema outputSchema() {
    return output;
  }

  KvCoder<Integer, Row> triggerCoder() {
    return KvCoder.of(VarIntCoder.of(), RowCoder.of(trigger));
  }

  /** The join key of a change and, of a right one, which right row changed. */
  Row trigger(Row change, boolean ofRight) {
    Object[] values = new Object[rightKeyColumns.size()];
    for (int i = 0; i < (ofRight ? values.length : joinColumns.size()); i++) {
      values[i] = change.getValue(i);
    }
    return Row.withSchema(trigger).attachValues(Arrays.asList(values));
  }

  boolean isOfRight(Row trigger) {
    return rightKeyColumns.size() == joinColumns.size()
        || trigger.getValue(joinColumns.size()) != null;
  }

  Row joinKeyOf(Row trigger) {
    return Row.withSchema(joinKey)
        .attachValues(new ArrayList<>(trigger.getValues().subList(0, joinColumns.size())));
  }

  /** The key of a right row that was looked up with {@link #rightLookupColumns}, as a trigger. */
  Row rightKeyOf(Row rightRow) {
    return Row.withSchema(trigger)
        .attachValues(new ArrayList<>(rightRow.getValues().subList(0, rightKeyColumns.size())));
  }

  boolean outer() {
    return outer;
  }

  /** Whether the row of a left row alone has another key in the sink than the pairs have. */
  boolean leftAloneHasItsOwnKey() {
    return rightKeyColumns.size() > joinColumns.size();
  }

  /** The sink's row for a pair, or for a left row alone. */
  Row output(Row key, Row leftRow, @Nullable Row rightRow) {
    List<@Nullable Object> values = new ArrayList<>(output.getFieldCount());
    values.addAll(key.getValues());
    values.addAll(leftRow.getValues());
    for (String column : rightColumns) {
      values.add(rightRow == null ? null : rightRow.getValue(column));
    }
    Row joinedRow = Row.withSchema(joined).attachValues(new ArrayList<>(values));
    computed.values().forEach(c -> values.add(c.function().apply(joinedRow)));
    if (rightRow == null) {
      fillStandIns(values);
    }
    return Row.withSchema(output).attachValues(values);
  }

  /**
   * A row of the sink with its key columns alone, to delete by; null right key: the left-only row.
   */
  Row outputKey(Row key, @Nullable Row rightKey) {
    List<@Nullable Object> values = new ArrayList<>(output.getFieldCount());
    values.addAll(key.getValues());
    for (int i = values.size(); i < output.getFieldCount(); i++) {
      String column = output.getField(i).getName();
      int position = rightKeyColumns.indexOf(column);
      values.add(rightKey == null || position < 0 ? null : rightKey.getValue(position));
    }
    if (rightKey == null) {
      fillStandIns(values);
    }
    return Row.withSchema(output).attachValues(values);
  }

  private void fillStandIns(List<@Nullable Object> values) {
    standIns.forEach((column, value) -> values.set(output.indexOf(column), value));
  }
}

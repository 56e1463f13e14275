package dev.beamfluss.transforms;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What a join makes of the rows of a key, wherever they come from: pairs, rows without a match,
 * computed columns and stand-ins. Sides are joined from left to right, so that {@code a LEFT b FULL
 * c} is {@code (a LEFT b) FULL c}.
 */
final class JoinShape implements Serializable {

  /**
   * A side as it is asked for.
   *
   * @param name of the table, for messages
   * @param type how it is joined to those before it; of the first, without meaning
   * @param columns besides the join columns
   */
  record Side(
      String name,
      JoinType type,
      ArrayList<String> columns,
      Schema schema,
      @Nullable DayWindow window)
      implements Serializable {}

  /**
   * A row of a side: the values of its columns, and of those that tell it from others of its key.
   */
  record SideRow(Values key, List<@Nullable Object> values) {}

  /**
   * A row of the join.
   *
   * @param parts of each side, null where it has none
   */
  record Joined(List<@Nullable SideRow> parts, Row output) {}

  private final ArrayList<Side> sides;
  private final ArrayList<Schema> sideSchemas = new ArrayList<>();
  private final ArrayList<Boolean> absent = new ArrayList<>();
  private final boolean inner;
  private final Schema key;
  private final Schema joined;
  private final Schema output;
  private final @Nullable SerializableFunction<Row, Boolean> condition;
  private final LinkedHashMap<String, DeltaJoin.Computed> computed;
  private final LinkedHashMap<String, Object> standIns;

  private JoinShape(
      List<String> joinColumns,
      List<Side> sides,
      @Nullable SerializableFunction<Row, Boolean> condition,
      Map<String, DeltaJoin.Computed> computed,
      Map<String, Object> standIns) {
    this.sides = new ArrayList<>(sides);
    this.inner = sides.stream().skip(1).allMatch(side -> side.type() == JoinType.INNER);
    for (int i = 0; i < sides.size(); i++) {
      absent.add(isKeptWithout(i));
    }
    this.condition = condition;
    this.computed = new LinkedHashMap<>(computed);
    this.standIns = new LinkedHashMap<>(standIns);
    Schema.Builder keyFields = Schema.builder();
    joinColumns.forEach(
        column -> keyFields.addField(sides.get(0).schema().getField(column).withNullable(false)));
    this.key = keyFields.build();
    Schema.Builder joinedFields = Schema.builder().addFields(key.getFields());
    for (int i = 0; i < sides.size(); i++) {
      Schema.Builder fields = Schema.builder();
      for (String column : sources(i)) {
        Schema.Field field = sides.get(i).schema().getField(column);
        fields.addField(
            (canBeAbsent(i) ? field.withNullable(true) : field).withName(outputName(i, column)));
      }
      sideSchemas.add(fields.build());
      joinedFields.addFields(sideSchemas.get(i).getFields());
    }
    this.joined = joinedFields.build();
    Schema.Builder outputFields = Schema.builder().addFields(joined.getFields());
    computed.forEach((name, c) -> outputFields.addField(name, c.type()));
    this.output = outputFields.build();
  }

  static JoinShape of(
      List<String> joinColumns,
      List<Side> sides,
      @Nullable SerializableFunction<Row, Boolean> condition,
      Map<String, DeltaJoin.Computed> computed,
      Map<String, Object> standIns) {
    for (Side side : sides) {
      requireColumns(side, joinColumns);
      requireColumns(side, side.columns());
      checkSameTypes(sides.get(0), side, joinColumns);
      checkWindow(side, joinColumns);
    }
    checkNamedOnce(sides, joinColumns, computed.keySet());
    JoinShape shape = new JoinShape(joinColumns, sides, condition, computed, standIns);
    shape.checkStandIns();
    shape.checkFunctions();
    return shape;
  }

  private static void requireColumns(Side side, List<String> columns) {
    for (String column : columns) {
      if (!side.schema().hasField(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has no column %s to join. Its columns are %s.",
                side.name(), column, side.schema().getFieldNames()));
      }
    }
    if (new HashSet<>(columns).size() < columns.size()) {
      throw new IllegalArgumentException(
          String.format("A column is named twice for table %s: %s", side.name(), columns));
    }
  }

  private static void checkSameTypes(Side left, Side right, List<String> joinColumns) {
    for (String column : joinColumns) {
      Schema.FieldType l = left.schema().getField(column).getType().withNullable(true);
      Schema.FieldType r = right.schema().getField(column).getType().withNullable(true);
      if (!l.typesEqual(r)) {
        throw new IllegalArgumentException(
            String.format(
                "Join column %s is %s in table %s but %s in table %s. Both must be of one type.",
                column, l, left.name(), r, right.name()));
      }
    }
  }

  private static void checkWindow(Side side, List<String> joinColumns) {
    DayWindow window = side.window();
    if (window == null) {
      return;
    }
    if (!joinColumns.contains(window.column())) {
      throw new IllegalArgumentException(
          String.format(
              "The window of days is by %s, which is none of the join columns %s.",
              window.column(), joinColumns));
    }
    window.check(side.schema().getField(window.column()).getType());
    if (side.type().keepsRight()) {
      throw new IllegalArgumentException(
          String.format(
              "A %s join cannot have a window of days: a row of %s without a match would belong to"
                  + " each of the %d days. Use INNER or LEFT.",
              side.type(), side.name(), window.days()));
    }
  }

  private static void checkNamedOnce(
      List<Side> sides, List<String> joinColumns, Set<String> computed) {
    Set<String> seen = new LinkedHashSet<>(joinColumns);
    List<String> others = new ArrayList<>();
    for (Side side : sides) {
      if (side.window() != null) {
        others.add(side.window().as());
      }
      others.addAll(without(side.columns(), joinColumns));
    }
    others.addAll(computed);
    for (String column : others) {
      if (!seen.add(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is wanted twice of the join of %s. Take it from one side only.",
                column, String.join(" and ", sides.stream().map(Side::name).toList())));
      }
    }
  }

  private void checkStandIns() {
    standIns.forEach(
        (column, value) -> {
          List<String> absent = new ArrayList<>();
          for (int i = 0; i < sides.size(); i++) {
            if (canBeAbsent(i)) {
              absent.addAll(sideSchemas.get(i).getFieldNames());
            }
          }
          if (!absent.contains(column)) {
            throw new IllegalArgumentException(
                String.format(
                    "The stand-in for %s is for no column of a side that can be without a match;"
                        + " those are %s.",
                    column, absent));
          }
          try {
            Object unused =
                Row.withSchema(Schema.of(output.getField(column))).addValue(value).build();
          } catch (IllegalArgumentException | ClassCastException e) {
            throw new IllegalArgumentException(
                String.format(
                    "The stand-in '%s' for %s is no value of the column's type, which is %s.",
                    value, column, output.getField(column).getType()),
                e);
          }
        });
  }

  private void checkFunctions() {
    if (condition instanceof JoinFunction<?> known) {
      known.check(joined);
    }
    computed.values().stream()
        .map(DeltaJoin.Computed::function)
        .filter(JoinFunction.class::isInstance)
        .forEach(function -> ((JoinFunction<?>) function).check(joined));
  }

  private static List<String> without(List<String> columns, List<String> removed) {
    List<String> result = new ArrayList<>(columns);
    result.removeAll(removed);
    return result;
  }

  List<Side> sides() {
    return sides;
  }

  Schema keySchema() {
    return key;
  }

  Schema outputSchema() {
    return output;
  }

  @Nullable Object standIn(String column) {
    return standIns.get(column);
  }

  boolean hasCondition() {
    return condition != null;
  }

  /** Whether only rows that match are kept, so that a new row takes nothing away. */
  boolean isInner() {
    return inner;
  }

  /** Whether there are rows of the join without a row of this side. */
  boolean canBeAbsent(int side) {
    return absent.get(side);
  }

  private boolean isKeptWithout(int side) {
    if (side > 0 && sides.get(side).type().keepsLeft()) {
      return true;
    }
    return sides.stream().skip(side + 1L).anyMatch(later -> later.type().keepsRight());
  }

  /** The columns of a side that the joined row has besides the key, as the side calls them. */
  List<String> sources(int side) {
    List<String> columns = new ArrayList<>();
    DayWindow window = sides.get(side).window();
    if (window != null) {
      columns.add(window.column());
    }
    columns.addAll(without(sides.get(side).columns(), key.getFieldNames()));
    return columns;
  }

  /** What a column of a side is called in the joined row. */
  String outputName(int side, String column) {
    DayWindow window = sides.get(side).window();
    return window != null && window.column().equals(column) ? window.as() : column;
  }

  /** The columns of a side in the joined row, as that calls them. */
  Schema sideSchema(int side) {
    return sideSchemas.get(side);
  }

  /** The key columns of a row of a side, whose fields have the names of the key's. */
  Row keyOf(Row row) {
    List<Object> values = new ArrayList<>(key.getFieldCount());
    for (Schema.Field field : key.getFields()) {
      values.add(row.getValue(field.getName()));
    }
    return Row.withSchema(key).attachValues(values);
  }

  /** The keys that a row of a side is a part of. */
  List<Row> keysOf(int side, Row row) {
    return shifted(side, keyOf(row), -1);
  }

  /** The keys by which the rows of a side are found that are part of a key. */
  List<Row> lookupKeys(int side, Row keyRow) {
    return shifted(side, keyRow, 1);
  }

  private List<Row> shifted(int side, Row keyRow, int direction) {
    DayWindow window = sides.get(side).window();
    if (window == null) {
      return List.of(keyRow);
    }
    List<Row> keys = new ArrayList<>(window.days());
    int position = key.indexOf(window.column());
    for (int day = 0; day < window.days(); day++) {
      List<Object> values = new ArrayList<>(keyRow.getValues());
      values.set(position, window.plusDays(values.get(position), day * direction));
      keys.add(Row.withSchema(key).attachValues(values));
    }
    return keys;
  }

  /** The rows of the join of one key. */
  List<Joined> join(Row keyRow, List<List<SideRow>> rows) {
    List<@Nullable SideRow[]> partials = new ArrayList<>();
    for (SideRow row : rows.get(0)) {
      SideRow[] partial = new SideRow[sides.size()];
      partial[0] = row;
      partials.add(partial);
    }
    for (int side = 1; side < sides.size(); side++) {
      partials = joinSide(keyRow, partials, side, rows.get(side));
    }
    List<Joined> result = new ArrayList<>(partials.size());
    for (SideRow[] parts : partials) {
      result.add(new Joined(Arrays.asList(parts), output(keyRow, parts)));
    }
    return result;
  }

  private List<@Nullable SideRow[]> joinSide(
      Row keyRow, List<@Nullable SideRow[]> partials, int side, List<SideRow> rows) {
    JoinType type = sides.get(side).type();
    List<@Nullable SideRow[]> result = new ArrayList<>();
    boolean[] matched = new boolean[rows.size()];
    for (SideRow[] partial : partials) {
      boolean any = false;
      for (int i = 0; i < rows.size(); i++) {
        SideRow[] extended = partial.clone();
        extended[side] = rows.get(i);
        if (side > 1 || matches(keyRow, extended)) {
          result.add(extended);
          matched[i] = true;
          any = true;
        }
      }
      if (!any && type.keepsLeft()) {
        result.add(partial);
      }
    }
    if (type.keepsRight()) {
      for (int i = 0; i < rows.size(); i++) {
        if (!matched[i]) {
          SideRow[] alone = new SideRow[sides.size()];
          alone[side] = rows.get(i);
          result.add(alone);
        }
      }
    }
    return result;
  }

  private boolean matches(Row keyRow, @Nullable SideRow[] parts) {
    return condition == null
        || Boolean.TRUE.equals(apply("The condition", condition, joined(keyRow, parts)));
  }

  private static <T> @Nullable T apply(
      String what, SerializableFunction<Row, @Nullable T> function, Row joinedRow) {
    try {
      return function.apply(joinedRow);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          String.format("%s failed on %s: %s", what, joinedRow.getValues(), e.getMessage()), e);
    }
  }

  private Row joined(Row keyRow, @Nullable SideRow[] parts) {
    List<@Nullable Object> values = new ArrayList<>(joined.getFieldCount());
    values.addAll(keyRow.getValues());
    for (int side = 0; side < parts.length; side++) {
      SideRow part = parts[side];
      if (part == null) {
        for (int i = 0; i < sideSchemas.get(side).getFieldCount(); i++) {
          values.add(null);
        }
      } else {
        values.addAll(part.values());
      }
    }
    return Row.withSchema(joined).attachValues(values);
  }

  private Row output(Row keyRow, @Nullable SideRow[] parts) {
    Row joinedRow = joined(keyRow, parts);
    List<@Nullable Object> values = new ArrayList<>(output.getFieldCount());
    values.addAll(joinedRow.getValues());
    computed.forEach(
        (name, c) -> values.add(apply("The function of column " + name, c.function(), joinedRow)));
    int position = key.getFieldCount();
    for (int side = 0; side < parts.length; side++) {
      Schema fields = sideSchemas.get(side);
      if (parts[side] == null) {
        for (int i = 0; i < fields.getFieldCount(); i++) {
          values.set(position + i, standIns.get(fields.getField(i).getName()));
        }
      }
      position += fields.getFieldCount();
    }
    return Row.withSchema(output).attachValues(values);
  }
}

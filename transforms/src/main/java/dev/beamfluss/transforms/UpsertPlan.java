package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.FlussTable;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What is kept of which rows in which columns, checked against the table. A cell is a row of the
 * table as far as this writes it.
 *
 * <p>A partial row has the columns of the key, then {@link #PERIOD_END}, {@link #CHANGES}, {@link
 * #LATEST} and the measures; a total the same without the key.
 */
final class UpsertPlan implements Serializable {
  private static final long serialVersionUID = 1L;

  private static final int PERIOD_END = 0;
  private static final int CHANGES = 1;
  private static final int LATEST = 2;
  private static final int MEASURES = 3;

  private final FlussTable sink;
  private final Schema input;
  private final int[] keyPositions;
  private final @Nullable GroupingSets groupingSets;
  private final ArrayList<Measure> measures;
  private final int[] measurePositions;
  private final long periodMillis;
  private final @Nullable String versionColumn;
  private final @Nullable String latestTimeColumn;
  private final Schema cell;
  private final Schema partial;
  private final Schema total;
  private final Schema result;

  private UpsertPlan(FlussTable sink, ColumnUpsert<?> upsert, Schema input) {
    this.sink = sink;
    this.input = input;
    this.keyPositions = upsert.by().stream().mapToInt(input::indexOf).toArray();
    this.groupingSets = GroupingSets.of(upsert, input);
    this.measures = new ArrayList<>(upsert.measures());
    this.measurePositions =
        measures.stream()
            .mapToInt(m -> m.column() == null ? -1 : input.indexOf(m.column()))
            .toArray();
    this.periodMillis = upsert.period().toMillis();
    this.versionColumn = upsert.versionColumn();
    this.latestTimeColumn = upsert.latestTimeColumn();
    Schema.Builder cells = Schema.builder();
    for (int position : keyPositions) {
      Schema.Field field = input.getField(position);
      cells.addField(field.withType(field.getType().withNullable(false)));
    }
    this.cell = cells.build();
    Schema.Builder partials = Schema.builder().addFields(cell.getFields());
    Schema.Builder totals = Schema.builder();
    Schema.Builder results = Schema.builder().addFields(cell.getFields());
    for (Schema.Builder schema : List.of(partials, totals)) {
      schema.addInt64Field("period_end$").addInt64Field("changes$").addInt64Field("latest$");
    }
    for (Measure measure : measures) {
      partials.addField(measure.as(), measure.partialType(input));
      totals.addField(measure.as(), measure.resultType(input));
      results.addField(measure.as(), measure.resultType(input));
    }
    if (versionColumn != null) {
      results.addInt64Field(versionColumn);
    }
    if (latestTimeColumn != null) {
      results.addField(latestTimeColumn, latestTimeType(sink, latestTimeColumn));
    }
    this.partial = partials.build();
    this.total = totals.build();
    this.result = results.build();
  }

  static UpsertPlan of(ColumnUpsert<?> upsert, Schema input) {
    FlussTable sink = upsert.cluster().describe(upsert.table());
    if (upsert.measures().isEmpty()) {
      throw new IllegalArgumentException(
          "Say what is kept with counting(..), summing(..) or countingDistinct(..).");
    }
    if (!sink.isKeyed() || !Set.copyOf(sink.primaryKey()).equals(Set.copyOf(upsert.by()))) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s must have a row for each combination of the columns %s, so name the columns"
                  + " of its primary key, %s, with by(..).",
              sink.path(), upsert.by(), sink.primaryKey()));
    }
    for (String column : upsert.by()) {
      if (!input.hasField(column)) {
        throw new IllegalArgumentException(
            String.format("The input has no column %s, only %s.", column, input.getFieldNames()));
      }
    }
    Set<String> written = new HashSet<>(upsert.by());
    for (Measure measure : upsert.measures()) {
      measure.check(input);
      requireOnce(written, measure.as(), sink);
    }
    for (String column : Arrays.asList(upsert.versionColumn(), upsert.latestTimeColumn())) {
      if (column != null) {
        requireOnce(written, column, sink);
      }
    }
    UpsertPlan plan = new UpsertPlan(sink, upsert, input);
    if (plan.isWhole()) {
      sink.requireRows(plan.result);
    } else {
      sink.requirePartialRows(plan.result);
    }
    return plan;
  }

  private static void requireOnce(Set<String> written, String column, FlussTable sink) {
    if (!written.add(column)) {
      throw new IllegalArgumentException(
          String.format("Column %s of table %s would be written twice.", column, sink.path()));
    }
  }

  private static Schema.FieldType latestTimeType(FlussTable sink, String column) {
    if (!sink.schema().hasField(column)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no column %s for the latest time. Its columns are %s.",
              sink.path(), column, sink.schema().getFieldNames()));
    }
    Schema.FieldType type = sink.schema().getField(column).getType();
    if (type.getTypeName() != Schema.TypeName.INT64
        && !(type.getTypeName() == Schema.TypeName.LOGICAL_TYPE
            && type.getLogicalType() == SqlTypes.TIMESTAMP)) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of table %s, the latest time, must be BIGINT or TIMESTAMP_LTZ.",
              column, sink.path()));
    }
    return type.withNullable(false);
  }

  FlussTable sink() {
    return sink;
  }

  Schema inputSchema() {
    return input;
  }

  Schema cellSchema() {
    return cell;
  }

  Schema partialSchema() {
    return partial;
  }

  Schema totalSchema() {
    return total;
  }

  Schema resultSchema() {
    return result;
  }

  @Nullable String versionColumn() {
    return versionColumn;
  }

  /** Whether what is written are all columns of the table. */
  boolean isWhole() {
    return result.getFieldCount() == sink.schema().getFieldCount();
  }

  /**
   * The key of a row of the input.
   *
   * @throws IllegalArgumentException if it has a null, or what stands for a sum
   */
  Values keyOf(Row row) {
    @Nullable Object[] key = new Object[keyPositions.length];
    for (int i = 0; i < key.length; i++) {
      Object value = row.getValue(keyPositions[i]);
      if (value == null) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is null, and is part of the key of table %s: %s",
                input.getField(keyPositions[i]).getName(), sink.path(), row.getValues()));
      }
      if (groupingSets != null && groupingSets.isReserved(i, value)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is '%s', which stands for all of its values in table %s: %s",
                input.getField(keyPositions[i]).getName(), value, sink.path(), row.getValues()));
      }
      key[i] = value;
    }
    return Values.of(key);
  }

  /** Whether a row counts for more than the key it has. */
  boolean rollsUp() {
    return groupingSets != null;
  }

  /** The keys that rows of this key count for. */
  List<Values> cellsOf(Values key) {
    return groupingSets.of(key);
  }

  /** The end of the period of an event, in milliseconds since the epoch. */
  long periodEnd(long eventMillis) {
    return (Math.floorDiv(eventMillis, periodMillis) + 1) * periodMillis;
  }

  /** What the rows of one bundle, cell and period add. */
  Partial startPartial(long periodEnd) {
    return new Partial(periodEnd);
  }

  final class Partial {
    private final long periodEnd;
    private final @Nullable Object[] sums = new Object[measures.size()];
    private long changes;
    private long latest = Long.MIN_VALUE;

    private Partial(long periodEnd) {
      this.periodEnd = periodEnd;
    }

    long latest() {
      return latest;
    }

    void add(Row row, boolean taken, long eventMillis) {
      changes++;
      latest = Math.max(latest, eventMillis);
      for (int i = 0; i < sums.length; i++) {
        Measure measure = measures.get(i);
        if (measure.kind() == Measure.Kind.COUNT) {
          sums[i] = Measure.sum(sums[i], taken ? -1L : 1L);
          continue;
        }
        Object value = row.getValue(measurePositions[i]);
        if (value == null) {
          continue;
        }
        if (measure.kind() == Measure.Kind.SUM) {
          Object summand = Measure.summand(value);
          sums[i] =
              sum(measure, sums[i], taken ? Measure.negated(summand) : summand, row.getValues());
        } else {
          if (sums[i] == null) {
            sums[i] = new LinkedHashMap<String, Long>();
          }
          times(sums[i]).merge(value.toString(), taken ? -1L : 1L, Math::addExact);
        }
      }
    }

    /** Adds what another one of the same period has. */
    void addAll(Partial other) {
      changes += other.changes;
      latest = Math.max(latest, other.latest);
      for (int i = 0; i < sums.length; i++) {
        if (other.sums[i] instanceof Map<?, ?>) {
          Map<String, Long> times = sums[i] == null ? new LinkedHashMap<>() : times(sums[i]);
          times(other.sums[i]).forEach((value, more) -> times.merge(value, more, Math::addExact));
          sums[i] = times;
        } else {
          sums[i] = sum(measures.get(i), sums[i], other.sums[i], List.of());
        }
      }
    }

    @SuppressWarnings("unchecked") // of a measure of distinct values it is
    private static Map<String, Long> times(Object sum) {
      return (Map<String, Long>) sum;
    }

    Row toRow(Values key) {
      List<@Nullable Object> values = new ArrayList<>(partial.getFieldCount());
      for (int i = 0; i < cell.getFieldCount(); i++) {
        values.add(key.get(i));
      }
      values.add(periodEnd);
      values.add(changes);
      values.add(latest);
      for (int i = 0; i < sums.length; i++) {
        values.add(sums[i] == null ? nothing(i) : sums[i]);
      }
      return Row.withSchema(partial).attachValues(values);
    }

    private Object nothing(int measure) {
      return measures.get(measure).kind() == Measure.Kind.DISTINCT ? Map.of() : zero(measure);
    }
  }

  private @Nullable Object sum(
      Measure measure, @Nullable Object one, @Nullable Object other, List<?> added) {
    try {
      return Measure.sum(one, other);
    } catch (ArithmeticException e) {
      throw new IllegalStateException(
          String.format(
              "The total for column %s of table %s exceeds a BIGINT: %s and %s, of %s. Add up a"
                  + " DECIMAL instead.",
              measure.as(), sink.path(), one, other, added),
          e);
    }
  }

  private Object zero(int measure) {
    return total.getField(MEASURES + measure).getType().getTypeName() == Schema.TypeName.DECIMAL
        ? BigDecimal.ZERO
        : (Object) 0L;
  }

  Values cellOf(Row partial) {
    return Values.of(partial, 0, cell.getFieldCount());
  }

  long periodEndOf(Row partial) {
    return partial.getInt64(cell.getFieldCount() + PERIOD_END);
  }

  long changesOf(Row partial) {
    return partial.getInt64(cell.getFieldCount() + CHANGES);
  }

  /** By the number of a measure of distinct values, how often each value comes or goes. */
  Map<Integer, Map<String, Long>> valuesOf(Row partial) {
    Map<Integer, Map<String, Long>> all = new LinkedHashMap<>();
    for (int i = 0; i < measures.size(); i++) {
      if (measures.get(i).kind() == Measure.Kind.DISTINCT) {
        all.put(i, partial.getMap(cell.getFieldCount() + MEASURES + i));
      }
    }
    return all;
  }

  /**
   * A total with what a partial row adds.
   *
   * @param distinct by the number of a measure of distinct values, how many more there are
   * @throws IllegalStateException if a sum of integers exceeds a BIGINT
   */
  Row add(@Nullable Row before, Row partial, Map<Integer, Long> distinct) {
    int from = cell.getFieldCount();
    List<@Nullable Object> values = new ArrayList<>(total.getFieldCount());
    if (before == null) {
      for (int i = 0; i < MEASURES; i++) {
        values.add(partial.getValue(from + i));
      }
    } else {
      values.add(Math.max(totalPeriodEnd(before), periodEndOf(partial)));
      values.add(totalChanges(before) + changesOf(partial));
      values.add(Math.max(totalLatest(before), partial.getInt64(from + LATEST)));
    }
    for (int i = 0; i < measures.size(); i++) {
      Object added = distinct.getOrDefault(i, 0L);
      if (measures.get(i).kind() != Measure.Kind.DISTINCT) {
        added = partial.getValue(from + MEASURES + i);
      }
      Object old = before == null ? null : before.getValue(MEASURES + i);
      values.add(sum(measures.get(i), old, added, partial.getValues()));
    }
    return Row.withSchema(total).attachValues(values);
  }

  static long totalPeriodEnd(Row total) {
    return total.getInt64(PERIOD_END);
  }

  static long totalChanges(Row total) {
    return total.getInt64(CHANGES);
  }

  static long totalLatest(Row total) {
    return total.getInt64(LATEST);
  }

  /** The row that is written. */
  Row result(Values key, Row totals) {
    List<@Nullable Object> values = new ArrayList<>(result.getFieldCount());
    for (int i = 0; i < cell.getFieldCount(); i++) {
      values.add(key.get(i));
    }
    for (int i = 0; i < measures.size(); i++) {
      values.add(totals.getValue(MEASURES + i));
    }
    if (versionColumn != null) {
      values.add(totalChanges(totals));
    }
    if (latestTimeColumn != null) {
      long latest = totalLatest(totals);
      boolean millis =
          result.getField(latestTimeColumn).getType().getTypeName() == Schema.TypeName.INT64;
      values.add(millis ? (Object) latest : Instant.ofEpochMilli(latest));
    }
    return Row.withSchema(result).attachValues(values);
  }

  String lateMessage(Values key, Row partial, Duration allowedLateness) {
    return String.format(
        "%d changes of row %s of table %s came more than %s after the end of its period (%s), when"
            + " its totals were gone. Add them, or let ColumnUpsert wait longer"
            + " (withAllowedLateness).",
        changesOf(partial),
        key,
        sink.path(),
        allowedLateness,
        Instant.ofEpochMilli(periodEndOf(partial)));
  }

  String notTakenMessage(Values key, IllegalArgumentException reason) {
    return String.format(
        "The totals of row %s cannot be written to table %s, whose row stays as it is: %s",
        key, sink.path(), reason.getMessage());
  }

  String heldBackMessage(Values key, Row totals, long stored) {
    return String.format(
        "Row %s of table %s was made of %d changes (column %s), and only %d came until its period"
            + " ended: the job was started without its state, or its input has lost some. The"
            + " table's row stays; delete it and count the period again, if it is wrong.",
        key, sink.path(), stored, versionColumn, totalChanges(totals));
  }
}

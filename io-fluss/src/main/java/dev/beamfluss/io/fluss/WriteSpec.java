package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.fluss.metadata.AggFunctionType;
import org.apache.fluss.metadata.DeleteBehavior;
import org.apache.fluss.metadata.MergeEngineType;
import org.apache.fluss.types.DataField;
import org.checkerframework.checker.nullness.qual.Nullable;

/** How a write was asked to treat a table; everything but the table itself. */
@AutoValue
abstract class WriteSpec implements Serializable {
  static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** What gives the same when it is told the same value again. */
  private static final Set<AggFunctionType> IDEMPOTENT =
      EnumSet.of(
          AggFunctionType.MAX,
          AggFunctionType.MIN,
          AggFunctionType.LAST_VALUE,
          AggFunctionType.LAST_VALUE_IGNORE_NULLS,
          AggFunctionType.FIRST_VALUE,
          AggFunctionType.FIRST_VALUE_IGNORE_NULLS,
          AggFunctionType.BOOL_AND,
          AggFunctionType.BOOL_OR,
          AggFunctionType.RBM32,
          AggFunctionType.RBM64);

  /** The columns of a partial update, or null for whole rows. */
  abstract @Nullable List<String> columns();

  abstract Deletes deletes();

  abstract Duration timeout();

  abstract boolean nonIdempotentMergeAllowed();

  /** Whether the client numbers its batches, or null for the cluster's properties to say. */
  abstract @Nullable Boolean idempotentWriter();

  static Builder builder() {
    return new AutoValue_WriteSpec.Builder()
        .setDeletes(Deletes.APPLY)
        .setTimeout(TIMEOUT)
        .setNonIdempotentMergeAllowed(false);
  }

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setColumns(@Nullable List<String> columns);

    abstract Builder setDeletes(Deletes deletes);

    abstract Builder setTimeout(Duration timeout);

    abstract Builder setNonIdempotentMergeAllowed(boolean allowed);

    abstract Builder setIdempotentWriter(@Nullable Boolean idempotent);

    abstract WriteSpec build();
  }

  /** The columns that are sent: all but those the server fills, or those of the partial update. */
  List<String> targets(FlussTable table) {
    return columns() != null
        ? columns()
        : table.schema().getFieldNames().stream()
            .filter(column -> !table.autoIncrementColumns().contains(column))
            .toList();
  }

  /** The cluster with the properties that this write wants of its client. */
  FlussTable forClient(FlussTable table) {
    FlussCluster cluster = table.cluster();
    if (idempotentWriter() != null) {
      cluster =
          cluster.withProperty("client.writer.enable-idempotence", idempotentWriter().toString());
    }
    if (!timeout().equals(TIMEOUT)) {
      cluster =
          cluster.withProperty("client.writer.buffer.wait-timeout", timeout().toMillis() + "ms");
    }
    return table.at(cluster);
  }

  /**
   * Finds, before anything runs, why rows of this schema can never be written to the table so.
   *
   * @throws IllegalArgumentException if they cannot
   */
  void check(FlussTable table, Schema input) {
    checkColumns(table);
    checkMerges(table);
    checkInput(table, input);
  }

  void checkColumns(FlussTable table) {
    if (columns() != null) {
      checkPartial(table, columns());
    }
  }

  void checkInput(FlussTable table, Schema input) {
    if (columns() == null) {
      checkNoOthers(table, input);
    }
    new RowEncoder(table.path(), table.rowType(), targets(table), input);
  }

  private static void checkNoOthers(FlussTable table, Schema input) {
    List<String> unknown = new ArrayList<>(input.getFieldNames());
    unknown.removeAll(table.schema().getFieldNames());
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "The rows have the fields %s, which table %s does not. Its columns are %s. Name those"
                  + " to write with withColumns(..), or drop the fields.",
              unknown, table.path(), table.schema().getFieldNames()));
    }
  }

  private static void checkPartial(FlussTable table, List<String> columns) {
    table.requireKeyed("be updated in some columns only");
    table.requireColumns(columns, "write");
    if (table.mergeEngine() == MergeEngineType.FIRST_ROW
        || table.mergeEngine() == MergeEngineType.VERSIONED) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s cannot be updated in some columns only, as its merge engine is %s. Write"
                  + " whole rows.",
              table.path(), table.mergeEngine()));
    }
    if (!columns.containsAll(table.primaryKey())) {
      throw new IllegalArgumentException(
          String.format(
              "A partial update of table %s needs its whole primary key %s among its columns; they"
                  + " are %s.",
              table.path(), table.primaryKey(), columns));
    }
    for (String column : columns) {
      if (table.autoIncrementColumns().contains(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is filled by the server and cannot be written.",
                column, table.path()));
      }
    }
    List<String> required =
        table.rowType().getFields().stream()
            .filter(field -> !field.getType().isNullable())
            .map(DataField::getName)
            .filter(name -> !table.primaryKey().contains(name))
            .filter(name -> !table.autoIncrementColumns().contains(name))
            .toList();
    if (!required.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s cannot be updated in some columns only, as its columns %s are NOT NULL: a"
                  + " row that another writer has not completed would have none. Make all columns"
                  + " but the primary key nullable.",
              table.path(), required));
    }
  }

  void checkMerges(FlussTable table) {
    if (nonIdempotentMergeAllowed()) {
      return;
    }
    List<String> written = targets(table);
    table
        .aggregations()
        .forEach(
            (column, function) -> {
              if (written.contains(column) && !IDEMPOTENT.contains(function)) {
                throw new IllegalArgumentException(
                    String.format(
                        "Column %s of table %s is merged by %s: a bundle that is run again after a"
                            + " failure would count twice. Write cumulative values to a column"
                            + " merged by max, or say allowNonIdempotentMerge().",
                        column, table.path(), function));
              }
            });
  }

  /** Refuses deletes that the server would refuse, or take and do nothing. */
  void checkDeletes(FlussTable table) {
    if (deletes() != Deletes.APPLY) {
      return;
    }
    DeleteBehavior behavior = table.deleteBehavior();
    if (behavior == DeleteBehavior.DISABLE) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s refuses deletes ('table.delete.behavior' = 'disable'). Say"
                  + " withDeletes(Deletes.IGNORE) or (Deletes.REFUSE).",
              table.path()));
    }
    if (behavior == DeleteBehavior.IGNORE || (behavior == null && table.mergeEngine() != null)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s does nothing with deletes (%s). Say withDeletes(Deletes.IGNORE) if that is"
                  + " meant, or (Deletes.REFUSE), or create it with 'table.delete.behavior' ="
                  + " 'allow' where its merge engine can.",
              table.path(),
              behavior == null
                  ? "its merge engine is " + table.mergeEngine()
                  : "'table.delete.behavior' = 'ignore'"));
    }
  }
}

package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.predicate.Predicate;
import org.apache.paimon.predicate.PredicateBuilder;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.source.ReadBuilder;
import org.apache.paimon.table.source.Split;
import org.apache.paimon.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What of a table is read: some columns of the rows that fit a filter. */
final class ReadSpec implements Serializable {
  // in people's savepoints: Flink stores a source with its position
  private static final long serialVersionUID = 1L;

  private final Table table;
  private final RowType readType;
  private final RowType scannedType;
  private final @Nullable Predicate partitions;
  private final @Nullable Predicate filter;
  private final @Nullable Predicate rowFilter;

  private ReadSpec(
      Table table,
      RowType readType,
      RowType scannedType,
      @Nullable Predicate partitions,
      @Nullable Predicate filter,
      @Nullable Predicate rowFilter) {
    this.table = table;
    this.readType = readType;
    this.scannedType = scannedType;
    this.partitions = partitions;
    this.filter = filter;
    this.rowFilter = rowFilter;
  }

  /**
   * @param columns those for the pipeline, or null for all
   * @param alsoScanned columns that are needed besides
   * @throws IllegalArgumentException if one of them does not fit the table
   */
  static ReadSpec of(
      Table table,
      @Nullable List<String> columns,
      Collection<String> alsoScanned,
      @Nullable PaimonFilter filter,
      @Nullable PaimonFilter partitionFilter) {
    RowType all = table.rowType();
    if (columns != null) {
      PaimonTable.requireColumns(table, columns);
    }
    RowType readType = columns == null ? all : all.project(columns);
    Predicate pushedDown = filter == null ? null : filter.predicate(table.fullName(), all);
    Set<String> scanned = new LinkedHashSet<>(readType.getFieldNames());
    scanned.addAll(alsoScanned);
    if (filter != null) {
      scanned.addAll(filter.columns());
    }
    RowType scannedType = all.project(new ArrayList<>(scanned));
    TypeMapping.schema(readType);
    return new ReadSpec(
        table,
        readType,
        scannedType,
        partitionFilter == null ? null : partitions(table, partitionFilter),
        pushedDown,
        filter == null ? null : filter.predicate(table.fullName(), scannedType));
  }

  private static Predicate partitions(Table table, PaimonFilter filter) {
    for (String column : filter.columns()) {
      if (!table.partitionKeys().contains(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is no partition column of table %s (%s). %s",
                column,
                table.fullName(),
                filter,
                table.partitionKeys().isEmpty()
                    ? "It has no partitions: use withFilter(..)."
                    : "These are "
                        + table.partitionKeys()
                        + "; for other columns, use withFilter(..)."));
      }
    }
    return filter.predicate(table.fullName(), table.rowType());
  }

  Table table() {
    return table;
  }

  /** As it is for the pipeline. */
  Schema schema() {
    return TypeMapping.schema(readType);
  }

  RowType readType() {
    return readType;
  }

  /** The columns for the pipeline come first. */
  RowType scannedType() {
    return scannedType;
  }

  /** For listing splits. */
  ReadBuilder scan() {
    ReadBuilder builder = table.newReadBuilder().withReadType(scannedType).dropStats();
    Predicate all = PredicateBuilder.andNullable(filter, partitions);
    return all == null ? builder : builder.withFilter(all);
  }

  /** The rows of the splits, with the scanned columns. */
  RecordReader<InternalRow> read(List<Split> splits) throws IOException {
    ReadBuilder builder = table.newReadBuilder().withReadType(scannedType);
    if (filter != null) {
      builder = builder.withFilter(filter);
    }
    RecordReader<InternalRow> rows = builder.newRead().createReader(splits);
    Predicate test = rowFilter;
    return test == null ? rows : rows.filter(test::test);
  }
}

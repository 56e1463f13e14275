package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What a log is read as. */
interface ReadShape<T> {
  ReadShape<Row> ROWS =
      new ReadShape<>() {
        @Override
        public void check(FlussTable table) {
          if (table.isKeyed()) {
            throw new IllegalArgumentException(
                String.format(
                    "Table %s is a KV table (primary key %s). Read its changelog with"
                        + " FlussIO.readChanges(), or what it holds with FlussIO.readContents().",
                    table.path(), table.primaryKey()));
          }
        }

        @Override
        public PCollection<Row> unpack(
            PCollection<RowBatch> batches,
            ReadSpec spec,
            @Nullable ErrorHandler<BadRecord, ?> errors) {
          return Unpack.rows(batches, spec, errors);
        }
      };

  ReadShape<RowChange> CHANGES =
      new ReadShape<>() {
        @Override
        public void check(FlussTable table) {
          if (!table.isKeyed()) {
            throw new IllegalArgumentException(
                String.format(
                    "Table %s is a log table (it has no primary key), so its rows never change."
                        + " Read them with FlussIO.readRows().",
                    table.path()));
          }
        }

        @Override
        public PCollection<RowChange> unpack(
            PCollection<RowBatch> batches,
            ReadSpec spec,
            @Nullable ErrorHandler<BadRecord, ?> errors) {
          return Unpack.changes(batches, spec, errors);
        }
      };

  /**
   * Checks that a table can be read so.
   *
   * @throws IllegalArgumentException if the table cannot be read as this
   */
  void check(FlussTable table);

  PCollection<T> unpack(
      PCollection<RowBatch> batches, ReadSpec spec, @Nullable ErrorHandler<BadRecord, ?> errors);
}

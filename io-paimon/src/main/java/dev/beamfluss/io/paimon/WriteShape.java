package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import java.io.Serializable;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.types.RowKind;

/** What the elements of a write are. */
interface WriteShape<T> extends Serializable {
  Schema schema(PCollection<T> input);

  Row row(T element);

  RowKind kind(T element);

  /** Whether the table must have a primary key. */
  boolean isOnlyForKeyed();

  /** Rows to append or upsert. */
  enum Rows implements WriteShape<Row> {
    INSTANCE;

    @Override
    public Schema schema(PCollection<Row> input) {
      return input.getSchema();
    }

    @Override
    public Row row(Row element) {
      return element;
    }

    @Override
    public RowKind kind(Row element) {
      return RowKind.INSERT;
    }

    @Override
    public boolean isOnlyForKeyed() {
      return false;
    }
  }

  /** Changes to apply. */
  enum Changes implements WriteShape<RowChange> {
    INSTANCE;

    @Override
    public Schema schema(PCollection<RowChange> input) {
      if (!(input.getCoder() instanceof RowChangeCoder coder)) {
        throw new IllegalArgumentException(
            "The changes to write need the coder RowChange.coder(schema), which tells their"
                + " columns; they have "
                + input.getCoder()
                + ".");
      }
      return coder.schema();
    }

    @Override
    public Row row(RowChange element) {
      return element.row();
    }

    @Override
    public RowKind kind(RowChange element) {
      return switch (element.kind()) {
        case INSERT -> RowKind.INSERT;
        case UPDATE_BEFORE -> RowKind.UPDATE_BEFORE;
        case UPDATE_AFTER -> RowKind.UPDATE_AFTER;
        case DELETE -> RowKind.DELETE;
      };
    }

    @Override
    public boolean isOnlyForKeyed() {
      return true;
    }
  }
}

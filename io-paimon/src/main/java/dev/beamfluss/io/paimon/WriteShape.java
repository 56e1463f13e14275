package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
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
      return WriteShape.kind(element.kind());
    }

    @Override
    public boolean isOnlyForKeyed() {
      return true;
    }
  }

  private static RowKind kind(RowChange.Kind kind) {
    return switch (kind) {
      case INSERT -> RowKind.INSERT;
      case UPDATE_BEFORE -> RowKind.UPDATE_BEFORE;
      case UPDATE_AFTER -> RowKind.UPDATE_AFTER;
      case DELETE -> RowKind.DELETE;
    };
  }

  /**
   * Changes to apply, as rows with a field that holds the {@linkplain RowChange.Kind#sign sign}.
   */
  final class ChangeRows implements WriteShape<Row> {
    private final Schema columns;
    private final int sign;

    /**
     * @throws IllegalArgumentException if the rows have no such field
     */
    ChangeRows(Schema rows, String signField) {
      if (!rows.hasField(signField)
          || rows.getField(signField).getType().getTypeName() != Schema.TypeName.STRING) {
        throw new IllegalArgumentException(
            String.format(
                "The rows have no field %s of type STRING, which says what kind of change each is."
                    + " Their fields are %s.",
                signField, rows.getFieldNames()));
      }
      this.sign = rows.indexOf(signField);
      this.columns =
          rows.getFields().stream()
              .filter(field -> !field.getName().equals(signField))
              .collect(Schema.toSchema());
    }

    @Override
    public Schema schema(PCollection<Row> input) {
      return columns;
    }

    @Override
    public Row row(Row element) {
      List<Object> values = new ArrayList<>(columns.getFieldCount());
      for (int i = 0; i < element.getFieldCount(); i++) {
        if (i != sign) {
          values.add(element.getValue(i));
        }
      }
      return Row.withSchema(columns).attachValues(values);
    }

    @Override
    public RowKind kind(Row element) {
      return WriteShape.kind(RowChange.Kind.ofSign(element.getString(sign)));
    }

    @Override
    public boolean isOnlyForKeyed() {
      return true;
    }
  }
}

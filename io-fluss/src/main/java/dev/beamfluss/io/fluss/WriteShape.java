package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/** What is written: rows, or changes of rows. */
interface WriteShape<T> extends Serializable {

  /** Whether it takes a KV table. */
  boolean isOnlyForKeyed();

  /**
   * The columns of what is to be written.
   *
   * @throws IllegalArgumentException if the collection does not tell
   */
  Schema schema(PCollection<T> input);

  Row row(T element);

  /** Hands an element to a writer; whether there was anything to send. */
  boolean write(TableWriter writer, T element);

  /** Rows to append or upsert. */
  enum Rows implements WriteShape<Row> {
    INSTANCE;

    @Override
    public boolean isOnlyForKeyed() {
      return false;
    }

    @Override
    public Schema schema(PCollection<Row> input) {
      return input.getSchema();
    }

    @Override
    public Row row(Row element) {
      return element;
    }

    @Override
    public boolean write(TableWriter writer, Row element) {
      writer.upsert(element);
      return true;
    }
  }

  /** Changes to apply. */
  enum Changes implements WriteShape<RowChange> {
    INSTANCE;

    @Override
    public boolean isOnlyForKeyed() {
      return true;
    }

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
    public boolean write(TableWriter writer, RowChange element) {
      return writer.write(element);
    }
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
    public boolean isOnlyForKeyed() {
      return true;
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
    public boolean write(TableWriter writer, Row element) {
      return writer.write(
          RowChange.of(RowChange.Kind.ofSign(element.getString(sign)), row(element)));
    }
  }
}

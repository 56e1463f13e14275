package dev.beamfluss.io.fluss;

import java.io.Serializable;
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
}

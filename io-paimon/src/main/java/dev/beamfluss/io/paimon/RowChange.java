package dev.beamfluss.io.paimon;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.Objects;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/**
 * One change of a row of a table with a primary key: what its changelog holds and what a write
 * applies. An update is two changes, the row before and the row after, or the latter alone.
 */
public final class RowChange implements Serializable {

  /** What happened to the row. */
  public enum Kind {
    /** The key was not there before; also every row of a table without a primary key. */
    INSERT("+I", 0),
    /** The row as it was before an update. */
    UPDATE_BEFORE("-U", 1),
    /** The row as it is after an update. */
    UPDATE_AFTER("+U", 2),
    /** The row as it was before it was deleted. */
    DELETE("-D", 3);

    private static final Kind[] BY_CODE = {INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE};

    private final String sign;
    private final int code;

    Kind(String sign, int code) {
      this.sign = sign;
      this.code = code;
    }

    /** Its byte in encoded elements and checkpoints; never changes. */
    int code() {
      return code;
    }

    static Kind ofCode(int code) throws CoderException {
      if (code < 0 || code >= BY_CODE.length) {
        throw new CoderException("Not a kind of change: " + code);
      }
      return BY_CODE[code];
    }

    /** The two characters that Flink and Paimon print for this kind. */
    public String sign() {
      return sign;
    }
  }

  private final Kind kind;
  private final Row row;

  private RowChange(Kind kind, Row row) {
    this.kind = requireNonNull(kind, "kind");
    this.row = requireNonNull(row, "row");
  }

  public static RowChange of(Kind kind, Row row) {
    return new RowChange(kind, row);
  }

  /** The row is to be there from now on, whether or not its key was there before. */
  public static RowChange upsert(Row row) {
    return new RowChange(Kind.UPDATE_AFTER, row);
  }

  /** The row of this key is to be gone; only the key columns matter. */
  public static RowChange delete(Row row) {
    return new RowChange(Kind.DELETE, row);
  }

  public Kind kind() {
    return kind;
  }

  public Row row() {
    return row;
  }

  /** The coder of changes whose rows have the given schema. */
  public static Coder<RowChange> coder(Schema schema) {
    return RowChangeCoder.of(schema);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RowChange that && kind == that.kind && row.equals(that.row);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, row);
  }

  @Override
  public String toString() {
    return kind.sign() + row.getValues();
  }
}

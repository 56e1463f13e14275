package dev.beamfluss.changes;

import static java.util.Objects.requireNonNull;

import java.io.Serializable;
import java.util.Objects;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * One change of a row of a table with keys: what its changelog holds and what a write applies. It
 * is the same for Fluss and Paimon, so that what is read from one can be written to the other.
 *
 * <p>An update is two changes, the row before and the row after, in this order and next to each
 * other in the changelog of a bucket. Some tables give only the latter: in Fluss those with {@code
 * table.changelog.image = WAL}, in Paimon those without a {@code changelog-producer}. A write
 * ignores {@link Kind#UPDATE_BEFORE}: the key decides what is replaced.
 */
public final class RowChange implements Serializable {

  /** What happened to the row. */
  public enum Kind {
    /** The key was not there before, or the table does not tell; also each row of an append. */
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

    /** Its byte in encoded elements and checkpoints, the same as Paimon's; never changes. */
    public int code() {
      return code;
    }

    /**
     * The kind of a {@link #code}.
     *
     * @throws CoderException if there is none
     */
    public static Kind ofCode(int code) throws CoderException {
      if (code < 0 || code >= BY_CODE.length) {
        throw new CoderException("Not a kind of change: " + code);
      }
      return BY_CODE[code];
    }

    /**
     * The kind of a {@link #sign}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Kind ofSign(@Nullable String sign) {
      for (Kind kind : BY_CODE) {
        if (kind.sign.equals(sign)) {
          return kind;
        }
      }
      throw new IllegalArgumentException(
          String.format("'%s' is no kind of change. They are +I, -U, +U and -D.", sign));
    }

    /** The two characters that Flink, Fluss and Paimon print for this kind. */
    public String sign() {
      return sign;
    }

    /** Whether the table holds the change's row once the change is applied. */
    public boolean isPresentAfter() {
      return this == INSERT || this == UPDATE_AFTER;
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
  public static RowChangeCoder coder(Schema schema) {
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

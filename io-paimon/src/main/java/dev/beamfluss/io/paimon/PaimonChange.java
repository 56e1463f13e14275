package dev.beamfluss.io.paimon;

import static java.util.Objects.requireNonNull;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StructuredCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/**
 * One change of a row of a Paimon table: what {@link PaimonIO#readChanges()} gives and {@link
 * PaimonIO#writeChanges()} applies.
 */
public final class PaimonChange implements Serializable {
  private static final long serialVersionUID = 1L;

  /** What happened to the row. */
  public enum Kind {
    /** It was not there before, or the table does not tell whether it was. */
    INSERT("+I"),
    /** It was like this before an update. */
    UPDATE_BEFORE("-U"),
    /** It is like this after an update. */
    UPDATE_AFTER("+U"),
    /** It is gone. */
    DELETE("-D");

    private static final Kind[] BY_CODE = {INSERT, UPDATE_BEFORE, UPDATE_AFTER, DELETE};

    private final String sign;

    Kind(String sign) {
      this.sign = sign;
    }

    /** Its byte in encoded elements, the same as Paimon's own; never changes. */
    int code() {
      return switch (this) {
        case INSERT -> 0;
        case UPDATE_BEFORE -> 1;
        case UPDATE_AFTER -> 2;
        case DELETE -> 3;
      };
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

    /** Whether the table holds the row once the change is applied. */
    public boolean isPresentAfter() {
      return this == INSERT || this == UPDATE_AFTER;
    }
  }

  private final Kind kind;
  private final Row row;

  private PaimonChange(Kind kind, Row row) {
    this.kind = requireNonNull(kind, "kind");
    this.row = requireNonNull(row, "row");
  }

  public static PaimonChange of(Kind kind, Row row) {
    return new PaimonChange(kind, row);
  }

  /** The row is to be there from now on, whether or not its key was there before. */
  public static PaimonChange upsert(Row row) {
    return new PaimonChange(Kind.UPDATE_AFTER, row);
  }

  /** The row of this key is to be gone; only the key columns matter. */
  public static PaimonChange delete(Row row) {
    return new PaimonChange(Kind.DELETE, row);
  }

  public Kind kind() {
    return kind;
  }

  public Row row() {
    return row;
  }

  /** The coder of changes whose rows have the given schema. */
  public static Coder<PaimonChange> coder(Schema schema) {
    return new ChangeCoder(RowCoder.of(schema));
  }

  /** Whether this is a {@link #coder}. */
  static boolean isCoder(Coder<?> coder) {
    return coder instanceof ChangeCoder;
  }

  /** The schema that a coder of changes was made of. */
  static Schema schema(Coder<PaimonChange> coder) {
    return ((ChangeCoder) coder).rowCoder.getSchema();
  }

  /** A byte for the kind, then the row. */
  private static final class ChangeCoder extends StructuredCoder<PaimonChange> {
    private final RowCoder rowCoder;

    private ChangeCoder(RowCoder rowCoder) {
      this.rowCoder = rowCoder;
    }

    @Override
    public void encode(PaimonChange change, OutputStream out) throws IOException {
      out.write(change.kind().code());
      rowCoder.encode(change.row(), out);
    }

    @Override
    public PaimonChange decode(InputStream in) throws IOException {
      return PaimonChange.of(Kind.ofCode(in.read()), rowCoder.decode(in));
    }

    @Override
    public List<? extends Coder<?>> getCoderArguments() {
      return List.of(rowCoder);
    }

    @Override
    public void verifyDeterministic() throws NonDeterministicException {
      rowCoder.verifyDeterministic();
    }

    @Override
    public boolean consistentWithEquals() {
      return rowCoder.consistentWithEquals();
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof PaimonChange that && kind == that.kind && row.equals(that.row);
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

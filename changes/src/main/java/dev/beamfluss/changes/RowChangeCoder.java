package dev.beamfluss.changes;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StructuredCoder;
import org.apache.beam.sdk.schemas.Schema;

/** The coder of {@link RowChange#coder}: a byte for the kind, then the row. */
public final class RowChangeCoder extends StructuredCoder<RowChange> {
  private final RowCoder rowCoder;

  private RowChangeCoder(RowCoder rowCoder) {
    this.rowCoder = rowCoder;
  }

  static RowChangeCoder of(Schema schema) {
    return new RowChangeCoder(RowCoder.of(schema));
  }

  /** The columns of the rows. */
  public Schema schema() {
    return rowCoder.getSchema();
  }

  @Override
  public void encode(RowChange change, OutputStream out) throws IOException {
    out.write(change.kind().code());
    rowCoder.encode(change.row(), out);
  }

  @Override
  public RowChange decode(InputStream in) throws IOException {
    return RowChange.of(RowChange.Kind.ofCode(in.read()), rowCoder.decode(in));
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

package dev.beamfluss.transforms;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StructuredCoder;
import org.apache.beam.sdk.schemas.Schema;

/**
 * The bytes of a row. As keys of state {@link Values} are preferred to rows, whose hash code walks
 * the schema each time it is asked for.
 */
final class ValuesCoder extends StructuredCoder<Values> {
  private static final long serialVersionUID = 1L;

  private final RowCoder rows;

  private ValuesCoder(Schema schema) {
    this.rows = RowCoder.of(schema);
  }

  static ValuesCoder of(Schema schema) {
    return new ValuesCoder(schema);
  }

  @Override
  public void encode(Values values, OutputStream out) throws IOException {
    if (values == null) {
      throw new CoderException("There are no values to encode.");
    }
    rows.encode(values.toRow(rows.getSchema()), out);
  }

  @Override
  public Values decode(InputStream in) throws IOException {
    return Values.of(rows.decode(in));
  }

  @Override
  public List<? extends Coder<?>> getCoderArguments() {
    return List.of(rows);
  }

  @Override
  public void verifyDeterministic() throws NonDeterministicException {
    rows.verifyDeterministic();
  }

  @Override
  public boolean consistentWithEquals() {
    return rows.consistentWithEquals();
  }
}

package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StructuredCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.util.VarInt;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

final class RowBatchCoder extends StructuredCoder<RowBatch> {
  private final RowCoder rowCoder;

  private RowBatchCoder(RowCoder rowCoder) {
    this.rowCoder = rowCoder;
  }

  static RowBatchCoder of(Schema schema) {
    return new RowBatchCoder(RowCoder.of(schema));
  }

  @Override
  public void encode(RowBatch batch, OutputStream out) throws IOException {
    VarInt.encode(batch.size(), out);
    out.write(batch.kinds() == null ? 0 : 1);
    long previous = 0;
    for (int i = 0; i < batch.size(); i++) {
      if (batch.kinds() != null) {
        out.write(batch.kind(i).code());
      }
      VarInt.encode(batch.timestamps()[i] - previous, out);
      previous = batch.timestamps()[i];
      rowCoder.encode(batch.rows().get(i), out);
    }
    VarInt.encode(batch.unreadable().size(), out);
    for (UnreadableRow row : batch.unreadable()) {
      UnreadableRow.encode(row, out);
    }
  }

  @Override
  public RowBatch decode(InputStream in) throws IOException {
    int size = VarInt.decodeInt(in);
    RowChange.Kind @Nullable [] kinds = in.read() == 0 ? null : new RowChange.Kind[size];
    List<Row> rows = new ArrayList<>(size);
    long[] timestamps = new long[size];
    long previous = 0;
    for (int i = 0; i < size; i++) {
      if (kinds != null) {
        kinds[i] = RowChange.Kind.ofCode(in.read());
      }
      previous += VarInt.decodeLong(in);
      timestamps[i] = previous;
      rows.add(rowCoder.decode(in));
    }
    int unreadable = VarInt.decodeInt(in);
    List<UnreadableRow> rest = new ArrayList<>(unreadable);
    for (int i = 0; i < unreadable; i++) {
      rest.add(UnreadableRow.decode(in));
    }
    return new RowBatch(rows, kinds, timestamps, rest);
  }

  @Override
  public List<? extends Coder<?>> getCoderArguments() {
    return List.of(rowCoder);
  }

  @Override
  public void verifyDeterministic() throws NonDeterministicException {
    rowCoder.verifyDeterministic();
  }
}

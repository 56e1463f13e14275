package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.ObjectStreamException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StructuredCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.util.VarInt;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

final class RowBatchCoder extends StructuredCoder<RowBatch> implements RowBatch.Codec {
  private static final ByteArrayCoder BYTES = ByteArrayCoder.of();

  private final RowCoder rowCoder;
  private transient @Nullable AtomicReference<byte[]> packed = new AtomicReference<>();

  private RowBatchCoder(RowCoder rowCoder) {
    this.rowCoder = rowCoder;
  }

  static RowBatchCoder of(Schema schema) {
    return new RowBatchCoder(RowCoder.of(schema));
  }

  @Override
  public void encode(RowBatch batch, OutputStream out) throws IOException {
    BYTES.encode(batch.encoded(this), out);
  }

  @Override
  public RowBatch decode(InputStream in) throws IOException {
    return RowBatch.ofEncoded(BYTES.decode(in), this);
  }

  @Override
  public byte[] encode(RowBatch.Contents contents) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try {
      write(contents, out);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private void write(RowBatch.Contents contents, OutputStream out) throws IOException {
    List<Row> rows = contents.rows();
    Unpack.checkSchema(rowCoder.getSchema(), rows);
    RowChange.Kind[] kinds = contents.kinds();
    VarInt.encode(rows.size(), out);
    out.write(kinds == null ? 0 : 1);
    long previous = 0;
    for (int i = 0; i < rows.size(); i++) {
      if (kinds != null) {
        out.write(kinds[i].code());
      }
      long timestamp = contents.timestamps()[i];
      VarInt.encode(timestamp - previous, out);
      previous = timestamp;
      rowCoder.encode(rows.get(i), out);
    }
    VarInt.encode(contents.unreadable().size(), out);
    for (UnreadableRow row : contents.unreadable()) {
      UnreadableRow.encode(row, out);
    }
  }

  @Override
  public RowBatch.Contents decode(byte[] encoded) {
    try {
      return read(new ByteArrayInputStream(encoded));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private RowBatch.Contents read(InputStream in) throws IOException {
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
    int number = VarInt.decodeInt(in);
    List<UnreadableRow> unreadable = new ArrayList<>(number);
    for (int i = 0; i < number; i++) {
      unreadable.add(UnreadableRow.decode(in));
    }
    return new RowBatch.Contents(rows, kinds, timestamps, unreadable);
  }

  @Override
  public List<? extends Coder<?>> getCoderArguments() {
    return List.of(rowCoder);
  }

  @Override
  public void verifyDeterministic() throws NonDeterministicException {
    rowCoder.verifyDeterministic();
  }

  private Object writeReplace() throws ObjectStreamException {
    // one that was read has no reference
    AtomicReference<byte[]> bytes = packed;
    if (bytes == null) {
      bytes = new AtomicReference<>();
      packed = bytes;
    }
    return Packed.of(this, bytes);
  }
}

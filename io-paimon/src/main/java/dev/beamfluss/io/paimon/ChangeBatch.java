package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.StructuredCoder;
import org.apache.beam.sdk.util.VarInt;

/**
 * Some changes of one split of a snapshot, in order: the element of the source, so that the
 * runner's work an element is paid once for many.
 *
 * @param changes at least one
 * @param timestamps each one's event time in milliseconds since the epoch
 */
record ChangeBatch(List<RowChange> changes, List<Long> timestamps) {

  /** The step that takes it apart may not go back in time from it. */
  long minTimestamp() {
    return timestamps.stream().mapToLong(Long::longValue).min().getAsLong();
  }

  long maxTimestamp() {
    return timestamps.stream().mapToLong(Long::longValue).max().getAsLong();
  }

  @Override
  public String toString() {
    return "ChangeBatch of " + changes.size();
  }

  static final class BatchCoder extends StructuredCoder<ChangeBatch> {
    private final Coder<RowChange> changeCoder;

    BatchCoder(Coder<RowChange> changeCoder) {
      this.changeCoder = changeCoder;
    }

    @Override
    public void encode(ChangeBatch batch, OutputStream out) throws IOException {
      VarInt.encode(batch.changes().size(), out);
      long previous = 0;
      for (int i = 0; i < batch.changes().size(); i++) {
        long timestamp = batch.timestamps().get(i);
        VarInt.encode(timestamp - previous, out);
        previous = timestamp;
        changeCoder.encode(batch.changes().get(i), out);
      }
    }

    @Override
    public ChangeBatch decode(InputStream in) throws IOException {
      RowChange[] changes = new RowChange[VarInt.decodeInt(in)];
      List<Long> timestamps = new ArrayList<>(changes.length);
      long timestamp = 0;
      for (int i = 0; i < changes.length; i++) {
        timestamp += VarInt.decodeLong(in);
        timestamps.add(timestamp);
        changes[i] = changeCoder.decode(in);
      }
      return new ChangeBatch(Arrays.asList(changes), timestamps);
    }

    @Override
    public List<? extends Coder<?>> getCoderArguments() {
      return List.of(changeCoder);
    }

    @Override
    public void verifyDeterministic() throws NonDeterministicException {
      changeCoder.verifyDeterministic();
    }
  }
}

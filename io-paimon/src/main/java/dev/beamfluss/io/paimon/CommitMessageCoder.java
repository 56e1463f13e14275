package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.paimon.table.sink.CommitMessage;
import org.apache.paimon.table.sink.CommitMessageSerializer;

/** Paimon's own format, with its version, so that a savepoint outlives an upgrade of Paimon. */
final class CommitMessageCoder extends AtomicCoder<CommitMessage> {
  private static final CommitMessageCoder INSTANCE = new CommitMessageCoder();
  private static final VarIntCoder VERSION = VarIntCoder.of();
  private static final ByteArrayCoder BYTES = ByteArrayCoder.of();

  private CommitMessageCoder() {}

  static CommitMessageCoder of() {
    return INSTANCE;
  }

  @Override
  public void encode(CommitMessage message, OutputStream out) throws IOException {
    CommitMessageSerializer serializer = new CommitMessageSerializer();
    VERSION.encode(serializer.getVersion(), out);
    BYTES.encode(serializer.serialize(message), out);
  }

  @Override
  public CommitMessage decode(InputStream in) throws IOException {
    int version = VERSION.decode(in);
    return new CommitMessageSerializer().deserialize(version, BYTES.decode(in));
  }
}

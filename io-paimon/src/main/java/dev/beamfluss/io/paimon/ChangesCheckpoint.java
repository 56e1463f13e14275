package dev.beamfluss.io.paimon;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.Serializable;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;

/**
 * Where a reader goes on: in which snapshot, and how much of it is handed out.
 *
 * @param snapshot the one that is read, or is to be
 * @param whole whether all rows of it are read, not the changes that it brought alone
 * @param splits how many of the reader's splits of it are handed out
 * @param rows how many rows of the next split are
 * @param files tells whether the splits are the same as they were, if any was begun
 * @param watermark in milliseconds since the epoch
 */
record ChangesCheckpoint(
    long snapshot, boolean whole, int splits, long rows, int files, long watermark)
    implements UnboundedSource.CheckpointMark, Serializable {

  static ChangesCheckpoint wholeOf(long snapshot) {
    return start(snapshot, true);
  }

  static ChangesCheckpoint changesFrom(long snapshot) {
    return start(snapshot, false);
  }

  private static ChangesCheckpoint start(long snapshot, boolean whole) {
    return new ChangesCheckpoint(
        snapshot, whole, 0, 0, 0, BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis());
  }

  boolean isWithinSnapshot() {
    return splits > 0 || rows > 0;
  }

  /** Nothing is kept anywhere for the reader. */
  @Override
  public void finalizeCheckpoint() {}

  /** Versioned: a later layout gets a number of its own and earlier ones stay readable. */
  static final class Coder extends AtomicCoder<ChangesCheckpoint> {
    private static final int VERSION = 1;
    private static final Coder INSTANCE = new Coder();

    static Coder of() {
      return INSTANCE;
    }

    @Override
    public void encode(ChangesCheckpoint checkpoint, OutputStream out) throws IOException {
      DataOutputStream data = new DataOutputStream(out);
      data.writeByte(VERSION);
      data.writeLong(checkpoint.snapshot());
      data.writeBoolean(checkpoint.whole());
      data.writeInt(checkpoint.splits());
      data.writeLong(checkpoint.rows());
      data.writeInt(checkpoint.files());
      data.writeLong(checkpoint.watermark());
      data.flush();
    }

    @Override
    public ChangesCheckpoint decode(InputStream in) throws IOException {
      DataInputStream data = new DataInputStream(in);
      int version = data.readUnsignedByte();
      if (version != VERSION) {
        throw new CoderException(
            "Checkpoint of a Paimon read has layout "
                + version
                + ", this build knows "
                + VERSION
                + ". Restore it with the build that wrote it, or a later one.");
      }
      return new ChangesCheckpoint(
          data.readLong(),
          data.readBoolean(),
          data.readInt(),
          data.readLong(),
          data.readInt(),
          data.readLong());
    }
  }
}

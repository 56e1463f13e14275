package dev.beamfluss.io.fluss;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.coders.AtomicCoder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.util.VarInt;

/**
 * Where a split of an unbounded read goes on.
 *
 * @param started whether the reader had found its starting position; a runner may take a checkpoint
 *     before that
 * @param nextOffsets the next offset of every bucket it knows, a marker below 0 where nothing was
 *     read of it yet. A bucket of a partition that is not in here is new and read from its
 *     beginning.
 */
record ReadCheckpoint(boolean started, Map<BucketId, Long> nextOffsets)
    implements UnboundedSource.CheckpointMark {
  static final ReadCheckpoint NOT_STARTED = new ReadCheckpoint(false, Map.of());

  private static final Comparator<BucketId> ORDER =
      Comparator.comparingLong(BucketId::partitionId).thenComparingInt(BucketId::bucket);

  ReadCheckpoint(Map<BucketId, Long> nextOffsets) {
    this(true, nextOffsets);
  }

  @Override
  public void finalizeCheckpoint() {
    // Fluss keeps no positions of readers: nothing to commit
  }

  /** Versioned: a later layout gets a number of its own and this one stays readable. */
  static final class Coder extends AtomicCoder<ReadCheckpoint> {
    private static final int VERSION = 1;

    /** In place of a version, and nothing after it. */
    private static final int NOTHING_YET = 0;

    private static final Coder INSTANCE = new Coder();

    static Coder of() {
      return INSTANCE;
    }

    @Override
    public void encode(ReadCheckpoint checkpoint, OutputStream out) throws IOException {
      DataOutputStream data = new DataOutputStream(out);
      if (!checkpoint.started()) {
        data.writeByte(NOTHING_YET);
        data.flush();
        return;
      }
      data.writeByte(VERSION);
      VarInt.encode(checkpoint.nextOffsets().size(), data);
      Map<BucketId, Long> sorted = new TreeMap<>(ORDER);
      sorted.putAll(checkpoint.nextOffsets());
      for (Map.Entry<BucketId, Long> entry : sorted.entrySet()) {
        data.writeLong(entry.getKey().partitionId());
        VarInt.encode(entry.getKey().bucket(), data);
        data.writeLong(entry.getValue());
      }
      data.flush();
    }

    @Override
    public ReadCheckpoint decode(InputStream in) throws IOException {
      DataInputStream data = new DataInputStream(in);
      int version = data.readUnsignedByte();
      if (version == NOTHING_YET) {
        return NOT_STARTED;
      }
      if (version != VERSION) {
        throw new CoderException(
            "Checkpoint of a Fluss read has layout "
                + version
                + ", this build knows up to "
                + VERSION
                + ". Restore it with the build that wrote it, or a later one.");
      }
      int size = VarInt.decodeInt(data);
      Map<BucketId, Long> offsets = new TreeMap<>(ORDER);
      for (int i = 0; i < size; i++) {
        BucketId bucket = new BucketId(data.readLong(), VarInt.decodeInt(data));
        offsets.put(bucket, data.readLong());
      }
      return new ReadCheckpoint(offsets);
    }
  }
}

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
 * @param positions where each bucket goes on that the reader knows. A bucket of a partition that is
 *     not in here is new and read from its beginning.
 * @param onFinalized what to do once the runner has stored this checkpoint; not part of it
 */
record ReadCheckpoint(
    boolean started, Map<BucketId, BucketPosition> positions, Runnable onFinalized)
    implements UnboundedSource.CheckpointMark {
  static final ReadCheckpoint NOT_STARTED =
      new ReadCheckpoint(false, Map.of(), ReadCheckpoint::doNothing);

  private static final Comparator<BucketId> ORDER =
      Comparator.comparingLong(BucketId::partitionId).thenComparingInt(BucketId::bucket);

  ReadCheckpoint(Map<BucketId, BucketPosition> positions) {
    this(positions, ReadCheckpoint::doNothing);
  }

  ReadCheckpoint(Map<BucketId, BucketPosition> positions, Runnable onFinalized) {
    this(true, positions, onFinalized);
  }

  private static void doNothing() {}

  /** Fluss keeps no positions of readers, but it keeps the snapshots that they may come back to. */
  @Override
  public void finalizeCheckpoint() {
    onFinalized.run();
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof ReadCheckpoint that
        && started == that.started
        && positions.equals(that.positions);
  }

  @Override
  public int hashCode() {
    return positions.hashCode();
  }

  /** Versioned: a later layout gets a number of its own and earlier ones stay readable. */
  static final class Coder extends AtomicCoder<ReadCheckpoint> {
    /** Only offsets of the log. */
    private static final int LOG_OFFSETS = 1;

    /** Each bucket's position begins with its kind. */
    private static final int POSITIONS = 2;

    /** Positions may be in the lake. Written only where one is. */
    private static final int LAKE_POSITIONS = 3;

    /** In place of a version, and nothing after it. */
    private static final int NOTHING_YET = 0;

    private static final int IN_LOG = 0;
    private static final int IN_SNAPSHOT = 1;
    private static final int IN_LAKE = 2;

    private static final Coder INSTANCE = new Coder();

    static Coder of() {
      return INSTANCE;
    }

    @Override
    public void encode(ReadCheckpoint checkpoint, OutputStream out) throws IOException {
      DataOutputStream data = new DataOutputStream(out);
      if (checkpoint.started()) {
        boolean inLake =
            checkpoint.positions().values().stream().anyMatch(BucketPosition::isInLake);
        data.writeByte(inLake ? LAKE_POSITIONS : POSITIONS);
        VarInt.encode(checkpoint.positions().size(), data);
        Map<BucketId, BucketPosition> sorted = new TreeMap<>(ORDER);
        sorted.putAll(checkpoint.positions());
        for (Map.Entry<BucketId, BucketPosition> entry : sorted.entrySet()) {
          encode(entry.getKey(), entry.getValue(), data);
        }
      } else {
        data.writeByte(NOTHING_YET);
      }
      data.flush();
    }

    private static void encode(BucketId bucket, BucketPosition position, DataOutputStream data)
        throws IOException {
      data.writeLong(bucket.partitionId());
      VarInt.encode(bucket.bucket(), data);
      data.writeByte(position.isInLog() ? IN_LOG : position.isInLake() ? IN_LAKE : IN_SNAPSHOT);
      data.writeLong(position.offset());
      if (!position.isInLog()) {
        data.writeLong(position.snapshot());
        data.writeLong(position.rows());
      }
      if (position.isInLake()) {
        data.writeUTF(position.lakePartition());
      }
    }

    @Override
    public ReadCheckpoint decode(InputStream in) throws IOException {
      DataInputStream data = new DataInputStream(in);
      int version = data.readUnsignedByte();
      if (version == NOTHING_YET) {
        return NOT_STARTED;
      }
      if (version > LAKE_POSITIONS) {
        throw new CoderException(
            "Checkpoint of a Fluss read has layout "
                + version
                + ", this build knows up to "
                + LAKE_POSITIONS
                + ". Restore it with the build that wrote it, or a later one.");
      }
      int size = VarInt.decodeInt(data);
      Map<BucketId, BucketPosition> positions = new TreeMap<>(ORDER);
      for (int i = 0; i < size; i++) {
        BucketId bucket = new BucketId(data.readLong(), VarInt.decodeInt(data));
        int kind = version == LOG_OFFSETS ? IN_LOG : data.readUnsignedByte();
        long offset = data.readLong();
        positions.put(
            bucket,
            switch (kind) {
              case IN_LOG -> BucketPosition.inLog(offset);
              case IN_SNAPSHOT ->
                  BucketPosition.inSnapshot(data.readLong(), data.readLong(), offset);
              case IN_LAKE ->
                  BucketPosition.inLake(data.readLong(), data.readLong(), offset, data.readUTF());
              default ->
                  throw new CoderException("Not a position in a checkpoint of a read: " + kind);
            });
      }
      return new ReadCheckpoint(positions);
    }
  }
}

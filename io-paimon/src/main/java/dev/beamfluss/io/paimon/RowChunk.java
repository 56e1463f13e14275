package dev.beamfluss.io.paimon;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.paimon.data.BinaryRow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.memory.MemorySegment;

/**
 * Rows of one bucket in Paimon's binary format, each with its length before it: one element of the
 * shuffle, one piece of state.
 */
final class RowChunk {
  private static final int FIRST_BYTES = 1024;

  private byte[] bytes = new byte[FIRST_BYTES];
  private int size;

  interface RowConsumer {
    void accept(InternalRow row) throws Exception;
  }

  void add(BinaryRow row) {
    int length = row.getSizeInBytes();
    int needed = Math.addExact(size, Integer.BYTES + length);
    if (needed > bytes.length) {
      bytes = Arrays.copyOf(bytes, (int) Math.min(2L * needed, Integer.MAX_VALUE - 8));
    }
    ByteBuffer.wrap(bytes).putInt(size, length);
    MemorySegment segment = row.getSegments()[0];
    segment.get(row.getOffset(), bytes, size + Integer.BYTES, length);
    size = needed;
  }

  int size() {
    return size;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  /** The row handed over is used again for the next. */
  static int forEach(byte[] chunk, int fields, RowConsumer consumer) throws Exception {
    MemorySegment segment = MemorySegment.wrap(chunk);
    ByteBuffer lengths = ByteBuffer.wrap(chunk);
    BinaryRow row = new BinaryRow(fields);
    int rows = 0;
    for (int position = 0; position < chunk.length; rows++) {
      int length = lengths.getInt(position);
      position += Integer.BYTES;
      row.pointTo(segment, position, length);
      consumer.accept(row);
      position += length;
    }
    return rows;
  }
}

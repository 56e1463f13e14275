package dev.beamfluss.io.paimon;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.paimon.data.BinaryRow;
import org.apache.paimon.utils.SerializationUtils;

/**
 * What rows are shuffled by: a partition and a number in it, which is the bucket, or, in tables
 * without buckets, one of the shards that share the work.
 */
record BucketKey(BinaryRow partition, int number) {

  byte[] toBytes() {
    byte[] row = SerializationUtils.serializeBinaryRow(partition);
    return ByteBuffer.allocate(Integer.BYTES + row.length).putInt(number).put(row).array();
  }

  static BucketKey of(byte[] bytes) {
    return new BucketKey(
        SerializationUtils.deserializeBinaryRow(
            Arrays.copyOfRange(bytes, Integer.BYTES, bytes.length)),
        ByteBuffer.wrap(bytes).getInt());
  }
}

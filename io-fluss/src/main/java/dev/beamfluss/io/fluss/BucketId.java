package dev.beamfluss.io.fluss;

import java.io.Serializable;
import org.apache.fluss.metadata.TableBucket;

/** A bucket of one table: of the partition with this id, or of the table itself. */
record BucketId(long partitionId, int bucket) implements Serializable {
  static final long NO_PARTITION = -1;

  TableBucket of(long tableId) {
    return new TableBucket(tableId, partitionId == NO_PARTITION ? null : partitionId, bucket);
  }

  String describe() {
    return "bucket " + bucket + (partitionId == NO_PARTITION ? "" : " of partition " + partitionId);
  }

  static BucketId of(TableBucket bucket) {
    Long partition = bucket.getPartitionId();
    return new BucketId(partition == null ? NO_PARTITION : partition, bucket.getBucket());
  }
}

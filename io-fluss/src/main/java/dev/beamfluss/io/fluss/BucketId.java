package dev.beamfluss.io.fluss;

import java.io.Serializable;
import org.apache.fluss.metadata.TableBucket;

/** A bucket of one table: of the partition with this id, or of the table itself. */
record BucketId(long partitionId, int bucket) implements Serializable {
  static final long NO_PARTITION = -1;

  TableBucket of(long tableId) {
    return new TableBucket(tableId, partitionId == NO_PARTITION ? null : partitionId, bucket);
  }

  /** Or else it stands for rows that only the lake has. */
  boolean isInCluster() {
    return partitionId >= NO_PARTITION && bucket >= 0;
  }

  String describe() {
    if (!isInCluster()) {
      return "in the lake";
    }
    return "bucket " + bucket + (partitionId == NO_PARTITION ? "" : " of partition " + partitionId);
  }

  static BucketId of(TableBucket bucket) {
    Long partition = bucket.getPartitionId();
    return new BucketId(partition == null ? NO_PARTITION : partition, bucket.getBucket());
  }
}

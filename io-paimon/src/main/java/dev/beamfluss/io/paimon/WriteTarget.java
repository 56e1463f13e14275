package dev.beamfluss.io.paimon;

import java.io.Serializable;
import java.time.Duration;
import java.util.Map;
import org.apache.paimon.CoreOptions;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.table.BucketMode;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The table that is written, and how.
 *
 * @param table as it is configured: what commits and compacts
 * @param writer the same without compaction: what writes files
 * @param commitUser under which the table knows what this pipeline committed; made with the
 *     pipeline, so that every attempt of a job has the same
 * @param overwrite null to append, else the static partition, empty for the partitions written
 */
record WriteTarget(
    FileStoreTable table,
    FileStoreTable writer,
    String commitUser,
    Duration interval,
    int shards,
    @Nullable Map<String, String> overwrite)
    implements Serializable {

  static WriteTarget of(
      Table found, Duration interval, int shards, @Nullable Map<String, String> overwrite) {
    if (!(found instanceof FileStoreTable table)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s cannot be written: it is a %s, not a table of data files of Paimon's own.",
              found.fullName(), found.getClass().getSimpleName()));
    }
    requireWritable(table);
    if (overwrite != null) {
      table =
          table.copy(
              Map.of(
                  CoreOptions.DYNAMIC_PARTITION_OVERWRITE.key(),
                  String.valueOf(overwrite.isEmpty())));
    }
    return new WriteTarget(
        table,
        // compaction must see every file of a bucket, and those not yet committed it would not
        table.copy(Map.of(CoreOptions.WRITE_ONLY.key(), "true")),
        table.coreOptions().createCommitUser(),
        interval,
        shards,
        overwrite);
  }

  private static void requireWritable(FileStoreTable table) {
    switch (table.bucketMode()) {
      case HASH_FIXED, BUCKET_UNAWARE -> {}
      case HASH_DYNAMIC, KEY_DYNAMIC ->
          throw unsupported(
              table, "assigns keys to buckets while it is written, which one process alone may do");
      case POSTPONE_MODE ->
          throw unsupported(table, "leaves it to a compaction job to assign keys to buckets");
    }
  }

  private static IllegalArgumentException unsupported(FileStoreTable table, String reason) {
    return new IllegalArgumentException(
        String.format(
            "Table %s cannot be written: with a primary key and 'bucket' = '%d' it %s. Give it a"
                + " fixed number of buckets: 'bucket' = '8', say, and primary keys that have the"
                + " partition columns.",
            table.fullName(), table.coreOptions().bucket(), reason));
  }

  boolean hasBuckets() {
    return table.bucketMode() == BucketMode.HASH_FIXED;
  }

  /** The bucket of a key. */
  int bucket(BucketKey key) {
    return hasBuckets() ? key.number() : BucketMode.UNAWARE_BUCKET;
  }

  boolean compacts() {
    return hasBuckets() && !table.coreOptions().writeOnly();
  }

  static IOManager newIoManager() {
    return IOManager.create(System.getProperty("java.io.tmpdir"));
  }
}

package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.exception.ApiException;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Tells apart why a poll failed. The client of Fluss 0.9.1 has one class for it and a message. */
final class ReadFailures {
  private static final String UNREADABLE = "exception when fetching the next record";
  private static final String OUT_OF_RANGE = "is out of range";

  private ReadFailures() {}

  /** The bucket whose next row cannot be decoded, if that is what failed. */
  static @Nullable BucketId unreadableRow(RuntimeException e, LogPoller poller, FlussTable table) {
    String message = String.valueOf(e.getMessage());
    if (!message.contains(UNREADABLE) || isOfTheMoment(e)) {
      return null;
    }
    for (BucketId bucket : poller.subscribed()) {
      if (message.contains(bucket.of(table.tableId()).toString())) {
        return bucket;
      }
    }
    return null;
  }

  /**
   * Whether the row itself need not be at fault: the client asks the cluster for the schema that a
   * row was written with, and needs memory for it.
   */
  private static boolean isOfTheMoment(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ApiException
          || cause instanceof ExecutionException
          || cause instanceof TimeoutException
          || cause instanceof InterruptedException
          || cause instanceof Error
          || cause.getClass().getSimpleName().equals("OutOfMemoryException")) { // Arrow's, shaded
        return true;
      }
    }
    return false;
  }

  /**
   * @throws IllegalStateException if that is why, naming the buckets and what to do
   */
  static void throwIfExpired(
      RuntimeException e, ReadSpec spec, LogPoller poller, Collection<Partition> partitions) {
    if (!String.valueOf(e.getMessage()).contains(OUT_OF_RANGE)) {
      return;
    }
    List<String> buckets = new ArrayList<>();
    for (Partition partition : partitions) {
      List<Integer> subscribed =
          poller.subscribed().stream()
              .filter(bucket -> bucket.partitionId() == partition.id())
              .map(BucketId::bucket)
              .toList();
      if (!subscribed.isEmpty()) {
        describe(spec.table(), partition, subscribed, poller, buckets);
      }
    }
    if (!buckets.isEmpty()) {
      throw new IllegalStateException(
          String.format(
              "Table %s no longer has what is to be read next: %s. Rows expire after"
                  + " table.log.ttl.%s",
              spec.table().path(),
              String.join("; ", buckets),
              spec.lake() == null
                  ? " What is lost cannot be read any more; to go on without it, start the"
                      + " pipeline anew, without its old checkpoint,"
                      + " withStartingPosition(Position.full()) or (Position.earliest()), and"
                      + " raise table.log.ttl or stop the pipeline for less long."
                  : LakeStart.START_ANEW),
          e);
    }
  }

  private static void describe(
      FlussTable table,
      Partition partition,
      List<Integer> subscribed,
      LogPoller poller,
      List<String> into) {
    Map<Integer, Long> earliest =
        partition.offsets(table, poller.open().admin(), subscribed, new OffsetSpec.EarliestSpec());
    Map<Integer, Long> latest =
        partition.offsets(table, poller.open().admin(), subscribed, new OffsetSpec.LatestSpec());
    for (int bucket : subscribed) {
      long wanted = poller.position(partition.bucket(bucket));
      if (wanted >= 0 && (wanted < earliest.get(bucket) || wanted > latest.get(bucket))) {
        into.add(
            String.format(
                "bucket %d%s was to go on at offset %d and now has offsets %d to %d",
                bucket,
                partition.name() == null ? "" : " of partition " + partition.name(),
                wanted,
                earliest.get(bucket),
                latest.get(bucket)));
      }
    }
  }
}

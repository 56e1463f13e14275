package dev.beamfluss.io.fluss;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.apache.fluss.client.metrics.ScannerMetricGroup;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metrics.Counter;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * How far a scanner is, and how far the log went when it last heard of it. A log's offsets have
 * gaps (a batch of changes that changed nothing takes an offset and holds no row), so a read cannot
 * tell from rows alone that it has reached the end, and the client of Fluss 0.9.1 shows neither
 * figure to anybody. Its scanner keeps them in private fields, read here; a client whose scanner
 * differs is refused when a read is opened.
 */
final class ScanPositions {
  private final Object status;
  private final Method bucketOffset;
  private final Method bucketStatus;
  private final Method highWatermark;
  private final Counter remoteFetches;

  ScanPositions(LogScanner scanner) {
    try {
      Field field = scanner.getClass().getDeclaredField("logScannerStatus");
      field.setAccessible(true);
      status = field.get(scanner);
      bucketOffset = status.getClass().getDeclaredMethod("getBucketOffset", TableBucket.class);
      bucketOffset.setAccessible(true);
      bucketStatus = status.getClass().getDeclaredMethod("bucketStatus", TableBucket.class);
      bucketStatus.setAccessible(true);
      highWatermark = bucketStatus.getReturnType().getDeclaredMethod("getHighWatermark");
      highWatermark.setAccessible(true);
      Field metrics = scanner.getClass().getDeclaredField("scannerMetricGroup");
      metrics.setAccessible(true);
      remoteFetches = ((ScannerMetricGroup) metrics.get(scanner)).remoteFetchRequestCount();
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw new IllegalStateException(
          "This Fluss client's log scanner ("
              + scanner.getClass().getName()
              + ") does not keep its positions where version 0.9.1 does. Use fluss-client 0.9.1.",
          e);
    }
  }

  /** The next offset to fetch, or the subscribed one (which may be a marker below 0). */
  long next(TableBucket bucket) {
    Long offset = offset(bucket);
    if (offset == null) {
      throw new IllegalStateException("Not subscribed: " + bucket);
    }
    return offset;
  }

  /** Whether it is subscribed to, and not at a marker; any thread may ask. */
  boolean isOffset(TableBucket bucket) {
    Long offset = offset(bucket);
    return offset != null && offset >= 0;
  }

  /** Whether some of what it fetched was moved from the servers to remote storage. */
  boolean hasFetchedRemote() {
    return remoteFetches.getCount() > 0;
  }

  private @Nullable Long offset(TableBucket bucket) {
    try {
      return (Long) bucketOffset.invoke(status, bucket);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The end of the log as the server told it with the last rows; 0 before any. */
  long end(TableBucket bucket) {
    try {
      Object known = bucketStatus.invoke(status, bucket);
      return known == null ? 0 : (long) highWatermark.invoke(known);
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}

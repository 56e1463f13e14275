package dev.beamfluss.io.fluss;

import java.lang.reflect.Field;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.metadata.TableBucket;

/**
 * The next offset a scanner will fetch. A log's offsets have gaps (a batch of changes that changed
 * nothing takes an offset and holds no row), so a bounded read cannot tell from rows alone that it
 * has reached its end, and the client of Fluss 0.9.1 shows the position to nobody. Its scanner
 * keeps it in a private field, read here; a client whose scanner differs is refused when a bounded
 * read is opened.
 */
final class ScanPositions {
  private final Object status;
  private final Method bucketOffset;

  ScanPositions(LogScanner scanner) {
    try {
      Field field = scanner.getClass().getDeclaredField("logScannerStatus");
      field.setAccessible(true);
      status = field.get(scanner);
      bucketOffset = status.getClass().getDeclaredMethod("getBucketOffset", TableBucket.class);
      bucketOffset.setAccessible(true);
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
    try {
      Long offset = (Long) bucketOffset.invoke(status, bucket);
      if (offset == null) {
        throw new IllegalStateException("Not subscribed: " + bucket);
      }
      return offset;
    } catch (IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException(e);
    }
  }
}

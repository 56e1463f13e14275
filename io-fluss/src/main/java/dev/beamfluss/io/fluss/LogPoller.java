package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.fluss.client.table.scanner.Scan;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.exception.FetchException;
import org.apache.fluss.exception.PartitionNotExistException;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Polls some buckets of a table's log and makes batches of Beam rows. Not thread-safe. */
final class LogPoller implements AutoCloseable {

  /**
   * What one poll gave of one bucket.
   *
   * @param offsets of the rows that could be read
   * @param nextOffset where the scan goes on
   */
  @SuppressWarnings("ArrayRecordComponent") // a hot path; never compared
  record Polled(BucketId bucket, RowBatch batch, long[] offsets, long nextOffset) {

    /** What of it lies before an offset, or null if nothing does. */
    @Nullable RowBatch before(long stop) {
      if (nextOffset <= stop) {
        return batch;
      }
      int wanted = Arrays.binarySearch(offsets, stop);
      wanted = wanted < 0 ? -wanted - 1 : wanted;
      List<UnreadableRow> unreadable =
          batch.unreadable().stream().filter(row -> row.offset() < stop).toList();
      return wanted == 0 && unreadable.isEmpty()
          ? null
          : new RowBatch(
              batch.rows().subList(0, wanted),
              batch.kinds() == null ? null : Arrays.copyOf(batch.kinds(), wanted),
              Arrays.copyOf(batch.timestamps(), wanted),
              unreadable);
    }
  }

  private final FlussTable table;
  private final OpenTable open;
  private final int @Nullable [] projection;
  private volatile LogScanner scanner;
  private volatile ScanPositions positions;
  private final RowMaker rows;
  private final Set<BucketId> subscribed = new HashSet<>();

  /** Those that this scanner may have asked for, whether or not it still reads them. */
  private final Set<BucketId> asked = new HashSet<>();

  private boolean mustRenew;

  LogPoller(ReadSpec spec) {
    this.table = spec.table();
    this.rows = new RowMaker(spec);
    this.open = new OpenTable(table, "read");
    try {
      List<String> scanned = spec.scannedColumns();
      // positions of the columns today: others may have been added since the pipeline was built
      RowType now = open.table().getTableInfo().getRowType();
      this.projection =
          scanned.equals(now.getFieldNames())
              ? null
              : scanned.stream().mapToInt(now::getFieldIndex).toArray();
      this.scanner = newScanner();
      this.positions = new ScanPositions(scanner);
    } catch (RuntimeException e) {
      open.close();
      throw e;
    }
  }

  private LogScanner newScanner() {
    Scan scan = open.table().newScan();
    return (projection == null ? scan : scan.project(projection)).createLogScanner();
  }

  /** Drops what is fetched, which may have failed for good; to be followed by a rewind. */
  void renew() {
    mustRenew = false;
    asked.clear();
    LogScanner old = scanner;
    scanner = newScanner();
    positions = new ScanPositions(scanner);
    close(old);
  }

  private void renewAtPositions() {
    Map<BucketId, Long> offsets = new HashMap<>();
    subscribed.forEach(bucket -> offsets.put(bucket, position(bucket)));
    renew();
    offsets.forEach(this::subscribe);
  }

  OpenTable open() {
    return open;
  }

  /** The next offset to scan, or the subscribed one (which may be a marker below 0). */
  long position(BucketId bucket) {
    return positions.next(bucket.of(table.tableId()));
  }

  /** Whether the position is an offset; any thread may ask. */
  boolean hasBegun(BucketId bucket) {
    return positions.isOffset(bucket.of(table.tableId()));
  }

  /** The end of the bucket's log, as it was when rows of it came last; 0 before that. */
  long end(BucketId bucket) {
    return positions.end(bucket.of(table.tableId()));
  }

  /**
   * Reads a bucket from an offset on.
   *
   * <p>The client of Fluss 0.9.1 takes an answer for one of where its scan of the bucket is when
   * the answer comes. With a bucket that it has asked for already, at a later offset, all between
   * the two would be missed: that takes a new scanner.
   */
  void subscribe(BucketId bucket, long offset) {
    mustRenew |= !asked.add(bucket);
    seek(bucket, offset);
  }

  private void seek(BucketId bucket, long offset) {
    if (bucket.partitionId() == BucketId.NO_PARTITION) {
      scanner.subscribe(bucket.bucket(), offset);
    } else {
      scanner.subscribe(bucket.partitionId(), bucket.bucket(), offset);
    }
    subscribed.add(bucket);
  }

  /**
   * Goes back to the given offsets. Needed after a poll that failed: the scanner has moved past the
   * rows that it had collected before the failure, and hands them to nobody.
   *
   * @return those whose partition is not there, and which are not subscribed to any more
   */
  List<BucketId> rewind(Map<BucketId, Long> offsets) {
    List<BucketId> absent = new ArrayList<>();
    for (BucketId bucket : Set.copyOf(subscribed)) {
      try {
        subscribe(bucket, offsets.get(bucket));
      } catch (PartitionNotExistException e) {
        unsubscribe(bucket);
        absent.add(bucket);
      }
    }
    return absent;
  }

  /**
   * The client of Fluss 0.9.1 fetches at most four segments of remote logs at a time, and goes on
   * counting those of a bucket that it has let go of: soon it would fetch no others.
   */
  void unsubscribe(BucketId bucket) {
    if (subscribed.remove(bucket)) {
      mustRenew |= positions.hasFetchedRemote();
      if (bucket.partitionId() == BucketId.NO_PARTITION) {
        scanner.unsubscribe(bucket.bucket());
      } else {
        scanner.unsubscribe(bucket.partitionId(), bucket.bucket());
      }
    }
  }

  Set<BucketId> subscribed() {
    return Set.copyOf(subscribed);
  }

  boolean isIdle() {
    return subscribed.isEmpty();
  }

  boolean isSubscribed(BucketId bucket) {
    return subscribed.contains(bucket);
  }

  /** What has arrived, waiting at most as long as given for something to. */
  List<Polled> poll(Duration patience) {
    if (subscribed.isEmpty()) {
      return List.of();
    }
    if (mustRenew) {
      renewAtPositions();
    }
    List<Polled> result = new ArrayList<>();
    ScanRecords records;
    try {
      records = scanner.poll(patience);
    } catch (FetchException e) {
      BucketId bucket = ReadFailures.unreadableRow(e, this, table);
      if (bucket == null) {
        throw e;
      }
      return List.of(skipRow(bucket, e));
    }
    for (TableBucket bucket : records.buckets()) {
      List<ScanRecord> rows = records.records(bucket);
      if (!rows.isEmpty()) {
        result.add(decode(BucketId.of(bucket), bucket, rows));
      }
    }
    return result;
  }

  /** Nothing else is lost: the scanner throws only where it has collected no rows. */
  private Polled skipRow(BucketId bucket, FetchException e) {
    long offset = Math.max(0, position(bucket));
    RowMaker.Batch batch = rows.batch(1);
    batch.refuse(offset, bucket, Waiting.rootMessage(e));
    // forwards, and nothing is asked for beyond what was collected
    seek(bucket, offset + 1);
    return new Polled(bucket, batch.toRowBatch(), new long[0], offset + 1);
  }

  private Polled decode(BucketId bucket, TableBucket tableBucket, List<ScanRecord> records) {
    int size = records.size();
    RowMaker.Batch batch = rows.batch(size);
    long[] offsets = new long[size];
    int read = 0;
    for (int i = 0; i < size; i++) {
      ScanRecord record = records.get(i);
      boolean added =
          batch.add(
              (GenericRow) record.getRow(),
              kind(record.getChangeType()),
              record.timestamp(),
              record.logOffset(),
              bucket);
      if (added) {
        offsets[read++] = record.logOffset();
      }
    }
    return new Polled(
        bucket,
        batch.toRowBatch(),
        read == size ? offsets : Arrays.copyOf(offsets, read),
        Math.max(positions.next(tableBucket), records.get(size - 1).logOffset() + 1));
  }

  private static RowChange.Kind kind(ChangeType type) {
    return switch (type) {
      case APPEND_ONLY, INSERT -> RowChange.Kind.INSERT;
      case UPDATE_BEFORE -> RowChange.Kind.UPDATE_BEFORE;
      case UPDATE_AFTER -> RowChange.Kind.UPDATE_AFTER;
      case DELETE -> RowChange.Kind.DELETE;
    };
  }

  /** Ends a poll under way in another thread. */
  void wakeUp() {
    scanner.wakeup();
  }

  @Override
  public void close() {
    try {
      close(scanner);
    } finally {
      open.close();
    }
  }

  private void close(LogScanner closed) {
    try {
      closed.close();
    } catch (Exception e) {
      throw new IllegalStateException("Could not close the scanner of " + table.path(), e);
    }
  }
}

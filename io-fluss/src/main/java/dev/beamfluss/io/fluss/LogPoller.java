package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.exception.PartitionNotExistException;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.types.RowType;

/** Polls some buckets of a table's log and makes batches of Beam rows. Not thread-safe. */
final class LogPoller implements AutoCloseable {

  /** What one poll gave of one bucket; reading goes on at {@link #nextOffset}. */
  @SuppressWarnings("ArrayRecordComponent") // a hot path; never compared
  record Polled(BucketId bucket, RowBatch batch, long[] offsets) {
    long nextOffset() {
      return offsets[offsets.length - 1] + 1;
    }
  }

  private final FlussTable table;
  private final OpenTable open;
  private final LogScanner scanner;
  private final RowDecoder decoder;
  private final Set<BucketId> subscribed = new HashSet<>();

  LogPoller(FlussTable table, List<String> columns) {
    this.table = table;
    this.open = new OpenTable(table, "read");
    // positions of the columns today: others may have been added since the pipeline was built
    RowType now = open.table().getTableInfo().getRowType();
    this.scanner =
        columns.equals(now.getFieldNames())
            ? open.table().newScan().createLogScanner()
            : open.table()
                .newScan()
                .project(columns.stream().mapToInt(now::getFieldIndex).toArray())
                .createLogScanner();
    this.decoder = new RowDecoder(table.rowType().project(columns));
  }

  ScanPositions positions() {
    return new ScanPositions(scanner);
  }

  void subscribe(BucketId bucket, long offset) {
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
   */
  void rewind(Map<BucketId, Long> offsets) {
    for (BucketId bucket : Set.copyOf(subscribed)) {
      try {
        subscribe(bucket, offsets.get(bucket));
      } catch (PartitionNotExistException e) {
        unsubscribe(bucket);
      }
    }
  }

  void unsubscribe(BucketId bucket) {
    if (subscribed.remove(bucket)) {
      if (bucket.partitionId() == BucketId.NO_PARTITION) {
        scanner.unsubscribe(bucket.bucket());
      } else {
        scanner.unsubscribe(bucket.partitionId(), bucket.bucket());
      }
    }
  }

  boolean isSubscribed(BucketId bucket) {
    return subscribed.contains(bucket);
  }

  boolean isIdle() {
    return subscribed.isEmpty();
  }

  /** What has arrived, waiting at most as long as given for something to. */
  Deque<Polled> poll(Duration patience) {
    Deque<Polled> result = new ArrayDeque<>();
    if (isIdle()) {
      return result;
    }
    ScanRecords records = scanner.poll(patience);
    for (TableBucket bucket : records.buckets()) {
      List<ScanRecord> rows = records.records(bucket);
      if (!rows.isEmpty()) {
        result.add(decode(BucketId.of(bucket), rows));
      }
    }
    return result;
  }

  private Polled decode(BucketId bucket, List<ScanRecord> records) {
    int size = records.size();
    List<Row> rows = new ArrayList<>(size);
    long[] offsets = new long[size];
    long[] timestamps = new long[size];
    RowChange.Kind[] kinds = table.isKeyed() ? new RowChange.Kind[size] : null;
    for (int i = 0; i < size; i++) {
      ScanRecord record = records.get(i);
      rows.add(decoder.decode(record.getRow()));
      offsets[i] = record.logOffset();
      timestamps[i] = record.timestamp();
      if (kinds != null) {
        kinds[i] = kind(record.getChangeType());
      }
    }
    return new Polled(bucket, new RowBatch(rows, kinds, timestamps), offsets);
  }

  private static RowChange.Kind kind(ChangeType type) {
    return switch (type) {
      case APPEND_ONLY, INSERT -> RowChange.Kind.INSERT;
      case UPDATE_BEFORE -> RowChange.Kind.UPDATE_BEFORE;
      case UPDATE_AFTER -> RowChange.Kind.UPDATE_AFTER;
      case DELETE -> RowChange.Kind.DELETE;
    };
  }

  Admin admin() {
    return open.admin();
  }

  @Override
  public void close() {
    try {
      scanner.close();
    } catch (Exception e) {
      throw new IllegalStateException("Could not close the scanner of " + table.path(), e);
    } finally {
      open.close();
    }
  }
}

package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Reads what a KV table holds. Bucket by bucket: the log after the snapshot first, folded by key in
 * memory, then the snapshot's rows that the log did not touch, then those of the log.
 */
final class ContentsReader extends BoundedBatchReader {
  private final ReadSpec spec;
  private final ReadSpec keyed;
  private final int keyColumns;
  private final int[] scannedPositions;
  private final Schema scannedSchema;
  private final RowMaker rows;
  private final Deque<BucketRange> remaining;
  private List<BucketRange> ranges;
  private int buckets;

  private @Nullable OpenTable open;
  private @Nullable BucketRange bucket;
  private @Nullable RowScan snapshot;
  private Map<List<Object>, RowChange> tail = Map.of();
  private Iterator<RowChange> tailRows = List.<RowChange>of().iterator();
  private List<UnreadableRow> unreadable = List.of();

  ContentsReader(BoundedTableSource source, ReadSpec spec, List<BucketRange> ranges) {
    super(source, spec);
    FlussTable table = spec.table();
    Set<String> columns = new LinkedHashSet<>(table.primaryKey());
    columns.addAll(spec.scannedColumns());
    List<String> keyAndScanned = List.copyOf(columns);
    this.spec = spec;
    this.keyed =
        spec.toBuilder().setColumns(keyAndScanned).setEventTime(new EventTime.Stored()).build();
    this.keyColumns = table.primaryKey().size();
    this.scannedPositions =
        spec.scannedColumns().stream().mapToInt(keyAndScanned::indexOf).toArray();
    this.scannedSchema = table.schema(spec.scannedColumns());
    this.rows = new RowMaker(spec);
    this.remaining = new ArrayDeque<>(ranges);
    this.ranges = ranges;
    this.buckets = ranges.size();
  }

  @Override
  void open() {
    open = new OpenTable(spec.table(), "read");
  }

  @Override
  @Nullable RowBatch next() throws IOException {
    while (true) {
      RowMaker.Batch batch = rows.batch(RowScan.BATCH);
      if (snapshot != null) {
        if (!snapshot.next(new NotInTail(batch))) {
          snapshot.close();
          snapshot = null;
        }
      } else if (tailRows.hasNext()) {
        nextOfTail(batch);
      } else if (!unreadable.isEmpty()) {
        RowBatch rest = new RowBatch(List.of(), null, new long[0], unreadable);
        unreadable = List.of();
        return rest;
      } else {
        synchronized (remaining) {
          bucket = remaining.poll();
        }
        if (bucket == null) {
          return null;
        }
        begin(bucket);
      }
      if (batch.taken() > 0) {
        return batch.toRowBatch();
      }
    }
  }

  private void begin(BucketRange range) {
    fold(range.log());
    if (!range.start().isInLog()) {
      snapshot = range.scan(open, keyed);
    }
  }

  private void fold(BucketRange log) {
    tail = new LinkedHashMap<>();
    unreadable = new ArrayList<>();
    tailRows = tail.values().iterator();
    if (log.rows() == 0) {
      return;
    }
    try (LogRanges read = new LogRanges(keyed, List.of(log))) {
      for (RowBatch batch = read.next(); batch != null; batch = read.next()) {
        for (int i = 0; i < batch.size(); i++) {
          if (batch.kind(i) != RowChange.Kind.UPDATE_BEFORE) {
            Row row = batch.rows().get(i);
            tail.put(key(row), RowChange.of(batch.kind(i), row));
          }
        }
        unreadable.addAll(batch.unreadable());
      }
    }
    tailRows = tail.values().iterator();
  }

  private List<Object> key(Row row) {
    List<Object> key = new ArrayList<>(keyColumns);
    for (int i = 0; i < keyColumns; i++) {
      Object value = row.getValue(i);
      key.add(value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value); // equal by contents
    }
    return key;
  }

  private void nextOfTail(RowMaker.Batch batch) {
    RowScan.Sink sink = batch.foldedLogOf(bucket.bucket());
    while (batch.taken() < RowScan.BATCH && tailRows.hasNext()) {
      RowChange change = tailRows.next();
      if (change.kind().isPresentAfter()) {
        sink.row(scanned(change.row()), EventTime.BEFORE_ALL);
      }
    }
  }

  private Row scanned(Row keyAndScanned) {
    Object[] values = new Object[scannedPositions.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = keyAndScanned.getValue(scannedPositions[i]);
    }
    return Row.withSchema(scannedSchema).attachValues(Arrays.asList(values));
  }

  /** Passes on the snapshot's rows that are still as they were. */
  private final class NotInTail implements RowScan.Sink {
    private final RowScan.Sink sink;

    private NotInTail(RowMaker.Batch batch) {
      this.sink = batch.snapshotOf(bucket.bucket());
    }

    @Override
    public void row(Row row, long stored) {
      if (!tail.containsKey(key(row))) {
        sink.row(scanned(row), stored);
      }
    }

    @Override
    public void unreadable(String reason) {
      sink.unreadable(reason);
    }
  }

  @Override
  public Double getFractionConsumed() {
    synchronized (remaining) {
      return buckets == 0 ? 1.0 : 1.0 - remaining.size() / (double) buckets;
    }
  }

  /** Keeps the buckets that are begun, and as many others as the direct runner should hold. */
  @Override
  public @Nullable BoundedTableSource splitAtFraction(double fraction) {
    synchronized (remaining) {
      List<BucketRange> given = new ArrayList<>();
      long rows = 0;
      int kept = buckets - remaining.size();
      for (BucketRange range : remaining) {
        rows += range.rows();
        if (kept >= fraction * buckets || rows > Splits.MAX_ROWS) {
          given.add(range);
        } else {
          kept++;
        }
      }
      if (given.isEmpty()) {
        return null;
      }
      remaining.removeAll(given);
      buckets = kept;
      ranges = ranges.stream().filter(range -> !given.contains(range)).toList();
      reduceTo(new BoundedTableSource(spec, BoundedTableSource.Mode.LATEST_OF_KEY, ranges));
      return new BoundedTableSource(spec, BoundedTableSource.Mode.LATEST_OF_KEY, given);
    }
  }

  @Override
  public void close() {
    try {
      if (snapshot != null) {
        snapshot.close();
      }
    } finally {
      if (open != null) {
        open.close();
      }
    }
  }
}

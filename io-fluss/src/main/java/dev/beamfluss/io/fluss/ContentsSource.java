package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.time.Duration;
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
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.table.scanner.batch.BatchScanner;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.utils.CloseableIterator;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A read of what a KV table holds at the time the pipeline is built. */
final class ContentsSource extends BoundedSource<RowBatch> {
  private static final int BATCH = 5_000;

  private final ReadSpec spec;
  private final ArrayList<BucketContents> buckets;

  ContentsSource(ReadSpec spec, List<BucketContents> buckets) {
    this.spec = spec;
    this.buckets = new ArrayList<>(buckets);
  }

  @Override
  public List<ContentsSource> split(long desiredBundleSizeBytes, PipelineOptions options) {
    return Splits.balance(buckets, BucketContents::rows, desiredBundleSizeBytes).stream()
        .map(share -> new ContentsSource(spec, share))
        .toList();
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return buckets.stream().mapToLong(BucketContents::rows).sum() * Splits.BYTES_PER_ROW;
  }

  @Override
  public BoundedReader<RowBatch> createReader(PipelineOptions options) {
    return new Reader(this);
  }

  @Override
  public Coder<RowBatch> getOutputCoder() {
    return RowBatchCoder.of(spec.schema());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    spec.populate(builder);
  }

  /**
   * Bucket by bucket: the log's tail first, folded by key in memory, then the snapshot's rows that
   * the tail did not touch, then the tail's.
   */
  private static final class Reader extends BoundedBatchReader {
    private static final Duration POLL = Duration.ofMillis(500);

    private final ContentsSource source;
    private final FlussTable table;
    private final List<String> keyAndColumns;
    private final int keyColumns;
    private final int[] outputPositions;
    private final Schema schema;
    private final Deque<BucketContents> remaining;

    private @Nullable OpenTable open;
    private @Nullable RowDecoder decoder;
    private @Nullable BatchScanner snapshot;
    private Map<List<Object>, RowChange> tail = Map.of();
    private Iterator<RowChange> tailRows = List.<RowChange>of().iterator();

    Reader(ContentsSource source) {
      this.source = source;
      this.table = source.spec.table();
      Set<String> columns = new LinkedHashSet<>(table.primaryKey());
      this.keyColumns = columns.size();
      columns.addAll(source.spec.columns());
      this.keyAndColumns = List.copyOf(columns);
      this.outputPositions =
          source.spec.columns().stream().mapToInt(keyAndColumns::indexOf).toArray();
      this.schema = source.spec.schema();
      this.remaining = new ArrayDeque<>(source.buckets);
    }

    @Override
    void open() {
      open = new OpenTable(table, "read");
      decoder = new RowDecoder(open.table().getTableInfo().getRowType(), keyAndColumns);
    }

    @Override
    @Nullable RowBatch next() throws IOException {
      while (true) {
        if (snapshot != null) {
          RowBatch batch = nextOfSnapshot();
          if (batch != null) {
            return batch;
          }
        }
        RowBatch batch = nextOfTail();
        if (batch != null) {
          return batch;
        }
        BucketContents bucket = remaining.poll();
        if (bucket == null) {
          return null;
        }
        tail = fold(bucket.tail());
        tailRows = tail.values().iterator();
        if (bucket.snapshot() != BucketContents.NO_SNAPSHOT) {
          snapshot =
              Waiting.call(
                  () ->
                      open.table()
                          .newScan()
                          .createBatchScanner(
                              bucket.tail().bucket().of(table.tableId()), bucket.snapshot()),
                  Waiting.METADATA_PATIENCE,
                  table.cluster(),
                  "open a snapshot of table " + table.path());
        }
      }
    }

    private Map<List<Object>, RowChange> fold(BucketRange range) {
      Map<List<Object>, RowChange> last = new LinkedHashMap<>();
      try (LogRanges log = new LogRanges(table, keyAndColumns, List.of(range))) {
        for (RowBatch batch = log.next(); batch != null; batch = log.next()) {
          for (int i = 0; i < batch.size(); i++) {
            if (batch.kind(i) != RowChange.Kind.UPDATE_BEFORE) {
              Row row = batch.rows().get(i);
              last.put(key(row), RowChange.of(batch.kind(i), row));
            }
          }
        }
      }
      return last;
    }

    private List<Object> key(Row row) {
      return row.getValues().subList(0, keyColumns);
    }

    private @Nullable RowBatch nextOfSnapshot() throws IOException {
      List<Row> rows = new ArrayList<>();
      while (rows.size() < BATCH) {
        try (CloseableIterator<InternalRow> polled = snapshot.pollBatch(POLL)) {
          if (polled == null) {
            snapshot.close();
            snapshot = null;
            break;
          }
          while (polled.hasNext()) {
            Row row = decoder.decode(polled.next());
            if (!tail.containsKey(key(row))) {
              rows.add(output(row));
            }
          }
        }
      }
      return batch(rows);
    }

    private @Nullable RowBatch nextOfTail() {
      List<Row> rows = new ArrayList<>();
      while (rows.size() < BATCH && tailRows.hasNext()) {
        RowChange change = tailRows.next();
        if (change.kind().isPresentAfter()) {
          rows.add(output(change.row()));
        }
      }
      return batch(rows);
    }

    private Row output(Row row) {
      Object[] values = new Object[outputPositions.length];
      for (int i = 0; i < values.length; i++) {
        values[i] = row.getValue(outputPositions[i]);
      }
      return Row.withSchema(schema).attachValues(Arrays.asList(values));
    }

    private static @Nullable RowBatch batch(List<Row> rows) {
      if (rows.isEmpty()) {
        return null;
      }
      long[] timestamps = new long[rows.size()];
      Arrays.fill(timestamps, BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis());
      return new RowBatch(rows, null, timestamps);
    }

    @Override
    public ContentsSource getCurrentSource() {
      return source;
    }

    @Override
    public void close() throws IOException {
      try (OpenTable closing = open) {
        if (snapshot != null && closing != null) {
          snapshot.close();
        }
      }
    }
  }
}

package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.source.DataSplit;
import org.apache.paimon.table.source.Split;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The rows of a snapshot that was settled when the pipeline was built. Splitting hands out the
 * splits that Paimon made then, and asks nobody: a split that fails is not always tried again by a
 * runner.
 *
 * <p>An element is many rows, so that the runner's work an element of a source is paid once for
 * them: Flink's updates all metrics for each.
 */
final class SnapshotSource extends BoundedSource<List<Row>> {
  private static final long serialVersionUID = 1L;

  /** For what is not made of data files: system tables, whose rows Paimon counts at most. */
  private static final long BYTES_PER_ROW = 100;

  /** About as many as Paimon's readers of columnar files hold at once. */
  private static final int BATCH_ROWS = 1000;

  private final ReadSpec spec;
  private final ArrayList<Split> splits;

  private SnapshotSource(ReadSpec spec, List<Split> splits) {
    this.spec = spec;
    this.splits = new ArrayList<>(splits);
  }

  static SnapshotSource of(ReadSpec spec) {
    return new SnapshotSource(spec, spec.scan().newScan().plan().splits());
  }

  ReadSpec spec() {
    return spec;
  }

  /** Each with about the desired bytes, or more where Paimon's splits are larger. */
  @Override
  public List<SnapshotSource> split(long desiredBundleSizeBytes, PipelineOptions options) {
    if (splits.isEmpty()) {
      return List.of(this);
    }
    long wanted = getEstimatedSizeBytes(options) / Math.max(1, desiredBundleSizeBytes);
    int number = (int) Math.max(1, Math.min(splits.size(), wanted));
    List<List<Split>> shares = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      shares.add(new ArrayList<>());
    }
    long[] sizes = new long[number];
    splits.stream()
        .sorted(Comparator.comparingLong(SnapshotSource::bytes).reversed())
        .forEach(
            split -> {
              int smallest = 0;
              for (int i = 1; i < number; i++) {
                smallest = sizes[i] < sizes[smallest] ? i : smallest;
              }
              shares.get(smallest).add(split);
              sizes[smallest] += bytes(split);
            });
    return shares.stream().map(share -> new SnapshotSource(spec, share)).toList();
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return splits.stream().mapToLong(SnapshotSource::bytes).sum();
  }

  static long bytes(Split split) {
    return split instanceof DataSplit data
        ? data.dataFiles().stream().mapToLong(file -> file.fileSize()).sum()
        : split.rowCount() * BYTES_PER_ROW;
  }

  @Override
  public BoundedReader<List<Row>> createReader(PipelineOptions options) {
    return new Reader(this);
  }

  @Override
  public Coder<List<Row>> getOutputCoder() {
    return ListCoder.of(RowCoder.of(spec.schema()));
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder.add(DisplayData.item("table", spec.table().fullName()));
  }

  private static final class Reader extends BoundedReader<List<Row>> {
    private final SnapshotSource source;
    private final RowDecoder decoder;
    private final Counter rowsRead = Metrics.counter(PaimonIO.class, "rowsRead");
    private @Nullable RowIterator rows;
    private @Nullable List<Row> current;

    Reader(SnapshotSource source) {
      this.source = source;
      this.decoder = new RowDecoder(source.spec.readType());
    }

    @Override
    public boolean start() throws IOException {
      try {
        rows = new RowIterator(source.spec.read(source.splits));
      } catch (IOException | UncheckedIOException e) {
        throw explained(e);
      }
      return advance();
    }

    @Override
    public boolean advance() throws IOException {
      current = null;
      if (rows != null) {
        try {
          current = readBatch(rows);
        } catch (IOException | UncheckedIOException e) {
          throw explained(e);
        }
      }
      return current != null;
    }

    private @Nullable List<Row> readBatch(RowIterator rows) throws IOException {
      List<Row> batch = new ArrayList<>();
      for (InternalRow next = rows.next(); next != null; next = rows.next()) {
        batch.add(decoder.decode(next));
        if (batch.size() == BATCH_ROWS) {
          break;
        }
      }
      rowsRead.inc(batch.size());
      return batch.isEmpty() ? null : batch;
    }

    private IOException explained(Exception failure) {
      Table table = source.spec.table();
      if (table instanceof FileStoreTable
          && !source.splits.isEmpty()
          && source.splits.get(0) instanceof DataSplit split) {
        String reason = Snapshots.of(table, "reading").whyNot(split.snapshotId(), true);
        if (reason != null) {
          return new IOException(reason, failure);
        }
      }
      return failure instanceof IOException io ? io : ((UncheckedIOException) failure).getCause();
    }

    @Override
    public List<Row> getCurrent() {
      if (current == null) {
        throw new NoSuchElementException();
      }
      return current;
    }

    @Override
    public SnapshotSource getCurrentSource() {
      return source;
    }

    @Override
    public void close() throws IOException {
      if (rows != null) {
        rows.close();
      }
    }
  }
}

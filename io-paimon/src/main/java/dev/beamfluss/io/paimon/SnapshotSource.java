package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.source.DataSplit;
import org.apache.paimon.table.source.Split;
import org.apache.paimon.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The rows of a snapshot that was settled when the pipeline was built. Splitting hands out the
 * splits that Paimon made then, and asks nobody: a split that fails is not always tried again by a
 * runner.
 */
final class SnapshotSource extends BoundedSource<Row> {
  /** For what is not made of data files: system tables, whose rows Paimon counts at most. */
  private static final long BYTES_PER_ROW = 100;

  private final Table table;
  private final RowType readType;
  private final ArrayList<Split> splits;

  private SnapshotSource(Table table, RowType readType, List<Split> splits) {
    this.table = table;
    this.readType = readType;
    this.splits = new ArrayList<>(splits);
  }

  static SnapshotSource latest(Table table, RowType readType) {
    List<Split> splits =
        table.newReadBuilder().withReadType(readType).dropStats().newScan().plan().splits();
    return new SnapshotSource(table, readType, splits);
  }

  Schema schema() {
    return TypeMapping.schema(readType);
  }

  @Override
  public List<SnapshotSource> split(long desiredBundleSizeBytes, PipelineOptions options) {
    return splits.stream()
        .map(split -> new SnapshotSource(table, readType, List.of(split)))
        .toList();
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return splits.stream().mapToLong(SnapshotSource::bytes).sum();
  }

  private static long bytes(Split split) {
    return split instanceof DataSplit data
        ? data.dataFiles().stream().mapToLong(DataFileMeta::fileSize).sum()
        : split.rowCount() * BYTES_PER_ROW;
  }

  @Override
  public BoundedReader<Row> createReader(PipelineOptions options) {
    return new Reader(this);
  }

  @Override
  public Coder<Row> getOutputCoder() {
    return RowCoder.of(schema());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder.add(DisplayData.item("table", table.fullName()));
  }

  private static final class Reader extends BoundedReader<Row> {
    private final SnapshotSource source;
    private final RowDecoder decoder;
    private @Nullable RecordReader<InternalRow> records;
    private RecordReader.@Nullable RecordIterator<InternalRow> batch;
    private @Nullable Row current;

    Reader(SnapshotSource source) {
      this.source = source;
      this.decoder = new RowDecoder(source.readType);
    }

    @Override
    public boolean start() throws IOException {
      records =
          source
              .table
              .newReadBuilder()
              .withReadType(source.readType)
              .newRead()
              .createReader(source.splits);
      batch = records.readBatch();
      return advance();
    }

    @Override
    public boolean advance() throws IOException {
      while (batch != null) {
        InternalRow next = batch.next();
        if (next != null) {
          current = decoder.decode(next);
          return true;
        }
        batch.releaseBatch();
        batch = records.readBatch();
      }
      current = null;
      return false;
    }

    @Override
    public Row getCurrent() {
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
      if (batch != null) {
        batch.releaseBatch();
        batch = null;
      }
      if (records != null) {
        records.close();
      }
    }
  }
}

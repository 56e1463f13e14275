package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A read of stretches of a log that were settled when the pipeline was built. */
final class BoundedLogSource extends BoundedSource<RowBatch> {
  private final ReadSpec spec;
  private final ArrayList<BucketRange> ranges;

  BoundedLogSource(ReadSpec spec, List<BucketRange> ranges) {
    this.spec = spec;
    this.ranges = new ArrayList<>(ranges);
  }

  @Override
  public List<BoundedLogSource> split(long desiredBundleSizeBytes, PipelineOptions options) {
    return Splits.balance(ranges, BucketRange::length, desiredBundleSizeBytes).stream()
        .map(share -> new BoundedLogSource(spec, share))
        .toList();
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return ranges.stream().mapToLong(BucketRange::length).sum() * Splits.BYTES_PER_ROW;
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

  private static final class Reader extends BoundedBatchReader {
    private final BoundedLogSource source;
    private @Nullable LogRanges log;

    Reader(BoundedLogSource source) {
      this.source = source;
    }

    @Override
    void open() {
      log = new LogRanges(source.spec.table(), source.spec.columns(), source.ranges);
    }

    @Override
    @Nullable RowBatch next() {
      return log.next();
    }

    @Override
    public BoundedLogSource getCurrentSource() {
      return source;
    }

    @Override
    public void close() {
      if (log != null) {
        log.close();
      }
    }
  }
}

package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.display.DisplayData;

/** A read of stretches of a table that were settled when the pipeline was built. */
final class BoundedTableSource extends BoundedSource<RowBatch> {

  /** What is made of a stretch. */
  enum Mode {
    /** Every row and every change that is in it. */
    ALL,
    /** Of each key the row that remains. */
    LATEST_OF_KEY
  }

  private final ReadSpec spec;
  private final Mode mode;
  private final ArrayList<BucketRange> ranges;

  BoundedTableSource(ReadSpec spec, Mode mode, List<BucketRange> ranges) {
    this.spec = spec;
    this.mode = mode;
    this.ranges = new ArrayList<>(ranges);
  }

  @Override
  public List<BoundedTableSource> split(long desiredBundleSizeBytes, PipelineOptions options) {
    long desiredRows = Math.max(1, desiredBundleSizeBytes / Splits.BYTES_PER_ROW);
    // readers of two pieces of a bucket run at once: changes of a key would change places
    List<BucketRange> pieces =
        mode == Mode.ALL && !spec.table().isKeyed()
            ? ranges.stream().flatMap(range -> range.pieces(desiredRows).stream()).toList()
            : ranges;
    return Splits.balance(pieces, BucketRange::rows, desiredBundleSizeBytes).stream()
        .map(share -> new BoundedTableSource(spec, mode, share))
        .toList();
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return ranges.stream().mapToLong(BucketRange::rows).sum() * Splits.BYTES_PER_ROW;
  }

  @Override
  public BoundedReader<RowBatch> createReader(PipelineOptions options) {
    return mode == Mode.ALL
        ? new RangeReader(this, spec, ranges)
        : new ContentsReader(this, spec, ranges);
  }

  @Override
  public Coder<RowBatch> getOutputCoder() {
    return RowBatchCoder.of(spec.schema());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    spec.populate(builder);
  }
}

package dev.beamfluss.io.paimon;

import dev.beamfluss.changes.RowChange;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * An endless read of the changes of a table. Every reader looks at every snapshot, and reads the
 * buckets that are its own: each bucket has one reader for good, so that changes of a row stay in
 * order. Splitting is arithmetic only, as a split that fails is not always tried again by a runner.
 */
final class ChangesSource extends UnboundedSource<ChangeBatch, ChangesCheckpoint> {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  /**
   * What is read and how.
   *
   * @param read columns and filter
   * @param start where, if there is no checkpoint
   * @param discoveryInterval how long after a look that found no new snapshot the next is
   * @param timestampColumn where event time comes from, or null for the time of the commit
   * @param maxOutOfOrderness by how much event time may go back
   */
  record Spec(
      ReadSpec read,
      ChangesCheckpoint start,
      Duration discoveryInterval,
      @Nullable String timestampColumn,
      Duration maxOutOfOrderness)
      implements Serializable {}

  private final Spec spec;
  private final int index;
  private final int splits;

  ChangesSource(Spec spec) {
    this(spec, 0, 1);
  }

  private ChangesSource(Spec spec, int index, int splits) {
    this.spec = spec;
    this.index = index;
    this.splits = splits;
  }

  /** As many as wanted: Flink gives no watermark for a subtask without a split. */
  @Override
  public List<ChangesSource> split(int desiredNumSplits, PipelineOptions options) {
    if (splits > 1) {
      return List.of(this);
    }
    int number = Math.max(1, desiredNumSplits);
    List<ChangesSource> result = new ArrayList<>(number);
    for (int i = 0; i < number; i++) {
      result.add(new ChangesSource(spec, i, number));
    }
    return result;
  }

  Spec spec() {
    return spec;
  }

  int index() {
    return index;
  }

  /** How many there are of the read. */
  int number() {
    return splits;
  }

  @Override
  public UnboundedReader<ChangeBatch> createReader(
      PipelineOptions options, @Nullable ChangesCheckpoint checkpoint) {
    return new ChangesReader(this, checkpoint == null ? spec.start() : checkpoint);
  }

  @Override
  public Coder<ChangesCheckpoint> getCheckpointMarkCoder() {
    return ChangesCheckpoint.Coder.of();
  }

  @Override
  public Coder<ChangeBatch> getOutputCoder() {
    return new ChangeBatch.BatchCoder(RowChange.coder(spec.read().schema()));
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder.add(DisplayData.item("table", spec.read().table().fullName()));
  }
}

package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * An endless read of a log. Split i of n owns bucket b of every partition, present and future,
 * where b mod n = i, so that a new partition needs no new split; each reader finds new partitions
 * itself. There are no more splits than buckets, but on Flink as many as it wants, some without
 * buckets: Flink gives no watermark for a subtask without a split, and every window would wait. To
 * the direct runner such a split is work that never ends.
 *
 * <p>Splitting is arithmetic only. A split that called the network and failed after a checkpoint
 * had completed made Flink restart the job with no splits at all and end it, every row lost.
 */
final class UnboundedLogSource extends UnboundedSource<RowBatch, ReadCheckpoint> {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  private static final String FLINK = "org.apache.beam.runners.flink.";

  private final ReadSpec spec;
  private final int index;
  private final int splits;

  UnboundedLogSource(ReadSpec spec) {
    this(spec, 0, 1);
  }

  private UnboundedLogSource(ReadSpec spec, int index, int splits) {
    this.spec = spec;
    this.index = index;
    this.splits = splits;
  }

  @Override
  public List<UnboundedLogSource> split(int desiredNumSplits, PipelineOptions options) {
    if (splits > 1) {
      return List.of(this);
    }
    int wanted =
        isFlink(options) ? desiredNumSplits : Math.min(desiredNumSplits, spec.table().buckets());
    int number = Math.max(1, wanted);
    List<UnboundedLogSource> result = new ArrayList<>(number);
    for (int i = 0; i < number; i++) {
      result.add(new UnboundedLogSource(spec, i, number));
    }
    return result;
  }

  private static boolean isFlink(PipelineOptions options) {
    return options.getRunner().getName().startsWith(FLINK);
  }

  /** The buckets of each partition that this split reads. */
  List<Integer> ownedBuckets() {
    List<Integer> owned = new ArrayList<>();
    for (int bucket = index; bucket < spec.table().buckets(); bucket += splits) {
      owned.add(bucket);
    }
    return owned;
  }

  /** Tells the splits of a read apart, for people. */
  String name() {
    return index + "of" + splits;
  }

  ReadSpec spec() {
    return spec;
  }

  @Override
  public UnboundedReader<RowBatch> createReader(
      PipelineOptions options, @Nullable ReadCheckpoint checkpoint) {
    return new UnboundedLogReader(this, checkpoint);
  }

  @Override
  public Coder<ReadCheckpoint> getCheckpointMarkCoder() {
    return ReadCheckpoint.Coder.of();
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

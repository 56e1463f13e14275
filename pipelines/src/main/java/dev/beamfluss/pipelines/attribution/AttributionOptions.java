package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.StreamingOptions;

/** The flags of {@link Attribution}, besides those of Beam and of the runner. */
public interface AttributionOptions extends ClusterOptions, StreamingOptions {

  /** See {@link dev.beamfluss.transforms.DeltaJoin#withPartitionDiscoveryInterval}. */
  @Description("Milliseconds between looks for new partitions (days). Default: 10000")
  @Default.Integer(10_000)
  int getPartitionDiscoveryMillis();

  /** Sets {@link #getPartitionDiscoveryMillis}. */
  void setPartitionDiscoveryMillis(int value);

  /** See {@link dev.beamfluss.transforms.DeltaJoin#withShards}. */
  @Description("Groups the users are hashed into; bounds the parallelism of the join. Default: 8")
  @Default.Integer(8)
  int getJoinShards();

  /** Sets {@link #getJoinShards}. */
  void setJoinShards(int value);
}

package dev.beamfluss.e2e;

import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** With checkpoints, at parallelism 2. */
class AttributionFlinkRunnerIT extends AttributionContract {
  @Override
  PipelineOptions streaming() {
    FlinkPipelineOptions options = batch().as(FlinkPipelineOptions.class);
    options.setCheckpointingInterval(1_000L);
    options.setMaxBundleTimeMills(50L);
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    return options;
  }

  @Override
  PipelineOptions batch() {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    return options;
  }
}

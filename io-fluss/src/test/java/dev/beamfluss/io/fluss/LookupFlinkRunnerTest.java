package dev.beamfluss.io.fluss;

import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

class LookupFlinkRunnerTest extends LookupContract {
  @Override
  PipelineOptions options(boolean waiting) {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    options.setAttachedMode(waiting);
    options.setMaxBundleTimeMills(100L);
    return options;
  }
}

package dev.beamfluss.transforms;

import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

class ColumnUpsertFlinkRunnerTest extends ColumnUpsertContract {
  @Override
  PipelineOptions unbounded() {
    FlinkPipelineOptions options = flink();
    options.setStreaming(true);
    options.setAttachedMode(false);
    options.setMaxBundleTimeMills(50L);
    return options;
  }

  @Override
  PipelineOptions bounded() {
    return flink();
  }

  private static FlinkPipelineOptions flink() {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    return options;
  }
}

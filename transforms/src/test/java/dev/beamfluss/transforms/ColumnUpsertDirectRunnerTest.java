package dev.beamfluss.transforms;

import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

class ColumnUpsertDirectRunnerTest extends ColumnUpsertContract {
  @Override
  PipelineOptions unbounded() {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setBlockOnRun(false);
    return options;
  }

  @Override
  PipelineOptions bounded() {
    return unbounded();
  }
}

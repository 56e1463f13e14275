package dev.beamfluss.io.fluss;

import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

class LookupDirectRunnerTest extends LookupContract {
  @Override
  PipelineOptions options(boolean waiting) {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setBlockOnRun(waiting);
    return options;
  }
}

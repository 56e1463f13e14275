package dev.beamfluss.e2e;

import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** With the direct runner's checks left on. */
class AttributionDirectRunnerIT extends AttributionContract {
  @Override
  PipelineOptions streaming() {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setTargetParallelism(4);
    return options;
  }

  @Override
  PipelineOptions batch() {
    return streaming();
  }
}

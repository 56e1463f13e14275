package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

class ReadDirectRunnerTest extends ReadContract {
  @Override
  PipelineOptions options(boolean waiting) {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setBlockOnRun(waiting);
    return options;
  }

  @Override
  Map<String, List<Long>> gauges(PipelineResult result) {
    Map<String, List<Long>> gauges = new TreeMap<>();
    metrics(result)
        .getGauges()
        .forEach(
            gauge ->
                gauges
                    .computeIfAbsent(
                        FlinkGauges.withoutSplit(gauge.getName().getName()),
                        name -> new ArrayList<>())
                    .add(gauge.getAttempted().getValue()));
    return gauges;
  }
}

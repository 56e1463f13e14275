package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.junit.jupiter.api.io.TempDir;

class ReadFlinkRunnerTest extends ReadContract {
  @TempDir static Path configuration;

  @Override
  PipelineOptions options(boolean waiting) {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    options.setAttachedMode(waiting);
    options.setMaxBundleTimeMills(100L);
    options.setFlinkConfDir(withReporter().toString());
    return options;
  }

  private static Path withReporter() {
    try {
      Files.writeString(
          configuration.resolve("flink-conf.yaml"),
          "metrics.reporter.test.factory.class: " + FlinkGauges.class.getName() + "\n");
      return configuration;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  Map<String, List<Long>> gauges(PipelineResult result) {
    return FlinkGauges.values();
  }
}

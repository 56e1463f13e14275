package dev.beamfluss.io.paimon;

import dev.beamfluss.flink.FlinkCluster;
import java.nio.file.Path;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.options.PipelineOptions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

class WriteFlinkRunnerTest extends WriteContract {
  @TempDir static Path checkpoints;
  private static FlinkCluster flink;

  @BeforeAll
  static void startFlink() throws Exception {
    flink = new FlinkCluster(checkpoints, 2);
  }

  @AfterAll
  static void stopFlink() {
    flink.close();
  }

  @Override
  PipelineOptions options() throws Exception {
    FlinkPipelineOptions options = flink.options(2, 0, null);
    options.setStreaming(false);
    options.setAttachedMode(true);
    return options;
  }
}

package dev.beamfluss.transforms;

import java.util.Random;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.testing.TestPipeline;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** That Flink keeps the state and fires the timers that {@link ReleaseWatch} asks for. */
class ReleaseWatchFlinkRunnerTest {
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void findsTheSame(boolean streaming) {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(2);
    options.setStreaming(streaming);
    TestPipeline pipeline = TestPipeline.fromOptions(options).enableAbandonedNodeEnforcement(false);
    ReleaseWatchTest.assertFoundInBatch(pipeline, new Random(1));
    pipeline.run().waitUntilFinish();
  }
}

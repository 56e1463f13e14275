package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussIO;
import java.util.concurrent.TimeUnit;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;

/** Pipelines of a read and one step, on either runner; Beam's metrics are on, as always. */
final class BeamRead {
  private BeamRead() {}

  /**
   * The direct runner is timed from its start, as it holds back what it has read; Flink from the
   * first row, as it starts a cluster first.
   */
  static double measure(
      PipelineOptions options, FlussIO.Read<Row> read, Counter.Step step, long rows)
      throws Exception {
    Counter.reset();
    boolean direct = options.getRunner() == DirectRunner.class;
    long start = System.nanoTime();
    PipelineResult result = start(options, read, new Counter.StepFn(step));
    try {
      return direct ? Counter.awaitRateSince(start, rows) : Counter.awaitRate(rows);
    } finally {
      end(result);
    }
  }

  static PipelineResult start(
      PipelineOptions options, FlussIO.Read<Row> read, DoFn<Row, Void> step) {
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply("read", read).apply("step", ParDo.of(step));
    return pipeline.run();
  }

  static void end(PipelineResult result) throws Exception {
    try {
      result.cancel();
      while (!result.getState().isTerminal()) {
        TimeUnit.MILLISECONDS.sleep(10);
      }
    } catch (RuntimeException e) {
      // Flink's cluster in this process ends with its job, and is not there to be asked or told
    }
  }

  /** The direct runner as it comes, except that it does not wait for the end. */
  static DirectOptions direct() {
    DirectOptions options = PipelineOptionsFactory.as(DirectOptions.class);
    options.setRunner(DirectRunner.class);
    options.setBlockOnRun(false);
    return options;
  }

  /** The same without its checks, as in runner-configs/direct.args. */
  static DirectOptions directUnenforced() {
    DirectOptions options = direct();
    options.setEnforceImmutability(false);
    options.setEnforceEncodability(false);
    return options;
  }

  /**
   * As runner-configs/flink-cluster.args, but without checkpoints: a rate is measured before the
   * first would be due.
   */
  static FlinkPipelineOptions flink(int parallelism) {
    FlinkPipelineOptions options = PipelineOptionsFactory.as(FlinkPipelineOptions.class);
    options.setRunner(FlinkRunner.class);
    options.setFlinkMaster("[local]");
    options.setParallelism(parallelism);
    options.setObjectReuse(true);
    options.setFasterCopy(true);
    options.setStreaming(true);
    options.setAttachedMode(false);
    return options;
  }
}

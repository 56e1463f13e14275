package dev.beamfluss.demo;

import java.io.IOException;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.runners.direct.DirectRunner;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricResults;
import org.apache.beam.sdk.options.PipelineOptions;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Duration;

/** A pipeline that runs beside the caller until it is cancelled, on either runner. */
public final class RunningPipeline implements AutoCloseable {
  private final PipelineResult result;
  private final boolean direct;

  private RunningPipeline(PipelineResult result, boolean direct) {
    this.result = result;
    this.direct = direct;
  }

  /** Lets a pipeline made with these options run beside the caller; call before it is made. */
  public static void detach(PipelineOptions options) {
    if (FlinkRunner.class.equals(options.getRunner())) {
      options.as(FlinkPipelineOptions.class).setAttachedMode(false);
    } else if (DirectRunner.class.equals(options.getRunner())) {
      options.as(DirectOptions.class).setBlockOnRun(false);
    } else {
      throw new IllegalArgumentException(
          "--runner="
              + options.getRunner().getSimpleName()
              + " cannot be run in this process. Use DirectRunner or FlinkRunner.");
    }
  }

  /** Starts a pipeline. */
  public static RunningPipeline start(Pipeline pipeline) {
    return new RunningPipeline(
        pipeline.run(), DirectRunner.class.equals(pipeline.getOptions().getRunner()));
  }

  /**
   * Fails if the pipeline is no longer running.
   *
   * @throws IllegalStateException with the pipeline's own failure as its cause, if it tells one
   */
  public void check() {
    PipelineResult.State state;
    try {
      // the direct runner gives its failure once, and only to who has not asked for its state
      // before
      state = direct ? result.waitUntilFinish(Duration.millis(1)) : result.getState();
    } catch (RuntimeException e) {
      throw new IllegalStateException("The pipeline failed", e);
    }
    if (state != null && state.isTerminal()) {
      throw new IllegalStateException("The pipeline ended by itself: " + state);
    }
  }

  /**
   * What it counted so far; null where the runner does not tell while it runs beside the caller.
   */
  @Nullable MetricResults metrics() {
    try {
      return result.metrics();
    } catch (UnsupportedOperationException e) {
      return null;
    }
  }

  /** Cancels it. */
  @Override
  public void close() {
    try {
      if (!result.getState().isTerminal()) {
        result.cancel();
      }
    } catch (IOException e) {
      throw new IllegalStateException("The pipeline could not be cancelled", e);
    }
  }
}

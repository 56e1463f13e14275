package dev.beamfluss.pipelines.tables;

import dev.beamfluss.io.fluss.FlussUnreachableException;
import java.io.PrintStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;

/** How every program of this module ends: what went wrong in a line or two, and a status. */
public final class Program {
  /** All went well. */
  public static final int DONE = 0;

  /** It failed, on the cluster or in the pipeline. */
  public static final int FAILED = 1;

  /** A flag, a table or a column is not what it should be; nothing was done. */
  public static final int WRONG_INPUT = 2;

  /** What a program does. */
  @FunctionalInterface
  public interface Body {
    /** Does it, and returns the status to end with. */
    int run() throws Exception;
  }

  private Program() {}

  /**
   * Runs a program and returns its status; failures that say what they are come without a trace.
   */
  public static int run(PrintStream err, Body body) {
    try {
      return body.run();
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      return WRONG_INPUT;
    } catch (FlussUnreachableException e) {
      err.println(e.getMessage());
      return FAILED;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      err.println("Interrupted.");
      return FAILED;
    } catch (Exception e) {
      err.println(e.getMessage());
      e.printStackTrace(err);
      return FAILED;
    }
  }

  /**
   * Runs a pipeline to its end and returns the status to end with. With {@code
   * --attachedMode=false} it returns once the cluster has the job, which goes on without the
   * program.
   */
  public static int run(Pipeline pipeline) {
    PipelineResult result = pipeline.run();
    if (!pipeline.getOptions().as(FlinkPipelineOptions.class).getAttachedMode()) {
      return DONE;
    }
    return result.waitUntilFinish() == PipelineResult.State.FAILED ? FAILED : DONE;
  }
}

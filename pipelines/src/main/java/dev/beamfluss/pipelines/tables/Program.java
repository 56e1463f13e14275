package dev.beamfluss.pipelines.tables;

import dev.beamfluss.io.fluss.FlussUnreachableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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

  /** A program without its end. */
  @FunctionalInterface
  public interface Main {
    /** Runs it, and returns the status to end with. */
    int run(String[] flags);
  }

  private Program() {}

  /**
   * Runs a program and ends the JVM with its status, as the clients' threads would keep it for a
   * while. Where Flink runs the program inside its JobManager (application mode), the JVM is not
   * the program's: it returns, or throws for a status that is not {@link #DONE}.
   *
   * @param args flags, and {@code @FILE} for a file of flags, see {@link #flags}
   */
  public static void main(String[] args, Main program) {
    int status;
    try {
      status = program.run(flags(args));
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage());
      status = WRONG_INPUT;
    }
    // of a class path, or of a jar that Flink has loaded
    boolean isAlone = Program.class.getClassLoader() == ClassLoader.getSystemClassLoader();
    if (isAlone) {
      System.exit(status);
    } else if (status != DONE) {
      throw new IllegalStateException(
          "The program failed with status " + status + "; what it said is above.");
    }
  }

  /**
   * The flags with those of {@code @FILE} in its place, one a line, {@code #} begins a comment. A
   * flag that is given takes the place of the same one in a file.
   *
   * @throws IllegalArgumentException if a file cannot be read
   */
  static String[] flags(String[] args) {
    Set<String> given = new HashSet<>();
    for (String arg : args) {
      given.add(name(arg));
    }
    List<String> flags = new ArrayList<>();
    for (String arg : args) {
      if (!arg.startsWith("@")) {
        flags.add(arg);
        continue;
      }
      lines(arg.substring(1)).stream()
          .map(line -> line.replaceFirst("#.*", "").strip())
          .filter(line -> !line.isEmpty() && !given.contains(name(line)))
          .forEach(flags::add);
    }
    return flags.toArray(String[]::new);
  }

  private static String name(String flag) {
    return flag.split("=", 2)[0];
  }

  private static List<String> lines(String file) {
    try {
      return Files.readAllLines(Path.of(file));
    } catch (IOException | InvalidPathException e) {
      throw new IllegalArgumentException("Cannot read the flags in " + file + ": " + e, e);
    }
  }

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

package dev.beamfluss.pipelines.tables;

import dev.beamfluss.io.fluss.FlussUnreachableException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.StreamingOptions;

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
   * flag that is given takes the place of the same one in a file, and one of a file that of the
   * same one in a file before.
   *
   * @throws IllegalArgumentException if a file cannot be read
   */
  public static String[] flags(String[] args) {
    Set<String> known = new HashSet<>();
    for (String arg : args) {
      known.add(name(arg));
    }
    Deque<String> flags = new ArrayDeque<>();
    for (int i = args.length - 1; i >= 0; i--) {
      if (!args[i].startsWith("@")) {
        flags.addFirst(args[i]);
        continue;
      }
      List<String> ofFile =
          lines(args[i].substring(1)).stream()
              .map(line -> line.replaceFirst("#.*", "").strip())
              .filter(line -> !line.isEmpty() && !known.contains(name(line)))
              .collect(Collectors.toCollection(ArrayList::new));
      ofFile.forEach(flag -> known.add(name(flag)));
      Collections.reverse(ofFile);
      ofFile.forEach(flags::addFirst);
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
   * Runs a streaming pipeline, see {@link #run(Pipeline)}.
   *
   * @param options reads the flags; it belongs to the program's own class, which names the job
   * @param pipeline adds the pipeline's steps
   */
  public static <T extends StreamingOptions> int stream(
      PrintStream err, Supplier<T> options, BiConsumer<Pipeline, T> pipeline) {
    return run(
        err,
        () -> {
          T given = options.get();
          given.setStreaming(true);
          Pipeline created = Pipeline.create(given);
          pipeline.accept(created, given);
          return run(created);
        });
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

package dev.beamfluss.pipelines.canary;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Counters;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.io.FileSystems;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.io.fs.EmptyMatchTreatment;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;

/**
 * Puts the log lines of a client into the page log, {@link CanaryTables#PAGE_VIEWS}: one table for
 * all clients, each with its {@link ClientMapping}. Lines that are no rows, and rows that the table
 * cannot take, go to the table of {@link DeadLetters}.
 *
 * <p>A log table has no key, so rows are there at least once: what the runner runs again after a
 * failure, or a second run of the program, appends again, with {@code --idempotence} or without.
 * With {@code --idempotence=false}, which the reference takes for what it writes, the same goes for
 * batches that Fluss's client sends again by itself. Readers that must count once go by {@code
 * event_id}.
 */
public final class CanaryIngest {
  private CanaryIngest() {}

  /**
   * Runs the program: status 0 once all is written, 2 for a wrong flag, mapping or table, 1 for a
   * failure.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(CanaryIngestOptions.class);
          return run(
              PipelineOptionsFactory.fromArgs(args).withValidation().as(CanaryIngestOptions.class),
              out);
        });
  }

  private static int run(CanaryIngestOptions options, PrintStream out) throws IOException {
    Pipeline pipeline = Pipeline.create(options);
    apply(pipeline, options);
    PipelineResult result = pipeline.run();
    if (!options.as(FlinkPipelineOptions.class).getAttachedMode()) {
      return Program.DONE;
    }
    PipelineResult.State state = result.waitUntilFinish();
    out.printf(
        "%d lines of client %s mapped, %d refused, see table %s%n",
        Counters.of(result, MapClientLines.class, "linesMapped"),
        options.getClient(),
        Counters.of(result, MapClientLines.class, "linesRefused"),
        table(options, DeadLetters.TABLE));
    return state == PipelineResult.State.DONE ? Program.DONE : Program.FAILED;
  }

  /**
   * Adds the ingest to a pipeline.
   *
   * @throws IllegalArgumentException if a flag, the mapping or a table is wrong
   */
  public static void apply(Pipeline pipeline, CanaryIngestOptions options) throws IOException {
    ClientMapping mapping = mapping(options);
    MapClientLines map =
        MapClientLines.of(mapping)
            .withPlausibleTimes(
                Duration.ofDays(options.getPastDays()), Duration.ofDays(options.getFutureDays()));
    requireFiles(options.getLines());
    FlussCluster cluster = ClusterOptions.cluster(options);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(cluster, table(options, DeadLetters.TABLE)))) {
      var unused =
          pipeline
              .apply("Read lines", TextIO.read().from(options.getLines()))
              .apply("Map lines", map.withErrorHandler(errors))
              .apply(
                  "Write rows",
                  FlussIO.write()
                      .to(cluster, table(options, CanaryTables.PAGE_VIEWS))
                      .withIdempotentWriter(options.getIdempotence())
                      .withErrorHandler(errors));
    }
  }

  private static ClientMapping mapping(CanaryIngestOptions options) {
    return options.getMapping() == null
        ? ClientMapping.shipped(options.getClient())
        : ClientMapping.ofFile(options.getClient(), Path.of(options.getMapping()));
  }

  private static void requireFiles(String lines) throws IOException {
    if (FileSystems.match(lines, EmptyMatchTreatment.ALLOW).metadata().isEmpty()) {
      throw new IllegalArgumentException(
          "There is no file " + lines + ". Name files with a JSON object a line with --lines.");
    }
  }

  private static String table(ClusterOptions options, String name) {
    return options.getDatabasePrefix() + CanaryTables.DATABASE + "." + name;
  }
}

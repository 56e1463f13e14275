package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.pipelines.ingest.IngestCounts.Outcome;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Program;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.Set;
import java.util.function.Consumer;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Replays an event log into the visit and order tables of a cluster; the flags are {@link
 * IngestProgramOptions}, the rules {@link IngestRules}. Prints how many rows each rule took.
 *
 * <p>With {@code --from=kafka} or {@code --from=files} it is {@link RecordIngest}.
 *
 * <p>A wrong flag ends the program with status 2, a failure on the cluster with status 1.
 */
public final class Ingest {

  private Ingest() {}

  /** Runs the program. */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    if (Arrays.stream(args).anyMatch(arg -> arg.startsWith("--from="))) {
      return RecordIngest.run(args, err);
    }
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(IngestProgramOptions.class);
          IngestProgramOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(IngestProgramOptions.class);
          if (options.getErrors() == null) {
            ingest(options, out, err);
          } else {
            try (PrintStream errors =
                new PrintStream(options.getErrors(), StandardCharsets.UTF_8)) {
              ingest(options, out, errors);
            }
          }
          return Program.DONE;
        });
  }

  private static Set<Replay.Target> targets(IngestProgramOptions options) {
    if (options.getTargets().isEmpty()) {
      throw new IllegalArgumentException(
          "--targets names no tables; there are " + Arrays.asList(Replay.Target.values()) + ".");
    }
    return EnumSet.copyOf(options.getTargets());
  }

  private static void ingest(IngestProgramOptions options, PrintStream out, PrintStream errors)
      throws IOException, InterruptedException {
    Consumer<RejectedLine> reject = line -> errors.println(line.toTabSeparated());
    EventInput input = EventInputOptions.input(options);
    out.println("Reading " + input.description());
    try (Replay replay =
        new Replay(
            ClusterOptions.cluster(options),
            options.getDatabasePrefix(),
            targets(options),
            options.getSpeed(),
            EventInputOptions.rules(options),
            reject)) {
      IngestCounts counts = replay.counts();
      Iterator<Event> events =
          input.open(
              line -> {
                counts.add(Outcome.MALFORMED_LINE);
                reject.accept(line);
              },
              event -> counts.add(Outcome.OUTSIDE_DAYS));
      replay.run(events);
      out.println(counts);
      out.println(replay.rowsWritten() + " rows written");
    }
  }
}

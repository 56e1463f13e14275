package dev.beamfluss.pipelines;

import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Prints how far the lake is behind, as Prometheus reads it: for each partition of the tables the
 * rows that are not tiered, and the age of the oldest in seconds; the flags are {@link
 * LakeLagOptions}.
 *
 * <p>Ends with status 0 if no row is older than {@code --maxAgeSeconds}, with 1 if one is, or the
 * cluster does not answer, and with 2 for a wrong flag or table.
 */
public final class LakeLagReport {

  private LakeLagReport() {}

  /** Runs the program. */
  public static void main(String[] args) {
    int status = run(args, System.out, System.err);
    if (status != Program.DONE) {
      System.exit(status);
    }
  }

  /** Runs the program without ending the JVM, and returns its status. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(LakeLagOptions.class);
          LakeLagOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(LakeLagOptions.class);
          int status = Program.DONE;
          for (String table : options.getTables()) {
            for (LakeLag lag : LakeLag.of(ClusterOptions.cluster(options), table)) {
              String labels =
                  String.format("{table=\"%s\",partition=\"%s\"}", table, lag.partition());
              out.println("lake_untiered_rows" + labels + " " + lag.untieredRows());
              out.println("lake_untiered_age_seconds" + labels + " " + lag.age().toSeconds());
              if (lag.age().toSeconds() > options.getMaxAgeSeconds()) {
                status = Program.FAILED;
              }
            }
          }
          return status;
        });
  }
}

package dev.beamfluss.local;

import java.io.PrintStream;
import java.net.URI;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.flink.core.execution.JobClient;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.fluss.flink.tiering.LakeTieringJobBuilder;
import org.apache.fluss.lake.paimon.PaimonLakeStoragePlugin;
import org.apache.paimon.catalog.Catalog;

/**
 * Submits Fluss's tiering service to a Flink cluster, with the jars that it needs besides those of
 * {@code ./run flink-cluster}, and returns once the cluster has it.
 *
 * <p>Flags: {@code --bootstrapServers=HOST:PORT,...}, {@code --warehouse=DIR}, as the Fluss
 * cluster's servers have it, and {@code --flinkMaster=HOST:PORT} (default {@code localhost:8081}).
 *
 * <p>A wrong flag ends the program with status 2, a failure with status 1.
 */
public final class TieringMain {
  private static final String USAGE =
      """
      usage: ./run tiering --bootstrapServers=HOST:PORT,... --warehouse=DIR [FLAG ...]
        --bootstrapServers of the Fluss cluster
        --warehouse=DIR    the one that the Fluss cluster was started with
        --flinkMaster      of the Flink cluster that gets the job. Default: localhost:8081
      example: ./run tiering --bootstrapServers=localhost:9123 --warehouse=target/warehouse""";

  private TieringMain() {}

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    if (Arrays.asList(args).contains("--help")) {
      out.println(USAGE);
      return 0;
    }
    try {
      Flags flags =
          Flags.parse(
              USAGE,
              List.of(),
              Map.of(
                  "--bootstrapServers", "",
                  "--warehouse", "",
                  "--flinkMaster", "localhost:8081"),
              args);
      JobClient job =
          submit(
              flags.text("--flinkMaster"),
              flags.text("--bootstrapServers"),
              flags.path("--warehouse"));
      out.println("Tiering is job " + job.getJobID() + " of " + flags.text("--flinkMaster"));
      return 0;
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      return 2;
    } catch (IllegalStateException e) {
      err.println(e.getMessage());
      e.printStackTrace(err);
      return 1;
    }
  }

  /**
   * Submits the service.
   *
   * @param flink host and port of the JobManager
   * @param warehouse as all servers of the Fluss cluster have it
   * @throws IllegalArgumentException if the address is none
   * @throws IllegalStateException if the job cannot be submitted
   */
  public static JobClient submit(String flink, String bootstrapServers, Path warehouse) {
    if (!flink.matches("[^:\\[\\]]+:[0-9]{1,5}")) {
      throw new IllegalArgumentException("--flinkMaster=" + flink + ": expected HOST:PORT");
    }
    URI address = URI.create("http://" + flink);
    return Tiering.submit(
        StreamExecutionEnvironment.createRemoteEnvironment(
            address.getHost(),
            address.getPort(),
            Tiering.settings(),
            jar(LakeTieringJobBuilder.class),
            jar(PaimonLakeStoragePlugin.class),
            // Flink's own class path has it as well, but from there it cannot see the plugin, whose
            // callback each commit to the lake calls
            jar(Catalog.class)),
        bootstrapServers,
        warehouse);
  }

  private static String jar(Class<?> part) {
    return Path.of(URI.create(part.getProtectionDomain().getCodeSource().getLocation().toString()))
        .toString();
  }
}

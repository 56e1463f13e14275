package dev.beamfluss.local;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * Starts, shows and stops a Fluss cluster of separate processes, ZooKeeper, a coordinator and
 * tablet servers: {@code start|stop|status}. Its data are kept.
 *
 * <p>Flags, all optional: {@code --tablet-servers=N} (default 3), {@code --port=N} of the
 * coordinator (default 9123), {@code --directory=DIR} (default {@code target/fluss-cluster}),
 * {@code --warehouse=DIR} to accept lake tables and keep their Paimon side there, {@code
 * --config=FILE} (default {@code runner-configs/fluss-cluster.yaml}).
 *
 * <p>{@code start} and {@code status} print {@code bootstrap.servers=HOST:PORT,...}. A wrong flag
 * ends the program with status 2, a failure with status 1, and so does {@code status} where a
 * process is missing.
 */
public final class FlussClusterMain {
  private static final String USAGE =
      """
      usage: ./run cluster --processes start|stop|status [FLAG ...]
        --tablet-servers=N tablet servers. Default: 3
        --port=N           of the coordinator; tablet servers have the next ones, ZooKeeper the one before. Default: 9123
        --directory=DIR    configuration, logs, and the data, which are kept. Default: target/fluss-cluster
        --warehouse=DIR    accepts lake tables, whose Paimon side is there; ./run tiering brings rows to it. Default: none
        --config=FILE      settings of Fluss's servers. Default: runner-configs/fluss-cluster.yaml
      example: ./run cluster --processes start --warehouse=target/warehouse""";

  private FlussClusterMain() {}

  /** Runs the program. */
  public static void main(String[] args) {
    // its client's threads would keep the JVM for a while
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
              Flags.PROCESSES,
              Map.of(
                  "--tablet-servers", "3",
                  "--port", "9123",
                  "--directory", Home.path("target/fluss-cluster").toString(),
                  "--warehouse", "",
                  "--config", Home.path("runner-configs/fluss-cluster.yaml").toString()),
              args);
      return run(flags, out);
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage());
      return 2;
    } catch (IOException | IllegalStateException e) {
      err.println(e.getMessage());
      return 1;
    }
  }

  private static int run(Flags flags, PrintStream out) throws IOException {
    FlussProcesses fluss =
        FlussProcesses.in(
            flags.path("--directory"), System.getProperty("java.class.path"), List.of());
    switch (flags.command()) {
      case "start" -> {
        fluss.configure(
            flags.path("--config"),
            flags.number("--port"),
            flags.number("--tablet-servers"),
            flags.optionalPath("--warehouse"));
        try {
          fluss.start();
        } catch (IllegalStateException e) {
          fluss.stop();
          throw e;
        }
        out.println("bootstrap.servers=" + fluss.bootstrapServers());
        return 0;
      }
      case "stop" -> {
        fluss.stop();
        out.println("No Fluss process runs in " + flags.path("--directory"));
        return 0;
      }
      default -> {
        List<String> processes = fluss.status();
        if (processes.isEmpty()) {
          out.println("No Fluss cluster runs in " + flags.path("--directory"));
          return 1;
        }
        processes.forEach(out::println);
        out.println("bootstrap.servers=" + fluss.bootstrapServers());
        return processes.stream().anyMatch(line -> line.contains(" is dead,")) ? 1 : 0;
      }
    }
  }
}

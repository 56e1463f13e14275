package dev.beamfluss.local;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Starts, shows, repairs and stops a Flink cluster of separate processes: {@code
 * start|stop|status|repair}.
 *
 * <p>Flags, all optional: {@code --taskmanagers=N} (default 2), {@code --slots=N} of each (default
 * 4), {@code --port=N} of the web interface (default 8081), {@code --directory=DIR} (default {@code
 * target/flink-cluster}), {@code --config=FILE} (default {@code
 * runner-configs/flink-cluster.yaml}), {@code --zookeeper=HOST:PORT} for jobs that survive their
 * JobManager (default none).
 *
 * <p>A wrong flag ends the program with status 2, a failure with status 1, and so does {@code
 * status} where a process is missing.
 */
public final class FlinkClusterMain {
  private static final String USAGE =
      """
      usage: ./run flink-cluster start|stop|status|repair [FLAG ...]
        repair             starts again what is dead
        --taskmanagers=N   TaskManager processes. Default: 2
        --slots=N          slots of each TaskManager. Default: 4
        --port=N           of the web interface, which is also what jobs are submitted to. Default: 8081
        --directory=DIR    configuration, logs, checkpoints, savepoints. Default: target/flink-cluster
        --config=FILE      settings of Flink. Default: runner-configs/flink-cluster.yaml
        --zookeeper=HOST:PORT,...
                           keeps jobs, for a JobManager that starts again; that of ./run cluster --processes is
                           localhost:9122. Default: none, jobs end with their JobManager
      example: ./run flink-cluster start --taskmanagers=1 --slots=8""";

  private FlinkClusterMain() {}

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
              List.of("start", "stop", "status", "repair"),
              Map.of(
                  "--taskmanagers", "2",
                  "--slots", "4",
                  "--port", "8081",
                  "--directory", Home.path("target/flink-cluster").toString(),
                  "--config", Home.path("runner-configs/flink-cluster.yaml").toString(),
                  "--zookeeper", ""),
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
    int taskManagers = flags.number("--taskmanagers");
    int slots = flags.number("--slots");
    int port = flags.number("--port");
    Optional<String> zooKeeper = flags.optionalAddresses("--zookeeper");
    Path directory = flags.path("--directory");
    boolean starts = List.of("start", "repair").contains(flags.command());
    FlinkProcesses flink = FlinkProcesses.in(directory, starts ? classPath() : "", List.of());
    switch (flags.command()) {
      case "start" -> {
        for (String address : zooKeeper.map(all -> all.split(",")).orElse(new String[0])) {
          Settings.checkTaken(
              address, "ZooKeeper", "start it first, with ./run cluster --processes start");
        }
        flink.configure(flags.path("--config"), port, slots, zooKeeper);
        try {
          flink.startJobManager();
          for (int i = 0; i < taskManagers; i++) {
            flink.startTaskManager();
          }
          flink.awaitSlots(taskManagers * slots);
        } catch (IllegalStateException e) {
          flink.stop();
          throw e;
        }
        out.printf(
            "Flink runs with %d slots: http://%s, logs in %s%n",
            flink.slots().orElse(0), flink.address(), directory.resolve("logs"));
        return 0;
      }
      case "stop" -> {
        flink.stop();
        out.println("No Flink process runs in " + directory);
        return 0;
      }
      case "repair" -> {
        List<String> dead = flink.repair();
        out.println(dead.isEmpty() ? "None is dead" : "Started again: " + String.join(", ", dead));
        return 0;
      }
      default -> {
        List<String> processes = flink.status();
        if (processes.isEmpty()) {
          out.println("No Flink cluster runs in " + directory);
          return 1;
        }
        processes.forEach(out::println);
        out.println(
            flink
                .slots()
                .map(known -> known + " slots: http://" + flink.address())
                .orElse("The JobManager does not answer at " + flink.address()));
        return processes.stream().anyMatch(line -> line.contains(" is dead,")) ? 1 : 0;
      }
    }
  }

  private static String classPath() throws IOException {
    StringBuilder all = new StringBuilder();
    for (String file : List.of("class-path.txt", "lake-class-path.txt")) {
      Path path = Home.path("flink-cluster/target/" + file);
      if (!Files.exists(path)) {
        throw new IllegalStateException(path + " is missing: ./run package makes it");
      }
      all.append(all.isEmpty() ? "" : java.io.File.pathSeparator)
          .append(Files.readString(path).strip());
    }
    return all.toString();
  }
}

package dev.beamfluss.e2e;

import dev.beamfluss.local.FlinkProcesses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** What an operator has in hand: the bundled jar, Flink's jars and the argument files. */
final class Shipped {
  private static final Path HOME = Path.of(System.getProperty("beamfluss.home"));

  /** For programs of the bundled jar. */
  static final List<String> SUBMITTER_JVM_FLAGS =
      List.of(
          "-Xmx512m",
          "--add-opens=java.base/java.nio=ALL-UNNAMED",
          "--add-opens=java.base/java.util=ALL-UNNAMED",
          "--add-opens=java.base/java.lang=ALL-UNNAMED");

  private Shipped() {}

  /** The bundled jar, as module {@code bundle} has built it. */
  static Path bundle() {
    return HOME.resolve(
        "bundle/target/beam-fluss-bundle-" + System.getProperty("beamfluss.version") + ".jar");
  }

  /** The class path of Flink's processes, and of who submits to them. */
  static String flinkClassPath() throws IOException {
    return Files.readString(HOME.resolve("flink-cluster/target/class-path.txt")).strip();
  }

  /** What reads of a lake need besides, on the class paths of all of these. */
  static String lakeClassPath() throws IOException {
    return Files.readString(HOME.resolve("flink-cluster/target/lake-class-path.txt")).strip();
  }

  /**
   * A Flink cluster with the settings that are shipped, and a JobManager, with which its jobs end.
   *
   * @param logs for the agent that ends its processes with this JVM
   * @param slots of each TaskManager
   */
  static FlinkProcesses flinkProcesses(Path logs, Path directory, int slots, String classPath)
      throws IOException {
    return flinkProcesses(logs, directory, slots, classPath, Optional.empty());
  }

  /** The same with jobs that survive their JobManager, where there is a ZooKeeper. */
  static FlinkProcesses flinkProcesses(
      Path logs, Path directory, int slots, String classPath, Optional<String> zooKeeper)
      throws IOException {
    FlinkProcesses flink = FlinkProcesses.in(directory, classPath, JavaProcess.testFlags(logs));
    flink.configure(config("flink-cluster.yaml"), 0, slots, zooKeeper);
    flink.startJobManager();
    return flink;
  }

  /** A file of settings that is shipped. */
  static Path config(String file) {
    return HOME.resolve("runner-configs").resolve(file);
  }
}

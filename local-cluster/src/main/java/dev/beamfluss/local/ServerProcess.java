package dev.beamfluss.local;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A JVM that outlives the one that started it. A directory has its id, {@code NAME.pid}, by which a
 * later program finds it, what it logs, {@code logs/NAME.log}, and what it prints, {@code
 * logs/NAME.out}.
 *
 * <p>The log is bounded, as {@code runner-configs/log4j2.properties} says, where {@code
 * flink-cluster/target/log-class-path.txt} names the jars for that; else it goes, without an end,
 * to what is printed.
 */
final class ServerProcess {
  /** Two readings of when a process began differ by what the machine's clock was set by. */
  private static final Duration CLOCK_DRIFT = Duration.ofSeconds(5);

  private static final Duration KILL_PATIENCE = Duration.ofSeconds(30);
  private static final String ID_FILE = ".pid";
  private static final Path LOGGING = Home.path("runner-configs/log4j2.properties");

  private final String name;
  private final Path directory;

  private ServerProcess(String name, Path directory) {
    this.name = name;
    this.directory = directory;
  }

  /** The process of this name, whether it runs or not. */
  static ServerProcess named(String name, Path directory) {
    return new ServerProcess(name, directory);
  }

  /** All that were started in a directory and not stopped, by name. */
  static List<ServerProcess> all(Path directory) {
    if (!Files.isDirectory(directory)) {
      return List.of();
    }
    try (var files = Files.list(directory)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(file -> file.endsWith(ID_FILE))
          .map(file -> named(file.substring(0, file.length() - ID_FILE.length()), directory))
          .sorted((a, b) -> a.name.compareTo(b.name))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  String name() {
    return name;
  }

  /**
   * Starts it. What an earlier one of the name logged is kept, in the same file; what it printed is
   * not.
   *
   * @throws IllegalStateException if it runs already
   */
  void start(String classPath, List<String> jvmFlags, String main, List<String> arguments)
      throws IOException {
    if (runs()) {
      throw new IllegalStateException(
          name + " runs already, as process " + handle().orElseThrow().pid());
    }
    Files.createDirectories(log().getParent());
    List<String> command = new ArrayList<>();
    // a terminal that is closed does not end it
    command.add("nohup");
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    String logging = loggingClassPath();
    if (logging.isEmpty()) {
      command.add("-Dorg.slf4j.simpleLogger.showDateTime=true");
      command.add("-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS");
    } else {
      // of the two on the class path
      command.add("-Dslf4j.provider=org.apache.logging.slf4j.SLF4JServiceProvider");
      command.add("-Dlog4j2.configurationFile=" + LOGGING.toAbsolutePath().normalize());
      // by this name Flink's web interface finds it
      command.add("-Dlog.file=" + log());
    }
    command.addAll(jvmFlags);
    command.add("-cp");
    command.add(logging.isEmpty() ? classPath : classPath + File.pathSeparator + logging);
    command.add(main);
    command.addAll(arguments);
    Process process =
        new ProcessBuilder(command)
            // where the JVM leaves its report, should it crash
            .directory(directory.toFile())
            .redirectInput(new File("/dev/null"))
            .redirectErrorStream(true)
            .redirectOutput(printed().toFile())
            .start();
    Files.writeString(
        idFile(), process.pid() + " " + process.info().startInstant().orElse(Instant.now()) + "\n");
  }

  private static String loggingClassPath() throws IOException {
    Path file = Home.path("flink-cluster/target/log-class-path.txt");
    return Files.exists(file) && Files.exists(LOGGING) ? Files.readString(file).strip() : "";
  }

  private Path idFile() {
    return directory.resolve(name + ID_FILE);
  }

  /** What it logs. */
  Path log() {
    return directory.resolve("logs").resolve(name + ".log");
  }

  private Path printed() {
    return directory.resolve("logs").resolve(name + ".out");
  }

  /** Its handle while it runs; another process that has got its id since is not taken for it. */
  private Optional<ProcessHandle> handle() {
    if (!Files.exists(idFile())) {
      return Optional.empty();
    }
    try {
      String idAndStart = Files.readString(idFile()).strip();
      int space = idAndStart.indexOf(' ');
      Instant start = Instant.parse(idAndStart.substring(space + 1));
      return ProcessHandle.of(Long.parseLong(idAndStart, 0, space, 10))
          .filter(handle -> handle.isAlive() && !isZombie(handle))
          .filter(
              handle ->
                  Duration.between(start, handle.info().startInstant().orElse(start))
                          .abs()
                          .compareTo(CLOCK_DRIFT)
                      < 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Whether it has ended and nobody has asked for its status: containers have no init that does.
   */
  private static boolean isZombie(ProcessHandle handle) {
    Path stat = Path.of("/proc", Long.toString(handle.pid()), "stat");
    try {
      return Files.exists(stat) && Files.readString(stat).matches("(?s).*\\) Z .*");
    } catch (IOException e) {
      // gone meanwhile
      return true;
    }
  }

  boolean runs() {
    return handle().isPresent();
  }

  /** For people: whether it runs, and as which process. */
  String describe() {
    return handle().map(handle -> name + " runs, process " + handle.pid()).orElse(name + " is dead")
        + ", log "
        + log();
  }

  /**
   * Fails if it has ended.
   *
   * @throws IllegalStateException with what it logged last
   */
  void check() {
    if (!runs()) {
      throw new IllegalStateException(
          name + " has ended, see " + log() + ", of which these are the last lines:\n" + tail(30));
    }
  }

  /** What it has logged, as far as that is kept, and then what it has printed. */
  List<String> output() {
    List<String> output = new ArrayList<>();
    try {
      for (Path file : List.of(log(), printed())) {
        if (Files.exists(file)) {
          output.addAll(Files.readAllLines(file));
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return output;
  }

  /** The last lines that it has logged, and then those that it has printed. */
  String tail(int lines) {
    List<String> output = output();
    return String.join("\n", output.subList(Math.max(0, output.size() - lines), output.size()));
  }

  /** Ends it as {@code kill -9} does, and returns when it is gone. */
  void kill() {
    handle().ifPresent(ProcessHandle::destroyForcibly);
    Waiting.until(() -> !runs(), KILL_PATIENCE, () -> describe() + " although it was killed");
    forget();
  }

  /** Asks it to end. */
  void ask() {
    handle().ifPresent(ProcessHandle::destroy);
  }

  /** Returns when it is gone; it is killed once the given time is over. */
  void awaitEnd(Duration patience) {
    try {
      Waiting.until(() -> !runs(), patience, this::describe);
    } catch (IllegalStateException e) {
      kill();
    }
    forget();
  }

  private void forget() {
    try {
      Files.deleteIfExists(idFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

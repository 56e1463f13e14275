package dev.beamfluss.e2e;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.lang.instrument.Instrumentation;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * A Java program in a process of its own, with what it prints and logs in a file. It ends with this
 * JVM at the latest, however this one ends.
 */
final class JavaProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final String name;
  private final Path log;
  private final Process process;

  private JavaProcess(String name, Path log, Process process) {
    this.name = name;
    this.log = log;
    this.process = process;
  }

  /**
   * Starts a program.
   *
   * @param directory for its log, {@code NAME.log}, which replaces one that is there
   * @param jvmFlags its heap, among others
   */
  static JavaProcess start(
      String name,
      Path directory,
      String classPath,
      List<String> jvmFlags,
      String main,
      List<String> arguments)
      throws IOException {
    return start(name, directory, classPath, jvmFlags, main, arguments, Map.of(), Path.of(""));
  }

  /** The same with more environment variables than this process has, and in another directory. */
  static JavaProcess start(
      String name,
      Path directory,
      String classPath,
      List<String> jvmFlags,
      String main,
      List<String> arguments,
      Map<String, String> environment,
      Path workingDirectory)
      throws IOException {
    Files.createDirectories(directory);
    Path log = directory.resolve(name + ".log");
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(testFlags(directory));
    command.add("-Dorg.slf4j.simpleLogger.showDateTime=true");
    command.add("-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS");
    command.addAll(jvmFlags);
    command.add("-cp");
    command.add(classPath);
    command.add(main);
    command.addAll(arguments);
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(workingDirectory.toAbsolutePath().toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.to(log.toFile().getAbsoluteFile()));
    builder.environment().putAll(environment);
    return new JavaProcess(name, log, builder.start());
  }

  /**
   * JVM flags of a process that ends with this JVM.
   *
   * @param directory for the agent that sees to it
   */
  static List<String> testFlags(Path directory) throws IOException {
    Files.createDirectories(directory);
    return List.of(
        "-javaagent:" + LifeLine.jar(directory) + "=" + ProcessHandle.current().pid(),
        // none of them lives long enough for the second compiler to pay
        "-XX:TieredStopAtLevel=1");
  }

  /**
   * Waits for its end.
   *
   * @throws IllegalStateException with what it printed, unless it ends well within two minutes
   */
  void awaitSuccess() throws InterruptedException {
    int status = awaitEnd();
    if (status != 0) {
      throw new IllegalStateException(name + " ended with status " + status + ":\n" + tail(50));
    }
  }

  /**
   * Waits for its end; its status.
   *
   * @throws IllegalStateException with what it printed, unless it ends within two minutes
   */
  int awaitEnd() throws InterruptedException {
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      close();
      throw new IllegalStateException(
          name + " did not end within " + PATIENCE.toSeconds() + " s:\n" + tail(50));
    }
    return process.exitValue();
  }

  /**
   * Fails if it has ended.
   *
   * @throws IllegalStateException with what it printed last
   */
  void check() {
    if (!process.isAlive()) {
      throw new IllegalStateException(
          name + " ended with status " + process.exitValue() + ":\n" + tail(50));
    }
  }

  /** All that it has printed. */
  List<String> output() {
    try {
      return Files.readAllLines(log);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last lines that it has printed. */
  String tail(int lines) {
    List<String> output = output();
    return String.join("\n", output.subList(Math.max(0, output.size() - lines), output.size()));
  }

  /** Ends it as {@code kill -9} does, and returns when it is gone. */
  @Override
  public void close() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
    process.onExit().join();
  }

  /** An agent in each process: ends it when the process that started it is gone. */
  public static final class LifeLine {
    private LifeLine() {}

    /** Called by the JVM before {@code main}, with the id of the process to watch. */
    public static void premain(String watched, Instrumentation instrumentation) {
      long id = Long.parseLong(watched);
      Thread thread =
          new Thread(
              () -> {
                ProcessHandle.of(id).ifPresent(process -> process.onExit().join());
                Runtime.getRuntime().halt(1);
              },
              "life-line");
      thread.setDaemon(true);
      thread.start();
    }

    private static synchronized Path jar(Path directory) throws IOException {
      Path jar = directory.toAbsolutePath().resolve("life-line.jar");
      if (Files.exists(jar)) {
        return jar;
      }
      Manifest manifest = new Manifest();
      manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
      manifest
          .getMainAttributes()
          .put(new Attributes.Name("Premain-Class"), LifeLine.class.getName());
      String entry = LifeLine.class.getName().replace('.', '/') + ".class";
      Path made = Files.createTempFile(directory, "life-line", ".tmp");
      try (InputStream code = LifeLine.class.getClassLoader().getResourceAsStream(entry);
          OutputStream file = Files.newOutputStream(made);
          JarOutputStream out = new JarOutputStream(file, manifest)) {
        out.putNextEntry(new JarEntry(entry));
        code.transferTo(out);
      }
      return Files.move(made, jar, StandardCopyOption.ATOMIC_MOVE);
    }
  }
}

package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.Stream;

/**
 * A Flink cluster of separate processes on loopback ports: a JobManager and as many TaskManagers as
 * are started. Their logs stay in the given directory.
 */
final class FlinkProcesses implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final String BASH_RESULT = "BASH_JAVA_UTILS_EXEC_RESULT:";

  /** What Flink's own start scripts open to it on Java 17, which Beam and Arrow need as well. */
  private static final List<String> OPENS =
      Stream.of(
              "java.lang",
              "java.lang.reflect",
              "java.io",
              "java.net",
              "java.nio",
              "java.text",
              "java.time",
              "java.util",
              "java.util.concurrent",
              "java.util.concurrent.atomic",
              "sun.nio.ch")
          .map(name -> "--add-opens=java.base/" + name + "=ALL-UNNAMED")
          .toList();

  private final Path logs;
  private final Path configuration;
  private final String classPath;
  private final int port;
  private final FlinkRest rest;
  private final List<String> taskManagerJvmFlags;
  private final List<String> taskManagerSettings;
  private final Deque<JavaProcess> taskManagers = new ArrayDeque<>();
  private final JavaProcess jobManager;
  private int taskManagersStarted;

  /**
   * Starts the JobManager, and returns when it answers.
   *
   * @param directory for what the processes keep, checkpoints among it
   * @param slots of each TaskManager
   * @param classPath of the processes
   */
  FlinkProcesses(Path directory, Path logs, int slots, String classPath)
      throws IOException, InterruptedException {
    this.logs = logs;
    this.classPath = classPath;
    this.configuration = Files.createDirectories(directory.resolve("conf"));
    try (ServerSocket restSocket = freePort();
        ServerSocket rpcSocket = freePort()) {
      this.port = restSocket.getLocalPort();
      Files.write(
          configuration.resolve("config.yaml"),
          settings(directory, port, rpcSocket.getLocalPort(), slots));
    }
    this.rest = new FlinkRest(port);
    this.jobManager =
        start(
            "jobmanager",
            Stream.concat(Stream.of("-Xmx512m"), OPENS.stream()).toList(),
            "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
            configurationFlags());
    try {
      List<String> resources = taskManagerResources();
      taskManagerJvmFlags = Stream.concat(words(resources.get(0)), OPENS.stream()).toList();
      taskManagerSettings = words(resources.get(1)).toList();
      await("the JobManager to answer").atMost(PATIENCE).pollInterval(POLL).until(this::answers);
    } catch (Exception | Error e) {
      jobManager.close();
      throw e;
    }
  }

  private static ServerSocket freePort() throws IOException {
    return new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
  }

  private static List<String> settings(Path directory, int restPort, int rpcPort, int slots)
      throws IOException {
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    return List.of(
        "jobmanager.rpc.address: localhost",
        "jobmanager.rpc.port: " + rpcPort,
        "jobmanager.bind-host: localhost",
        "rest.address: localhost",
        "rest.bind-address: localhost",
        "rest.port: " + restPort,
        "taskmanager.host: localhost",
        "taskmanager.bind-host: localhost",
        "taskmanager.numberOfTaskSlots: " + slots,
        "taskmanager.memory.process.size: 1400m",
        "taskmanager.memory.managed.size: 64m",
        "heartbeat.interval: 1000",
        "heartbeat.timeout: 6000",
        "state.checkpoints.dir: " + directory.resolve("checkpoints").toUri(),
        "state.savepoints.dir: " + directory.resolve("savepoints").toUri(),
        "io.tmp.dirs: " + temporary,
        "web.tmpdir: " + temporary);
  }

  private List<String> configurationFlags() {
    return List.of("--configDir", configuration.toString());
  }

  private JavaProcess start(String name, List<String> jvmFlags, String main, List<String> arguments)
      throws IOException {
    return JavaProcess.start(name, logs, classPath, jvmFlags, main, arguments);
  }

  /** The JVM flags and the settings that Flink derives from the configured memory, a line each. */
  private List<String> taskManagerResources() throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(List.of("GET_TM_RESOURCE_PARAMS"));
    arguments.addAll(configurationFlags());
    try (JavaProcess process =
        start(
            "taskmanager-resources",
            List.of(),
            "org.apache.flink.runtime.util.bash.BashJavaUtils",
            arguments)) {
      process.awaitSuccess();
      return process.output().stream()
          .filter(line -> line.startsWith(BASH_RESULT))
          .map(line -> line.substring(BASH_RESULT.length()))
          .toList();
    }
  }

  private static Stream<String> words(String line) {
    return Arrays.stream(line.strip().split(" +"));
  }

  private boolean answers() {
    jobManager.check();
    return rest.answers();
  }

  /** The JobManager's address, for {@code --flinkMaster}. */
  String address() {
    return "localhost:" + port;
  }

  /** What the JobManager answers. */
  FlinkRest rest() {
    return rest;
  }

  /** Starts a TaskManager, and returns when the JobManager knows it. */
  void startTaskManager() throws IOException {
    String name = "taskmanager-" + ++taskManagersStarted;
    List<String> arguments = new ArrayList<>(configurationFlags());
    arguments.addAll(taskManagerSettings);
    arguments.addAll(List.of("-D", "taskmanager.resource-id=" + name));
    JavaProcess taskManager =
        start(
            name,
            taskManagerJvmFlags,
            "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
            arguments);
    taskManagers.addLast(taskManager);
    await(name + " to be known")
        .atMost(PATIENCE)
        .pollInterval(POLL)
        .until(
            () -> {
              taskManager.check();
              for (JsonNode known : rest.get("/taskmanagers").get("taskmanagers")) {
                if (known.get("id").asText().equals(name)) {
                  return true;
                }
              }
              return false;
            });
  }

  /** Kills the TaskManager that was started first, as {@code kill -9} does. */
  void killTaskManager() {
    taskManagers.removeFirst().close();
  }

  /** The TaskManager that was started last. */
  JavaProcess taskManager() {
    return taskManagers.getLast();
  }

  /** The ends of the logs of what runs. */
  String tails() {
    StringBuilder text = new StringBuilder("JobManager:\n").append(jobManager.tail(40));
    taskManagers.forEach(each -> text.append("\nTaskManager:\n").append(each.tail(40)));
    return text.toString();
  }

  /** Kills all of them. */
  @Override
  public void close() {
    taskManagers.forEach(JavaProcess::close);
    jobManager.close();
  }
}

package dev.beamfluss.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.configuration.GlobalConfiguration;
import org.apache.flink.configuration.JobManagerOptions;
import org.apache.flink.runtime.clusterframework.TaskExecutorProcessUtils;
import org.apache.flink.runtime.jobmanager.JobManagerProcessUtils;
import org.apache.flink.runtime.util.config.memory.ProcessMemoryUtils;

/**
 * A Flink cluster of processes on loopback ports, a JobManager and some TaskManagers, that outlive
 * the JVM that starts them.
 *
 * <p>A directory has all of it: {@code conf/config.yaml}, {@code logs/}, ids of the processes, and
 * below {@code checkpoints/} and {@code savepoints/} what jobs are resumed from. By the directory a
 * later program finds the cluster again.
 *
 * <p>Not safe for use by several threads, nor by several programs at a time.
 */
public final class FlinkProcesses {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final Duration END_PATIENCE = Duration.ofSeconds(15);
  private static final String JOB_MANAGER = "jobmanager";
  private static final String TASK_MANAGER = "taskmanager-";
  private static final String REST_PORT = "rest.port";
  private static final String SLOTS = "taskmanager.numberOfTaskSlots";

  /** What Flink's own start scripts open to it on Java 17, which Beam and Arrow need as well. */
  public static final List<String> JVM_OPENS =
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

  private final Path directory;
  private final String classPath;
  private final List<String> jvmFlags;
  private final HttpClient http =
      HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();

  private FlinkProcesses(Path directory, String classPath, List<String> jvmFlags) {
    this.directory = directory.toAbsolutePath().normalize();
    this.classPath = classPath;
    this.jvmFlags = List.copyOf(jvmFlags);
  }

  /**
   * The cluster of a directory, which runs, or did, or is to be started.
   *
   * @param classPath of the processes that are started
   * @param jvmFlags of those, besides what Flink needs
   */
  public static FlinkProcesses in(Path directory, String classPath, List<String> jvmFlags) {
    return new FlinkProcesses(directory, classPath, jvmFlags);
  }

  /**
   * Writes the configuration: the settings of a file, {@code KEY: VALUE} a line, and with them
   * where the cluster of this directory keeps what, on loopback addresses only.
   *
   * @param port of the REST and web interface; 0 for a free one
   * @param slots of each TaskManager
   * @param zooKeeper {@code HOST:PORT,...} for high availability: jobs are kept there and below
   *     {@code ha/}, and a JobManager that starts goes on with those of the one before it; empty
   *     for jobs that end with their JobManager
   * @throws IllegalArgumentException if the file cannot be read, or a line is no setting
   * @throws IllegalStateException if a process of the cluster runs, or the port is taken
   */
  public void configure(Path settings, int port, int slots, Optional<String> zooKeeper)
      throws IOException {
    List<ServerProcess> running = running();
    if (!running.isEmpty()) {
      throw new IllegalStateException(
          "A Flink cluster runs in " + directory + " already: stop it before you start another");
    }
    int rest = port == 0 ? Settings.freePort() : port;
    Settings.checkFree(
        rest,
        "Flink's web interface",
        "give another with --port=N, or stop the process that listens there");
    Path temporary = Files.createDirectories(directory.resolve("tmp"));
    Map<String, String> all = Settings.read(settings);
    all.put("jobmanager.rpc.address", "localhost");
    all.put("jobmanager.rpc.port", Integer.toString(Settings.freePort()));
    all.put("jobmanager.bind-host", "localhost");
    all.put("rest.address", "localhost");
    all.put("rest.bind-address", "localhost");
    all.put(REST_PORT, Integer.toString(rest));
    all.put("taskmanager.host", "localhost");
    all.put("taskmanager.bind-host", "localhost");
    all.put(SLOTS, Integer.toString(slots));
    all.put("state.checkpoints.dir", directory.resolve("checkpoints").toUri().toString());
    all.put("state.savepoints.dir", directory.resolve("savepoints").toUri().toString());
    all.put("io.tmp.dirs", temporary.toString());
    all.put("web.tmpdir", temporary.toString());
    zooKeeper.ifPresent(
        quorum -> {
          all.put("high-availability.type", "zookeeper");
          all.put("high-availability.zookeeper.quorum", quorum);
          all.put("high-availability.cluster-id", "/" + directory.getFileName());
          all.put("high-availability.storageDir", directory.resolve("ha").toUri().toString());
          // one that is gone is noticed after 10 s instead of a minute; no other takes its place
          // before
          all.put("high-availability.zookeeper.client.session-timeout", "10000");
        });
    Settings.write(configuration().resolve("config.yaml"), all);
  }

  /** Where {@code config.yaml} is, for {@code --configDir}. */
  public Path configuration() {
    return directory.resolve("conf");
  }

  private String setting(String key) {
    return Settings.read(configuration().resolve("config.yaml")).get(key);
  }

  /** The port of the REST and web interface. */
  public int port() {
    return Integer.parseInt(setting(REST_PORT));
  }

  /** Whether a JobManager that starts goes on with the jobs of the one before it. */
  public boolean isHighlyAvailable() {
    return "zookeeper".equals(setting("high-availability.type"));
  }

  /** The JobManager's address, for {@code --flinkMaster}. */
  public String address() {
    return "localhost:" + port();
  }

  private List<ServerProcess> running() {
    return ServerProcess.all(directory).stream().filter(ServerProcess::runs).toList();
  }

  /**
   * Starts the JobManager, and returns when it answers.
   *
   * @throws IllegalStateException with the end of its log if it does not come up
   */
  public void startJobManager() throws IOException {
    Configuration flink = flinkConfiguration();
    var memory =
        JobManagerProcessUtils.processSpecFromConfigWithNewOptionToInterpretLegacyHeap(
            flink, JobManagerOptions.JVM_HEAP_MEMORY);
    ServerProcess jobManager = ServerProcess.named(JOB_MANAGER, directory);
    jobManager.start(
        classPath,
        flags(JobManagerProcessUtils.generateJvmParametersStr(memory, flink)),
        "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint",
        List.of("--configDir", configuration().toString()));
    await(jobManager, () -> slots().isPresent(), "the JobManager does not answer");
  }

  private Configuration flinkConfiguration() {
    return GlobalConfiguration.loadConfiguration(configuration().toString());
  }

  private List<String> flags(String ofFlink) {
    List<String> flags = new ArrayList<>(words(ofFlink).toList());
    flags.addAll(JVM_OPENS);
    flags.addAll(jvmFlags);
    return flags;
  }

  private static Stream<String> words(String line) {
    return Arrays.stream(line.strip().split(" +"));
  }

  private static void await(ServerProcess process, BooleanSupplier condition, String whatIsWrong) {
    Waiting.until(
        () -> {
          process.check();
          return condition.getAsBoolean();
        },
        PATIENCE,
        () -> whatIsWrong + ", see " + process.log());
  }

  /**
   * Starts a TaskManager, and returns when the JobManager knows it.
   *
   * @return its name
   * @throws IllegalStateException with the end of its log if it does not come up
   */
  public String startTaskManager() throws IOException {
    int number = 1;
    while (ServerProcess.named(TASK_MANAGER + number, directory).runs()) {
      number++;
    }
    String name = TASK_MANAGER + number;
    startTaskManager(name);
    return name;
  }

  private void startTaskManager(String name) throws IOException {
    // Flink gives a name up only once it has noticed that its process is gone
    String resource = name + "-" + System.currentTimeMillis();
    var memory = TaskExecutorProcessUtils.processSpecFromConfig(flinkConfiguration());
    List<String> arguments = new ArrayList<>(List.of("--configDir", configuration().toString()));
    arguments.addAll(words(TaskExecutorProcessUtils.generateDynamicConfigsStr(memory)).toList());
    arguments.addAll(List.of("-D", "taskmanager.resource-id=" + resource));
    ServerProcess taskManager = ServerProcess.named(name, directory);
    taskManager.start(
        classPath,
        flags(ProcessMemoryUtils.generateJvmParametersStr(memory)),
        "org.apache.flink.runtime.taskexecutor.TaskManagerRunner",
        arguments);
    await(
        taskManager,
        () -> get("/taskmanagers").filter(known -> known.contains(resource)).isPresent(),
        "the JobManager does not know " + name);
  }

  /**
   * Waits until the JobManager has so many slots, free or not.
   *
   * @throws IllegalStateException if it does not get them within two minutes
   */
  public void awaitSlots(int slots) {
    Waiting.until(
        () -> slots().filter(now -> now >= slots).isPresent(),
        PATIENCE,
        () -> "the JobManager has " + slots().orElse(0) + " slots instead of " + slots);
  }

  /** The slots that the JobManager has, free or not; empty if it does not answer. */
  public Optional<Integer> slots() {
    return get("/overview")
        .map(Pattern.compile("\"slots-total\":(\\d+)")::matcher)
        .filter(Matcher::find)
        .map(found -> Integer.parseInt(found.group(1)));
  }

  private Optional<String> get(String path) {
    try {
      return Optional.of(
          http.send(
                  HttpRequest.newBuilder(URI.create("http://" + address() + path))
                      .timeout(Duration.ofSeconds(10))
                      .build(),
                  HttpResponse.BodyHandlers.ofString())
              .body());
    } catch (IOException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted", e);
    }
  }

  /** The processes that were started and not stopped, with whether they run; a line each. */
  public List<String> status() {
    return ServerProcess.all(directory).stream().map(ServerProcess::describe).toList();
  }

  /**
   * Starts again what was started and is dead, and returns the names of these.
   *
   * @throws IllegalStateException with the end of its log if one does not come up
   */
  public List<String> repair() throws IOException {
    List<String> dead =
        ServerProcess.all(directory).stream()
            .filter(process -> !process.runs())
            .map(ServerProcess::name)
            .toList();
    if (dead.contains(JOB_MANAGER)) {
      startJobManager();
    }
    for (String name : dead) {
      if (name.startsWith(TASK_MANAGER)) {
        startTaskManager(name);
      }
    }
    return dead;
  }

  /** Kills the JobManager, as {@code kill -9} does. */
  public void killJobManager() {
    ServerProcess.named(JOB_MANAGER, directory).kill();
  }

  /** Kills a TaskManager, as {@code kill -9} does. */
  public void killTaskManager(String name) {
    ServerProcess.named(name, directory).kill();
  }

  /** All that a process has logged. */
  public List<String> log(String name) {
    return ServerProcess.named(name, directory).output();
  }

  /** The ends of the logs of what runs. */
  public String tails() {
    StringBuilder text = new StringBuilder();
    for (ServerProcess process : ServerProcess.all(directory)) {
      text.append(process.describe()).append(":\n").append(process.tail(40)).append('\n');
    }
    return text.toString();
  }

  /**
   * Ends all of them, by force where one does not end within 15 seconds. Jobs are lost, unless the
   * cluster {@linkplain #isHighlyAvailable is highly available}: then the next one goes on with
   * them.
   */
  public void stop() {
    stop(ServerProcess.all(directory));
  }

  static void stop(List<ServerProcess> processes) {
    processes.forEach(ServerProcess::ask);
    processes.forEach(process -> process.awaitEnd(END_PATIENCE));
  }

  /** Where the last checkpoint of a job is, for {@code --savepointPath}; empty if it has none. */
  public Optional<Path> lastCheckpoint(String job) {
    Path checkpoints = directory.resolve("checkpoints").resolve(job);
    if (!Files.isDirectory(checkpoints)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(checkpoints)) {
      return files
          .filter(each -> Files.exists(each.resolve("_metadata")))
          .max((a, b) -> Integer.compare(checkpointNumber(a), checkpointNumber(b)));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static int checkpointNumber(Path checkpoint) {
    return Integer.parseInt(checkpoint.getFileName().toString().replaceFirst("chk-", ""));
  }
}

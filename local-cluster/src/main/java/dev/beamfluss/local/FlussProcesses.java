package dev.beamfluss.local;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.cluster.ServerNode;
import org.apache.fluss.cluster.ServerType;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.server.tablet.TabletServer;
import org.apache.fluss.shaded.zookeeper3.org.apache.zookeeper.server.quorum.QuorumPeerMain;

/**
 * A Fluss cluster of processes on loopback ports, ZooKeeper, a coordinator and some tablet servers,
 * that outlive the JVM that starts them.
 *
 * <p>A directory has all of it: {@code conf/}, {@code logs/}, ids of the processes, and the data,
 * which a later cluster in the same directory goes on with. By the directory a later program finds
 * the cluster again.
 *
 * <p>Not safe for use by several threads, nor by several programs at a time.
 */
public final class FlussProcesses {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final String ZOOKEEPER = "zookeeper";
  private static final String COORDINATOR = "coordinator";
  private static final String TABLET_SERVER = "tablet-server-";
  private static final String LISTENER = "FLUSS://localhost:";
  private static final int MOST_REPLICAS = 3;
  private static final String PORTS = "ports";

  private final Path directory;
  private final String classPath;
  private final List<String> jvmFlags;

  private FlussProcesses(Path directory, String classPath, List<String> jvmFlags) {
    this.directory = directory.toAbsolutePath().normalize();
    this.classPath = classPath;
    this.jvmFlags = List.copyOf(jvmFlags);
  }

  /**
   * The cluster of a directory, which runs, or did, or is to be started.
   *
   * @param classPath of the processes that are started
   * @param jvmFlags of those, besides what Fluss needs
   */
  public static FlussProcesses in(Path directory, String classPath, List<String> jvmFlags) {
    return new FlussProcesses(directory, classPath, jvmFlags);
  }

  /**
   * Writes the configuration: the settings of a file, {@code KEY: VALUE} a line, and with them
   * where the cluster of this directory keeps what; and three replicas of each bucket where neither
   * its table nor the file says another number, as far as there are servers.
   *
   * @param port of the coordinator; the tablet servers take the next ones, ZooKeeper the one
   *     before; 0 for free ones
   * @param warehouse of lake tables, if there are to be any
   * @throws IllegalArgumentException if the file cannot be read, or a line is no setting
   * @throws IllegalStateException if a process of the cluster runs, or a port is taken, or the
   *     directory has the data of another number of tablet servers
   */
  public void configure(Path settings, int port, int tabletServers, Optional<Path> warehouse)
      throws IOException {
    if (!running().isEmpty()) {
      throw new IllegalStateException(
          "A Fluss cluster runs in " + directory + " already: stop it before you start another");
    }
    Map<String, String> ports = new LinkedHashMap<>();
    ports.put(ZOOKEEPER, port(port - 1));
    ports.put(COORDINATOR, port(port));
    for (int id = 0; id < tabletServers; id++) {
      ports.put(TABLET_SERVER + id, port(port < 1 ? port : port + 1 + id));
    }
    long before =
        IntStream.range(0, 1_000).takeWhile(id -> Files.exists(data(TABLET_SERVER + id))).count();
    if (before > 0 && before != tabletServers) {
      throw new IllegalStateException(
          directory
              + " has the data of "
              + before
              + " tablet servers: give --tablet-servers="
              + before
              + ", or another --directory=DIR");
    }
    Settings.write(configuration().resolve(PORTS), ports);
    Map<String, String> all = Settings.read(settings);
    // DDL that names no factor would have one replica, and lose its rows with a disk
    all.putIfAbsent(
        ConfigOptions.DEFAULT_REPLICATION_FACTOR.key(),
        Integer.toString(Math.min(MOST_REPLICAS, tabletServers)));
    all.put(ConfigOptions.ZOOKEEPER_ADDRESS.key(), "localhost:" + ports.get(ZOOKEEPER));
    all.put(ConfigOptions.REMOTE_DATA_DIR.key(), data("remote").toUri().toString());
    if (warehouse.isPresent()) {
      Path lake = Files.createDirectories(warehouse.get().toAbsolutePath().normalize());
      all.put("datalake.format", "paimon");
      all.put("datalake.paimon.metastore", "filesystem");
      all.put("datalake.paimon.warehouse", lake.toString());
    }
    Settings.write(configuration().resolve("server.yaml"), all);
    Files.write(
        configuration().resolve("zoo.cfg"),
        List.of(
            "dataDir=" + data(ZOOKEEPER),
            "clientPort=" + ports.get(ZOOKEEPER),
            "clientPortAddress=localhost",
            "tickTime=2000",
            // all servers and tests come from one address
            "maxClientCnxns=0",
            "admin.enableServer=false",
            // in hours; else its logs grow for ever
            "autopurge.purgeInterval=1"));
  }

  private static String port(int port) throws IOException {
    if (port < 1) {
      return Integer.toString(Settings.freePort());
    }
    Settings.checkFree(
        port,
        "the Fluss cluster",
        "give other ones with --port=N, or stop the process that listens there");
    return Integer.toString(port);
  }

  private Path configuration() {
    return directory.resolve("conf");
  }

  private Path data(String name) {
    return directory.resolve("data").resolve(name);
  }

  private Map<String, String> ports() {
    return Settings.read(configuration().resolve(PORTS));
  }

  /** The ids of the tablet servers that the configuration names, from 0 on. */
  public List<Integer> tabletServers() {
    return ports().keySet().stream()
        .filter(name -> name.startsWith(TABLET_SERVER))
        .map(name -> Integer.valueOf(name.substring(TABLET_SERVER.length())))
        .sorted()
        .toList();
  }

  /** The addresses for clients, of all servers, so that each may be away. */
  public String bootstrapServers() {
    return ports().entrySet().stream()
        .filter(server -> !server.getKey().equals(ZOOKEEPER))
        .map(server -> "localhost:" + server.getValue())
        .collect(Collectors.joining(","));
  }

  /** The address of ZooKeeper, which a Flink cluster may use as well. */
  public String zooKeeper() {
    return "localhost:" + ports().get(ZOOKEEPER);
  }

  private List<ServerProcess> running() {
    return ServerProcess.all(directory).stream().filter(ServerProcess::runs).toList();
  }

  /**
   * Starts all of them, and returns when every server is known.
   *
   * @throws IllegalStateException with the end of its log if one does not come up
   */
  public void start() throws IOException {
    Files.createDirectories(data(ZOOKEEPER));
    launch(
        ZOOKEEPER,
        List.of("-Xmx128m"),
        QuorumPeerMain.class.getName(),
        List.of(configuration().resolve("zoo.cfg").toString()));
    launchCoordinator();
    for (int id : tabletServers()) {
      launchTabletServer(id);
    }
    awaitServers();
  }

  /** Starts the coordinator, and returns when every server is known. */
  public void startCoordinator() throws IOException {
    launchCoordinator();
    awaitServers();
  }

  /** Starts a tablet server, and returns when every server is known. */
  public void startTabletServer(int id) throws IOException {
    launchTabletServer(id);
    awaitServers();
  }

  private void launchCoordinator() throws IOException {
    launchServer(COORDINATOR, List.of("-Xmx384m"), CoordinatorProcess.class.getName(), List.of());
  }

  private void launchTabletServer(int id) throws IOException {
    String name = TABLET_SERVER + id;
    launchServer(
        name,
        List.of("-Xmx384m", "-XX:MaxDirectMemorySize=384m"),
        TabletServer.class.getName(),
        List.of(
            "-D",
            ConfigOptions.TABLET_SERVER_ID.key() + "=" + id,
            "-D",
            ConfigOptions.DATA_DIR.key() + "=" + Files.createDirectories(data(name))));
  }

  private void launchServer(String name, List<String> memory, String main, List<String> settings)
      throws IOException {
    List<String> arguments = new ArrayList<>(List.of("--configDir", configuration().toString()));
    arguments.addAll(
        List.of("-D", ConfigOptions.BIND_LISTENERS.key() + "=" + LISTENER + ports().get(name)));
    arguments.addAll(settings);
    launch(name, memory, main, arguments);
  }

  private void launch(String name, List<String> memory, String main, List<String> arguments)
      throws IOException {
    List<String> flags = new ArrayList<>(memory);
    flags.add("--add-opens=java.base/java.nio=ALL-UNNAMED");
    flags.addAll(jvmFlags);
    ServerProcess.named(name, directory).start(classPath, flags, main, arguments);
  }

  private void awaitServers() {
    List<ServerProcess> launched = ServerProcess.all(directory);
    long expected = launched.stream().filter(each -> !each.name().equals(ZOOKEEPER)).count();
    Waiting.until(
        () -> {
          launched.forEach(ServerProcess::check);
          return launched.stream().allMatch(this::listens) && known() == expected;
        },
        PATIENCE,
        () ->
            known()
                + " of "
                + expected
                + " Fluss servers are known to the coordinator, see the logs in "
                + directory.resolve("logs"));
  }

  /** The client logs each attempt on a server that is not there yet. */
  private boolean listens(ServerProcess server) {
    int port = Integer.parseInt(ports().get(server.name()));
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException e) {
      return false;
    }
  }

  /** The servers that the coordinator knows, itself among them, and which can be reached. */
  @SuppressWarnings("try") // an interrupt while closing is seen by the next wait
  private long known() {
    Configuration configuration = new Configuration();
    configuration.setString(
        ConfigOptions.BOOTSTRAP_SERVERS.key(), "localhost:" + ports().get(COORDINATOR));
    try (Connection connection = ConnectionFactory.createConnection(configuration);
        Admin admin = connection.getAdmin()) {
      List<ServerNode> nodes = admin.getServerNodes().get(5, TimeUnit.SECONDS);
      return nodes.stream().anyMatch(node -> node.serverType() == ServerType.COORDINATOR)
          ? nodes.size()
          : 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return 0;
    } catch (Exception e) {
      // nobody listens yet
      return 0;
    }
  }

  /** The processes that were started and not stopped, with whether they run; a line each. */
  public List<String> status() {
    return ServerProcess.all(directory).stream().map(ServerProcess::describe).toList();
  }

  /** Kills the coordinator, as {@code kill -9} does. */
  public void killCoordinator() {
    ServerProcess.named(COORDINATOR, directory).kill();
  }

  /** Kills a tablet server, as {@code kill -9} does. */
  public void killTabletServer(int id) {
    ServerProcess.named(TABLET_SERVER + id, directory).kill();
  }

  /** Deletes what a tablet server that does not run has stored, as the loss of its disk would. */
  public void loseDisk(int id) throws IOException {
    try (var files = Files.walk(data(TABLET_SERVER + id))) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    }
  }

  /** The ends of the logs of what runs. */
  public String tails() {
    StringBuilder text = new StringBuilder();
    for (ServerProcess process : ServerProcess.all(directory)) {
      text.append(process.describe()).append(":\n").append(process.tail(30)).append('\n');
    }
    return text.toString();
  }

  /**
   * Ends all of them, ZooKeeper last, as the others sign off there; by force where one does not end
   * within 15 seconds.
   */
  public void stop() {
    List<ServerProcess> all = ServerProcess.all(directory);
    FlinkProcesses.stop(all.stream().filter(each -> !each.name().equals(ZOOKEEPER)).toList());
    FlinkProcesses.stop(all);
  }
}

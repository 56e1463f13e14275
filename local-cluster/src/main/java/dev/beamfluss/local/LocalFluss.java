package dev.beamfluss.local;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.fluss.cluster.Endpoint;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.rpc.RpcServer;
import org.apache.fluss.server.coordinator.CoordinatorServer;
import org.apache.fluss.server.metadata.ServerMetadataCache;
import org.apache.fluss.server.tablet.TabletServer;
import org.apache.fluss.shaded.zookeeper3.org.apache.zookeeper.server.NIOServerCnxnFactory;
import org.apache.fluss.shaded.zookeeper3.org.apache.zookeeper.server.ZooKeeperServer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An Apache Fluss cluster inside this JVM: ZooKeeper, a coordinator and some tablet servers, all on
 * free ports of the loopback interface.
 *
 * <pre>{@code
 * try (LocalFluss fluss = LocalFluss.builder().tabletServers(3).warehouse().start()) {
 *   connect(fluss.bootstrapServers());
 * }
 * }</pre>
 *
 * <p><b>Data.</b> Without {@link Builder#directory(Path)} everything lives in a temporary directory
 * that {@link #close()} deletes. A given directory is kept, and a later cluster on it continues
 * with its databases, tables and rows, provided that the earlier one was closed and that the later
 * one has the same number of tablet servers (the buckets of a missing one have no leader). The
 * ports are new each time. After a crash of the JVM the later cluster also starts, but only once
 * ZooKeeper has let the sessions of the dead servers expire, about 15 seconds later. A directory
 * serves one cluster at a time.
 *
 * <p><b>Lake.</b> With {@link Builder#warehouse()} the cluster accepts tables that have {@code
 * table.datalake.enabled}, and creates their Paimon twins in {@link #warehouse()}. Rows get there
 * by Fluss's tiering service, which {@link Builder#tiering()} or {@link #startTiering()} starts in
 * this JVM: a few seconds after the time that a table gives with {@code table.datalake.freshness}.
 *
 * <p>Methods may be called from any thread; they run one at a time.
 */
public final class LocalFluss implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(LocalFluss.class);

  /** How long a server may take to be known, or to be forgotten, by the others. */
  private static final Duration MEMBERSHIP_TIMEOUT = Duration.ofSeconds(60);

  /** How long all servers together may take to close; they normally need two seconds. */
  private static final Duration CLOSE_TIMEOUT = Duration.ofSeconds(15);

  private static final String HOST = "localhost";
  private static final int ZOOKEEPER_TICK_MILLIS = 2_000;
  private static final String INTERNAL_LISTENER = "FLUSS";

  /** What clients must authenticate at, of a cluster with users. */
  private static final String CLIENT_LISTENER = "CLIENT";

  private final Path directory;
  private final boolean temporary;
  private final Optional<Path> warehouse;
  private final Map<String, String> properties;
  private final Map<String, String> users;

  private final TreeMap<Integer, RunningTabletServer> running = new TreeMap<>();
  private final Map<Integer, Ports> ports = new TreeMap<>();

  private FileChannel lockFile;
  private ZooKeeperServer zooKeeper;
  private NIOServerCnxnFactory zooKeeperListener;
  private CoordinatorServer coordinator;
  private TableCreations tableCreations;
  private Tiering tiering;
  private String bootstrapServers;
  private boolean closed;

  /** A tablet server with the configuration object that it goes on reading while it runs. */
  private record RunningTabletServer(TabletServer server, Configuration configuration) {}

  /**
   * Where a server listens.
   *
   * @param internal for the other servers, and for clients too where there are no users
   * @param client for clients
   */
  private record Ports(int internal, int client) {
    static final Ports FREE = new Ports(0, 0);
  }

  private LocalFluss(Builder builder) throws IOException {
    this.temporary = builder.directory == null;
    this.directory =
        temporary
            ? Files.createTempDirectory("local-fluss-")
            : Files.createDirectories(builder.directory.toAbsolutePath().normalize());
    this.warehouse =
        !builder.lake
            ? Optional.empty()
            : Optional.of(
                builder.warehouse == null
                    ? directory.resolve("warehouse")
                    : builder.warehouse.toAbsolutePath().normalize());
    this.properties = Map.copyOf(builder.properties);
    this.users = Map.copyOf(builder.users);
  }

  /** Starts to describe a cluster. */
  public static Builder builder() {
    return new Builder();
  }

  /**
   * The address for clients: {@code localhost:PORT} of the coordinator. It does not change while
   * the cluster runs, whichever tablet servers are stopped.
   */
  public synchronized String bootstrapServers() {
    checkOpen();
    return bootstrapServers;
  }

  /** The Paimon warehouse, or empty for a cluster without lake tables. */
  public Optional<Path> warehouse() {
    return warehouse;
  }

  /** Where the cluster keeps its data; deleted by {@link #close()} if it was not given. */
  public Path directory() {
    return directory;
  }

  /** The ids of the tablet servers that run now, a copy; ids count from 0. */
  public synchronized SortedSet<Integer> tabletServers() {
    return new TreeSet<>(running.keySet());
  }

  /**
   * Stops a tablet server and returns when the coordinator has noticed. Buckets that have another
   * replica move there; reads and writes of the others hang until {@link #startTabletServer}.
   *
   * @throws IllegalArgumentException if no such server runs
   * @throws IllegalStateException if the cluster is closed, or the coordinator still counts on the
   *     server after 60 seconds
   */
  public synchronized void stopTabletServer(int id) {
    checkOpen();
    RunningTabletServer tabletServer = running.get(id);
    if (tabletServer == null) {
      throw new IllegalArgumentException(
          "No tablet server " + id + " runs; running: " + running.keySet());
    }
    running.remove(id);
    KeptRateLimiter.takeFrom(tabletServer.server());
    await(closing("tablet server " + id, tabletServer.server()), CLOSE_TIMEOUT);
    waitUntil(
        () -> !coordinator.getMetadataCache().isAliveTabletServer(id),
        () -> "the coordinator still lists tablet server " + id + ", which was stopped");
  }

  /**
   * Starts a tablet server that was stopped, on the same port and with the same data, and returns
   * when the others know it.
   *
   * @throws IllegalArgumentException if the id never was one of this cluster, or the server runs
   * @throws IllegalStateException if the cluster is closed, or the server does not come up, for
   *     instance because another process took its port
   */
  public synchronized void startTabletServer(int id) {
    checkOpen();
    if (!ports.containsKey(id)) {
      throw new IllegalArgumentException(
          "There is no tablet server " + id + "; this cluster has " + ports.keySet());
    }
    if (running.containsKey(id)) {
      throw new IllegalArgumentException("Tablet server " + id + " runs already");
    }
    launchTabletServer(id);
    waitForMembers();
  }

  /**
   * Starts Fluss's tiering service, a Flink job in this JVM, and returns when it is submitted,
   * which takes a few seconds. It goes on where an earlier one stopped. Does nothing while one
   * runs.
   *
   * @throws IllegalStateException if the cluster is closed or has no warehouse, or the service does
   *     not start
   */
  public synchronized void startTiering() {
    checkOpen();
    if (warehouse.isEmpty()) {
      throw new IllegalStateException(
          "This local Fluss cluster has no warehouse to tier to: build it with warehouse()");
    }
    if (!users.isEmpty()) {
      throw new IllegalStateException(
          "This local Fluss cluster has users, and none of them is the tiering service");
    }
    if (tiering == null) {
      tiering = Tiering.start(bootstrapServers, warehouse.get(), coordinator);
    }
  }

  /**
   * Stops the tiering service: nothing more reaches the warehouse until {@link #startTiering}. Does
   * nothing if none runs.
   *
   * @throws IllegalStateException if the cluster is closed
   */
  public synchronized void stopTiering() {
    checkOpen();
    closeTiering();
  }

  private void closeTiering() {
    if (tiering != null) {
      tiering.close();
      tiering = null;
    }
  }

  /**
   * Sets what the coordinator takes for the present where it makes and drops the partitions of
   * tables with {@code table.auto-partition.enabled}, so that it can be midnight at any time. It
   * looks every {@code auto-partition.check.interval}, 10 minutes unless the property says
   * otherwise. All else goes by the clock of the machine.
   *
   * @throws IllegalStateException if the cluster is closed
   */
  public synchronized void setPartitionClock(Clock clock) {
    checkOpen();
    new PartitionClock(clock).setIn(coordinator);
  }

  /** Whether the tiering service was started, and not stopped since. */
  public synchronized boolean isTiering() {
    return tiering != null;
  }

  /**
   * Stops everything, tiering first, then all servers at once, and deletes the directory if it is a
   * temporary one. Takes about two seconds, which Fluss's network layer waits for late requests,
   * and at most about 15: a server that has not ended by then is left behind with a warning.
   * Closing twice is harmless.
   */
  @Override
  public synchronized void close() {
    if (closed) {
      return;
    }
    closed = true;
    closeTiering();
    if (tableCreations != null) {
      tableCreations.close();
    }
    List<CompletableFuture<Void>> closings = new ArrayList<>();
    if (coordinator != null) {
      closings.add(closing("coordinator", coordinator));
    }
    running.forEach(
        (id, tabletServer) -> {
          // Nobody is left to take over, so the server need not ask the coordinator for a successor
          // (three attempts, and none is answered).
          tabletServer
              .configuration()
              .set(ConfigOptions.TABLET_SERVER_CONTROLLED_SHUTDOWN_MAX_RETRIES, 0);
          KeptRateLimiter.takeFrom(tabletServer.server());
          closings.add(closing("tablet server " + id, tabletServer.server()));
        });
    running.clear();
    await(CompletableFuture.allOf(closings.toArray(CompletableFuture[]::new)), CLOSE_TIMEOUT);
    // Last, as the servers sign off there.
    if (zooKeeperListener != null) {
      zooKeeperListener.shutdown();
    }
    if (zooKeeper != null) {
      zooKeeper.shutdown();
    }
    releaseDirectory();
    if (temporary) {
      deleteDirectory(directory);
    }
  }

  @Override
  public String toString() {
    return "LocalFluss{" + bootstrapServers + ", " + directory + "}";
  }

  private void startAll(int tabletServers) throws Exception {
    lockDirectory();
    if (warehouse.isPresent()) {
      Files.createDirectories(warehouse.get());
    }
    startZooKeeper();
    coordinator = new CoordinatorServer(configuration(Ports.FREE));
    coordinator.start();
    tableCreations = new TableCreations(configuration(Ports.FREE), coordinator);
    bootstrapServers = HOST + ":" + ports(coordinator.getRpcServer()).client();
    for (int id = 0; id < tabletServers; id++) {
      launchTabletServer(id);
    }
    waitForMembers();
  }

  private void lockDirectory() throws IOException {
    lockFile =
        FileChannel.open(
            directory.resolve("in-use.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock;
    try {
      lock = lockFile.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new IllegalStateException(
          "Directory " + directory + " is in use by another local Fluss cluster");
    }
  }

  private void startZooKeeper() throws Exception {
    Path data = Files.createDirectories(directory.resolve("zookeeper"));
    zooKeeper = new ZooKeeperServer(data.toFile(), data.toFile(), ZOOKEEPER_TICK_MILLIS);
    zooKeeperListener = new NIOServerCnxnFactory();
    int unlimitedConnections = 0;
    zooKeeperListener.configure(
        new InetSocketAddress(InetAddress.getByName(HOST), 0), unlimitedConnections);
    zooKeeperListener.startup(zooKeeper);
  }

  private void launchTabletServer(int id) {
    Configuration configuration = configuration(ports.getOrDefault(id, Ports.FREE));
    configuration.set(ConfigOptions.TABLET_SERVER_ID, id);
    configuration.set(ConfigOptions.DATA_DIR, directory.resolve("tablet-server-" + id).toString());
    TabletServer server = new TabletServer(configuration);
    try {
      server.start();
    } catch (Exception e) {
      throw new IllegalStateException(
          "Tablet server "
              + id
              + " did not start"
              + (ports.containsKey(id) ? " on its port " + ports.get(id).internal() : ""),
          e);
    }
    running.put(id, new RunningTabletServer(server, configuration));
    ports.put(id, ports(server.getRpcServer()));
  }

  private Configuration configuration(Ports ports) {
    Configuration configuration = new Configuration();
    // A server that vanished is noticed after this time; Fluss's own default is a minute.
    configuration.set(ConfigOptions.ZOOKEEPER_SESSION_TIMEOUT, Duration.ofSeconds(10));
    configuration.set(ConfigOptions.ZOOKEEPER_CONNECTION_TIMEOUT, Duration.ofSeconds(10));
    // With one replica there never is a successor, and the default is three attempts, a second
    // apart.
    configuration.set(
        ConfigOptions.TABLET_SERVER_CONTROLLED_SHUTDOWN_RETRY_INTERVAL, Duration.ofMillis(100));
    warehouse.ifPresent(
        path -> {
          configuration.setString("datalake.format", "paimon");
          configuration.setString("datalake.paimon.metastore", "filesystem");
          configuration.setString("datalake.paimon.warehouse", path.toString());
        });
    properties.forEach(configuration::setString);
    configuration.setString(
        ConfigOptions.ZOOKEEPER_ADDRESS, HOST + ":" + zooKeeperListener.getLocalPort());
    configuration.setString(ConfigOptions.BIND_LISTENERS, listeners(ports));
    if (!users.isEmpty()) {
      configuration.setString("security.protocol.map", CLIENT_LISTENER + ":sasl");
      configuration.setString("security.sasl.enabled.mechanisms", "plain");
      configuration.setString("security.sasl.plain.jaas.config", logins());
    }
    configuration.setString(
        ConfigOptions.REMOTE_DATA_DIR, directory.resolve("remote").toUri().toString());
    return configuration;
  }

  private String listeners(Ports ports) {
    String internal = INTERNAL_LISTENER + "://" + HOST + ":" + ports.internal();
    return users.isEmpty()
        ? internal
        : internal + "," + CLIENT_LISTENER + "://" + HOST + ":" + ports.client();
  }

  private String logins() {
    StringBuilder logins =
        new StringBuilder("org.apache.fluss.security.auth.sasl.plain.PlainLoginModule required");
    users.forEach(
        (user, password) -> logins.append(String.format(" user_%s=\"%s\"", user, password)));
    return logins.append(';').toString();
  }

  private static Ports ports(RpcServer server) {
    int internal = port(server, INTERNAL_LISTENER).orElseThrow();
    return new Ports(internal, port(server, CLIENT_LISTENER).orElse(internal));
  }

  private static Optional<Integer> port(RpcServer server, String listener) {
    return server.getBindEndpoints().stream()
        .filter(endpoint -> endpoint.getListenerName().equals(listener))
        .map(Endpoint::getPort)
        .findAny();
  }

  /** Clients ask any server for the members, so each must know the coordinator and the others. */
  private void waitForMembers() {
    waitUntil(
        () -> missingMembers().isEmpty(),
        () -> "not every server is known to the others: " + String.join("; ", missingMembers()));
  }

  private List<String> missingMembers() {
    List<String> missing = new ArrayList<>();
    describeMissing("the coordinator", coordinator.getMetadataCache(), missing);
    running.forEach(
        (id, tabletServer) -> {
          ServerMetadataCache cache = tabletServer.server().getMetadataCache();
          describeMissing("tablet server " + id, cache, missing);
          if (cache.getCoordinatorServer(INTERNAL_LISTENER) == null) {
            missing.add("tablet server " + id + " does not know the coordinator");
          }
        });
    return missing;
  }

  private void describeMissing(String who, ServerMetadataCache cache, List<String> missing) {
    TreeSet<Integer> unknown = new TreeSet<>(running.keySet());
    unknown.removeIf(cache::isAliveTabletServer);
    if (!unknown.isEmpty()) {
      missing.add(who + " does not know tablet server(s) " + unknown);
    }
  }

  private void waitUntil(BooleanSupplier condition, Supplier<String> whatIsWrong) {
    Waiting.until(
        condition,
        MEMBERSHIP_TIMEOUT,
        () -> "local Fluss cluster in " + directory + ": " + whatIsWrong.get());
  }

  /**
   * Closes a server on a thread of its own: most of a server's {@code closeAsync()} runs, and
   * waits, in the calling thread.
   */
  private static CompletableFuture<Void> closing(String name, AutoCloseable server) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                server.close();
              } catch (Exception | LinkageError e) {
                LOG.warn("The {} of the local Fluss cluster did not close cleanly", name, e);
              } finally {
                done.complete(null);
              }
            },
            "local-fluss-close-" + name.replace(' ', '-'));
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private static void await(CompletableFuture<Void> closing, Duration timeout) {
    try {
      closing.get(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.warn(
          "The local Fluss cluster has servers that did not end within {} s", timeout.toSeconds());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  private void releaseDirectory() {
    if (lockFile != null) {
      try {
        lockFile.close();
      } catch (IOException e) {
        LOG.warn("Could not release {}", directory, e);
      }
    }
  }

  private static void deleteDirectory(Path directory) {
    try {
      Files.walkFileTree(
          directory,
          new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
                throws IOException {
              Files.deleteIfExists(file);
              return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
              if (e instanceof NoSuchFileException) {
                return FileVisitResult.CONTINUE;
              }
              throw e;
            }

            @Override
            public FileVisitResult postVisitDirectory(Path visited, IOException e)
                throws IOException {
              if (e != null) {
                throw e;
              }
              Files.deleteIfExists(visited);
              return FileVisitResult.CONTINUE;
            }
          });
    } catch (IOException e) {
      LOG.warn("Could not delete the temporary directory {}", directory, e);
    }
  }

  private void checkOpen() {
    if (closed) {
      throw new IllegalStateException("This local Fluss cluster is closed");
    }
  }

  /** Describes a {@link LocalFluss}. A builder may start several clusters, one after the other. */
  public static final class Builder {

    private int tabletServers = 1;
    private Path directory;
    private boolean lake;
    private boolean tiering;
    private Path warehouse;
    private final Map<String, String> properties = new LinkedHashMap<>();
    private final Map<String, String> users = new LinkedHashMap<>();

    private Builder() {}

    /**
     * The number of tablet servers, 1 by default.
     *
     * @throws IllegalArgumentException if less than 1
     */
    public Builder tabletServers(int number) {
      if (number < 1) {
        throw new IllegalArgumentException("tabletServers must be at least 1, was " + number);
      }
      this.tabletServers = number;
      return this;
    }

    /**
     * Where to keep the data; created if missing, and never deleted. The default is a temporary
     * directory that does not outlive the cluster.
     */
    public Builder directory(Path path) {
      this.directory = notNull(path, "path");
      return this;
    }

    /**
     * Lets in who authenticates as one of the users, by SASL/PLAIN; servers trust each other.
     * Without a user, the default, everybody is let in. Fluss's tiering service would need a user
     * too: it cannot be started with this one.
     *
     * @throws IllegalArgumentException for what Fluss cannot have in its list of users
     */
    public Builder user(String name, String password) {
      if (!name.matches("\\w+") || password.matches(".*[\"\\\\;].*") || password.isEmpty()) {
        throw new IllegalArgumentException(
            "A user's name has letters, digits and '_' only, and a password neither quotes,"
                + " semicolons nor backslashes; user "
                + name);
      }
      users.put(name, password);
      return this;
    }

    /** Accepts lake tables, with a warehouse inside the cluster's directory. */
    public Builder warehouse() {
      this.lake = true;
      return this;
    }

    /** Accepts lake tables, with a warehouse at the given place; created if missing, and kept. */
    public Builder warehouse(Path path) {
      this.warehouse = notNull(path, "path");
      this.lake = true;
      return this;
    }

    /**
     * Starts the tiering service with the cluster, which takes some seconds more and some 300 MB of
     * heap; with a {@link #warehouse()} if none is asked for. See {@link #startTiering()}.
     */
    public Builder tiering() {
      this.lake = true;
      this.tiering = true;
      return this;
    }

    /**
     * A property of the coordinator and of every tablet server, as in Fluss's {@code server.yaml};
     * for instance {@code kv.snapshot.interval} = {@code 2s}. Fluss ignores keys it does not know.
     *
     * @throws IllegalArgumentException for a property that this class sets itself (addresses,
     *     directories and server ids)
     */
    public Builder property(String key, String value) {
      notNull(key, "key");
      notNull(value, "value");
      List<String> reserved =
          List.of(
              ConfigOptions.ZOOKEEPER_ADDRESS.key(),
              ConfigOptions.BIND_LISTENERS.key(),
              ConfigOptions.ADVERTISED_LISTENERS.key(),
              ConfigOptions.INTERNAL_LISTENER_NAME.key(),
              ConfigOptions.REMOTE_DATA_DIR.key(),
              ConfigOptions.DATA_DIR.key(),
              ConfigOptions.TABLET_SERVER_ID.key());
      if (reserved.contains(key)) {
        throw new IllegalArgumentException(
            "Property " + key + " is set by LocalFluss itself; reserved are " + reserved);
      }
      properties.put(key, value);
      return this;
    }

    /**
     * Starts the cluster and returns when every server knows every other, so that tables can be
     * created at once. Takes about two seconds.
     *
     * @throws IllegalStateException if it does not come up, or if the directory is in use; the
     *     message says what is missing, and what had been started is stopped again
     */
    public LocalFluss start() {
      LocalFluss cluster;
      try {
        cluster = new LocalFluss(this);
      } catch (IOException e) {
        throw new UncheckedIOException("Cannot create the directory of the local cluster", e);
      }
      try {
        synchronized (cluster) {
          cluster.startAll(tabletServers);
          if (tiering) {
            cluster.startTiering();
          }
        }
      } catch (Exception | LinkageError e) {
        try {
          cluster.close();
        } catch (RuntimeException suppressed) {
          e.addSuppressed(suppressed);
        }
        if (e instanceof InterruptedException) {
          Thread.currentThread().interrupt();
        }
        throw e instanceof IllegalStateException ise
            ? ise
            : new IllegalStateException(
                "The local Fluss cluster in " + cluster.directory + " did not start", e);
      }
      return cluster;
    }

    private static <T> T notNull(T value, String name) {
      if (value == null) {
        throw new IllegalArgumentException(name + " must not be null");
      }
      return value;
    }
  }
}

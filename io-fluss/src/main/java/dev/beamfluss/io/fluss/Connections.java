package dev.beamfluss.io.fluss;

import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.FlussConnection;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.exception.AuthenticationException;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The Fluss connections of this JVM, shared by everybody who asks for the same cluster and purpose,
 * closed a while after the last lease is given back: closing one takes seconds, and the direct
 * runner reopens readers all the time.
 *
 * <p>The purpose is part of the key because a connection has one write accumulator: two writers of
 * a table with different target columns must not share it.
 */
final class Connections {
  private static final Logger LOG = LoggerFactory.getLogger(Connections.class);
  private static final long LINGER_SECONDS = 10;

  /**
   * The client's own, but for time lost in waiting, and for memory: a writer takes 16 MB of heap at
   * its first row unless told otherwise, and a job may have thirty of them on each worker.
   */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "client.lookup.batch-timeout", "1ms",
          "client.lookup.max-batch-size", "1024",
          "client.writer.batch-timeout", "5ms",
          "client.writer.batch-size", "256kb",
          "client.writer.buffer.wait-timeout", "2min",
          "client.writer.buffer.per-request-memory-size", "1mb",
          "client.scanner.log.fetch.max-bytes-for-bucket", "8mb",
          "client.scanner.log.fetch.wait-max-time", "20ms",
          "client.scanner.log.max-poll-records", "1500");

  private record Key(FlussCluster cluster, String purpose) {}

  private static final class Shared {
    private int leases;
    private long idleSince;
    private @Nullable Connection connection;

    synchronized Connection open(FlussCluster cluster) {
      if (connection == null) {
        try {
          connection =
              Waiting.call(
                  () -> ConnectionFactory.createConnection(configuration(cluster)),
                  Waiting.METADATA_PATIENCE,
                  cluster,
                  "accept a connection");
        } catch (CompletionException e) {
          throw new FlussUnreachableException(whyNot(cluster, e), e.getCause());
        }
        rehearseClosing(cluster);
      }
      return connection;
    }
  }

  private static final Map<Key, Shared> SHARED = new HashMap<>();
  private static final ScheduledThreadPoolExecutor CLOSER = closer();
  private static final AtomicBoolean REHEARSED = new AtomicBoolean();

  private Connections() {}

  static final class Lease implements AutoCloseable {
    private final Key key;
    private final Connection connection;
    private boolean returned;

    private Lease(Key key, Connection connection) {
      this.key = key;
      this.connection = connection;
    }

    Connection connection() {
      return connection;
    }

    @Override
    public void close() {
      if (!returned) {
        returned = true;
        giveBack(key);
      }
    }
  }

  static Lease lease(FlussCluster cluster, String purpose) {
    Key key = new Key(cluster, purpose);
    Shared shared;
    synchronized (SHARED) {
      shared = SHARED.computeIfAbsent(key, k -> new Shared());
      shared.leases++;
    }
    try {
      return new Lease(key, shared.open(cluster));
    } catch (RuntimeException e) {
      giveBack(key);
      throw e;
    }
  }

  /**
   * Closes a connection that nobody uses, so that every class that closing needs is loaded. Flink
   * closes the class loader of a job when its last task on a TaskManager has ended, which is before
   * the connections are: a class that was not loaded by then cannot be any more, and the threads of
   * a connection that is not closed keep all of the job's classes and buffers for ever.
   */
  @SuppressWarnings("try") // an interrupt while closing is like any failure
  private static void rehearseClosing(FlussCluster cluster) {
    boolean endsWithTheProcess =
        Connections.class.getClassLoader() == ClassLoader.getSystemClassLoader();
    if (endsWithTheProcess || !REHEARSED.compareAndSet(false, true)) {
      return;
    }
    Thread thread =
        new Thread(
            () -> {
              try (Connection connection =
                  ConnectionFactory.createConnection(configuration(cluster))) {
                FlussConnection parts = (FlussConnection) connection;
                Object writer = parts.getOrCreateWriterClient();
                Object lookup = parts.getOrCreateLookupClient();
                Object download = parts.getOrCreateRemoteFileDownloader();
                LOG.debug("To be closed on trial: {}, {}, {}", writer, lookup, download);
              } catch (Exception e) {
                LOG.info("No connection to {} was closed on trial.", cluster, e);
                REHEARSED.set(false);
              }
            },
            "fluss-connection-rehearsal");
    thread.setDaemon(true);
    thread.start();
  }

  private static String whyNot(FlussCluster cluster, CompletionException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof AuthenticationException) {
        return String.format(
            "Fluss cluster at %s did not let this client in: %s Check the client's properties"
                + " client.security.protocol, client.security.sasl.mechanism, .username and"
                + " .password.",
            cluster, cause.getMessage().replaceFirst("\\.?$", "."));
      }
    }
    return e.getMessage() + ". Check that its servers run and that this machine reaches them.";
  }

  static Configuration configuration(FlussCluster cluster) {
    Configuration configuration = new Configuration();
    DEFAULTS.forEach(configuration::setString);
    cluster.resolvedProperties().forEach(configuration::setString);
    configuration.setString("bootstrap.servers", cluster.bootstrapServers());
    return configuration;
  }

  private static void giveBack(Key key) {
    synchronized (SHARED) {
      Shared shared = SHARED.get(key);
      if (--shared.leases == 0) {
        shared.idleSince = System.nanoTime();
        var unused = CLOSER.schedule(() -> closeIfIdle(key), LINGER_SECONDS, TimeUnit.SECONDS);
      }
    }
  }

  private static void closeIfIdle(Key key) {
    Connection connection;
    synchronized (SHARED) {
      Shared shared = SHARED.get(key);
      if (shared == null
          || shared.leases > 0
          || System.nanoTime() - shared.idleSince < TimeUnit.SECONDS.toNanos(LINGER_SECONDS)) {
        return;
      }
      SHARED.remove(key);
      connection = shared.connection;
    }
    if (connection != null) {
      // takes seconds, in which many others may have become idle
      Thread thread =
          new Thread(() -> close(connection, key), "fluss-connection-close " + key.purpose());
      thread.setDaemon(true);
      thread.start();
    }
  }

  private static void close(Connection connection, Key key) {
    try {
      connection.close();
    } catch (Exception | LinkageError e) {
      LOG.warn("Closing an idle connection to {} failed; it is given up.", key.cluster(), e);
    }
  }

  private static ScheduledThreadPoolExecutor closer() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1,
            task -> {
              Thread thread = new Thread(task, "fluss-connection-closer");
              thread.setDaemon(true);
              return thread;
            });
    // lets a cluster's user-code class loader go once no connection is left
    executor.setKeepAliveTime(2 * LINGER_SECONDS, TimeUnit.SECONDS);
    executor.allowCoreThreadTimeOut(true);
    return executor;
  }
}

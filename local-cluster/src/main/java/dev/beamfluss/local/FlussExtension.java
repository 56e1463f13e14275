package dev.beamfluss.local;

import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ExtensionContext.Store;

/**
 * A {@link LocalFluss} cluster for JUnit 5 tests.
 *
 * <pre>{@code
 * @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();
 *
 * @Test
 * void writesRows() {
 *   String database = fluss.newDatabase();
 *   ...
 * }
 * }</pre>
 *
 * <p>All {@link #shared()} extensions of a JVM stand for one cluster, started when a test first
 * asks for it and closed at the end of the run; tests keep out of each other's way by each using a
 * {@link #newDatabase()}. A test that stops servers or needs other settings takes {@link
 * #dedicated}.
 *
 * <p>The methods work while tests of the class run, {@code @BeforeAll} and {@code @AfterAll}
 * included; before that they throw {@link IllegalStateException}.
 */
public final class FlussExtension implements BeforeAllCallback, BeforeEachCallback {

  private static final Namespace NAMESPACE = Namespace.create(FlussExtension.class);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  /** Null for the shared cluster. */
  private final LocalFluss.Builder builder;

  private volatile Store store;

  private FlussExtension(LocalFluss.Builder builder) {
    this.builder = builder;
  }

  /**
   * The one cluster of this JVM: one tablet server, a temporary directory, and a warehouse so that
   * lake tables can be created.
   */
  public static FlussExtension shared() {
    return new FlussExtension(null);
  }

  /**
   * A cluster for this test class alone (for one test, if the extension is a field of the
   * instance), started when a test first asks for it and closed after the class. For tests that
   * stop servers, or need several.
   */
  public static FlussExtension dedicated(LocalFluss.Builder builder) {
    if (builder == null) {
      throw new IllegalArgumentException("builder must not be null");
    }
    return new FlussExtension(builder);
  }

  /** The address for clients, {@code localhost:PORT}. Starts the cluster if need be. */
  public String bootstrapServers() {
    return cluster().bootstrapServers();
  }

  /** The cluster, to stop and start its servers. Starts it if need be. */
  public LocalFluss cluster() {
    return running().cluster;
  }

  /**
   * Creates a database with a name that no other test has, and returns the name. Starts the cluster
   * if need be.
   *
   * @throws IllegalStateException if the cluster does not do so within 30 seconds
   */
  public String newDatabase() {
    return running().newDatabase();
  }

  @Override
  public void beforeAll(ExtensionContext context) {
    useStoreOf(context);
  }

  @Override
  public void beforeEach(ExtensionContext context) {
    // Only for an extension in a field of the instance: then beforeAll was not called.
    if (store == null) {
      useStoreOf(context);
    }
  }

  private void useStoreOf(ExtensionContext context) {
    store = (builder == null ? context.getRoot() : context).getStore(NAMESPACE);
  }

  private Running running() {
    if (store == null) {
      throw new IllegalStateException(
          "The Fluss cluster is not there yet: annotate the FlussExtension field with"
              + " @RegisterExtension, and use it from @BeforeAll on");
    }
    Object key = builder == null ? "shared" : this;
    return store.getOrComputeIfAbsent(
        key,
        ignored ->
            new Running(
                builder == null ? LocalFluss.builder().warehouse().start() : builder.start()),
        Running.class);
  }

  /** What the store of JUnit closes. */
  private static final class Running implements AutoCloseable {

    private final LocalFluss cluster;
    private Connection connection;

    Running(LocalFluss cluster) {
      this.cluster = cluster;
    }

    @SuppressWarnings("try") // an interrupt while closing is handled like any other
    synchronized String newDatabase() {
      if (connection == null) {
        Configuration configuration = new Configuration();
        configuration.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), cluster.bootstrapServers());
        connection = ConnectionFactory.createConnection(configuration);
      }
      String name = "db_" + UUID.randomUUID().toString().replace("-", "");
      try (Admin admin = connection.getAdmin()) {
        admin
            .createDatabase(name, DatabaseDescriptor.EMPTY, false)
            .get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while creating a database", e);
      } catch (TimeoutException e) {
        throw new IllegalStateException(
            cluster + " did not create a database within " + TIMEOUT.toSeconds() + " s", e);
      } catch (ExecutionException e) {
        throw new IllegalStateException(cluster + " did not create a database", e.getCause());
      } catch (Exception e) {
        throw new IllegalStateException(cluster + " did not create a database", e);
      }
      return name;
    }

    @Override
    public synchronized void close() {
      try {
        if (connection != null) {
          connection.close();
        }
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (Exception e) {
        throw new IllegalStateException("Could not close the connection to " + cluster, e);
      } finally {
        cluster.close();
      }
    }
  }
}

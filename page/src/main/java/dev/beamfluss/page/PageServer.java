package dev.beamfluss.page;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.CreateTablesOptions;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.widetable.StatGrain;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The live page of a cluster: what the tables of the scenarios hold, for people. Read-only: it
 * writes to no table, and no request changes anything.
 *
 * <p>It reads the tables that have results from their beginnings, keeps sums and newest rows in
 * memory, and sends each view that has changed to all who look, twice a second at most. Those who
 * look cost the pipelines nothing: a slow one gets fewer updates, and is never waited for. A table
 * that is not there yet is waited for, as is a cluster that stops; the page says so.
 */
public final class PageServer implements AutoCloseable {
  /** How many may look at a time. */
  static final int MAX_CLIENTS = 1_000;

  /** The event of what holds for all views. */
  static final String STATUS = "status";

  private static final Duration SILENCE = Duration.ofSeconds(4);
  private static final long BEAT_NANOS = TimeUnit.SECONDS.toNanos(10);
  private static final long INTERVAL_MILLIS = 400;

  private final FlussCluster cluster;
  private final List<ViewReader> views = new ArrayList<>();
  private final ClusterView tables;
  private final Hub hub = new Hub(MAX_CLIENTS);
  private final Thread publisher = new Thread(this::publish, "page-publisher");
  private final @Nullable WebServer server;
  private volatile boolean closed;

  private PageServer(FlussCluster cluster, String databasePrefix, @Nullable String host, int port) {
    this.cluster = cluster;
    List<View> all = new ArrayList<>(List.of(new ConversionView()));
    for (StatGrain grain : StatGrain.values()) {
      all.add(new WideTableView(grain));
    }
    all.addAll(List.of(new ForecastView(), new CanaryView(), new UvView()));
    all.forEach(view -> views.add(new ViewReader(cluster, databasePrefix, view)));
    this.tables = new ClusterView(cluster, names(databasePrefix));
    this.server = host == null ? null : new WebServer(host, port, hub);
    views.forEach(ViewReader::start);
    tables.start();
    publisher.setDaemon(true);
    publisher.start();
  }

  private static List<String> names(String databasePrefix) {
    CreateTablesOptions flags = PipelineOptionsFactory.as(CreateTablesOptions.class);
    flags.setDatabasePrefix(databasePrefix);
    List<String> names = new ArrayList<>();
    for (Scenario scenario : Scenario.values()) {
      scenario.tables(flags).forEach(table -> names.add(table.toString()));
    }
    return names;
  }

  /**
   * Serves the page until it is closed.
   *
   * @param databasePrefix what the names of the databases begin with; empty for nothing
   * @param host the address to listen at, such as {@code 127.0.0.1}. Whoever reaches it sees the
   *     page: there are no users and no passwords
   * @param port the port to listen at; 0 for any that is free
   * @throws IllegalArgumentException if the host is unknown
   * @throws IllegalStateException if the port cannot be had
   */
  public static PageServer start(
      FlussCluster cluster, String databasePrefix, String host, int port) {
    return new PageServer(cluster, databasePrefix, host, port);
  }

  /** The same without a server, to write a report. */
  public static PageServer reader(FlussCluster cluster, String databasePrefix) {
    return new PageServer(cluster, databasePrefix, null, 0);
  }

  /** Where the page is. */
  public URI uri() {
    if (server == null) {
      throw new IllegalStateException("It serves nothing");
    }
    return server.uri();
  }

  /** How many look now. */
  int clients() {
    return hub.clients();
  }

  private void publish() {
    String status = "";
    long beat = System.nanoTime();
    while (!closed) {
      try {
        TimeUnit.MILLISECONDS.sleep(INTERVAL_MILLIS);
        String now = status().toString();
        if (!now.equals(status)) {
          status = now;
          hub.publish(STATUS, now);
        }
        // nobody looks: what has changed is kept in mind
        if (hub.clients() > 0) {
          for (ViewReader view : views) {
            if (view.takeChanged()) {
              hub.publish(view.id(), view.json().toString());
            }
          }
          if (tables.takeChanged()) {
            hub.publish("tables", tables.json().toString());
          }
        }
        if (System.nanoTime() - beat > BEAT_NANOS) {
          beat = System.nanoTime();
          hub.beat();
        }
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private ObjectNode status() {
    Instant last = tables.lastAnswer();
    boolean connected = last.plus(SILENCE).isAfter(Instant.now());
    ObjectNode status = JsonNodeFactory.instance.objectNode();
    status.put("cluster", cluster.bootstrapServers()).put("connected", connected);
    return connected ? status : status.put("since", last.toEpochMilli());
  }

  /**
   * Writes what the page shows into one file, which needs no server and loads nothing. It has the
   * end state if nothing is written to the tables meanwhile.
   *
   * @param patience how long to wait for the tables to be read to their ends; what was not read by
   *     then is in the file as far as it was, and said to be loading
   * @return whether all was read
   * @throws IOException if the file cannot be written
   */
  public boolean writeReport(Path file, Duration patience)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!isComplete() && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(100);
    }
    boolean complete = isComplete();
    ObjectNode report = JsonNodeFactory.instance.objectNode();
    report.set(STATUS, status().put("report", Instant.now().toEpochMilli()));
    ArrayNode all = report.putArray("views");
    views.forEach(view -> all.add(view.json()));
    all.add(tables.json());
    Files.writeString(file, new Assets().report(report.toString()));
    return complete;
  }

  private boolean isComplete() {
    return tables.isComplete() && views.stream().allMatch(ViewReader::isComplete);
  }

  /** Ends it; those who look are told that there is no connection. */
  @Override
  public void close() {
    closed = true;
    publisher.interrupt();
    views.forEach(ViewReader::close);
    tables.close();
    hub.close();
    if (server != null) {
      server.close();
    }
  }
}

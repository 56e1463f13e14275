package dev.beamfluss.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.LakeLag;
import dev.beamfluss.io.fluss.LogSize;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * All tables of the scenarios: how fast each is written, when it last was, and how far its lake is
 * behind. It asks for the ends of the logs, reads no rows of the pipelines' input, and rests for
 * longer than it asks, so that a cluster that is slow is asked less.
 */
final class ClusterView implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterView.class);
  private static final long LOG_MILLIS = 1_000;
  private static final long LAKE_MILLIS = 5_000;
  private static final int REST = 3;

  private static final class Known {
    private @Nullable FlussTable table;
    private long changes = -1;
    private int partitions;
    private long askedNanos;
    private double perSecond;
    private @Nullable Instant lastChange;
    private boolean isBusy;
    private long untiered = -1;
    private Duration untieredAge = Duration.ZERO;
  }

  private final FlussCluster cluster;
  private final Map<String, Known> tables = new LinkedHashMap<>();
  private final List<Thread> threads = new ArrayList<>();
  private volatile boolean closed;
  private volatile boolean complete;
  private volatile Instant lastAnswer = Instant.now();
  private boolean changed = true;

  /**
   * @param names {@code database.table} each
   */
  ClusterView(FlussCluster cluster, List<String> names) {
    this.cluster = cluster;
    names.forEach(name -> tables.put(name, new Known()));
    String first = names.get(0);
    // by itself, as one table that hangs says nothing of the cluster
    thread("page-beat", LOG_MILLIS, () -> isThere(first));
    thread("page-logs", LOG_MILLIS, this::askForLogs);
    thread("page-lake", LAKE_MILLIS, this::askForLake);
  }

  private void thread(String name, long restMillis, Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              while (!closed) {
                long start = System.nanoTime();
                try {
                  work.run();
                } catch (RuntimeException e) {
                  LOG.info("{} asks again.", name, e);
                }
                long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
                try {
                  TimeUnit.MILLISECONDS.sleep(Math.max(restMillis - took, REST * took));
                } catch (InterruptedException e) {
                  return;
                }
              }
            },
            name);
    thread.setDaemon(true);
    threads.add(thread);
  }

  void start() {
    threads.forEach(Thread::start);
  }

  /** When the cluster last answered anything. */
  Instant lastAnswer() {
    return lastAnswer;
  }

  private @Nullable FlussTable isThere(String name) {
    FlussTable table = null;
    try {
      table = cluster.describe(name);
    } catch (IllegalArgumentException e) {
      LOG.debug("There is no table {}.", name, e);
    }
    lastAnswer = Instant.now();
    return table;
  }

  private void askForLogs() {
    for (Map.Entry<String, Known> entry : tables.entrySet()) {
      if (closed) {
        return;
      }
      FlussTable table = entry.getValue().table;
      if (table == null) {
        table = isThere(entry.getKey());
      }
      LogSize size = null;
      if (table != null) {
        try {
          size = LogSize.of(table);
          lastAnswer = Instant.now();
        } catch (RuntimeException e) {
          // it may be gone, or have become another
          FlussTable now = isThere(entry.getKey());
          take(entry.getValue(), now, null);
          throw e;
        }
      }
      take(entry.getValue(), table, size);
    }
    complete = true;
  }

  private synchronized void take(Known known, @Nullable FlussTable table, @Nullable LogSize size) {
    known.table = table;
    changed = true;
    if (size == null) {
      known.changes = -1;
      known.untiered = -1;
      known.lastChange = null;
      return;
    }
    long now = System.nanoTime();
    // partitions come, and go with all they had
    long more = Math.max(0, size.changes() - known.changes);
    if (known.changes >= 0) {
      known.perSecond = more * 1e9 / Math.max(1, now - known.askedNanos);
      known.isBusy = more > 0;
      if (more > 0) {
        known.lastChange = Instant.now();
      }
    }
    known.askedNanos = now;
    known.changes = size.changes();
    known.partitions = size.partitions();
  }

  private void askForLake() {
    for (Map.Entry<String, Known> entry : tables.entrySet()) {
      FlussTable table = entry.getValue().table;
      if (closed || table == null || !table.isLakeTable()) {
        continue;
      }
      List<LakeLag> lags;
      try {
        lags = LakeLag.of(cluster, entry.getKey());
      } catch (IllegalArgumentException e) {
        continue; // gone; the next look at the logs finds so
      }
      synchronized (this) {
        Known known = entry.getValue();
        known.untiered = lags.stream().mapToLong(LakeLag::untieredRows).sum();
        known.untieredAge =
            lags.stream().map(LakeLag::age).max(Duration::compareTo).orElse(Duration.ZERO);
        changed = true;
      }
    }
  }

  /** Whether there is something new since this was last asked. */
  synchronized boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }

  /** Whether each table was asked for once. */
  boolean isComplete() {
    return complete;
  }

  synchronized ObjectNode json() {
    Panel panel = new Panel();
    Panel.Table table =
        panel.table(
            "Tables",
            Panel.Column.text("Table"),
            Panel.Column.number("Partitions"),
            Panel.Column.number("Changes"),
            Panel.Column.number("a second"),
            Panel.Column.number("Last seen to change"),
            Panel.Column.number("Not in the lake"),
            Panel.Column.number("for"));
    double perSecond = 0;
    long untiered = 0;
    int there = 0;
    Set<String> missing = new HashSet<>();
    for (Map.Entry<String, Known> entry : tables.entrySet()) {
      Known known = entry.getValue();
      if (known.changes < 0) {
        missing.add(entry.getKey());
        continue;
      }
      there++;
      perSecond += known.perSecond;
      untiered += Math.max(0, known.untiered);
      table.row(
          entry.getKey(),
          Panel.count(known.partitions),
          Panel.count(known.changes),
          Panel.count(Math.round(known.perSecond)),
          known.isBusy ? "now" : known.lastChange,
          known.untiered < 0 ? null : Panel.count(known.untiered),
          known.untiered < 0 ? null : known.untieredAge.toSeconds() + " s");
    }
    panel.figure("Tables", Panel.count(there));
    panel.figure("Changes a second", Panel.count(Math.round(perSecond)));
    panel.figure("Changes that are not in the lake", Panel.count(untiered));
    if (!missing.isEmpty()) {
      panel.note(
          missing.size()
              + " tables of the scenarios are not there; ./run create-tables creates them.");
    }
    return panel
        .json()
        .put("id", "tables")
        .put("title", "Tables and lake")
        .put("state", complete ? "live" : "loading")
        .put("message", complete ? "" : "Asking for the tables.");
  }

  @Override
  public void close() {
    closed = true;
    threads.forEach(Thread::interrupt);
  }
}

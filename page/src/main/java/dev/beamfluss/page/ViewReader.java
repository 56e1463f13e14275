package dev.beamfluss.page;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.FlussUnreachableException;
import dev.beamfluss.io.fluss.TableTail;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads the tables of one view, on a thread of its own, again and again from their beginnings
 * whenever that ends: a table that is not there, or not any more, or a cluster that does not answer
 * is asked for until it is. What was read before stays on the page until then.
 */
final class ViewReader implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ViewReader.class);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final long FIRST_PAUSE_MILLIS = 500;
  private static final long LONGEST_PAUSE_MILLIS = 5_000;

  private enum State {
    LOADING,
    LIVE,
    MISSING,
    FAILED
  }

  private final FlussCluster cluster;
  private final String databasePrefix;
  private final View view;
  private final Thread thread;
  private volatile boolean closed;

  // guarded by this, as is the view
  private State state = State.LOADING;
  private String message = "Looking for the tables.";
  private boolean changed = true;

  ViewReader(FlussCluster cluster, String databasePrefix, View view) {
    this.cluster = cluster;
    this.databasePrefix = databasePrefix;
    this.view = view;
    this.thread = new Thread(this::run, "page-" + view.id());
    this.thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  String id() {
    return view.id();
  }

  private void run() {
    long pause = FIRST_PAUSE_MILLIS;
    while (!closed) {
      try {
        Map<String, FlussTable> tables = describe();
        if (tables != null) {
          read(tables);
          pause = FIRST_PAUSE_MILLIS;
        }
      } catch (FlussUnreachableException e) {
        become(State.FAILED, "The cluster does not answer; asking again.");
        LOG.info("View {} waits for the cluster.", view.id(), e);
      } catch (RuntimeException e) {
        become(State.FAILED, "Reading failed, trying again: " + e.getMessage());
        LOG.warn("View {} begins again.", view.id(), e);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(pause);
      } catch (InterruptedException e) {
        return;
      }
      pause = Math.min(2 * pause, LONGEST_PAUSE_MILLIS);
    }
  }

  /** By name; null where one is not there. */
  private Map<String, FlussTable> describe() {
    Map<String, FlussTable> tables = new LinkedHashMap<>();
    for (View.Source source : view.sources()) {
      String path = databasePrefix + source.database() + "." + source.table();
      try {
        FlussTable table = cluster.describe(path);
        var unused = table.schema(source.columns());
        tables.put(source.table(), table);
      } catch (IllegalArgumentException e) {
        become(State.MISSING, e.getMessage());
        return null;
      }
    }
    return tables;
  }

  private void read(Map<String, FlussTable> tables) {
    Map<String, TableTail> tails = new LinkedHashMap<>();
    try {
      for (View.Source source : view.sources()) {
        FlussTable table = tables.get(source.table());
        List<String> columns = new ArrayList<>(source.columns());
        source.optional().stream().filter(table.schema()::hasField).forEach(columns::add);
        tails.put(source.table(), TableTail.open(table, columns));
      }
      synchronized (this) {
        view.clear();
      }
      become(State.LOADING, "Reading what the tables hold.");
      // those that were read as far as they went; that new changes come all the time is no matter
      Set<String> read = new HashSet<>();
      // where one table has much, nobody waits for another that has nothing
      Duration patience = POLL;
      while (!closed) {
        boolean any = false;
        for (Map.Entry<String, TableTail> tail : tails.entrySet()) {
          List<RowChange> changes = tail.getValue().poll(patience);
          any |= !changes.isEmpty();
          take(tail.getKey(), changes, tail.getValue().unreadable());
          if (tail.getValue().isCaughtUp()) {
            read.add(tail.getKey());
          }
        }
        patience = any ? Duration.ZERO : POLL;
        if (read.size() == tails.size()) {
          become(State.LIVE, "");
        }
      }
    } finally {
      tails.values().forEach(TableTail::close);
    }
  }

  private synchronized void take(
      String table, List<RowChange> changes, List<TableTail.Unreadable> unreadable) {
    changes.forEach(change -> view.accept(table, change));
    unreadable.forEach(row -> view.refuseUnreadable(table, row.what(), row.reason()));
    changed |= !changes.isEmpty() || !unreadable.isEmpty();
  }

  private synchronized void become(State now, String why) {
    if (state != now || !message.equals(why)) {
      state = now;
      message = why;
      changed = true;
    }
  }

  /** Whether there is something new since this was last asked. */
  synchronized boolean takeChanged() {
    boolean was = changed;
    changed = false;
    return was;
  }

  /** Whether all that the tables hold was read, or there is nothing to read. */
  synchronized boolean isComplete() {
    return state == State.LIVE || state == State.MISSING;
  }

  synchronized ObjectNode json() {
    Panel panel = new Panel();
    if (state != State.MISSING) {
      try {
        view.show(panel);
      } catch (RuntimeException e) {
        // of this view alone: the others are shown by the same thread
        LOG.warn("View {} cannot be shown.", view.id(), e);
        panel = new Panel();
        panel.note("This view cannot be shown: " + e);
      }
      view.showBad(panel, databasePrefix);
    }
    return panel
        .json()
        .put("id", view.id())
        .put("title", view.title())
        .put("state", state.name().toLowerCase(java.util.Locale.ROOT))
        .put("message", message);
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}

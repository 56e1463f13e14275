package dev.beamfluss.demo;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.LakeLag;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks again and again what the lake does not have yet, scenario by scenario. */
final class LakeWatch implements AutoCloseable {
  /**
   * What is not in the lake.
   *
   * @param age how long the oldest of it has been waiting
   */
  record Untiered(long rows, Duration age) {}

  private static final Logger LOG = LoggerFactory.getLogger(LakeWatch.class);
  private static final long INTERVAL_SECONDS = 3;

  private final FlussCluster cluster;
  private final Map<String, List<String>> tables;
  private final Map<String, Untiered> latest = new ConcurrentHashMap<>();
  private final Thread thread;

  /**
   * Begins to ask.
   *
   * @param tables the names of lake tables, by scenario
   */
  LakeWatch(FlussCluster cluster, Map<String, List<String>> tables) {
    this.cluster = cluster;
    this.tables = tables;
    this.thread = new Thread(this::ask, "lake-watch");
    this.thread.setDaemon(true);
    this.thread.start();
  }

  private void ask() {
    try {
      while (true) {
        tables.forEach(this::ask);
        TimeUnit.SECONDS.sleep(INTERVAL_SECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void ask(String scenario, List<String> names) {
    long rows = 0;
    Duration age = Duration.ZERO;
    for (String name : names) {
      try {
        for (LakeLag lag : LakeLag.of(cluster, name)) {
          rows += lag.untieredRows();
          age = lag.age().compareTo(age) > 0 ? lag.age() : age;
        }
      } catch (RuntimeException e) {
        // it is for show alone; the next round asks again
        LOG.debug("The lag of {} cannot be told now", name, e);
      }
    }
    latest.put(scenario, new Untiered(rows, age));
  }

  /** Of a scenario; null before the first answer. */
  @Nullable Untiered of(String scenario) {
    return latest.get(scenario);
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}

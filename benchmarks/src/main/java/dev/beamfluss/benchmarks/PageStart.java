package dev.beamfluss.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.page.PageServer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * How soon a page that is started shows tables that hold much: the visits of a day, and the orders
 * that were attributed to them.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class PageStart {
  private static final long PATIENCE_SECONDS = 120;
  private static final double MEGABYTE = 1024 * 1024;

  private final PageTables tables;
  private final String bootstrapServers;
  private final int rows;
  private final List<Double> firsts = new ArrayList<>();
  private final List<Double> heaps = new ArrayList<>();

  /**
   * @param rows of each of both tables
   */
  PageStart(PageTables tables, String bootstrapServers, int rows) throws Exception {
    this.tables = tables;
    this.bootstrapServers = bootstrapServers;
    this.rows = rows;
    tables.create();
    tables.fillAttributed(rows);
  }

  /** Milliseconds from the start of a page until it shows all, and says that it does. */
  double measure() throws Exception {
    CountDownLatch first = new CountDownLatch(1);
    CountDownLatch all = new CountDownLatch(1);
    double before = heapMegabytes();
    long start = System.nanoTime();
    try (PageServer page =
            PageServer.start(FlussCluster.at(bootstrapServers), tables.prefix(), "127.0.0.1", 0);
        PageEvents events =
            new PageEvents(
                page.uri(),
                view -> {
                  if (!view.path("charts").path(0).path("minutes").isEmpty()) {
                    first.countDown();
                  }
                  if (view.path("state").asText().equals("live")) {
                    requireAll(view);
                    all.countDown();
                  }
                })) {
      await(first);
      double ofFirst = Entries.millis((double) (System.nanoTime() - start));
      await(all);
      double ofAll = Entries.millis((double) (System.nanoTime() - start));
      firsts.add(ofFirst);
      heaps.add(heapMegabytes() - before);
      return ofAll;
    }
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    if (!latch.await(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException(
          "The page did not show all of its tables in " + PATIENCE_SECONDS + " s");
    }
  }

  private void requireAll(JsonNode view) {
    long shown = 0;
    for (JsonNode point : view.path("charts").path(1).path("points")) {
      shown += point.path(1).asLong();
    }
    if (shown != rows) {
      throw new IllegalStateException(
          String.format("The page says that it shows all, and shows %d of %d.", shown, rows));
    }
  }

  private static double heapMegabytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / MEGABYTE;
  }

  /** Milliseconds from each start until anything was shown. */
  List<Double> firsts() {
    return firsts;
  }

  /** What each page had in memory once it showed all, MB. */
  List<Double> heaps() {
    return heaps;
  }
}

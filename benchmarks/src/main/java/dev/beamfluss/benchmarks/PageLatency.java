package dev.beamfluss.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.page.PageServer;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;

/**
 * What a figure of the page takes from the cluster's answer to the write of its row until one who
 * looks has received it. Rows are written a tenth of a second apart on average, each with a number
 * of its own; one that came before the page was sent is shown by the next.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class PageLatency {
  private static final int SHORTEST_PAUSE = 20;
  private static final int LONGEST_PAUSE = 180;
  private static final long WARM_UP_SECONDS = 5;
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  private final PageTables tables;
  private final String bootstrapServers;

  /** When they were acknowledged, by number. */
  private final ConcurrentSkipListMap<Long, Long> written = new ConcurrentSkipListMap<>();

  private final List<Long> nanos = new ArrayList<>();
  private volatile long shown;
  private volatile long warm = Long.MAX_VALUE;

  PageLatency(PageTables tables, String bootstrapServers) {
    this.tables = tables;
    this.bootstrapServers = bootstrapServers;
  }

  Entry measure(int seconds) throws Exception {
    tables.create();
    try (PageServer page =
            PageServer.start(FlussCluster.at(bootstrapServers), tables.prefix(), "127.0.0.1", 0);
        PageEvents events = new PageEvents(page.uri(), this::see);
        Table table = tables.open(AttributionTables.CONVERSIONS)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      SplittableRandom random = new SplittableRandom(1);
      long number = 0;
      write(writer, ++number);
      await(1);
      long start = System.nanoTime();
      long before = TimeUnit.SECONDS.toNanos(Math.min(WARM_UP_SECONDS, seconds));
      long end = start + before + TimeUnit.SECONDS.toNanos(seconds);
      warm = start + before;
      while (System.nanoTime() < end) {
        TimeUnit.MILLISECONDS.sleep(random.nextInt(SHORTEST_PAUSE, LONGEST_PAUSE));
        write(writer, ++number);
      }
      await(number);
    }
    return entry();
  }

  private void write(UpsertWriter writer, long number) throws Exception {
    PageTables.visitors(writer, tables.ds(), number).get(1, TimeUnit.MINUTES);
    written.put(number, System.nanoTime());
  }

  private void await(long number) throws InterruptedException {
    long start = System.nanoTime();
    while (shown < number) {
      if (System.nanoTime() - start > PATIENCE_NANOS) {
        throw new IllegalStateException(
            String.format("The page shows %d instead of %d.", shown, number));
      }
      TimeUnit.MILLISECONDS.sleep(10);
    }
  }

  private void see(JsonNode view) {
    long now = System.nanoTime();
    for (JsonNode figure : view.path("figures")) {
      if (figure.path("label").asText().startsWith("Visitors")) {
        long value = Long.parseLong(figure.path("value").asText().replace(",", ""));
        // what is shown before its acknowledgement is known waits for the next
        Map<Long, Long> seen = written.headMap(value, true);
        seen.values().stream()
            .filter(acknowledged -> acknowledged >= warm)
            .forEach(acknowledged -> nanos.add(now - acknowledged));
        seen.clear();
        shown = value;
      }
    }
  }

  private Entry entry() {
    List<Long> sorted = nanos.stream().sorted().toList();
    if (sorted.isEmpty()) {
      throw new IllegalStateException(
          "No row came after the warm-up: measure with more --latencySeconds.");
    }
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(sorted));
    extras.put("max_ms", Entries.millis(sorted.get(sorted.size() - 1)));
    extras.putAll(Entries.floor("max_ms", Map.of("at_most", 1_000)));
    extras.putAll(Entries.conditions(sorted.size()));
    return new Entry(
        "page-latency", Entries.millis(Rounds.median(sorted)), null, null, "ms", extras);
  }
}

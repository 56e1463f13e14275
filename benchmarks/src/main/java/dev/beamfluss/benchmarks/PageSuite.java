package dev.beamfluss.benchmarks;

import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * How soon the live page shows what the cluster has, and what those who look at it cost a pipeline;
 * one cluster with one tablet server in this JVM. {@code docs/benchmarks.md} says what each entry
 * means.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class PageSuite implements Suite {
  /** Does not hold back what is written. */
  private static final Map<String, String> QUICK = Map.of("client.writer.batch-timeout", "5ms");

  private static final Duration PAUSE = Duration.ofMillis(300);
  private static final String LATENCY = "ours-latency";
  private static final String START = "ours-start";
  private static final int DEFAULT_ROWS = 200_000;
  private static final String WATCHED = "ours-clients";
  private static final String ALONE = "raw-clients";

  /** Of the heap while clients look, MB: what a pipeline's caches and the JIT may take. */
  private static final int MOST_GROWTH = 64;

  @Override
  public String name() {
    return "page";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection quick = Clients.connect(fluss, QUICK)) {
      List<Entry> all = new ArrayList<>();
      Measured measured = new Measured();
      Rounds rounds =
          new Rounds(options, PAUSE).with(WATCHED, measured::watched).with(ALONE, measured::alone);
      if (rounds.isWanted(LATENCY)) {
        PageTables tables = new PageTables(quick, fluss.bootstrapServers(), "latency_");
        all.add(
            new PageLatency(tables, fluss.bootstrapServers()).measure(options.getLatencySeconds()));
      } else if (!rounds.isWanted(START)) {
        rounds.requireSome();
      }
      Rounds starts = new Rounds(options, PAUSE);
      if (rounds.isWanted(START)) {
        int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
        PageStart start =
            new PageStart(
                new PageTables(quick, fluss.bootstrapServers(), "start_"),
                fluss.bootstrapServers(),
                rows);
        starts.with(START, start::measure).run();
        all.addAll(entries(starts, start, rows, options));
      }
      if (!rounds.names().isEmpty()) {
        PageTables tables = new PageTables(quick, fluss.bootstrapServers(), "clients_");
        try (PageClients clients =
            new PageClients(
                tables,
                fluss.bootstrapServers(),
                options.getClients(),
                options.getLatencySeconds())) {
          measured.by(clients);
          rounds.run();
          all.addAll(entries(rounds, clients, options));
        }
      }
      return all;
    }
  }

  private static List<Entry> entries(
      Rounds rounds, PageStart start, int rows, BenchOptions options) {
    Map<String, Object> more = new LinkedHashMap<>();
    more.put("first_ms", Rounds.median(counted(start.firsts(), options)));
    more.put("heap_growth_mb", Rounds.median(counted(start.heaps(), options)));
    Entries entries = new Entries(rounds);
    entries.add("page-start", List.of(START), rows, "ms", more);
    return entries.all();
  }

  private static List<Entry> entries(Rounds rounds, PageClients clients, BenchOptions options) {
    Map<String, Object> more = new LinkedHashMap<>();
    Map<String, Object> floor = new LinkedHashMap<>();
    floor.put("ratio_raw", Entries.atLeast(0.85));
    if (rounds.names().contains(WATCHED)) {
      List<Double> growths = counted(clients.growths(), options);
      more.put("heap_mb", Rounds.median(counted(clients.heaps(), options)));
      more.put("heap_growth_mb", Rounds.median(growths));
      more.put("sent_mb_per_second", Rounds.median(counted(clients.megabytesPerSecond(), options)));
      more.put("rounds_heap_growth_mb", growths);
      floor.put("heap_growth_mb", Map.of("at_most", MOST_GROWTH));
    }
    more.put("clients", options.getClients());
    more.put("floor", floor);
    Entries entries = new Entries(rounds);
    entries.add("page-clients", List.of(WATCHED, ALONE), PageTables.USERS, more);
    return entries.all();
  }

  /** Without what warmed up. */
  private static List<Double> counted(List<Double> all, BenchOptions options) {
    return all.subList(all.size() - options.getRounds(), all.size());
  }

  /** The contenders are named before there is what measures them. */
  private static final class Measured {
    private PageClients clients;

    void by(PageClients measuring) {
      clients = measuring;
    }

    double watched() throws Exception {
      return clients.measureWatched();
    }

    double alone() throws Exception {
      return clients.measureAlone();
    }
  }
}

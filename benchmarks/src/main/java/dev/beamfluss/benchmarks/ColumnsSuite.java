package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * How fast columns of a wide table are kept, and what an update sends; one cluster with one tablet
 * server in this JVM, tables of 4 buckets. {@code docs/benchmarks.md} says what each entry means.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ColumnsSuite implements Suite {
  private static final int DEFAULT_ROWS = 1_000_000;
  private static final int UPDATES_PER_ROW = 20;
  private static final int THREADS = 2;
  private static final String EVENTS = "columns_events";
  private static final String WIDE = "columns_wide";
  private static final String FEW_HOURS = "columns_few_hours";
  private static final String MANY_HOURS = "columns_many_hours";
  private static final int FEW = 6;
  private static final int MANY = 60;
  private static final String LATENCY = "ours-latency";

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  @Override
  public String name() {
    return "columns";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    long updates = Math.max(1, rows / UPDATES_PER_ROW);
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection connection = Clients.connect(fluss, Map.of())) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      ColumnsTables tables = new ColumnsTables(cluster, connection);
      ColumnsJob job = new ColumnsJob(tables, EVENTS, rows, THREADS);
      ColumnBytes bytes =
          new ColumnBytes(cluster.withProperty(WireBytes.PROPERTY, WireBytes.NAME), updates);
      Rounds rounds =
          new Rounds(options, PAUSE)
              .with("ours-bytes", () -> bytes.measurePartial(WIDE))
              .with("raw-bytes", () -> bytes.measureWhole(WIDE))
              .with("ours-events", job::measureUpsert)
              .with("raw-events", job::measureDiscarded)
              .with("ours-state-few", () -> job.measureState(FEW_HOURS))
              .with("ours-state-many", () -> job.measureState(MANY_HOURS));
      boolean latency = rounds.isWanted(LATENCY);
      if (!latency) {
        rounds.requireSome();
      }
      tables.createWide(WIDE);
      tables.createEvents(EVENTS, ColumnsTables.HOURS, rows);
      if (rounds.names().contains("ours-state-few")) {
        tables.createEvents(FEW_HOURS, FEW, rows);
      }
      if (rounds.names().contains("ours-state-many")) {
        tables.createEvents(MANY_HOURS, MANY, rows);
      }
      rounds.run();
      Entries entries = new Entries(rounds);
      entries.add(
          "columns-bytes",
          List.of("ours-bytes", "raw-bytes"),
          updates,
          "bytes",
          Entries.floor("ratio_raw", Map.of("at_most", 0.3)));
      Map<String, Object> more = new LinkedHashMap<>();
      more.putAll(Entries.floor("ratio_raw", Entries.atLeast(0.5)));
      more.put("aim", Map.of("ratio_raw", Entries.atLeast(0.7)));
      entries.add("columns-events", List.of("ours-events", "raw-events"), rows, more);
      Map<String, Object> state = new LinkedHashMap<>();
      Double ratio = Entry.ratio(rounds.median("ours-state-many"), rounds.median("ours-state-few"));
      if (ratio != null) {
        state.put("ratio_few", ratio);
      }
      state.put("few", rounds.all("ours-state-few"));
      state.putAll(Entries.floor("ratio_few", Map.of("at_most", 1.5)));
      entries.add("columns-state", List.of("ours-state-many"), rows, "bytes", state);
      List<Entry> all = new ArrayList<>(entries.all());
      if (latency) {
        try (Connection quick =
            Clients.connect(fluss, Map.of("client.writer.batch-timeout", "5ms"))) {
          all.add(
              new ColumnsLatency(quick, tables, THREADS)
                  .measure(WIDE, options.getLatencySeconds()));
        }
      }
      return all;
    }
  }
}

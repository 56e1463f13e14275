package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
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
              .with("raw-events", job::measureDiscarded);
      rounds.requireSome();
      tables.createWide(WIDE);
      tables.createEvents(EVENTS, rows);
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
      return entries.all();
    }
  }
}

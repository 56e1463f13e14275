package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;

/** What monitoring spares by reading a third of the page log's columns. */
final class CanaryRead {
  private static final String CORE = "ours-read-core";
  private static final String WITH_ARGS = "ours-read-with-args";
  private static final String ALL = "ours-read-all";
  private static final List<String> CONTENDERS = List.of(CORE, WITH_ARGS, ALL);
  private static final String PREFIX = "read_";
  private static final List<String> COLUMNS = PageLogColumns.schema().getFieldNames();
  private static final int THREADS = 2;
  private static final int CANARY_OF = 10;
  private static final double MOST_BYTES = 0.33;

  private static final BinaryString[] PAGES = PageLog.names("page-", 30);
  private static final BinaryString[] EVENTS = PageLog.names("event_", 6);

  private final Map<String, Long> bytes = new HashMap<>();
  private final FlussCluster cluster;
  private final long rows;
  private final TablePath table = PageLog.path(PREFIX, CanaryTables.PAGE_VIEWS);

  CanaryRead(FlussCluster cluster, long rows) {
    this.cluster = cluster.withProperty(WireBytes.PROPERTY, WireBytes.NAME);
    this.rows = rows;
  }

  void add(Rounds rounds) {
    rounds
        .with(CORE, () -> measure(CORE, PageLogColumns.core()))
        .with(WITH_ARGS, () -> measure(WITH_ARGS, PageLog.monitored()))
        .with(ALL, () -> measure(ALL, COLUMNS));
  }

  /** Writes the log, if somebody will read it. */
  void fill(LocalFluss fluss, Connection connection, Rounds rounds) throws Exception {
    if (CONTENDERS.stream().noneMatch(rounds.names()::contains)) {
      return;
    }
    PageLog.create(fluss, PREFIX, table.getTableName());
    PageLog log = new PageLog(COLUMNS);
    long now = System.currentTimeMillis();
    EventTable.append(
        connection,
        table,
        rows,
        i ->
            log.row(
                i,
                i % CANARY_OF == 0,
                PAGES[(int) (i % PAGES.length)],
                EVENTS[(int) (i % EVENTS.length)],
                now + i / CANARY_OF));
  }

  /** Rows a second. */
  private double measure(String name, List<String> columns) throws Exception {
    WireBytes.reset();
    FlussIO.Read<Row> read =
        FlussIO.readRows()
            .from(cluster, table.toString())
            .withColumns(columns.toArray(String[]::new))
            .withTimestampColumn(PageLog.EVENT_TIME);
    double rate = BeamRead.measure(BeamRead.flink(THREADS), read, Counter.Step.COUNT, rows);
    bytes.put(name, WireBytes.total());
    return rate;
  }

  void add(Entries entries, Rounds rounds) {
    Map<String, Object> more = new LinkedHashMap<>();
    putRatios(more, rounds, CORE, "");
    putRatios(more, rounds, WITH_ARGS, "_with_args");
    for (String name : CONTENDERS) {
      if (bytes.containsKey(name)) {
        more.put("bytes_" + name.substring("ours-read-".length()).replace('-', '_'), perRow(name));
      }
    }
    more.put("rounds_with_args", rounds.all(WITH_ARGS));
    more.put("rounds_all", rounds.all(ALL));
    more.put(
        "floor",
        Map.of(
            "ratio_bytes", Map.of("at_most", MOST_BYTES),
            "ratio_rows", Entries.atLeast(2),
            "ratio_rows_with_args", Entries.atLeast(2)));
    entries.add("canary-read", List.of(CORE), rows, more);
  }

  private double perRow(String name) {
    return (double) bytes.get(name) / rows;
  }

  private void putRatios(Map<String, Object> to, Rounds rounds, String name, String suffix) {
    if (bytes.containsKey(name) && bytes.containsKey(ALL)) {
      to.put("ratio_bytes" + suffix, perRow(name) / perRow(ALL));
      to.put("ratio_rows" + suffix, Entry.ratio(rounds.median(name), rounds.median(ALL)));
    }
  }
}

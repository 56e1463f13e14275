package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.beam.runners.direct.DirectOptions;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.config.Configuration;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Who takes part in {@link ReadSuite}, and the tables they read. */
final class ReadContenders {
  static final int THREADS = 2;
  private static final int PRUNED = 3;

  /** The direct runner with its checks is many times slower than the others. */
  private static final int CHECKED_ROWS = 150_000;

  private final EventTable narrow = new EventTable("narrow", EventTable.NARROW);
  private final EventTable wide = new EventTable("wide", EventTable.WIDE);
  private final Map<String, Long> bytes = new HashMap<>();
  private final Rounds rounds;
  private final FlussCluster cluster;
  private final Connection connection;
  private final long rows;

  ReadContenders(Rounds rounds, FlussCluster cluster, Connection connection, long rows) {
    this.rounds = rounds;
    this.cluster = cluster;
    this.connection = connection;
    this.rows = rows;
  }

  long rows() {
    return rows;
  }

  long checkedRows() {
    return Math.min(rows, CHECKED_ROWS);
  }

  /** They are three times as long. */
  long wideRows() {
    return Math.max(1, rows / 2);
  }

  /** What the scanners of this one's last round received; null if it had none. */
  @Nullable Long bytes(String name) {
    return bytes.get(name);
  }

  void create(Connection filling, Configuration client) throws Exception {
    narrow.create(filling);
    wide.create(filling);
    FlussIO.Read<Row> all = read(cluster, narrow, EventTable.NARROW);
    FlussIO.Read<Row> bounded = all.withStoppingPosition(Position.latest());
    raw("raw", narrow, EventTable.NARROW, Counter.Step.COUNT, rows);
    rounds.with("native-flink", () -> new NativeRead(client, narrow.path(), THREADS).measure(rows));
    ours("ours-flink", () -> BeamRead.flink(THREADS), all, Counter.Step.COUNT, rows);
    raw("raw-all-fields", narrow, EventTable.NARROW, Counter.Step.COUNT_ALL_FIELDS, rows);
    ours(
        "ours-flink-all-fields",
        () -> BeamRead.flink(THREADS),
        all,
        Counter.Step.COUNT_ALL_FIELDS,
        rows);
    ours("ours-direct-bounded", this::directUnenforced, bounded, Counter.Step.COUNT, rows);
    ours("ours-direct-unbounded", BeamRead::direct, all, Counter.Step.COUNT, checkedRows());
    ours("ours-direct-unenforced", BeamRead::directUnenforced, all, Counter.Step.COUNT, rows);
    columns("30-columns", EventTable.WIDE);
    columns("3-columns", PRUNED);
  }

  /** Writes the rows that somebody will read. */
  void fill(Connection filling) throws Exception {
    if (rounds.names().stream().anyMatch(name -> !name.endsWith("-columns"))) {
      narrow.fill(filling, rows);
    }
    if (rounds.names().stream().anyMatch(name -> name.endsWith("-columns"))) {
      wide.fill(filling, wideRows());
    }
  }

  private void columns(String name, int columns) throws Exception {
    raw("raw-" + name, wide, columns, Counter.Step.COUNT, wideRows());
    FlussIO.Read<Row> read =
        read(cluster.withProperty(WireBytes.PROPERTY, WireBytes.NAME), wide, columns);
    rounds.with(
        "ours-" + name,
        () -> {
          WireBytes.reset();
          double rate =
              BeamRead.measure(BeamRead.flink(THREADS), read, Counter.Step.COUNT, wideRows());
          bytes.put("ours-" + name, WireBytes.total());
          return rate;
        });
  }

  private void raw(String name, EventTable table, int columns, Counter.Step step, long number) {
    RawLogRead read =
        new RawLogRead(
            connection,
            table,
            cluster.describe(table.path().toString()).schema(table.firstColumns(columns)),
            THREADS,
            step);
    rounds.with(name, () -> read.measure(number));
  }

  private void ours(
      String name,
      Supplier<? extends PipelineOptions> options,
      FlussIO.Read<Row> read,
      Counter.Step step,
      long number) {
    rounds.with(name, () -> BeamRead.measure(options.get(), read, step, number));
  }

  private DirectOptions directUnenforced() {
    DirectOptions options = BeamRead.directUnenforced();
    options.setTargetParallelism(THREADS);
    return options;
  }

  private static FlussIO.Read<Row> read(FlussCluster cluster, EventTable table, int columns) {
    return FlussIO.readRows()
        .from(cluster, table.path().toString())
        .withColumns(table.firstColumns(columns).toArray(String[]::new));
  }
}

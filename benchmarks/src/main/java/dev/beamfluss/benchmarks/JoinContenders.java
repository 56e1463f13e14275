package dev.beamfluss.benchmarks;

import dev.beamfluss.benchmarks.CheckpointedFlink.Checkpoint;
import dev.beamfluss.io.fluss.FlussCluster;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.ToLongFunction;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Who takes part in {@link JoinSuite} with updates, at one size of the tables. */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class JoinContenders implements AutoCloseable {
  private static final String RAW_WRITES = "raw-writes-";

  private final FlussCluster cluster;
  private final JoinUpdates tables;
  private final TablePath sinkOfOurs;
  private final TablePath sinkOfRegular;
  private final TablePath sinkOfRaw;
  private final BeamJoin ours;
  private final FlinkRegularJoin regular;
  private final String name;
  private int rawTurns;

  /**
   * @param name of the entry, and part of the names of the contenders and tables
   * @param client settings of Fluss's client, for Flink's join
   */
  JoinContenders(
      FlussCluster cluster,
      String bootstrapServers,
      Connection connection,
      String name,
      long rows,
      long changes,
      int threads,
      Map<String, String> client,
      int warmUps)
      throws Exception {
    this.cluster = cluster;
    this.name = name;
    String suffix = name.replace('-', '_');
    this.tables = new JoinUpdates(connection, suffix, rows, changes);
    this.sinkOfOurs = TablePath.of(EventTable.DATABASE, "joined_" + suffix);
    this.sinkOfRegular = TablePath.of(EventTable.DATABASE, "joined_by_flink_" + suffix);
    this.sinkOfRaw = TablePath.of(EventTable.DATABASE, "joined_raw_" + suffix);
    this.ours = new BeamJoin(cluster, tables, sinkOfOurs, threads, warmUps);
    this.regular =
        new FlinkRegularJoin(bootstrapServers, tables, sinkOfRegular, threads, client, warmUps);
  }

  void add(Rounds rounds, RawLookup lookup) {
    rounds
        .with("raw-" + name, () -> raw(lookup))
        .with(RAW_WRITES + name, this::rawWrites)
        .with("ours-" + name, ours::measure)
        .with("native-" + name, regular::measure);
  }

  /**
   * Fills the tables, if anybody is to be measured.
   *
   * @param more whether ours is to be measured besides the rounds
   */
  void prepare(Rounds rounds, boolean more) throws Exception {
    if (!more && rounds.names().stream().noneMatch(this::isOne)) {
      return;
    }
    tables.fill();
    if (more || rounds.names().contains("ours-" + name)) {
      tables.createFilledSink(sinkOfOurs);
    }
    if (rounds.names().contains(RAW_WRITES + name)) {
      tables.createFilledSink(sinkOfRaw);
    }
    if (rounds.names().contains("native-" + name)) {
      tables.createSink(sinkOfRegular);
      regular.preload();
    }
  }

  private boolean isOne(String contender) {
    return List.of("raw-" + name, RAW_WRITES + name, "ours-" + name, "native-" + name)
        .contains(contender);
  }

  /** Keys a second: each is looked up on both sides. */
  private double raw(RawLookup lookup) throws Exception {
    double ofLeft = raw(lookup, tables.left(), "c0", "c3");
    double ofRight = raw(lookup, tables.right(), "c0", "c1", "c2");
    return 1 / (1 / ofLeft + 1 / ofRight);
  }

  /** Rows a second: those of the join that a turn changes, written by a loop. */
  private double rawWrites() throws Exception {
    rawTurns--;
    int turn = rawTurns;
    long start = System.nanoTime();
    EventTable.upsert(
        tables.connection(),
        sinkOfRaw,
        tables.changes(),
        change -> JoinUpdates.joinedOfTurn(turn, tables.number(change)));
    return tables.changes() * (double) TimeUnit.SECONDS.toNanos(1) / (System.nanoTime() - start);
  }

  /** Ours by a raw client that asks for the keys and then writes the rows. */
  @Nullable Double ratioToLookupsAndWrites(Rounds rounds) {
    Double lookups = rounds.median("raw-" + name);
    Double writes = rounds.median(RAW_WRITES + name);
    return lookups == null || writes == null
        ? null
        : Entry.ratio(rounds.median("ours-" + name), 1 / (1 / lookups + 1 / writes));
  }

  private double raw(RawLookup lookup, EventTable table, String... columns) throws Exception {
    Schema schema = cluster.describe(table.path().toString()).schema(List.of(columns));
    return lookup.measure(table, schema, tables::changedKey, tables.changes());
  }

  JoinUpdates tables() {
    return tables;
  }

  /**
   * How long ours takes while changes come at half of the rate it had.
   *
   * @param rate null to measure it first
   */
  Entry latency(Connection probing, @Nullable Double rate, int seconds) throws Exception {
    if (rate == null) {
      // once to warm up
      var unused = ours.measure();
      rate = ours.measure();
    }
    return new JoinLatency(tables.connection(), probing, tables, ours, sinkOfOurs)
        .measure(rate / 2, seconds);
  }

  /** What was found besides rates. */
  Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    put(figures, "checkpoint_bytes", ours.checkpoints(), Checkpoint::bytes);
    put(figures, "checkpoint_millis", ours.checkpoints(), Checkpoint::millis);
    put(figures, "native_checkpoint_bytes", regular.checkpoints(), Checkpoint::bytes);
    put(figures, "native_checkpoint_millis", regular.checkpoints(), Checkpoint::millis);
    if (regular.preloadSeconds() > 0) {
      figures.put("native_preload_seconds", regular.preloadSeconds());
    }
    return figures;
  }

  private static void put(
      Map<String, Object> figures,
      String figure,
      List<Checkpoint> checkpoints,
      ToLongFunction<Checkpoint> value) {
    if (!checkpoints.isEmpty()) {
      figures.put(figure, Rounds.median(checkpoints.stream().mapToLong(value).boxed().toList()));
    }
  }

  static @Nullable Double ratio(
      Map<String, Object> figures, Map<String, Object> others, String figure) {
    return Entry.ratio((Double) figures.get(figure), (Double) others.get(figure));
  }

  @Override
  public void close() throws Exception {
    regular.close();
  }
}

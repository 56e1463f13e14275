package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * How fast a {@link dev.beamfluss.transforms.DeltaJoin} follows the changes of two tables; one
 * cluster with one tablet server in this JVM, tables of 4 buckets. {@code docs/benchmarks.md} says
 * what each entry means.
 *
 * <p>Compared are <b>ours</b>, the join on Flink of changes that are there before it starts,
 * <b>raw</b>, loops of Fluss's lookups that ask for the same keys on both sides, and do nothing
 * with the answers, and <b>native</b>, a join of Flink's SQL of the same changes: of updates, the
 * regular join, which keeps both sides in its state, of inserts, the delta join of Flink 2.2.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class JoinSuite implements Suite {
  private static final int DEFAULT_ROWS = 500_000;
  private static final int MORE = 10;
  private static final int THREADS = 2;

  /** How many lookups of a thread may be unanswered: two for each of the join's keys. */
  private static final int IN_FLIGHT = 10_000;

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  private static final String LATENCY = "ours-latency";

  /** The defaults of {@link FlussCluster}. */
  private static final Map<String, String> CLIENT =
      Map.of(
          "client.scanner.log.fetch.max-bytes-for-bucket", "8mb",
          "client.scanner.log.fetch.wait-max-time", "20ms",
          "client.scanner.log.max-poll-records", "1500",
          "client.lookup.batch-timeout", "1ms",
          "client.lookup.max-batch-size", "1024",
          "client.writer.batch-size", "256kb",
          "client.writer.batch-timeout", "1ms");

  @Override
  public String name() {
    return "join";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection connection = Clients.connect(fluss, CLIENT);
        Connection probing = Clients.connect(fluss, CLIENT)) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds = new Rounds(options, PAUSE);
      RawLookup lookup = new RawLookup(connection, THREADS, IN_FLIGHT);
      JoinInserts inserts =
          new JoinInserts(connection, "inserts", rows, rounds.warmUps() + options.getRounds());
      TablePath sink = TablePath.of(EventTable.DATABASE, "joined_inserts");
      TablePath nativeSink = TablePath.of(EventTable.DATABASE, "joined_inserts_by_flink");
      try (JoinContenders few =
              contenders(cluster, fluss, connection, "inner", rows, rows, rounds.warmUps());
          JoinContenders many =
              contenders(
                  cluster,
                  fluss,
                  connection,
                  "inner-10-times",
                  (long) MORE * rows,
                  rows,
                  rounds.warmUps());
          FlinkDeltaJoin nativeInserts =
              new FlinkDeltaJoin(
                  fluss.bootstrapServers(), inserts, nativeSink, THREADS, IN_FLIGHT / 2, CLIENT)) {
        few.add(rounds, lookup);
        many.add(rounds, lookup);
        rounds
            .with(
                "ours-inserts",
                new BeamJoin(cluster, inserts, sink, THREADS, rounds.warmUps())::measure)
            .with("native-inserts", nativeInserts::measure);
        boolean latency = rounds.isWanted(LATENCY);
        if (!latency) {
          rounds.requireSome();
        }
        few.prepare(rounds, latency);
        many.prepare(rounds, false);
        if (rounds.names().stream().anyMatch(name -> name.endsWith("-inserts"))) {
          inserts.fill();
          inserts.createSink(sink);
          inserts.createSink(nativeSink);
        }
        rounds.run();
        List<Entry> entries = new ArrayList<>(entries(rounds, few, many, inserts));
        if (latency) {
          // last, as what is compiled by now would be in a pipeline of some minutes, too
          entries.add(
              few.latency(probing, rounds.median("ours-inner"), options.getLatencySeconds()));
        }
        return entries;
      }
    }
  }

  private static JoinContenders contenders(
      FlussCluster cluster,
      LocalFluss fluss,
      Connection connection,
      String name,
      long rows,
      long changes,
      int warmUps)
      throws Exception {
    return new JoinContenders(
        cluster,
        fluss.bootstrapServers(),
        connection,
        name,
        rows,
        changes,
        THREADS,
        CLIENT,
        warmUps);
  }

  private static List<Entry> entries(
      Rounds rounds, JoinContenders few, JoinContenders many, JoinInserts inserts) {
    Entries entries = new Entries(rounds);
    Map<String, Object> more = new LinkedHashMap<>(few.figures());
    more.put("floor", Map.of("ratio_raw", Entries.atLeast(0.6)));
    more.put("aim", Map.of("ratio_raw", Entries.atLeast(0.8)));
    putRatio(more, "ratio_raw_with_writes", few.ratioToLookupsAndWrites(rounds));
    entries.add("join-inner", contenders("inner"), few.tables().changes(), more);
    more = new LinkedHashMap<>(many.figures());
    putRatio(more, "ratio_raw_with_writes", many.ratioToLookupsAndWrites(rounds));
    putRatio(
        more,
        "ratio_few",
        Entry.ratio(rounds.median("ours-inner-10-times"), rounds.median("ours-inner")));
    putRatio(
        more,
        "native_ratio_few",
        Entry.ratio(rounds.median("native-inner-10-times"), rounds.median("native-inner")));
    for (String figure :
        List.of(
            "checkpoint_bytes",
            "checkpoint_millis",
            "native_checkpoint_bytes",
            "native_checkpoint_millis")) {
      putRatio(
          more, "ratio_" + figure, JoinContenders.ratio(many.figures(), few.figures(), figure));
    }
    Map<String, Number> same = Map.of("at_least", 0.8, "at_most", 1.2);
    more.put(
        "floor",
        Map.of(
            "ratio_few",
            Entries.atLeast(0.9),
            "ratio_checkpoint_bytes",
            same,
            "ratio_checkpoint_millis",
            same));
    entries.add("join-inner-10-times", contenders("inner-10-times"), many.tables().changes(), more);
    entries.add(
        "join-inserts",
        contenders("inserts"),
        inserts.changes(),
        Map.of("aim", Map.of("ratio_native", Entries.atLeast(1.0))));
    return entries.all();
  }

  private static void putRatio(Map<String, Object> more, String name, @Nullable Double ratio) {
    if (ratio != null) {
      more.put(name, ratio);
    }
  }

  private static List<String> contenders(String name) {
    return List.of("ours-" + name, "raw-" + name, "native-" + name);
  }
}

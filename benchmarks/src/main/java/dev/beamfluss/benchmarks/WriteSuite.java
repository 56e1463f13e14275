package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * How fast tables are written; one cluster with one tablet server in this JVM, tables of 4 buckets,
 * zstd. {@code docs/benchmarks.md} says what each entry means.
 *
 * <p>Compared are <b>ours</b>, a pipeline of a source of made rows and {@link FlussIO}; <b>raw</b>,
 * loops of Fluss's writers that make the same rows; and <b>native</b>, a job of a sequence and
 * Fluss's own sink for Flink. A rate is from the making of the first row until the cluster has
 * acknowledged the last: neither the start of a runner nor its end are part of it.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class WriteSuite implements Suite {
  private static final int DEFAULT_ROWS = 400_000;
  private static final int THREADS = 2;

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  /** As {@code docs/performance.md} recommends. */
  private static final Bundles BUNDLES = new Bundles(10_000, 1_000);

  /** Flink's own. */
  private static final Bundles SMALL_BUNDLES = new Bundles(1_000, 1_000);

  private static final Bundles LARGE_BUNDLES = new Bundles(50_000, 1_000);

  private static final Map<String, String> WRITER =
      env("RAW", Map.of("client.writer.batch-size", "256kb", "client.writer.batch-timeout", "1ms"));
  private static final Map<String, String> SINK = env("NAT", WRITER);

  private static Map<String, String> env(String name, Map<String, String> other) {
    String value = System.getenv(name);
    if (value == null) return other;
    Map<String, String> map = new LinkedHashMap<>();
    for (String kv : value.split(",", -1)) {
      if (kv.isEmpty()) continue;
      String[] p = kv.split("=", -1);
      map.put("client.writer." + p[0], p[1]);
    }
    return map;
  }

  @Override
  public String name() {
    return "write";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection writing = Clients.connect(fluss, WRITER)) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds = new Rounds(options.getOnly(), PAUSE);
      WriteContenders contenders = new WriteContenders(rounds, writing, rows);
      Map<String, TableFill> fills = new LinkedHashMap<>();
      fills.put("raw", new RawWrite(writing, THREADS));
      fills.put("native", new NativeWrite(Clients.configuration(fluss, SINK), THREADS));
      fills.put("ours", new BeamWrite(cluster, THREADS, BUNDLES));
      fills.put("ours-small-bundles", new BeamWrite(cluster, THREADS, SMALL_BUNDLES));
      fills.put("ours-large-bundles", new BeamWrite(cluster, THREADS, LARGE_BUNDLES));
      contenders.add(fills);
      rounds.requireSome();
      contenders.fill();
      rounds.run(options.getRounds());
      return entries(rounds, contenders);
    }
  }

  private static List<Entry> entries(Rounds rounds, WriteContenders contenders) {
    Map<String, Object> limits =
        Map.of(
            "aim",
            Map.of("ratio_raw", Entries.atLeast(0.9), "ratio_native", Entries.atLeast(1)),
            "floor",
            Map.of("ratio_raw", Entries.atLeast(0.75), "ratio_native", Entries.atLeast(0.8)));
    Entries entries = new Entries(rounds);
    contenders
        .works()
        .forEach(
            (work, rows) -> {
              Map<String, Object> extras = new LinkedHashMap<>();
              addRatio(extras, "small_bundles", rounds, work);
              addRatio(extras, "large_bundles", rounds, work);
              extras.putAll(limits);
              entries.add(
                  "write-" + work,
                  List.of("ours-" + work, "raw-" + work, "native-" + work),
                  rows,
                  extras);
            });
    return entries.all();
  }

  private static void addRatio(
      Map<String, Object> extras, String bundles, Rounds rounds, String work) {
    Double ratio =
        Entry.ratio(
            rounds.median("ours-" + bundles.replace('_', '-') + "-" + work),
            rounds.median("raw-" + work));
    if (ratio != null) extras.put("ratio_raw_" + bundles, ratio);
  }
}

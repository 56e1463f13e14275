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
 * How fast rows of KV tables are looked up; one cluster with one tablet server in this JVM, tables
 * of 4 buckets. {@code docs/benchmarks.md} says what each entry means.
 *
 * <p>Compared are <b>ours</b>, a pipeline of a source of keys, {@link FlussIO} and a counting
 * function; <b>raw</b>, loops of Fluss's lookups that make the same Beam rows; and <b>native</b>, a
 * lookup join of Flink SQL. A rate is from the making of the first key to the last answer.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class LookupSuite implements Suite {
  /** How many workers a key is shuffled to, where lookups are shuffled. */
  static final List<Integer> REPLICAS = List.of(1, 4);

  private static final int DEFAULT_ROWS = 200_000;
  private static final int THREADS = 2;

  /** The default of {@link FlussIO#lookup()}. */
  private static final int IN_FLIGHT = 5_000;

  /** As runner-configs/flink-cluster.args. */
  private static final Bundles BUNDLES = new Bundles(5_000, 50);

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  /** The defaults of {@link FlussCluster}. */
  private static final Map<String, String> LOOKUP =
      Map.of("client.lookup.batch-timeout", "1ms", "client.lookup.max-batch-size", "1024");

  @Override
  public String name() {
    return "lookup";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection connection = Clients.connect(fluss, LOOKUP)) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds = new Rounds(options, PAUSE);
      LookupContenders contenders =
          new LookupContenders(
              rounds, cluster, connection, new BeamLookup(cluster, THREADS, BUNDLES), rows);
      contenders.create();
      contenders.add(
          new RawLookup(connection, THREADS, IN_FLIGHT),
          NativeLookup.byDefault(fluss.bootstrapServers(), THREADS),
          NativeLookup.tuned(fluss.bootstrapServers(), THREADS, LOOKUP, IN_FLIGHT));
      rounds.requireSome();
      contenders.fill();
      rounds.run();
      return entries(rounds, contenders);
    }
  }

  private static List<Entry> entries(Rounds rounds, LookupContenders contenders) {
    Entries entries = new Entries(rounds);
    for (String by : List.of("key", "prefix")) {
      Map<String, Object> extras = new LinkedHashMap<>();
      compare(extras, rounds, "ours-" + by, "native-tuned-" + by, "native_tuned");
      extras.put(
          "floor", Map.of("ratio_raw", Entries.atLeast(0.85), "ratio_native", Entries.atLeast(3)));
      entries.add(
          "lookup-" + by,
          List.of("ours-" + by, "raw-" + by, "native-" + by),
          contenders.rows(),
          extras);
    }
    Map<String, Object> cached = new LinkedHashMap<>();
    compare(cached, rounds, "ours-cached", "ours-uncached", "uncached");
    cached.putAll(Entries.floor("ratio_uncached", Entries.atLeast(3)));
    entries.add("lookup-cached", List.of("ours-cached"), contenders.cachedLookups(), cached);
    Map<String, Object> skewed = new LinkedHashMap<>();
    for (int replicas : REPLICAS) {
      String other = "ours-skewed-shuffle-" + replicas;
      compare(skewed, rounds, "ours-skewed", other, "shuffle_" + replicas);
    }
    entries.add("lookup-skewed", List.of("ours-skewed"), contenders.cachedLookups(), skewed);
    return entries.all();
  }

  /** Adds the rate of another one, and the ratio of ours to it. */
  private static void compare(
      Map<String, Object> extras, Rounds rounds, String ours, String other, String figure) {
    Double rate = rounds.median(other);
    Double ratio = Entry.ratio(rounds.median(ours), rate);
    if (rate != null) {
      extras.put(figure, rate);
    }
    if (ratio != null) {
      extras.put("ratio_" + figure, ratio);
    }
  }
}

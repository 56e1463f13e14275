package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.transforms.BitmapType;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * How fast distinct users are counted by bitmaps; one cluster with one tablet server in this JVM,
 * tables of 4 buckets. {@code docs/benchmarks.md} says what each entry means.
 *
 * <p>Compared are <b>ours</b>, {@link dev.beamfluss.transforms.BitmapUv} on Flink, from events that
 * are there before it starts to the last count, <b>raw</b>, a job that reads the same events and
 * does nothing with them, and <b>native</b>, a Beam pipeline that has the users in its state.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class UvSuite implements Suite {
  private static final int DEFAULT_ROWS = 500_000;
  private static final int MORE = 10;
  private static final int THREADS = 2;

  /** The default of {@link dev.beamfluss.io.fluss.FlussIO#lookup()}. */
  private static final int IN_FLIGHT = 5_000;

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  private static final String LATENCY = "ours-latency";

  /** The defaults of {@link FlussCluster}. */
  private static final Map<String, String> CLIENT =
      Map.of(
          "client.scanner.log.fetch.max-bytes-for-bucket", "8mb",
          "client.scanner.log.fetch.wait-max-time", "20ms",
          "client.lookup.batch-timeout", "1ms",
          "client.lookup.max-batch-size", "1024",
          "client.writer.batch-size", "256kb",
          "client.writer.batch-timeout", "1ms");

  @Override
  public String name() {
    return "uv";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    Map<String, String> metering = new LinkedHashMap<>(CLIENT);
    metering.put(WireBytes.PROPERTY, WireBytes.NAME);
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection connection = Clients.connect(fluss, CLIENT);
        Connection metered = Clients.connect(fluss, metering)) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds = new Rounds(options, PAUSE);
      int warmUps = rounds.warmUps();
      try (UvContenders few =
              new UvContenders(
                  cluster, connection, metered, "events", rows, rows, THREADS, warmUps);
          UvContenders many =
              new UvContenders(
                  cluster,
                  connection,
                  metered,
                  "events-10-times",
                  (long) MORE * rows,
                  rows,
                  THREADS,
                  warmUps)) {
        few.add(rounds);
        many.add(rounds);
        UvMappings mappings = new UvMappings(cluster, connection, few.tables(), THREADS, rows);
        mappings.add(rounds, new RawLookup(connection, THREADS, IN_FLIGHT));
        UvBitmaps bitmaps = new UvBitmaps(rows, new Jmh(options.getIterationMillis()));
        rounds
            .with("ours-bitmap-32", () -> bitmaps.measure(BitmapType.RBM32))
            .with("ours-bitmap-64", () -> bitmaps.measure(BitmapType.RBM64));
        boolean latency = rounds.isWanted(LATENCY);
        if (!latency) {
          rounds.requireSome();
        }
        few.prepare(rounds, latency || UvMappings.isNeeded(rounds));
        many.prepare(rounds, false);
        mappings.prepare(rounds);
        rounds.run();
        List<Entry> entries = new ArrayList<>(entries(rounds, few, many, mappings, bitmaps));
        if (latency) {
          // last, as what is compiled by now would be in a pipeline of some minutes, too
          entries.add(
              new UvLatency(connection, few.tables(), few.job(), few.counts())
                  .measure(options.getLatencySeconds()));
        }
        return entries;
      }
    }
  }

  private static List<Entry> entries(
      Rounds rounds, UvContenders few, UvContenders many, UvMappings mappings, UvBitmaps bitmaps) {
    Entries entries = new Entries(rounds);
    long events = few.tables().events();
    Map<String, Object> more = new LinkedHashMap<>(few.figures());
    more.putAll(Entries.floor("ratio_raw", Entries.atLeast(0.5)));
    entries.add("uv-events", few.names(), events, more);
    more = new LinkedHashMap<>(many.figures());
    putRatio(
        more,
        "ratio_few",
        Entry.ratio(rounds.median("ours-events-10-times"), rounds.median("ours-events")));
    for (String figure : List.of("checkpoint_bytes", "native_checkpoint_bytes")) {
      putRatio(
          more, "ratio_" + figure, JoinContenders.ratio(many.figures(), few.figures(), figure));
    }
    more.putAll(Entries.floor("ratio_checkpoint_bytes", Map.of("at_least", 0.8, "at_most", 1.2)));
    more.put("aim", Map.of("ratio_native", Entries.atLeast(3)));
    entries.add("uv-events-10-times", many.names(), events, more);
    addMappings(entries, rounds, mappings, events);
    addBitmaps(entries, rounds, bitmaps, events);
    return entries.all();
  }

  private static void addMappings(
      Entries entries, Rounds rounds, UvMappings mappings, long lookups) {
    Map<String, Object> warm = new LinkedHashMap<>();
    putRatio(warm, "unmapped", rounds.median("unmapped-mapping-warm"));
    warm.putAll(Entries.floor("ours", Entries.atLeast(1_000_000)));
    entries.add("uv-mapping-warm", List.of("ours-mapping-warm"), mappings.warmLookups(), warm);
    Map<String, Object> cold = new LinkedHashMap<>();
    putRatio(cold, "inserted", rounds.median("ours-mapping-new"));
    entries.add("uv-mapping-cold", List.of("ours-mapping-cold", "raw-mapping-cold"), lookups, cold);
  }

  private static void addBitmaps(Entries entries, Rounds rounds, UvBitmaps bitmaps, long users) {
    Double of64 = rounds.median("ours-bitmap-64");
    for (BitmapType type : BitmapType.values()) {
      String name = "bitmap-" + type.name().substring("RBM".length());
      if (!rounds.names().contains("ours-" + name)) {
        continue;
      }
      Map<String, Object> more = new LinkedHashMap<>(bitmaps.figures(type));
      if (type == BitmapType.RBM32) {
        putRatio(more, "ratio_64", Entry.ratio(rounds.median("ours-" + name), of64));
        putRatio(more, "ratio_bytes_64", bitmaps.ratioOfBytes());
      }
      entries.add("uv-" + name, List.of("ours-" + name), users, "ns", more);
    }
  }

  private static void putRatio(Map<String, Object> more, String name, @Nullable Double ratio) {
    if (ratio != null) {
      more.put(name, ratio);
    }
  }
}

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

  /** At the end of a bundle the pipeline waits for the cluster: larger ones wait less often. */
  private static final Bundles BUNDLES = new Bundles(50_000, 1_000);

  /** The writing defaults of {@link FlussCluster}. */
  private static final Map<String, String> WRITER =
      Map.of("client.writer.batch-size", "256kb", "client.writer.batch-timeout", "1ms");

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
      Rounds rounds = new Rounds(options, PAUSE);
      WriteContenders contenders = new WriteContenders(rounds, writing, rows);
      Map<String, TableFill> fills = new LinkedHashMap<>();
      fills.put("raw", new RawWrite(writing, THREADS));
      fills.put("native", new NativeWrite(Clients.configuration(fluss, WRITER), THREADS));
      fills.put("ours", new BeamWrite(cluster, THREADS, BUNDLES));
      contenders.add(fills);
      rounds.requireSome();
      contenders.fill();
      rounds.run();
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
            (work, rows) ->
                entries.add(
                    "write-" + work,
                    List.of("ours-" + work, "raw-" + work, "native-" + work),
                    rows,
                    limits));
    return entries.all();
  }
}

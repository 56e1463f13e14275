package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * What it takes to watch a canary release: to tell its rows from the others, to read no more of the
 * log than that needs, and how soon an anomaly is an alert; one cluster with one tablet server in
 * this JVM, tables of 4 buckets. {@code docs/benchmarks.md} says what each entry means.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class CanarySuite implements Suite {
  private static final int DEFAULT_ROWS = 200_000;
  private static final Duration PAUSE = Duration.ofMillis(300);
  private static final String LATENCY = "ours-latency";

  /** Batches of the size that FlussIO writes at most. */
  private static final Map<String, String> FILL = Map.of("client.writer.batch-size", "256kb");

  /** The same, and does not hold them back. */
  private static final Map<String, String> QUICK =
      Map.of("client.writer.batch-size", "256kb", "client.writer.batch-timeout", "5ms");

  @Override
  public String name() {
    return "canary";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    Rounds rounds = new Rounds(options, PAUSE);
    CanaryKeyValue keyValue = new CanaryKeyValue(new Jmh(options.getIterationMillis()));
    keyValue.add(rounds);
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection filling = Clients.connect(fluss, FILL)) {
      CanaryRead read = new CanaryRead(FlussCluster.at(fluss.bootstrapServers()), rows);
      read.add(rounds);
      boolean latency = rounds.isWanted(LATENCY);
      if (!latency) {
        rounds.requireSome();
      }
      read.fill(fluss, filling, rounds);
      rounds.run();
      Entries entries = new Entries(rounds);
      keyValue.add(entries, rounds);
      read.add(entries, rounds);
      List<Entry> all = new ArrayList<>(entries.all());
      if (latency) {
        try (Connection quick = Clients.connect(fluss, QUICK)) {
          all.add(new CanaryLatency(fluss, quick).measure(options.getLatencySeconds()));
        }
      }
      return all;
    }
  }
}

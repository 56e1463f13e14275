package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * How fast, and how soon, log tables are read; one cluster with one tablet server in this JVM,
 * tables of 4 buckets, zstd. {@code docs/benchmarks.md} says what each entry means.
 *
 * <p>Compared are <b>ours</b>, a pipeline of {@link FlussIO} and one counting function; <b>raw</b>,
 * loops of Fluss's scanner that make the same Beam rows, without Beam; and <b>native</b>, a job of
 * Fluss's own source for Flink that counts its rows, which are Flink's. All have two threads or
 * subtasks (but a stream on the direct runner has what that takes by default) and the scanner
 * settings that are {@link FlussCluster}'s defaults. They read the same table in turns, and a rate
 * is from the first row to the last: the start of a runner is not part of it.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ReadSuite implements Suite {
  private static final int DEFAULT_ROWS = 2_000_000;

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  private static final String LATENCY = "ours-latency";

  /** The reading defaults of {@link FlussCluster}. */
  private static final Map<String, String> SCANNER =
      Map.of(
          "client.scanner.log.fetch.max-bytes-for-bucket", "8mb",
          "client.scanner.log.fetch.wait-max-time", "20ms",
          "client.scanner.log.max-poll-records", "1500");

  /** Batches of the size that FlussIO writes at most. */
  private static final Map<String, String> FILL = Map.of("client.writer.batch-size", "256kb");

  /** Does not hold a lone row back. */
  private static final Map<String, String> TRICKLE = Map.of("client.writer.batch-timeout", "1ms");

  @Override
  public String name() {
    return "read";
  }

  @Override
  public List<Entry> run(BenchOptions options) throws Exception {
    int rows = options.getRows() == null ? DEFAULT_ROWS : options.getRows();
    try (LocalFluss fluss = LocalFluss.builder().start();
        Connection reading = Clients.connect(fluss, SCANNER);
        Connection filling = Clients.connect(fluss, FILL)) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds = new Rounds(options, PAUSE);
      ReadContenders contenders = new ReadContenders(rounds, cluster, reading, rows);
      contenders.create(filling, Clients.configuration(fluss, SCANNER));
      boolean latency = rounds.isWanted(LATENCY);
      if (rounds.names().isEmpty() && !latency) {
        throw new IllegalArgumentException(
            String.format(
                "--only=%s is in no contender's name. The contenders are: %s, %s.",
                options.getOnly(), String.join(", ", rounds.leftOut()), LATENCY));
      }
      contenders.fill(filling);
      rounds.run();
      List<Entry> entries = new ArrayList<>(new ReadEntries(rounds, contenders).all());
      if (latency) {
        // after the rounds, as what is compiled by now would be in a pipeline of some minutes, too
        entries.add(latency(fluss, cluster, options.getLatencySeconds()));
      }
      return entries;
    }
  }

  private static Entry latency(LocalFluss fluss, FlussCluster cluster, int seconds)
      throws Exception {
    try (Connection appending = Clients.connect(fluss, TRICKLE)) {
      TrickleRead read = new TrickleRead(appending, new EventTable("trickle", EventTable.NARROW));
      return ReadEntries.latency(read.measure(cluster, ReadContenders.THREADS, seconds));
    }
  }
}

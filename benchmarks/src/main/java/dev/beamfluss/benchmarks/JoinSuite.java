package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.client.Connection;

/**
 * How fast a {@link dev.beamfluss.transforms.DeltaJoin} follows the changes of two tables; one
 * cluster with one tablet server in this JVM, tables of 4 buckets. {@code docs/benchmarks.md} says
 * what each entry means.
 *
 * <p>Compared are <b>ours</b>, the join on Flink of changes that are there before it starts, and
 * <b>raw</b>, loops of Fluss's lookups that ask for as many keys on both sides, and do nothing with
 * the answers. A rate is keys a second, from the first that is in the sink to the last.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class JoinSuite implements Suite {
  private static final int DEFAULT_ROWS = 100_000;
  private static final int MORE = 10;
  private static final int THREADS = 2;

  /** How many lookups of a thread may be unanswered: two for each of the join's keys. */
  private static final int IN_FLIGHT = 10_000;

  /** A Flink cluster in this JVM ends a moment after its job. */
  private static final Duration PAUSE = Duration.ofMillis(300);

  private static final Map<String, String> CLIENT =
      Map.of(
          "client.lookup.batch-timeout", "1ms",
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
        Connection connection = Clients.connect(fluss, CLIENT)) {
      FlussCluster cluster = FlussCluster.at(fluss.bootstrapServers());
      Rounds rounds = new Rounds(options.getOnly(), PAUSE);
      JoinContenders few = new JoinContenders(cluster, connection, "few", rows, rows, THREADS);
      JoinContenders many =
          new JoinContenders(cluster, connection, "many", (long) MORE * rows, rows, THREADS);
      few.add(rounds, "inner", IN_FLIGHT);
      many.add(rounds, "inner-10-times", IN_FLIGHT);
      rounds.requireSome();
      for (JoinContenders contenders : List.of(few, many)) {
        contenders.fill();
      }
      rounds.run(options.getRounds());
      return entries(rounds, rows);
    }
  }

  private static List<Entry> entries(Rounds rounds, long rows) {
    Entries entries = new Entries(rounds);
    Map<String, Object> limits =
        Map.of(
            "aim", Map.of("ratio_raw", Entries.atLeast(0.8)),
            "floor", Map.of("ratio_raw", Entries.atLeast(0.6)));
    entries.add("join-inner", List.of("ours-inner", "raw-inner"), rows, limits);
    Map<String, Object> more = new LinkedHashMap<>();
    Double few = rounds.median("ours-inner");
    Double many = rounds.median("ours-inner-10-times");
    if (few != null && many != null) {
      more.put("ratio_to_fewer_rows", many / few);
      more.put("floor", Map.of("ratio_to_fewer_rows", Entries.atLeast(0.9)));
    }
    entries.add(
        "join-inner-10-times", List.of("ours-inner-10-times", "raw-inner-10-times"), rows, more);
    return entries.all();
  }
}

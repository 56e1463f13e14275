package dev.beamfluss.e2e;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.demo.AttributionAnswer;
import dev.beamfluss.demo.Observer;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.time.Duration;
import java.time.LocalDate;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;

/**
 * The tables of attribution under a name of their own, a small event log, and the wait for its
 * answer.
 */
final class AttributionData {
  private static final LocalDate LAST_DAY = LocalDate.of(2026, 3, 2);

  private final String bootstrapServers;
  private final String prefix =
      "e2e" + UUID.randomUUID().toString().substring(0, 8).toLowerCase(Locale.ROOT) + "_";

  AttributionData(String bootstrapServers) {
    this.bootstrapServers = bootstrapServers;
  }

  String prefix() {
    return prefix;
  }

  FlussCluster cluster() {
    return FlussCluster.at(bootstrapServers);
  }

  String database() {
    return prefix + AttributionTables.DATABASE;
  }

  /** For tables that take days long past. */
  TableOptions tableOptions() {
    return TableOptions.defaults()
        .withBucketNum(2)
        .withNumPrecreate(0)
        .withNumRetention(-1)
        .withDatabasePrefix(prefix);
  }

  static EventGenerator events(long seed) {
    return EventGenerator.with(
        GeneratorOptions.defaults()
            .withSeed(seed)
            .withLastDay(LAST_DAY)
            .withUsers(600)
            .withActiveUsersPerDay(400));
  }

  Replay replay() {
    return new Replay(
        cluster(),
        prefix,
        EnumSet.of(Replay.Target.ATTRIBUTION),
        0,
        IngestOptions.defaults(),
        line -> {});
  }

  Observer observer() {
    return new Observer(bootstrapServers, database());
  }

  /**
   * Waits until the result table holds the answer.
   *
   * @param stillRunning throws once the pipeline has failed
   */
  static void awaitEqual(
      Observer observer, Runnable stillRunning, AttributionAnswer expected, Duration patience) {
    await()
        .alias("the result table equals the answer")
        .atMost(patience)
        .pollInterval(Duration.ofMillis(200))
        .until(
            () -> {
              stillRunning.run();
              observer.check();
              return observer.holds(expected.rows());
            });
    assertThat(observer.contents(), is(equalTo(expected.rows())));
  }

  /** What the table of conversions holds where the result is the answer. */
  static Set<Map<String, Object>> conversions(AttributionAnswer answer) {
    Set<Map<String, Object>> conversions = new HashSet<>();
    answer
        .conversions()
        .forEach(
            (ds, conversion) ->
                conversions.add(
                    Map.of(
                        "ds",
                        ds,
                        "window_days",
                        1,
                        "visitors",
                        conversion.visitors(),
                        "buyers",
                        conversion.buyers(),
                        "conversion_rate",
                        conversion.rate(),
                        "orders",
                        conversion.orders(),
                        "gmv",
                        conversion.gmv(),
                        "unreadable_amts",
                        0L)));
    return conversions;
  }

  /** Waits a second and sees that the result table goes on to hold the answer. */
  static void staysEqual(Observer observer, AttributionAnswer expected) {
    await()
        .during(Duration.ofSeconds(1))
        .atMost(Duration.ofSeconds(10))
        .until(() -> observer.holds(expected.rows()));
  }
}

package dev.beamfluss.demo;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestCounts.Effect;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import dev.beamfluss.pipelines.ingest.IngestRules;
import java.math.BigDecimal;
import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Two independent ways from a log to the sink table must meet. */
class IngestAgainstAnswerTest {

  private static final LocalDate LAST = LocalDate.of(2026, 1, 2);
  private static final ZoneId SHANGHAI = ZoneId.of("Asia/Shanghai");

  @Test
  void sameRowsForGeneratedLogs() {
    long seed = new Random().nextLong();
    GeneratorOptions options =
        GeneratorOptions.defaults()
            .withSeed(seed)
            .withLastDay(LAST)
            .withDays(3)
            .withUsers(900)
            .withActiveUsersPerDay(600)
            .withBuyerShare(0.6)
            .withCancelShare(0.5)
            .withRepeatedShare(0.1)
            .withLateShare(0.5)
            .withMaxLateness(Duration.ofHours(2));
    List<Event> log = new ArrayList<>();
    EventGenerator.with(options).forEach(log::add);

    compareInEveryWay("seed " + seed, log);
  }

  @Test
  void sameRowsForTinyShopsWhereEverythingCollides() {
    long first = new Random().nextLong();
    for (long seed = first; seed != first + 2_000; seed++) {
      compareInEveryWay("seed " + seed, collidingLog(new Random(seed)));
    }
  }

  private static void compareInEveryWay(String which, List<Event> log) {
    compare(which, log, IngestOptions.defaults());
    compare(which, log, IngestOptions.defaults().withKeepRepeatedRows(true));
    compare(which, log, IngestOptions.defaults().withZone(SHANGHAI));
  }

  private static void compare(String which, List<Event> log, IngestOptions options) {
    IngestRules rules = new IngestRules(options, rejected -> {});
    ReplayedTables tables = new ReplayedTables();
    log.forEach(event -> rules.accept(event, tables));
    AttributionAnswer answer =
        AttributionAnswer.of(log, options.zone(), options.keepRepeatedRows());

    String reason = which + " " + options;
    assertThat(reason, tables.join(), equalTo(answer.rows()));
    assertThat(reason, rules.counts().rows(), equalTo((long) log.size()));
    assertThat(
        reason,
        rules.counts().get(Effect.ORDERS_DELETED) - rules.counts().get(Effect.ORDERS_REVIVED),
        equalTo(answer.ordersDeleted()));
  }

  private static List<Event> collidingLog(Random random) {
    long start = LAST.atStartOfDay(ZoneOffset.UTC).toInstant().toEpochMilli();
    List<Event> log = new ArrayList<>();
    for (int i = random.nextInt(60); i > 0; i--) {
      Event.Type type = pick(random, List.of(Event.Type.values()));
      int sign = type == Event.Type.CANCEL ? -1 : 1;
      log.add(
          new Event(
              i,
              start + random.nextInt(48) * 3_600_000L,
              pick(random, List.of("u", "v", "u", "v", "", " ")),
              type,
              pick(random, List.of("i", "j")),
              pick(random, List.of("", "o1", "o2")),
              new BigDecimal(pick(random, List.of("1", "1.00", "0.125", "2.5", "0", "-1"))),
              pick(random, List.of("", "c")),
              sign * (random.nextInt(5) - (random.nextInt(8) == 0 ? 1 : 0)),
              ""));
      if (random.nextInt(6) == 0) {
        log.add(log.get(random.nextInt(log.size())).withLine(1_000 + i));
      }
    }
    return log;
  }

  private static <T> T pick(Random random, List<T> choices) {
    return choices.get(random.nextInt(choices.size()));
  }
}

package dev.beamfluss.pipelines.ingest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.hamcrest.Matchers.not;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class EventGeneratorTest {

  private static final LocalDate LAST = LocalDate.of(2026, 1, 2);
  private static final GeneratorOptions DEFAULTS = GeneratorOptions.defaults().withLastDay(LAST);
  private static final GeneratorOptions SMALL =
      DEFAULTS.withUsers(2_000).withActiveUsersPerDay(1_000);

  @Test
  void equalOptionsMakeEqualEvents() {
    assertThat(events(SMALL), equalTo(events(SMALL)));
    assertThat(events(SMALL.withSeed(2)), not(equalTo(events(SMALL))));
  }

  @Test
  void anotherDayMovesTheSameEvents() {
    long day = Duration.ofDays(1).toMillis();
    List<Long> moved =
        events(SMALL.withLastDay(LAST.plusDays(1))).stream()
            .map(event -> event.timestampMillis() - day)
            .toList();
    assertThat(moved, equalTo(events(SMALL).stream().map(Event::timestampMillis).toList()));
  }

  @Test
  void nobodyActiveMakesNoEvents() {
    assertThat(events(SMALL.withActiveUsersPerDay(0)).isEmpty(), equalTo(true));
  }

  @Test
  void oneUserOneShopOneProductIsEnough() {
    assertThat(
        events(DEFAULTS.withUsers(1).withActiveUsersPerDay(1).withShops(1).withProducts(1))
            .isEmpty(),
        equalTo(false));
  }

  @Test
  void daysEndWithTheLastOne() {
    EventTime utc = EventTime.in(ZoneOffset.UTC);

    Set<LocalDate> days =
        events(SMALL.withDays(3)).stream()
            .map(event -> utc.day(event.timestampMillis()))
            .collect(Collectors.toSet());

    assertThat(days, equalTo(Set.of(LAST.minusDays(2), LAST.minusDays(1), LAST)));
  }

  @Test
  void eventsAreNumberedAndNoLaterThanAllowed() {
    long latest = 0;
    long worst = 0;
    long number = 0;
    for (Event event : events(SMALL)) {
      latest = Math.max(latest, event.timestampMillis());
      worst = Math.max(worst, latest - event.timestampMillis());
      assertThat(event.line(), equalTo(++number));
    }
    assertThat(worst, greaterThan(60_000L));
    assertThat(worst, lessThanOrEqualTo(SMALL.maxLateness().toMillis()));
  }

  @Test
  void withoutLatenessEventsAreInOrder() {
    long before = 0;
    for (Event event : events(SMALL.withMaxLateness(Duration.ZERO))) {
      assertThat(event.timestampMillis(), greaterThanOrEqualTo(before));
      before = event.timestampMillis();
    }
  }

  @Test
  void lunchIsBusierThanNight() {
    Map<Integer, Integer> byHour = new HashMap<>();
    for (Event event : events(SMALL)) {
      byHour.merge((int) (event.timestampMillis() / 3_600_000 % 24), 1, Integer::sum);
    }
    assertThat(byHour.get(12), greaterThan(5 * byHour.get(3)));
  }

  @Test
  void aFewProductsGetMostViews() {
    Map<String, Integer> byItem = new HashMap<>();
    List<Event> events = events(SMALL);
    events.forEach(event -> byItem.merge(event.itemId(), 1, Integer::sum));
    int top =
        byItem.values().stream()
            .sorted((a, b) -> b - a)
            .limit(SMALL.products() / 10)
            .mapToInt(Integer::intValue)
            .sum();
    assertThat(2 * top, greaterThan(events.size()));
  }

  @Test
  void hasTheFaultsOfRealLogs() {
    List<Event> events = events(SMALL);

    some(events, event -> !event.hasUser());
    some(events, event -> event.price().signum() == 0);
    some(events, event -> event.type() == Event.Type.ORDER && event.orderId().isEmpty());
    some(events, event -> event.type() == Event.Type.CART);
    Set<Event> distinct = new HashSet<>();
    events.forEach(event -> distinct.add(event.withLine(0)));
    assertThat(distinct.size(), lessThan(events.size()));
  }

  @Test
  void hasEveryKindOfCancel() {
    IngestRules rules = new IngestRules(IngestOptions.defaults(), rejected -> {});
    List<Event> events = events(SMALL);
    events.forEach(event -> rules.accept(event, new IngestRules.Sink() {}));

    IngestCounts counts = rules.counts();
    assertThat(counts.get(IngestCounts.Outcome.CANCEL_MATCHED), greaterThan(0L));
    assertThat(counts.get(IngestCounts.Outcome.CANCEL_PARTLY_MATCHED), greaterThan(0L));
    assertThat(counts.get(IngestCounts.Outcome.CANCEL_UNMATCHED), greaterThan(0L));
    assertThat(counts.get(IngestCounts.Effect.ORDERS_DELETED), greaterThan(0L));
    assertThat(counts.rows(), equalTo((long) events.size()));
    Map<String, Long> ordered = new HashMap<>();
    events.stream()
        .filter(event -> event.type() == Event.Type.ORDER && !event.orderId().isEmpty())
        .forEach(event -> ordered.put("C" + event.orderId().substring(1), event.timestampMillis()));
    some(
        events,
        event ->
            event.type() == Event.Type.CANCEL
                && event.timestampMillis() / 86_400_000
                    > ordered.getOrDefault(event.orderId(), Long.MAX_VALUE) / 86_400_000);
  }

  private static <T> void some(Iterable<T> elements, Predicate<T> wanted) {
    for (T element : elements) {
      if (wanted.test(element)) {
        return;
      }
    }
    throw new AssertionError("there is none");
  }

  private static List<Event> events(GeneratorOptions options) {
    List<Event> events = new ArrayList<>();
    EventGenerator.with(options).forEach(events::add);
    return events;
  }
}

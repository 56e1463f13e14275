package dev.beamfluss.pipelines.ingest;

import static dev.beamfluss.pipelines.ingest.Events.order;
import static dev.beamfluss.pipelines.ingest.Events.view;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.both;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SyntheticVisitsTest {

  private static final VisitOptions OPTIONS = VisitOptions.defaults();

  @Test
  void aLogWithAViewIsLeftAlone() {
    List<Event> log =
        List.of(
            order("2026-01-01T12:00:00", "u", "o", "i", "1", 1), view("2026-01-02T12:00:00", "u"));

    SyntheticVisits visits = SyntheticVisits.scan(log.iterator(), OPTIONS);

    assertThat(visits.areNeeded(), equalTo(false));
    assertThat(drain(visits, log), equalTo(log));
  }

  @Test
  void viewsAreMergedInOrderOfTimeAndOrdersKept() {
    List<Event> log = orders();
    List<Event> merged = merge(log, OPTIONS);

    assertThat(merged.stream().filter(event -> !isView(event)).toList(), equalTo(log));
    for (int i = 1; i < merged.size(); i++) {
      assertThat(
          merged.get(i - 1).timestampMillis() <= merged.get(i).timestampMillis(), equalTo(true));
    }
  }

  @Test
  void mostBuyersVisitBeforeSomeAfterSomeNot() {
    List<Event> log = orders();
    Map<String, Long> firstView = firstViews(merge(log, OPTIONS));
    int before = 0;
    int after = 0;
    int none = 0;
    for (Event order : log) {
      Long view = firstView.get(userDay(order));
      before += view != null && view <= order.timestampMillis() ? 1 : 0;
      after += view != null && view > order.timestampMillis() ? 1 : 0;
      none += view == null ? 1 : 0;
    }
    assertThat(before, both(greaterThan(1_600)).and(lessThan(1_800)));
    assertThat(after, both(greaterThan(110)).and(lessThan(210)));
    assertThat(none, both(greaterThan(90)).and(lessThan(190)));
  }

  @Test
  void twoOtherVisitorsABuyerComeWithoutAnOrder() {
    long others =
        firstViews(merge(orders(), OPTIONS)).keySet().stream()
            .filter(userDay -> userDay.startsWith("visitor-"))
            .count();

    assertThat(others, equalTo(4_000L));
  }

  @Test
  void equalLogsAndOptionsMakeEqualVisits() {
    List<Event> log = orders();

    assertThat(merge(log, OPTIONS), equalTo(merge(log, OPTIONS)));
    assertThat(merge(log, OPTIONS.withSeed(2)), not(equalTo(merge(log, OPTIONS))));
  }

  @Test
  void everyViewPassesTheRules() {
    IngestRules rules = new IngestRules(IngestOptions.defaults(), rejected -> {});
    List<Event> merged = merge(orders(), OPTIONS);
    merged.forEach(event -> rules.accept(event, new IngestRules.Sink() {}));

    assertThat(
        rules.counts().get(IngestCounts.Outcome.VIEW)
            + rules.counts().get(IngestCounts.Outcome.REPEATED_ROW),
        equalTo(merged.stream().filter(SyntheticVisitsTest::isView).count()));
  }

  @Test
  void viewsStayOnTheirOrdersDayEvenAtItsEdges() {
    List<Event> log =
        List.of(
            order("2026-01-01T00:00:00", "u", "o1", "i", "1", 1),
            order("2026-01-01T23:59:59.999", "v", "o2", "i", "1", 1));
    List<String> days = new ArrayList<>();
    for (long seed = 0; seed < 200; seed++) {
      merge(log, OPTIONS.withSeed(seed).withShares(0.5, 0.5))
          .forEach(event -> days.add(day(event)));
    }
    assertThat(days, everyItem(equalTo("20454")));
  }

  @Test
  void ordersThatDoNotCountBringNoVisits() {
    List<Event> log =
        List.of(
            order("2026-01-01T12:00:00", "", "o1", "i", "1", 1),
            order("2026-01-01T12:00:00", "u", "o2", "i", "0", 1),
            order("2026-01-01T12:00:00", "u", "o3", "i", "1", 0));

    assertThat(merge(log, OPTIONS), equalTo(log));
    assertThat(merge(List.of(), OPTIONS), empty());
  }

  @Test
  void sharesOutOfRangeAreRefused() {
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withShares(0.9, 0.2));
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withShares(Double.NaN, 0.2));
    assertThrows(IllegalArgumentException.class, () -> OPTIONS.withVisitorsPerBuyer(-1));
  }

  private static List<Event> orders() {
    List<Event> orders = new ArrayList<>();
    for (int i = 0; i < 2_000; i++) {
      String time =
          String.format("2026-01-0%dT%02d:%02d:00", 1 + i / 1_000, 5 + i % 1_000 / 60, i % 60);
      orders.add(order(time, "u" + i, "o" + i, "i", "1", 1));
    }
    orders.sort((a, b) -> Long.compare(a.timestampMillis(), b.timestampMillis()));
    return orders;
  }

  private static List<Event> merge(List<Event> log, VisitOptions options) {
    return drain(SyntheticVisits.scan(log.iterator(), options), log);
  }

  private static List<Event> drain(SyntheticVisits visits, List<Event> log) {
    List<Event> merged = new ArrayList<>();
    visits.mergeInto(log.iterator()).forEachRemaining(merged::add);
    return merged;
  }

  private static Map<String, Long> firstViews(List<Event> events) {
    Map<String, Long> first = new HashMap<>();
    events.stream()
        .filter(SyntheticVisitsTest::isView)
        .forEach(view -> first.merge(userDay(view), view.timestampMillis(), Math::min));
    return first;
  }

  private static boolean isView(Event event) {
    return event.type() == Event.Type.VIEW;
  }

  private static String userDay(Event event) {
    return event.userId() + "/" + day(event);
  }

  private static String day(Event event) {
    return Long.toString(event.timestampMillis() / 86_400_000);
  }
}

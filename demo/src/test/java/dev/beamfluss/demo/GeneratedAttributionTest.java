package dev.beamfluss.demo;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.lessThan;

import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Generated events have all that attribution has to deal with. */
class GeneratedAttributionTest {
  private static final LocalDate LAST = LocalDate.of(2026, 1, 2);
  private static final GeneratorOptions DEFAULTS = GeneratorOptions.defaults().withLastDay(LAST);
  private static final GeneratorOptions SMALL =
      DEFAULTS.withUsers(2_000).withActiveUsersPerDay(1_000);

  @Test
  void defaultsMakeEnoughOfAnAttribution() {
    List<Event> events = events(DEFAULTS);
    AttributionAnswer answer = AttributionAnswer.of(events);

    assertThat(answer.rows().size(), greaterThanOrEqualTo(55_000));
    assertThat(answer.ordersDeleted(), greaterThanOrEqualTo(700L));
    assertThat(events.size(), lessThan(200_000));
    assertThat(answer.rowsPerMatch().get("1"), greaterThan(10_000L));
    assertThat(answer.conversions().size(), equalTo(2));
  }

  @Test
  void hasEveryRelationOfVisitsAndOrders() {
    List<Event> events = events(SMALL);
    AttributionAnswer answer = AttributionAnswer.of(events);
    Map<String, Integer> ordersByVisit = new HashMap<>();
    answer
        .rows()
        .forEach(
            (key, row) ->
                ordersByVisit.merge(key.ds() + key.userId() + row.isMatched(), 1, Integer::sum));
    Map<String, Integer> linesByOrder = new HashMap<>();
    events.stream()
        .filter(event -> event.type() == Event.Type.ORDER && !event.orderId().isEmpty())
        .forEach(event -> linesByOrder.merge(event.orderId(), 1, Integer::sum));

    some(linesByOrder.values(), lines -> lines > 1);
    some(ordersByVisit.values(), orders -> orders > 1);
    some(answer.rows().keySet(), key -> key.orderId().isEmpty());
    some(answer.rows().values(), row -> row.orderTime() != null && row.isMatched().equals("0"));
    Set<String> visitedOrders =
        answer.rows().keySet().stream()
            .map(AttributionAnswer.Key::orderId)
            .collect(Collectors.toSet());
    some(linesByOrder.keySet(), order -> !visitedOrders.contains(order));
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

package dev.beamfluss.pipelines.ingest;

import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** The made-up views of one day. They depend on nothing but the seed and the day's orders. */
final class VisitDay {

  private static final long HOUR_MILLIS = 3_600_000;
  private static final double NEXT_VIEW = 0.5;
  private static final int MOST_VIEWS = 10;

  private final VisitOptions options;
  private final Random random;
  private final long start;
  private final long end;
  private final List<Event> views = new ArrayList<>();

  VisitDay(VisitOptions options, EventTime time, LocalDate day) {
    this.options = options;
    this.random = new Random(31 * options.seed() + day.toEpochDay());
    this.start = time.startOf(day);
    this.end = time.startOf(day.plusDays(1));
  }

  /** The views in order of time, for the first order of each buyer. */
  List<Event> views(Map<String, Event> firstOrders) {
    firstOrders.forEach(this::buyer);
    List<Event> orders = List.copyOf(firstOrders.values());
    long visitors = Math.round(orders.size() * options.visitorsPerBuyer());
    for (int i = 1; i <= visitors; i++) {
      Event likeThis = orders.get(random.nextInt(orders.size()));
      visit("visitor-" + i, between(start, end), likeThis);
    }
    views.sort(Comparator.comparingLong(Event::timestampMillis));
    return views;
  }

  private void buyer(String userId, Event order) {
    double kind = random.nextDouble();
    long ordered = order.timestampMillis();
    if (kind < options.beforeShare()) {
      visit(userId, between(Math.max(start, ordered - 2 * HOUR_MILLIS), ordered), order);
    } else if (kind < options.beforeShare() + options.afterShare() && ordered + 1 < end) {
      visit(userId, between(ordered + 1, Math.min(ordered + 2 * HOUR_MILLIS, end)), order);
    }
  }

  private void visit(String userId, long first, Event order) {
    view(userId, first, order);
    for (int i = 1; i < MOST_VIEWS && random.nextDouble() < NEXT_VIEW; i++) {
      view(userId, between(first, Math.min(first + HOUR_MILLIS, end)), order);
    }
  }

  private void view(String userId, long at, Event order) {
    views.add(
        new Event(
            0,
            at,
            userId,
            Event.Type.VIEW,
            order.itemId(),
            "",
            order.price(),
            order.category(),
            1,
            order.country()));
  }

  /** The least where the range is empty. */
  private long between(long least, long below) {
    return least + (long) (random.nextDouble() * (below - least));
  }
}

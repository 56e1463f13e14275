package dev.beamfluss.pipelines.ingest;

import java.math.BigDecimal;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Order lines with units left, found by what a cancel says: user, item and price. */
final class OrderLines {

  private record Key(String userId, String itemId, BigDecimal price) {
    // 2.5 and 2.50 are the same price but not equal
    static Key of(Event event) {
      return new Key(event.userId(), event.itemId(), event.price().stripTrailingZeros());
    }
  }

  private static final class Line {
    final OrderLine ordered;
    final Order order;
    long left;

    Line(OrderLine ordered, Order order) {
      this.ordered = ordered;
      this.order = order;
      this.left = ordered.units();
    }

    OrderLine now() {
      return new OrderLine(ordered.id(), ordered.orderId(), ordered.ordered(), left);
    }
  }

  /**
   * The orders a cancel took units off, in the order it met them, their lines as they are now, and
   * the units it did not find.
   */
  record Cancelled(Set<Order> orders, List<OrderLine> lines, long unmatched) {}

  private final Map<Key, Deque<Line>> latestFirst = new HashMap<>();

  void add(OrderLine line, Order order) {
    Event event = line.ordered();
    order.add(line.units(), event.price());
    latestFirst
        .computeIfAbsent(Key.of(event), key -> new ArrayDeque<>(1))
        .push(new Line(line, order));
  }

  Cancelled cancel(Event event) {
    Key key = Key.of(event);
    Deque<Line> lines = latestFirst.getOrDefault(key, new ArrayDeque<>());
    long wanted = -(long) event.quantity();
    Set<Order> orders = new LinkedHashSet<>();
    List<OrderLine> changed = new ArrayList<>();
    while (wanted > 0 && !lines.isEmpty()) {
      Line line = lines.element();
      long taken = Math.min(wanted, line.left);
      wanted -= taken;
      line.left -= taken;
      line.order.add(-taken, event.price());
      orders.add(line.order);
      changed.add(line.now());
      if (line.left == 0) {
        lines.remove();
      }
    }
    if (lines.isEmpty()) {
      latestFirst.remove(key);
    }
    return new Cancelled(orders, changed, wanted);
  }
}

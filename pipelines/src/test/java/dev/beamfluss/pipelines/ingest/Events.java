package dev.beamfluss.pipelines.ingest;

import java.math.BigDecimal;
import java.time.Instant;

/** Short ways to write events down. */
final class Events {

  private Events() {}

  static Event view(String time, String userId) {
    return event(time, userId, Event.Type.VIEW, "tea", "", "1.00", 1);
  }

  static Event cart(String time, String userId) {
    return event(time, userId, Event.Type.CART, "tea", "", "1.00", 1);
  }

  static Event order(
      String time, String userId, String orderId, String itemId, String price, int quantity) {
    return event(time, userId, Event.Type.ORDER, itemId, orderId, price, quantity);
  }

  static Event cancel(String time, String userId, String itemId, String price, int quantity) {
    return event(time, userId, Event.Type.CANCEL, itemId, "C1", price, quantity);
  }

  /** The time is that of an ISO instant without its Z. */
  static Event event(
      String time,
      String userId,
      Event.Type type,
      String itemId,
      String orderId,
      String price,
      int quantity) {
    return new Event(
        1, millis(time), userId, type, itemId, orderId, new BigDecimal(price), "", quantity, "");
  }

  static long millis(String time) {
    return Instant.parse(time + "Z").toEpochMilli();
  }
}

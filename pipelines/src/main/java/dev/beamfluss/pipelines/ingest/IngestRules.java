package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import dev.beamfluss.pipelines.ingest.IngestCounts.Effect;
import dev.beamfluss.pipelines.ingest.IngestCounts.Outcome;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Turns a shop's event log into the rows of the reference's tables {@code order_ri} and {@code
 * log_page_ri} (scenario 1, order attribution). Stands in for the systems that feed these tables.
 *
 * <p>Every row written is cumulative: it says all that is known of its key so far. Writing it twice
 * changes nothing. After a failure the log can be read again from its start with new rules: keys go
 * back to earlier values on the way, and the tables end the same.
 *
 * <p>The first rule that applies decides; each row of the log is counted, see {@link IngestCounts}.
 * Where no source is named, the rule is this project's own, as the reference does not say.
 *
 * <table>
 * <caption>Rules</caption>
 * <tr><th>row</th><th>what becomes of it</th></tr>
 * <tr><td>without a user</td><td>dropped: both tables have {@code user_id} in their key</td></tr>
 * <tr><td>equal to an earlier one in every column, prices by value</td><td>dropped, unless {@link
 *     IngestOptions#keepRepeatedRows}</td></tr>
 * <tr><td>price zero or less, of any type</td><td>dropped</td></tr>
 * <tr><td>view</td><td>one more in {@code pv} of the user's day; an earlier time, as late events
 *     have, lowers {@code first_page_time}</td></tr>
 * <tr><td>cart</td><td>no effect on visits and orders</td></tr>
 * <tr><td>order, quantity zero or less</td><td>rejected</td></tr>
 * <tr><td>order</td><td>one line of the order of that user and order id. {@code pay_amt} is the sum
 *     of its lines' price times quantity; {@code order_time} and {@code ds} are those of the line
 *     that came first in the log, and stay</td></tr>
 * <tr><td>order without order id</td><td>an order of its own. The id is made of the first 16
 *     hexadecimal digits of the SHA-256 of the row, "-", and the number of its occurrence, from 1.
 *     The row is, in UTF-8 with U+001F between them: ts_ms, user, event, item, order id (empty),
 *     price without trailing zeros, category, quantity, country</td></tr>
 * <tr><td>cancel, quantity zero or more</td><td>rejected</td></tr>
 * <tr><td>cancel</td><td>takes units off the latest line before it in the log with the same user,
 *     item and price that has units left, then off the one before that. Its own order id is not
 *     looked at. An order with nothing left is deleted; with a new line it is an order again, with
 *     its old time and day. Units that are not found have no effect, also if their line comes
 *     later</td></tr>
 * </table>
 *
 * <p>Memory grows with the log: a digest (some 100 bytes with its map entry) for each row with a
 * user, each order, each order line with units left, and each user's day. It is meant for logs of
 * some million rows. Not thread-safe. After an exception of the sink the state is undefined: read
 * the log again with new rules.
 */
public final class IngestRules {

  /**
   * Takes the rows; a key may come any number of times, and the last call for it counts. By default
   * nothing is done with them.
   */
  public interface Sink {

    /** The order's row is now this one. */
    default void upsertOrder(OrderRow row) {}

    /** The order has nothing left. The row has its key and time; its amount is zero. */
    default void deleteOrder(OrderRow key) {}

    /** The visit's row is now this one. */
    default void upsertVisit(VisitRow row) {}

    /**
     * A view, a cart event or a line of an order that counts; called once for each.
     *
     * @param id tells it from all others, and is the same in each run
     */
    default void happened(Event event, String id) {}

    /** The line of an order is now this: new, or with fewer units than it had. */
    default void orderLine(OrderLine line) {}
  }

  private record OrderKey(String userId, String orderId) {}

  private record VisitKey(String userId, String ds) {}

  private record Visit(long firstMillis, long pv) {
    static Visit merge(Visit a, Visit b) {
      return new Visit(Math.min(a.firstMillis, b.firstMillis), a.pv + b.pv);
    }
  }

  private final IngestOptions options;
  private final EventTime time;
  private final Consumer<RejectedLine> rejected;
  private final IngestCounts counts = new IngestCounts();
  private final Map<RowIdentity, Integer> occurrences = new HashMap<>();
  private final Map<OrderKey, Order> orders = new HashMap<>();
  private final OrderLines lines = new OrderLines();
  private final Map<VisitKey, Visit> visits = new HashMap<>();

  /**
   * Rules with nothing seen yet.
   *
   * @param rejected told about each rejected row, with the reason
   */
  public IngestRules(IngestOptions options, Consumer<RejectedLine> rejected) {
    this.options = requireNonNull(options, "options");
    this.time = EventTime.in(options.zone());
    this.rejected = requireNonNull(rejected, "rejected");
  }

  /** Takes the next event of the log and writes what it changes. */
  public void accept(Event event, Sink sink) {
    counts.add(judge(event, sink));
  }

  /** The live counters; who reads the log adds the rows that never become events. */
  public IngestCounts counts() {
    return counts;
  }

  private Outcome judge(Event event, Sink sink) {
    if (!event.hasUser()) {
      return Outcome.NO_USER;
    }
    RowIdentity row = RowIdentity.of(event);
    int occurrence = occurrences.merge(row, 1, Integer::sum);
    if (!options.keepRepeatedRows() && occurrence > 1) {
      return Outcome.REPEATED_ROW;
    }
    if (event.price().signum() <= 0) {
      return Outcome.PRICE_NOT_POSITIVE;
    }
    String id = row.hex() + "-" + occurrence;
    return switch (event.type()) {
      case VIEW -> view(event, id, sink);
      case CART -> cart(event, id, sink);
      case ORDER -> event.quantity() > 0 ? order(event, id, sink) : reject(event, "positive");
      case CANCEL -> event.quantity() < 0 ? cancel(event, sink) : reject(event, "negative");
    };
  }

  private Outcome view(Event event, String id, Sink sink) {
    String ds = time.ds(event.timestampMillis());
    Visit visit =
        visits.merge(
            new VisitKey(event.userId(), ds), new Visit(event.timestampMillis(), 1), Visit::merge);
    if (visit.pv == 1) {
      counts.add(Effect.VISITS_OPENED, 1);
    }
    sink.upsertVisit(new VisitRow(event.userId(), time.format(visit.firstMillis), visit.pv, ds));
    counts.add(Effect.VISIT_UPSERTS, 1);
    sink.happened(event, id);
    return Outcome.VIEW;
  }

  private static Outcome cart(Event event, String id, Sink sink) {
    sink.happened(event, id);
    return Outcome.CART;
  }

  private Outcome order(Event event, String id, Sink sink) {
    OrderKey key = new OrderKey(event.userId(), orderId(event, id));
    Order order = orders.get(key);
    if (order == null) {
      order = open(event, key);
      orders.put(key, order);
      counts.add(Effect.ORDERS_OPENED, 1);
    } else if (order.isEmpty()) {
      counts.add(Effect.ORDERS_REVIVED, 1);
    }
    OrderLine line = new OrderLine(id, key.orderId, event, event.quantity());
    lines.add(line, order);
    write(order, sink);
    sink.happened(event, id);
    sink.orderLine(line);
    return Outcome.ORDER_LINE;
  }

  private Order open(Event event, OrderKey key) {
    long at = event.timestampMillis();
    return new Order(key.orderId, key.userId, time.format(at), time.ds(at));
  }

  private Outcome cancel(Event event, Sink sink) {
    OrderLines.Cancelled cancelled = lines.cancel(event);
    cancelled.orders().forEach(order -> write(order, sink));
    cancelled.lines().forEach(sink::orderLine);
    long unmatched = cancelled.unmatched();
    counts.add(Effect.UNITS_CANCELLED, -(long) event.quantity() - unmatched);
    counts.add(Effect.UNITS_UNMATCHED, unmatched);
    if (unmatched == 0) {
      return Outcome.CANCEL_MATCHED;
    }
    return cancelled.orders().isEmpty() ? Outcome.CANCEL_UNMATCHED : Outcome.CANCEL_PARTLY_MATCHED;
  }

  private void write(Order order, Sink sink) {
    if (order.isEmpty()) {
      sink.deleteOrder(order.row());
      counts.add(Effect.ORDERS_DELETED, 1);
    } else {
      sink.upsertOrder(order.row());
      counts.add(Effect.ORDER_UPSERTS, 1);
    }
  }

  private String orderId(Event event, String id) {
    if (!event.orderId().isEmpty()) {
      return event.orderId();
    }
    counts.add(Effect.ORDER_IDS_MADE, 1);
    return id;
  }

  private Outcome reject(Event event, String expected) {
    String reason =
        event.type().text() + " of quantity " + event.quantity() + ", it must be " + expected;
    rejected.accept(new RejectedLine(event.line(), reason, EventColumns.format(event)));
    return Outcome.BAD_QUANTITY;
  }
}

package dev.beamfluss.pipelines.ingest;

import static dev.beamfluss.pipelines.ingest.Events.cancel;
import static dev.beamfluss.pipelines.ingest.Events.cart;
import static dev.beamfluss.pipelines.ingest.Events.event;
import static dev.beamfluss.pipelines.ingest.Events.order;
import static dev.beamfluss.pipelines.ingest.Events.view;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.startsWith;

import dev.beamfluss.pipelines.ingest.IngestCounts.Effect;
import dev.beamfluss.pipelines.ingest.IngestCounts.Outcome;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class IngestRulesTest {

  private static final String NOON = "2026-01-01T12:00:00";
  private static final String LATER = "2026-01-01T13:00:00";
  private static final String NOON_TEXT = "2026-01-01 12:00:00.000";

  private final List<Object> writes = new ArrayList<>();
  private final List<String> happened = new ArrayList<>();
  private final List<OrderLine> lines = new ArrayList<>();
  private final List<RejectedLine> rejected = new ArrayList<>();
  private IngestRules rules = new IngestRules(IngestOptions.defaults(), rejected::add);
  private long given;

  private record Deleted(OrderRow key) {}

  private final IngestRules.Sink sink =
      new IngestRules.Sink() {
        @Override
        public void upsertOrder(OrderRow row) {
          writes.add(row);
        }

        @Override
        public void deleteOrder(OrderRow key) {
          writes.add(new Deleted(key));
        }

        @Override
        public void happened(Event event, String id) {
          happened.add(event.type() + " " + id);
        }

        @Override
        public void orderLine(OrderLine line) {
          lines.add(line);
        }

        @Override
        public void upsertVisit(VisitRow row) {
          writes.add(row);
        }
      };

  @AfterEach
  void everyRowIsCounted() {
    assertThat(rules.counts().rows(), equalTo(given));
  }

  @Test
  void viewsCountUpAndALateOneLowersTheFirstTime() {
    accept(view(LATER, "u"), view(NOON, "u"), view("2026-01-01T14:00:00", "u"));

    assertThat(
        writes,
        contains(
            new VisitRow("u", "2026-01-01 13:00:00.000", 1, "20260101"),
            new VisitRow("u", "2026-01-01 12:00:00.000", 2, "20260101"),
            new VisitRow("u", "2026-01-01 12:00:00.000", 3, "20260101")));
    assertThat(count(Outcome.VIEW), equalTo(3L));
    assertThat(count(Effect.VISITS_OPENED), equalTo(1L));
    assertThat(count(Effect.VISIT_UPSERTS), equalTo(3L));
  }

  @Test
  void visitsAreByUserAndDay() {
    accept(view(NOON, "u"), view(NOON, "v"), view("2026-01-02T00:00:00", "u"));

    assertThat(count(Effect.VISITS_OPENED), equalTo(3L));
  }

  @Test
  void dayAndTimeAreThoseOfTheZone() {
    use(IngestOptions.defaults().withZone(ZoneId.of("Asia/Shanghai")));

    accept(view("2026-01-01T16:00:00", "u"), order("2026-01-01T16:00:00", "u", "o", "i", "1", 1));

    assertThat(
        writes,
        contains(
            new VisitRow("u", "2026-01-02 00:00:00.000", 1, "20260102"),
            new OrderRow("o", "u", "2026-01-02 00:00:00.000", "1.00", "20260102")));
  }

  @Test
  void invoiceOfManyLinesIsOneOrderAndItsAmountTheSum() {
    accept(
        order(NOON, "u", "o", "i", "2.50", 2),
        order(LATER, "u", "o", "j", "1.125", 3),
        order("2026-01-02T09:00:00", "u", "o", "k", "0.125", 1));

    assertThat(
        writes,
        contains(
            row("o", NOON_TEXT, "5.00"),
            row("o", NOON_TEXT, "8.375"),
            row("o", NOON_TEXT, "8.50")));
    assertThat(count(Effect.ORDERS_OPENED), equalTo(1L));
    assertThat(count(Outcome.ORDER_LINE), equalTo(3L));
  }

  @Test
  void sameOrderIdOfAnotherUserIsAnotherOrder() {
    accept(order(NOON, "u", "o", "i", "1", 1), order(NOON, "v", "o", "i", "1", 1));

    assertThat(count(Effect.ORDERS_OPENED), equalTo(2L));
  }

  @Test
  void amountIsExact() {
    accept(order(NOON, "u", "o", "i", "0.1", 3), order(NOON, "u", "o", "j", "100", 80_995));

    assertThat(writes, contains(row("o", NOON_TEXT, "0.30"), row("o", NOON_TEXT, "8099500.30")));
  }

  @Test
  void missingOrderIdIsMadeOfTheRow() {
    accept(order(NOON, "u", "", "i", "2.50", 1));

    // SHA-256, worked out elsewhere, of the columns with U+001F between them
    assertThat(writes, contains(row("c669b62d47512b88-1", NOON_TEXT, "2.50")));
    assertThat(count(Effect.ORDER_IDS_MADE), equalTo(1L));
  }

  @Test
  void occurrenceNumberTellsKeptRepeatedRowsApart() {
    use(IngestOptions.defaults().withKeepRepeatedRows(true));
    Event line = order(NOON, "u", "", "i", "2.50", 1);

    accept(line, line.withLine(2));

    assertThat(
        writes,
        contains(
            row("c669b62d47512b88-1", NOON_TEXT, "2.50"),
            row("c669b62d47512b88-2", NOON_TEXT, "2.50")));
  }

  @Test
  void keptRepeatedRowAddsToItsOrder() {
    use(IngestOptions.defaults().withKeepRepeatedRows(true));
    Event line = order(NOON, "u", "o", "i", "2.50", 1);

    accept(line, line, view(NOON, "u"), view(NOON, "u"));

    assertThat(writes.get(1), equalTo(row("o", NOON_TEXT, "5.00")));
    assertThat(writes.get(3), equalTo(new VisitRow("u", NOON_TEXT, 2, "20260101")));
  }

  @Test
  void repeatedRowIsDropped() {
    accept(
        order(NOON, "u", "o", "i", "2.50", 1),
        order(NOON, "u", "o", "i", "2.5", 1).withLine(99),
        order(NOON, "u", "o", "i", "2.50", 2));

    assertThat(writes, contains(row("o", NOON_TEXT, "2.50"), row("o", NOON_TEXT, "7.50")));
    assertThat(count(Outcome.REPEATED_ROW), equalTo(1L));
  }

  @Test
  void rowWithoutUserIsDropped() {
    accept(view(NOON, ""), view(NOON, null), view(NOON, " "), order(NOON, "", "o", "i", "1", 1));

    assertThat(writes, empty());
    assertThat(count(Outcome.NO_USER), equalTo(4L));
  }

  @Test
  void rowWithoutPositivePriceIsDropped() {
    accept(
        order(NOON, "u", "o", "i", "0.00", 1),
        order(NOON, "u", "o", "i", "-1", 1),
        event(NOON, "u", Event.Type.VIEW, "i", "", "0", 1));

    assertThat(writes, empty());
    assertThat(count(Outcome.PRICE_NOT_POSITIVE), equalTo(3L));
  }

  @Test
  void orderOfNoQuantityIsRejectedWithTheReason() {
    accept(order(NOON, "u", "o", "i", "1", 0), order(NOON, "u", "o", "i", "1", -2));

    assertThat(writes, empty());
    assertThat(count(Outcome.BAD_QUANTITY), equalTo(2L));
    assertThat(
        rejected.get(1),
        equalTo(
            new RejectedLine(
                1,
                "order of quantity -2, it must be positive",
                "1767268800000,u,order,i,o,1,,-2,")));
  }

  @Test
  void cancelOfPositiveQuantityIsRejectedWithTheReason() {
    accept(order(NOON, "u", "o", "i", "1", 1), cancel(LATER, "u", "i", "1", 1));

    assertThat(count(Outcome.BAD_QUANTITY), equalTo(1L));
    assertThat(rejected.get(0).reason(), containsString("it must be negative"));
  }

  @Test
  void cartWritesNeitherVisitNorOrder() {
    accept(cart(NOON, "u"));

    assertThat(writes, empty());
    assertThat(count(Outcome.CART), equalTo(1L));
  }

  @Test
  void partialCancelLowersTheAmount() {
    accept(order(NOON, "u", "o", "i", "2.50", 3), cancel(LATER, "u", "i", "2.5", -1));

    assertThat(writes, contains(row("o", NOON_TEXT, "7.50"), row("o", NOON_TEXT, "5.00")));
    assertThat(count(Outcome.CANCEL_MATCHED), equalTo(1L));
    assertThat(count(Effect.UNITS_CANCELLED), equalTo(1L));
  }

  @Test
  void orderWithNothingLeftIsDeleted() {
    accept(
        order(NOON, "u", "o", "i", "2.50", 1),
        order(NOON, "u", "o", "j", "1.00", 1),
        cancel(LATER, "u", "i", "2.50", -1),
        cancel(LATER, "u", "j", "1.00", -1));

    assertThat(writes.get(2), equalTo(row("o", NOON_TEXT, "1.00")));
    assertThat(writes.get(3), equalTo(new Deleted(row("o", NOON_TEXT, "0.00"))));
    assertThat(count(Effect.ORDERS_DELETED), equalTo(1L));
  }

  @Test
  void cancelOnAnotherDayKeepsTheOrdersDay() {
    accept(order(NOON, "u", "o", "i", "1", 2), cancel("2026-01-05T00:00:00", "u", "i", "1", -1));

    assertThat(writes.get(1), equalTo(row("o", NOON_TEXT, "1.00")));
  }

  @Test
  void cancelTakesTheLatestLineFirstAndGoesOn() {
    accept(
        order(NOON, "u", "o1", "i", "1", 3),
        order(LATER, "u", "o2", "i", "1", 2),
        cancel(LATER, "u", "i", "1", -4));

    assertThat(
        writes.subList(2, 4),
        contains(
            new Deleted(row("o2", "2026-01-01 13:00:00.000", "0.00")),
            row("o1", NOON_TEXT, "1.00")));
  }

  @Test
  void linesOfOrdersAreTold() {
    accept(
        order(NOON, "u", "o", "i", "1", 2),
        order(LATER, "u", "", "i", "1", 3),
        cancel(LATER, "u", "i", "1", -4));

    assertThat(lines.stream().map(OrderLine::units).toList(), contains(2L, 3L, 0L, 1L));
    OrderLine first = lines.get(0);
    OrderLine second = lines.get(1);
    // the latest line first, then what is left off the one before
    assertThat(lines.get(2).id(), equalTo(second.id()));
    assertThat(lines.get(3).id(), equalTo(first.id()));
    assertThat(first.orderId(), equalTo("o"));
    assertThat(second.orderId(), equalTo(second.id()));
    assertThat(lines.get(2).orderId(), equalTo(second.orderId()));
  }

  @Test
  void whatHappensHasAnIdThatIsTheSameEachTime() {
    accept(view(NOON, "u"), cart(NOON, "u"), order(NOON, "u", "o", "i", "1", 2));
    List<String> once = List.copyOf(happened);
    happened.clear();
    new IngestRules(IngestOptions.defaults().withKeepRepeatedRows(true), rejected::add)
        .accept(view(NOON, "u"), sink);

    assertThat(once.size(), equalTo(3));
    assertThat(happened, contains(once.get(0)));
    assertThat(once.get(0), startsWith("VIEW "));
    assertThat(once.get(1), startsWith("CART "));
    assertThat(once.get(2), equalTo("ORDER " + lines.get(0).id()));
  }

  @Test
  void cancelOfTwoLinesOfAnOrderWritesItOnce() {
    accept(
        order(NOON, "u", "o", "i", "1", 1),
        order(LATER, "u", "o", "i", "1", 1),
        cancel(LATER, "u", "i", "1", -2));

    assertThat(writes.size(), equalTo(3));
    assertThat(writes.get(2), equalTo(new Deleted(row("o", NOON_TEXT, "0.00"))));
  }

  @Test
  void unmatchedRestOfACancelIsCounted() {
    accept(order(NOON, "u", "o", "i", "1", 2), cancel(LATER, "u", "i", "1", -5));

    assertThat(count(Outcome.CANCEL_PARTLY_MATCHED), equalTo(1L));
    assertThat(count(Effect.UNITS_CANCELLED), equalTo(2L));
    assertThat(count(Effect.UNITS_UNMATCHED), equalTo(3L));
  }

  @Test
  void cancelNeedsTheSameUserItemAndPriceBeforeIt() {
    accept(
        cancel(NOON, "u", "i", "1", -1),
        order(NOON, "u", "o", "i", "1", 1),
        cancel(LATER, "v", "i", "1", -1),
        cancel(LATER, "u", "j", "1", -1),
        cancel(LATER, "u", "i", "1.01", -1));

    assertThat(writes, contains(row("o", NOON_TEXT, "1.00")));
    assertThat(count(Outcome.CANCEL_UNMATCHED), equalTo(4L));
    assertThat(count(Effect.UNITS_UNMATCHED), equalTo(4L));
  }

  @Test
  void deletedOrderWithANewLineIsAnOrderAgain() {
    accept(
        order(NOON, "u", "o", "i", "1", 1),
        cancel(NOON, "u", "i", "1", -1),
        order("2026-01-02T12:00:00", "u", "o", "j", "2", 1));

    assertThat(writes.get(2), equalTo(row("o", NOON_TEXT, "2.00")));
    assertThat(count(Effect.ORDERS_REVIVED), equalTo(1L));
    assertThat(count(Effect.ORDERS_OPENED), equalTo(1L));
  }

  @Test
  void tableListsEveryCounterAndTheSum() {
    accept(view(NOON, "u"), cart(NOON, "u"));
    rules.counts().add(Outcome.MALFORMED_LINE);
    given++;

    String table = rules.counts().toString();

    assertThat(
        table.lines().count(), equalTo(Outcome.values().length + 1L + Effect.values().length));
    assertThat(table, containsString(String.format("%-32s %12d", "= rows", 3)));
  }

  private static OrderRow row(String orderId, String orderTime, String payAmt) {
    return new OrderRow(orderId, "u", orderTime, payAmt, "20260101");
  }

  private void use(IngestOptions options) {
    rules = new IngestRules(options, rejected::add);
  }

  private void accept(Event... events) {
    for (Event event : events) {
      rules.accept(event, sink);
      given++;
    }
  }

  private long count(Outcome outcome) {
    return rules.counts().get(outcome);
  }

  private long count(Effect effect) {
    return rules.counts().get(effect);
  }
}

package dev.beamfluss.demo;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.anEmptyMap;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.demo.AttributionAnswer.Conversion;
import dev.beamfluss.demo.AttributionAnswer.Row;
import dev.beamfluss.pipelines.ingest.Event;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AttributionAnswerTest {

  private static final String DS = "20260101";

  @Test
  void orderAfterTheFirstViewIsMatched() {
    AttributionAnswer answer =
        AttributionAnswer.of(List.of(view("u", 10), view("u", 9), order("u", "o", 9, "2.5", 2)));

    assertThat(
        answer.rows(),
        equalTo(
            Map.of(
                new AttributionAnswer.Key(DS, "u", "o"),
                new Row(time(9), time(9), 2, "5.00", "1"))));
  }

  @Test
  void orderBeforeTheFirstViewIsNotMatched() {
    AttributionAnswer answer =
        AttributionAnswer.of(List.of(order("u", "o", 8, "1", 1), view("u", 9)));

    assertThat(
        answer.rows(),
        equalTo(
            Map.of(
                new AttributionAnswer.Key(DS, "u", "o"),
                new Row(time(9), time(8), 1, "1.00", "0"))));
  }

  @Test
  void visitWithoutOrderHasARowWithoutOne() {
    assertThat(
        AttributionAnswer.of(List.of(view("u", 9))).rows(),
        equalTo(
            Map.of(new AttributionAnswer.Key(DS, "u", ""), new Row(time(9), null, 1, null, "0"))));
  }

  @Test
  void visitWhoseOrderIsDeletedHasARowWithoutOne() {
    AttributionAnswer answer =
        AttributionAnswer.of(
            List.of(view("u", 9), order("u", "o", 10, "1", 2), cancel("u", 11, "1", -3)));

    assertThat(
        answer.rows(),
        equalTo(
            Map.of(new AttributionAnswer.Key(DS, "u", ""), new Row(time(9), null, 1, null, "0"))));
    assertThat(answer.ordersDeleted(), equalTo(1L));
  }

  @Test
  void orderWithoutVisitOnItsDayHasNoRow() {
    AttributionAnswer answer =
        AttributionAnswer.of(List.of(order("u", "o", 9, "1", 1), view("v", 9), view("u", 24)));

    assertThat(
        answer.rows().keySet().stream().noneMatch(k -> k.orderId().equals("o")), equalTo(true));
  }

  @Test
  void revivedOrderIsNotDeleted() {
    AttributionAnswer answer =
        AttributionAnswer.of(
            List.of(
                order("u", "o", 9, "1", 1),
                cancel("u", 10, "1", -1),
                order("u", "o", 11, "2", 1),
                view("u", 8)));

    assertThat(answer.ordersDeleted(), equalTo(0L));
    assertThat(
        answer.rows(),
        equalTo(
            Map.of(
                new AttributionAnswer.Key(DS, "u", "o"),
                new Row(time(8), time(9), 1, "2.00", "1"))));
  }

  @Test
  void conversionIsDistinctBuyersByDistinctVisitorsOfADay() {
    AttributionAnswer answer =
        AttributionAnswer.of(
            List.of(
                view("a", 9),
                order("a", "o1", 10, "1", 1),
                order("a", "o2", 11, "1", 1),
                view("b", 9),
                order("b", "o3", 8, "1", 1),
                view("c", 9),
                view("d", 9),
                view("a", 25)));

    assertThat(
        answer.conversions(),
        equalTo(
            Map.of(
                DS,
                new Conversion(4, 1, 2, new BigDecimal("2.000000")),
                "20260102",
                new Conversion(1, 0, 0, new BigDecimal("0.000000")))));
    assertThat(answer.conversions().get(DS).rate(), equalTo(0.25));
    assertThat(answer.rowsPerMatch(), equalTo(Map.of("0", 4L, "1", 2L)));
  }

  @Test
  void emptyLogHasNoRows() {
    AttributionAnswer answer = AttributionAnswer.of(List.of());

    assertThat(answer.rows(), anEmptyMap());
    assertThat(answer.conversions(), anEmptyMap());
    assertThat(answer.rowsPerMatch(), anEmptyMap());
  }

  private static Event view(String userId, int hour) {
    return event(userId, Event.Type.VIEW, "", hour, "1", 1);
  }

  private static Event order(String userId, String orderId, int hour, String price, int quantity) {
    return event(userId, Event.Type.ORDER, orderId, hour, price, quantity);
  }

  private static Event cancel(String userId, int hour, String price, int quantity) {
    return event(userId, Event.Type.CANCEL, "c", hour, price, quantity);
  }

  private static Event event(
      String userId, Event.Type type, String orderId, int hour, String price, int quantity) {
    long at = Instant.parse("2026-01-01T00:00:00Z").toEpochMilli() + hour * 3_600_000L;
    return new Event(1, at, userId, type, "i", orderId, new BigDecimal(price), "", quantity, "");
  }

  private static String time(int hour) {
    return String.format("2026-01-01 %02d:00:00.000", hour);
  }
}

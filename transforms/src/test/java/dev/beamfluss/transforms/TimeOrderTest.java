package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.LocalDateTime;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;

class TimeOrderTest {
  private static final TimeOrder ORDER = TimeOrder.notBefore("order_time", "visit_time");
  private static final Schema TEXTS = schema(FieldType.STRING, FieldType.STRING);

  private static Schema schema(FieldType order, FieldType visit) {
    return Schema.builder()
        .addNullableField("order_time", order)
        .addNullableField("visit_time", visit)
        .build();
  }

  private static Row row(Schema schema, Object order, Object visit) {
    return Row.withSchema(schema).addValues(order, visit).build();
  }

  private static void assertRefused(TimeOrder order, Schema schema, String... parts) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> order.check(schema)).getMessage();
    for (String part : parts) {
      assertThat(message, containsString(part));
    }
  }

  @Test
  void textsAreComparedAsTheTimesTheyAre() {
    TimeOrder texts = ORDER.inTextOf("uuuu-MM-dd H:mm");
    texts.check(TEXTS);
    assertThat(texts.apply(row(TEXTS, "2026-11-23 10:30", "2026-11-23 9:30")), is(true));
    assertThat(texts.apply(row(TEXTS, "2026-11-23 9:30", "2026-11-23 10:30")), is(false));
    assertThat(texts.apply(row(TEXTS, "2026-11-23 9:30", "2026-11-23 9:30")), is(true));
    assertThat(texts.apply(row(TEXTS, null, "2026-11-23 9:30")), is(false));
    assertThat(texts.apply(row(TEXTS, "2026-11-23 9:30", null)), is(false));
    assertThat(
        texts.choose("1", "0").apply(row(TEXTS, "2026-11-23 9:30", "2026-11-23 9:30")), is("1"));
    assertThat(
        assertThrows(
                IllegalArgumentException.class,
                () -> texts.apply(row(TEXTS, "yesterday", "2026-11-23 9:30")))
            .getMessage(),
        containsString("'yesterday' in column order_time is no time"));
  }

  @Test
  void timesNeedNoPattern() {
    FieldType type = FieldType.logicalType(SqlTypes.DATETIME);
    Schema times = schema(type, type);
    ORDER.check(times);
    LocalDateTime nine = LocalDateTime.of(2026, 11, 23, 9, 30);
    assertThat(ORDER.apply(row(times, nine.plusHours(1), nine)), is(true));
    assertThat(ORDER.apply(row(times, nine, nine.plusNanos(1000))), is(false));
  }

  @Test
  void whatMayNotSortIsRefused() {
    assertRefused(ORDER, TEXTS, "order_time and visit_time are STRING", "inTextOf(");
    assertRefused(ORDER, schema(FieldType.INT64, FieldType.STRING), "one is INT64");
    assertRefused(ORDER, schema(FieldType.BYTES, FieldType.BYTES), "which has no order");
    assertRefused(
        ORDER.inTextOf("uuuu"),
        schema(FieldType.INT64, FieldType.INT64),
        "not texts of the pattern");
    assertRefused(
        TimeOrder.notBefore("nothing", "visit_time"), TEXTS, "no column nothing", "order_time");
    assertThrows(IllegalArgumentException.class, () -> ORDER.inTextOf("{"));
  }
}

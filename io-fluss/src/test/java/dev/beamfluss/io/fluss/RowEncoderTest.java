package dev.beamfluss.io.fluss;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.NanosInstant;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.hamcrest.Matcher;
import org.junit.jupiter.api.Test;

class RowEncoderTest {
  private static final FieldType TIME = FieldType.logicalType(SqlTypes.TIME);
  private static final FieldType DATETIME = FieldType.logicalType(SqlTypes.DATETIME);
  private static final FieldType MICROS = FieldType.logicalType(SqlTypes.TIMESTAMP);
  private static final FieldType NANOS = FieldType.logicalType(new NanosInstant());

  @Test
  void decimalsThatDoNotFitAreRefusedAndNeverRounded() {
    DataType type = DataTypes.DECIMAL(5, 2);
    assertThat(
        encode(type, FieldType.DECIMAL, new BigDecimal("-123.45")),
        equalTo(Decimal.fromBigDecimal(new BigDecimal("-123.45"), 5, 2)));
    assertThat(
        "digits that are zeros",
        encode(type, FieldType.DECIMAL, new BigDecimal("1E+2")),
        equalTo(Decimal.fromBigDecimal(new BigDecimal("100.00"), 5, 2)));
    assertThat(
        encode(type, FieldType.DECIMAL, new BigDecimal("0.500000")),
        equalTo(Decimal.fromBigDecimal(new BigDecimal("0.50"), 5, 2)));
    for (String value : List.of("1000", "0.001", "999.999")) {
      assertRefused(
          type, FieldType.DECIMAL, new BigDecimal(value), value, "does not fit", "DECIMAL(5, 2)");
    }
    assertThat(
        "a long one is cut in the message",
        refusal(type, FieldType.DECIMAL, new BigDecimal("1".repeat(5_000))).length(),
        lessThan(300));
  }

  @Test
  void textAndBytesTooLongAreRefused() {
    assertThat(encode(DataTypes.CHAR(2), FieldType.STRING, "🧋中").toString(), equalTo("🧋中"));
    assertRefused(DataTypes.CHAR(2), FieldType.STRING, "abc", "abc", "does not fit", "CHAR(2)");
    assertRefused(
        DataTypes.BINARY(2), FieldType.BYTES, new byte[3], "3 bytes", "does not fit", "BINARY(2)");
    assertRefused(
        DataTypes.BINARY(2), FieldType.BYTES, new byte[1], "1 bytes", "does not fit", "BINARY(2)");
  }

  @Test
  void aNullInANotNullColumnIsRefused() {
    assertRefused(
        DataTypes.INT().copy(false), FieldType.INT32, null, "NOT NULL", "the row has null");
    assertThat(encode(DataTypes.INT(), FieldType.INT32, null), equalTo(null));
  }

  @Test
  void nullsInsideCollectionsAndRowsFollowTheirOwnNullability() {
    FieldType strings = FieldType.array(FieldType.STRING.withNullable(true));
    DataType noNulls = DataTypes.ARRAY(DataTypes.STRING().copy(false));
    assertRefused(noNulls, strings, Arrays.asList("a", null), "value[]", "NOT NULL");
    encode(DataTypes.ARRAY(DataTypes.STRING()), strings, Arrays.asList("a", null));

    FieldType map = FieldType.map(FieldType.STRING, FieldType.INT32.withNullable(true));
    DataType noNullValues = DataTypes.MAP(DataTypes.STRING(), DataTypes.INT().copy(false));
    Map<String, @Nullable Integer> nullValue = Collections.singletonMap("k", null);
    assertRefused(noNullValues, map, nullValue, "value.value", "NOT NULL");
    encode(DataTypes.MAP(DataTypes.STRING(), DataTypes.INT()), map, nullValue);

    Schema inner = Schema.builder().addNullableField("a", FieldType.INT32).build();
    Row nullInside = Row.withSchema(inner).addValue(null).build();
    DataType row = DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT().copy(false)));
    assertRefused(row, FieldType.row(inner), nullInside, "Column a", "db.t.value", "NOT NULL");
    encode(DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT())), FieldType.row(inner), nullInside);
  }

  @Test
  void narrowerNumbersWidenAndWiderOnesAreRefused() {
    assertThat(encode(DataTypes.SMALLINT(), FieldType.BYTE, (byte) 7), equalTo((short) 7));
    assertThat(encode(DataTypes.INT(), FieldType.INT16, (short) 7), equalTo(7));
    assertThat(encode(DataTypes.BIGINT(), FieldType.BYTE, (byte) 7), equalTo(7L));
    assertThat(encode(DataTypes.BIGINT(), FieldType.INT32, -7), equalTo(-7L));
    assertThat(encode(DataTypes.DOUBLE(), FieldType.FLOAT, 1.5f), equalTo(1.5d));
    assertMismatch(DataTypes.INT(), FieldType.INT64, "INT", "INT32", "INT64");
    assertMismatch(DataTypes.TINYINT(), FieldType.INT16, "TINYINT", "BYTE", "INT16");
    assertMismatch(DataTypes.FLOAT(), FieldType.DOUBLE, "FLOAT", "FLOAT", "DOUBLE");
    assertMismatch(DataTypes.STRING(), FieldType.INT32, "STRING", "STRING", "INT32");
    assertMismatch(DataTypes.DATE(), FieldType.STRING, "DATE", "beam:logical_type:date", "STRING");
  }

  @Test
  void timesAreCutToTheirColumnsPrecision() {
    LocalTime time = LocalTime.of(1, 2, 3, 987_654_321);
    assertThat(encode(DataTypes.TIME(0), TIME, time), equalTo(3_723_000));
    assertThat(encode(DataTypes.TIME(1), TIME, time), equalTo(3_723_900));
    assertThat(encode(DataTypes.TIME(9), TIME, time), equalTo(3_723_987));

    LocalDateTime dateTime = LocalDateTime.of(2026, 1, 2, 3, 4, 5, 987_654_321);
    for (int precision = 0; precision <= 9; precision++) {
      long unit = (long) Math.pow(10, 9 - precision);
      int nanos = (int) (987_654_321 - 987_654_321 % unit);
      assertThat(
          encode(DataTypes.TIMESTAMP(precision), DATETIME, dateTime),
          equalTo(TimestampNtz.fromLocalDateTime(dateTime.withNano(nanos))));
      Instant instant = Instant.parse("2026-01-02T03:04:05.987654321Z");
      assertThat(
          encode(DataTypes.TIMESTAMP_LTZ(precision), NANOS, instant),
          equalTo(
              TimestampLtz.fromInstant(Instant.parse("2026-01-02T03:04:05Z").plusNanos(nanos))));
    }
    assertThat(
        "also before 1970, towards the past",
        encode(
            DataTypes.TIMESTAMP(0), DATETIME, LocalDateTime.of(1969, 12, 31, 23, 59, 59, 900_000)),
        equalTo(TimestampNtz.fromLocalDateTime(LocalDateTime.of(1969, 12, 31, 23, 59, 59))));
    assertThat(
        "joda's instant",
        encode(
            DataTypes.TIMESTAMP_LTZ(3), FieldType.DATETIME, org.joda.time.Instant.ofEpochMilli(-5)),
        equalTo(TimestampLtz.fromEpochMillis(-5)));
  }

  @Test
  void timesThatFlussCannotReadBackAreRefused() {
    LocalDateTime before1970 = LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_999_999);
    String fractions = "fractions of a millisecond before 1970";
    encode(DataTypes.TIMESTAMP(3), DATETIME, before1970);
    assertRefused(DataTypes.TIMESTAMP(6), DATETIME, before1970, fractions, "use TIMESTAMP(3)");
    assertRefused(DataTypes.TIMESTAMP(9), DATETIME, before1970, fractions, "use TIMESTAMP(3)");
    assertRefused(
        DataTypes.TIMESTAMP_LTZ(6),
        MICROS,
        Instant.parse("1960-01-01T00:00:00.000001Z"),
        fractions);
    encode(DataTypes.TIMESTAMP(6), DATETIME, before1970.withNano(999_000_000));

    String years = "before 1678 and after 2261";
    encode(DataTypes.TIMESTAMP(9), DATETIME, LocalDateTime.of(2262, 1, 1, 0, 0));
    assertRefused(DataTypes.TIMESTAMP(9), DATETIME, LocalDateTime.of(2263, 1, 1, 0, 0), years);
    assertRefused(DataTypes.TIMESTAMP(7), DATETIME, LocalDateTime.of(1600, 1, 1, 0, 0), years);
    encode(DataTypes.TIMESTAMP(6), DATETIME, LocalDateTime.of(9999, 12, 31, 0, 0));
  }

  /** So that they go to the error handler like any other row that can never be written. */
  @Test
  void datesAndTimesOutOfRangeAreRefused() {
    FieldType date = FieldType.logicalType(SqlTypes.DATE);
    assertRefused(DataTypes.DATE(), date, LocalDate.MAX, "does not fit", "DATE");
    assertRefused(DataTypes.TIMESTAMP(3), DATETIME, LocalDateTime.MAX, "does not fit");
    assertRefused(DataTypes.TIMESTAMP(6), DATETIME, LocalDateTime.MIN, "does not fit");
    assertRefused(
        DataTypes.TIMESTAMP(6), DATETIME, LocalDateTime.of(300_000, 1, 1, 0, 0), "64 bits");
    assertRefused(DataTypes.TIMESTAMP_LTZ(3), NANOS, Instant.MAX, "does not fit");
    assertRefused(DataTypes.TIMESTAMP_LTZ(3), MICROS, Instant.MIN, "does not fit");
  }

  /** At the top they are refused; dropped silently in here, their values would be lost. */
  @Test
  void fieldsOfNestedRowsThatTheColumnDoesNotHaveAreRefused() {
    Schema inner = Schema.builder().addInt32Field("a").addInt32Field("more").build();
    assertMismatch(
        DataTypes.ROW(DataTypes.FIELD("a", DataTypes.INT())),
        FieldType.row(inner),
        "[more]",
        "db.t.value");
    assertMismatch(
        DataTypes.ROW(
            DataTypes.FIELD("a", DataTypes.INT()),
            DataTypes.FIELD("more", DataTypes.INT()),
            DataTypes.FIELD("missing", DataTypes.INT())),
        FieldType.row(inner),
        "missing",
        "db.t.value");
  }

  private static @Nullable Object encode(DataType type, FieldType field, @Nullable Object value) {
    return encoder(type, field).encode(row(field, value)).getField(0);
  }

  private static RowEncoder encoder(DataType type, FieldType field) {
    return new RowEncoder(
        "db.t",
        DataTypes.ROW(DataTypes.FIELD("value", type)),
        List.of("value"),
        Schema.builder().addNullableField("value", field).build());
  }

  private static Row row(FieldType field, @Nullable Object value) {
    return Row.withSchema(Schema.builder().addNullableField("value", field).build())
        .attachValues(Collections.singletonList(value));
  }

  private static String refusal(DataType type, FieldType field, @Nullable Object value) {
    RowEncoder encoder = encoder(type, field);
    Row row = row(field, value);
    return assertThrows(IllegalArgumentException.class, () -> encode(encoder, row)).getMessage();
  }

  private static GenericRow encode(RowEncoder encoder, Row row) {
    return encoder.encode(row);
  }

  private static void assertRefused(
      DataType type, FieldType field, @Nullable Object value, String... parts) {
    String message = refusal(type, field, value);
    assertThat(message, containsString("value"));
    assertThat(message, containsString("db.t"));
    assertThat(message, is(allOf(containing(parts))));
  }

  private static void assertMismatch(DataType type, FieldType field, String... parts) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> encoder(type, field)).getMessage();
    assertThat(message, containsString("value"));
    assertThat(message, containsString("db.t"));
    assertThat(message, is(allOf(containing(parts))));
  }

  private static List<Matcher<? super String>> containing(String... parts) {
    return Arrays.stream(parts).<Matcher<? super String>>map(p -> containsString(p)).toList();
  }
}

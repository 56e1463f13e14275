package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import java.io.Serializable;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;

/**
 * Lines of orders of some sources on some days, and what {@link MinuteTotals} must give of them.
 */
final class MinuteOrders {
  static final Schema SCHEMA =
      Schema.builder()
          .addNullableStringField("order_source")
          .addNullableStringField("order_id")
          .addNullableField("amount", Schema.FieldType.DECIMAL)
          .build();

  private MinuteOrders() {}

  /** Totals of a source by a minute: orders, amount, lines. */
  record Total(long orders, BigDecimal amount, long lines) implements Serializable {
    static Total of(Row row) {
      return new Total(
          row.getInt64("order_cnt"), row.getDecimal("order_gmv"), row.getInt64("lines"));
    }
  }

  static MinuteTotals totals() {
    return MinuteTotals.of("order_source")
        .countingDistinct("order_id", "order_cnt")
        .summing("amount", "order_gmv")
        .withVersionColumn("lines");
  }

  static TimestampedValue<Row> line(String time, String source, String order, String amount) {
    return line(Instant.parse(time).toEpochMilli(), source, order, new BigDecimal(amount));
  }

  private static TimestampedValue<Row> line(
      long millis, String source, String order, BigDecimal amount) {
    return TimestampedValue.of(
        Row.withSchema(SCHEMA).attachValues(source, order, amount),
        org.joda.time.Instant.ofEpochMilli(millis));
  }

  /** Orders of one to three lines, which are up to some minutes apart, also over midnight. */
  static List<TimestampedValue<Row>> random(Random random, Instant from, int days, int orders) {
    List<TimestampedValue<Row>> lines = new ArrayList<>();
    for (int order = 0; order < orders; order++) {
      long at = from.toEpochMilli() + (long) (random.nextDouble() * days * 86_400_000L);
      String source = "source " + random.nextInt(3);
      for (int line = random.nextInt(3); line >= 0; line--) {
        long later = random.nextInt(10) == 0 ? random.nextInt(3_600_000) : random.nextInt(100_000);
        lines.add(
            line(
                at + later,
                source,
                "order " + order,
                BigDecimal.valueOf(random.nextInt(9_999), 2)));
      }
    }
    return lines;
  }

  /** By day, minute and source. */
  static Map<List<String>, Total> expected(List<TimestampedValue<Row>> lines, ZoneId zone) {
    Map<List<String>, List<TimestampedValue<Row>>> days = new HashMap<>();
    for (TimestampedValue<Row> line : lines) {
      LocalDate day = local(line, zone).toLocalDate();
      days.computeIfAbsent(
              List.of(day.toString().replace("-", ""), line.getValue().getString("order_source")),
              key -> new ArrayList<>())
          .add(line);
    }
    Map<List<String>, Total> totals = new HashMap<>();
    days.forEach(
        (key, ofDay) -> {
          for (int hour = 0; hour < 24; hour++) {
            for (int minute = 0; minute < 60; minute++) {
              String mm = String.format("%02d%02d", hour, minute);
              totals.put(List.of(key.get(0), mm, key.get(1)), total(ofDay, hour, minute, zone));
            }
          }
        });
    return totals;
  }

  private static Total total(List<TimestampedValue<Row>> lines, int hour, int minute, ZoneId zone) {
    Set<String> orders = new HashSet<>();
    BigDecimal amount = BigDecimal.ZERO;
    long count = 0;
    for (TimestampedValue<Row> line : lines) {
      ZonedDateTime at = local(line, zone);
      if (at.getHour() < hour || (at.getHour() == hour && at.getMinute() <= minute)) {
        orders.add(line.getValue().getString("order_id"));
        amount = amount.add(line.getValue().getDecimal("amount"));
        count++;
      }
    }
    return new Total(orders.size(), amount.stripTrailingZeros(), count);
  }

  private static ZonedDateTime local(TimestampedValue<Row> line, ZoneId zone) {
    return Instant.ofEpochMilli(line.getTimestamp().getMillis()).atZone(zone);
  }

  /** What a table with the versioned merge engine ends with; one version must say one thing. */
  static Map<List<String>, Total> merged(Iterable<Row> rows) {
    Map<List<String>, TreeMap<Long, Total>> versions = new HashMap<>();
    for (Row row : rows) {
      Total total = Total.of(row);
      Total plain = new Total(total.orders(), total.amount().stripTrailingZeros(), total.lines());
      Total before =
          versions
              .computeIfAbsent(
                  List.of(row.getString("ds"), row.getString("mm"), row.getString("order_source")),
                  key -> new TreeMap<>())
              .put(total.lines(), plain);
      if (before != null) {
        assertThat(row.toString(), before, is(plain));
      }
    }
    Map<List<String>, Total> merged = new HashMap<>();
    versions.forEach((key, of) -> merged.put(key, of.lastEntry().getValue()));
    return merged;
  }
}

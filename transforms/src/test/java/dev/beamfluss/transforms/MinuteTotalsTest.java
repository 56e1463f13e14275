package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.aMapWithSize;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which rows come, and when. */
class MinuteTotalsTest {
  private static final Instant MIDNIGHT = Instant.parse("2026-03-02T00:00:00Z");

  private final Pipeline pipeline = Pipeline.create();

  private static TimestampedValue<Row> line(String time, String order, String amount) {
    return MinuteOrders.line("2026-03-02T" + time + "Z", "web", order, amount);
  }

  private static org.joda.time.Instant at(String time) {
    return org.joda.time.Instant.parse("2026-03-02T" + time + "Z");
  }

  private static TestStream.Builder<Row> stream() {
    return TestStream.create(RowCoder.of(MinuteOrders.SCHEMA));
  }

  /** Lines, and how often a row of a minute with so many came. */
  private static void assertVersions(PCollection<Row> totals, Map<String, List<Long>> expected) {
    PAssert.that(totals)
        .satisfies(
            rows -> {
              Map<String, List<Long>> found = new HashMap<>();
              for (Row row : rows) {
                assertThat(row.getString("ds"), is("20260302"));
                found
                    .computeIfAbsent(row.getString("mm"), mm -> new ArrayList<>())
                    .add(row.getInt64("lines"));
              }
              assertThat(found, is(aMapWithSize(1_440)));
              found.values().forEach(Collections::sort);
              expected.forEach(
                  (minute, versions) -> assertThat(minute, found.get(minute), is(versions)));
              return null;
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"UTC", "Asia/Shanghai"})
  void aBoundedInputHasAllMinutesOfItsDaysAndNoMore(String zoneName) {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    ZoneId zone = ZoneId.of(zoneName);
    List<TimestampedValue<Row>> lines = MinuteOrders.random(new Random(seed), MIDNIGHT, 2, 300);
    Map<List<String>, MinuteOrders.Total> expected = MinuteOrders.expected(lines, zone);
    PCollection<Row> totals =
        pipeline
            .apply(Create.timestamped(lines).withCoder(RowCoder.of(MinuteOrders.SCHEMA)))
            .apply(MinuteOrders.totals().withTimeColumns("ds", "mm", zone));
    PAssert.that(totals)
        .satisfies(
            rows -> {
              assertEqual(MinuteOrders.merged(rows), expected);
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static void assertEqual(
      Map<List<String>, MinuteOrders.Total> found, Map<List<String>, MinuteOrders.Total> expected) {
    expected.forEach((key, total) -> assertThat(key.toString(), found.get(key), is(total)));
    assertThat(found.keySet(), is(expected.keySet()));
  }

  @Test
  void minutesComeWithTheWatermarkAndALateRowGivesItsOwnAndTheLaterOnesAgain() {
    PCollection<Row> totals =
        pipeline
            .apply(
                stream()
                    .addElements(line("00:05:10", "a", "1.50"))
                    // without any row, in these minutes
                    .advanceWatermarkTo(at("01:00:00"))
                    .addElements(line("00:03:59.999", "b", "2"))
                    .advanceWatermarkToInfinity())
            .apply(MinuteOrders.totals());
    Map<String, List<Long>> expected = new HashMap<>();
    for (int minute = 0; minute < 1_440; minute++) {
      expected.put(
          LocalMinutes.name(minute),
          minute < 3
              ? List.of(0L)
              : minute < 5 ? List.of(0L, 1L) : minute < 60 ? List.of(1L, 2L) : List.of(2L));
    }
    assertVersions(totals, expected);
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    assertThat(counter(result, "totalsGivenAgain"), is(57L));
  }

  @Test
  void anOrderCountsInItsEarliestMinuteWhateverLineComesFirst() {
    PCollection<Row> totals =
        pipeline
            .apply(
                stream()
                    .addElements(line("10:00:00", "a", "1"))
                    .advanceWatermarkTo(at("11:00:00"))
                    .addElements(line("09:00:00", "a", "1"), line("10:30:00", "a", "1"))
                    .advanceWatermarkToInfinity())
            .apply(MinuteOrders.totals());
    PAssert.that(totals)
        .satisfies(
            rows -> {
              Map<List<String>, MinuteOrders.Total> merged = MinuteOrders.merged(rows);
              assertThat(merged.get(List.of("20260302", "0859", "web")), is(total(0, "0", 0)));
              assertThat(merged.get(List.of("20260302", "0900", "web")), is(total(1, "1", 1)));
              assertThat(merged.get(List.of("20260302", "1000", "web")), is(total(1, "2", 2)));
              assertThat(merged.get(List.of("20260302", "2359", "web")), is(total(1, "3", 3)));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static MinuteOrders.Total total(long orders, String amount, long lines) {
    return new MinuteOrders.Total(orders, new BigDecimal(amount), lines);
  }

  @Test
  void whatIsTooLateIsRefusedAndCounted() {
    ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors =
        pipeline.registerBadRecordErrorHandler(new Reasons());
    PCollection<Row> totals =
        pipeline
            .apply(
                stream()
                    .addElements(line("10:00:00", "a", "1"))
                    .advanceWatermarkTo(
                        at("23:59:59").plus(org.joda.time.Duration.millis(3_600_999)))
                    .addElements(line("10:00:00", "b", "1"))
                    .advanceWatermarkTo(
                        at("23:59:59").plus(org.joda.time.Duration.millis(3_601_000)))
                    .addElements(line("11:11:00", "c", "7.25"))
                    .advanceWatermarkToInfinity())
            .apply(
                MinuteOrders.totals()
                    .withAllowedLateness(Duration.ofHours(1))
                    .withErrorHandler(errors));
    errors.close();
    assertVersions(totals, Map.of("0959", List.of(0L), "1000", List.of(1L, 2L)));
    PAssert.that(errors.getOutput())
        .satisfies(
            reasons -> {
              List<String> all = new ArrayList<>();
              reasons.forEach(all::add);
              assertThat(all.toString(), all.size(), is(1));
              assertThat(
                  all.get(0),
                  containsString("source 'web' at 1111 of day 20260302, with [c, 7.25]"));
              assertThat(all.get(0), containsString("PT1H"));
              return null;
            });
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    assertThat(counter(result, "rowsTooLate"), is(1L));
  }

  @Test
  void aDayThatIsOverWhenItsRowsAreReadIsWhole() {
    PCollection<Row> totals =
        pipeline
            .apply(
                stream()
                    .addElements(line("10:00:00", "a", "1"))
                    .advanceWatermarkTo(at("00:00:00").plus(org.joda.time.Duration.standardDays(9)))
                    .advanceWatermarkToInfinity())
            .apply(MinuteOrders.totals());
    assertVersions(totals, Map.of("0959", List.of(0L), "1000", List.of(1L), "2359", List.of(1L)));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aRowWithoutASourceOrAnOrderIsRefusedAndTheOthersCount() {
    ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors =
        pipeline.registerBadRecordErrorHandler(new Reasons());
    List<TimestampedValue<Row>> lines =
        List.of(
            MinuteOrders.line("2026-03-02T10:00:00Z", null, "a", "1"),
            line("10:00:00", null, "1"),
            line("10:00:00", "b", "1"));
    PCollection<Row> totals =
        pipeline
            .apply(Create.timestamped(lines).withCoder(RowCoder.of(MinuteOrders.SCHEMA)))
            .apply(MinuteOrders.totals().withErrorHandler(errors));
    errors.close();
    PAssert.that(totals)
        .satisfies(
            rows -> {
              MinuteOrders.merged(rows)
                  .forEach(
                      (key, total) ->
                          assertThat(
                              key.toString(),
                              total.lines(),
                              is(key.get(1).compareTo("1000") < 0 ? 0L : 1L)));
              return null;
            });
    PAssert.that(errors.getOutput())
        .satisfies(
            reasons -> {
              List<String> all = new ArrayList<>();
              reasons.forEach(all::add);
              Collections.sort(all);
              assertThat(all.toString(), all.size(), is(2));
              assertThat(all.get(0), containsString("Column order_id is null"));
              assertThat(all.get(1), containsString("Column order_source is null"));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aRowWithoutASourceFailsWithoutAnErrorHandler() {
    pipeline
        .apply(
            Create.timestamped(MinuteOrders.line("2026-03-02T10:00:00Z", null, "a", "1"))
                .withCoder(RowCoder.of(MinuteOrders.SCHEMA)))
        .apply(MinuteOrders.totals());
    Exception e = assertThrows(Exception.class, () -> pipeline.run().waitUntilFinish());
    assertThat(e.getMessage(), containsString("Column order_source is null"));
  }

  @Test
  void columnsAreCheckedWhenThePipelineIsBuilt() {
    PCollection<Row> lines =
        pipeline.apply(
            Create.timestamped(line("10:00:00", "a", "1"))
                .withCoder(RowCoder.of(MinuteOrders.SCHEMA)));
    assertRefused(lines, MinuteTotals.of("shop").counting("n"), "no column shop");
    assertRefused(lines, MinuteTotals.of("amount").counting("n"), "Column amount is DECIMAL");
    assertRefused(lines, MinuteTotals.of("order_source"), "counting(..)");
    assertRefused(
        lines,
        MinuteTotals.of("order_source").counting("n").summing("order_id", "sum"),
        "Column order_id is STRING");
    assertThrows(
        IllegalArgumentException.class,
        () -> MinuteOrders.totals().withAllowedLateness(Duration.ofMillis(-1)));
    assertThrows(
        IllegalArgumentException.class,
        () -> MinuteOrders.totals().withUpdateInterval(Duration.ZERO));
  }

  private static void assertRefused(PCollection<Row> lines, MinuteTotals totals, String message) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> lines.apply(totals));
    assertThat(e.getMessage(), containsString(message));
  }

  @Test
  void rowsThemselvesAreCounted() {
    PCollection<Row> totals =
        pipeline
            .apply(
                Create.timestamped(line("10:00:00", "7", "1"), line("10:00:00", "7", "1"))
                    .withCoder(RowCoder.of(MinuteOrders.SCHEMA)))
            .apply(MinuteTotals.of("order_source").counting("order_cnt"));
    PAssert.that(totals)
        .satisfies(
            rows -> {
              for (Row row : rows) {
                assertThat(row.getFieldCount(), is(5));
                assertThat(row.getInt64("order_cnt"), is(row.getInt64("version")));
                // before it is over, a minute may come with some of its rows
                if (!row.getString("mm").equals("1000")) {
                  long so = row.getString("mm").compareTo("1000") < 0 ? 0 : 2;
                  assertThat(row.toString(), row.getInt64("order_cnt"), is(so));
                }
              }
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void minutesOfDaysWithAnotherLengthAreOverInTheirOrder() {
    LocalMinutes berlin = new LocalMinutes(ZoneId.of("Europe/Berlin"));
    LocalDate longer = LocalDate.of(2026, 10, 25);
    assertThat(end(berlin, longer, 119), is(Instant.parse("2026-10-25T00:00:00Z")));
    assertThat(end(berlin, longer, 120), is(Instant.parse("2026-10-25T01:01:00Z")));
    assertThat(end(berlin, longer, 179), is(Instant.parse("2026-10-25T02:00:00Z")));
    assertThat(end(berlin, longer, 1_439), is(Instant.parse("2026-10-25T23:00:00Z")));
    LocalDate shorter = LocalDate.of(2026, 3, 29);
    assertThat(end(berlin, shorter, 119), is(Instant.parse("2026-03-29T01:00:00Z")));
    assertThat(end(berlin, shorter, 150), is(Instant.parse("2026-03-29T01:00:00Z")));
    assertThat(end(berlin, shorter, 180), is(Instant.parse("2026-03-29T01:01:00Z")));
    assertThat(
        end(new LocalMinutes(ZoneOffset.UTC), longer, 0),
        is(Instant.parse("2026-10-25T00:01:00Z")));
  }

  private static Instant end(LocalMinutes minutes, LocalDate day, int minute) {
    return Instant.ofEpochMilli(minutes.end(day, minute));
  }

  @Test
  void theStateComesBackAsItWasAndACopyIsAnother() throws Exception {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    DayTotals totals = new DayTotals();
    for (int i = 0; i < 500; i++) {
      int minute = random.nextInt(1_440);
      totals.add(minute, BigDecimal.valueOf(random.nextLong(), random.nextInt(6)));
      totals.count(minute, random.nextInt(2));
    }
    totals.tellTo(random.nextInt(1_440) - 1);
    List<Object> said = all(totals);
    assertThat(all(CoderUtils.clone(DayTotals.CODER, totals)), is(said));
    totals.copy().add(7, BigDecimal.ONE);
    assertThat(all(totals), is(said));
    CoderProperties.coderSerializable(DayTotals.CODER);
  }

  private static List<Object> all(DayTotals totals) {
    List<Object> all = new ArrayList<>(List.of(totals.told(), totals.latest()));
    totals.forEach(
        0,
        1_439,
        (minute, rows, count, amount) -> all.addAll(List.of(minute, rows, count, amount)));
    return all;
  }

  private static long counter(PipelineResult result, String name) {
    return result
        .metrics()
        .queryMetrics(
            MetricsFilter.builder()
                .addNameFilter(MetricNameFilter.named(MinuteTotals.class, name))
                .build())
        .getCounters()
        .iterator()
        .next()
        .getAttempted();
  }

  private static final class Reasons
      extends PTransform<PCollection<BadRecord>, PCollection<String>> {
    @Override
    public PCollection<String> expand(PCollection<BadRecord> refused) {
      return refused.apply(
          MapElements.into(TypeDescriptors.strings())
              .via(record -> record.getFailure().getDescription()));
    }
  }
}

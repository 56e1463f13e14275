package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyIterable;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.hamcrest.Matcher;
import org.joda.time.Instant;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.function.Executable;

/** What comes too late, what is older than the table, and what cannot be. */
class ColumnUpsertTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Schema LINE =
      Schema.builder()
          .addNullableInt64Field("shop_id")
          .addStringField("stat_hour")
          .addInt64Field("order_id")
          .addNullableInt64Field("amount")
          .addDecimalField("price")
          .addDoubleField("weight")
          .build();

  private static Connection connection;

  private final ShopHours shops = new ShopHours(new JoinTables(fluss, connection));
  private final Pipeline pipeline = Pipeline.create();
  private final ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors =
      pipeline.registerBadRecordErrorHandler(new Reasons());

  @BeforeAll
  static void connect() {
    connection = JoinTables.connect(fluss);
  }

  @AfterAll
  static void disconnect() throws Exception {
    connection.close();
  }

  private static TimestampedValue<Row> line(@Nullable Long shop, long minute, long order) {
    long at = ShopHours.FIRST_HOUR + minute * 60_000;
    Row row =
        Row.withSchema(LINE)
            .addValues(shop, ShopHours.hour(at), order, 10L, new BigDecimal("0.10"), 1.0)
            .build();
    return TimestampedValue.of(row, Instant.ofEpochMilli(at));
  }

  private static Instant minute(long minute) {
    return Instant.ofEpochMilli(ShopHours.FIRST_HOUR + minute * 60_000);
  }

  private ColumnUpsert<Row> upsert() {
    return shops
        .into(ColumnUpsert.ofRows())
        .counting("line_cnt")
        .countingDistinct("order_id", "order_cnt")
        .summing("amount", "gmv")
        .withVersionColumn("order_version")
        .withAllowedLateness(Duration.ofMinutes(30))
        .withErrorHandler(errors);
  }

  private void assertReasons(List<String> parts) {
    errors.close();
    PAssert.that(errors.getOutput())
        .satisfies(
            reasons -> {
              List<String> all = new ArrayList<>();
              reasons.forEach(all::add);
              assertThat(all.toString(), all.size(), is(parts.isEmpty() ? 0 : 1));
              parts.forEach(part -> assertThat(all.get(0), containsString(part)));
              return null;
            });
  }

  @Test
  void lateRowsCountUntilTheTotalsAreGoneAndAreReportedThen() {
    pipeline
        .apply(
            TestStream.create(RowCoder.of(LINE))
                .addElements(line(1L, 5, 1), line(1L, 6, 2))
                .advanceWatermarkTo(minute(80))
                .addElements(line(1L, 7, 3))
                .advanceWatermarkTo(minute(95))
                .addElements(line(1L, 8, 4), line(1L, 9, 4), line(1L, 70, 5))
                .advanceWatermarkToInfinity())
        .apply(upsert());
    assertReasons(List.of("2 changes of row [1, h0]", shops.wide, "PT30M", "withAllowedLateness"));
    pipeline.run().waitUntilFinish();
    shops.assertBecomes("[1, h0]", is(row(1L, "h0", 3L, 3L, 30L, 3L)));
    shops.assertBecomes("[1, h1]", is(row(1L, "h1", 1L, 1L, 10L, 1L)));
  }

  private static List<Object> row(
      long shop, String hour, long lines, long orders, long gmv, long version) {
    return Arrays.asList(shop, hour, null, lines, orders, gmv, version, null);
  }

  @Test
  void updatesAreAtMultiplesOfTheIntervalAndNeverNow() {
    assertThat(TotalsFn.untilNextUpdate(10_000, 500), is(500L));
    assertThat(TotalsFn.untilNextUpdate(10_001, 500), is(499L));
    assertThat(TotalsFn.untilNextUpdate(10_499, 500), is(1L));
    assertThat(TotalsFn.untilNextUpdate(-10_001, 500), is(1L));
  }

  @Test
  void anOlderTotalNeverOverwritesANewerOne() {
    for (long orders : new long[] {5, 3, 7}) {
      Pipeline counting = Pipeline.create();
      ErrorHandler.BadRecordErrorHandler<PCollection<String>> handler =
          counting.registerBadRecordErrorHandler(new Reasons());
      List<TimestampedValue<Row>> lines = new ArrayList<>();
      for (long order = 0; order < orders; order++) {
        lines.add(line(1L, 5, order));
      }
      counting
          .apply(Create.timestamped(lines).withCoder(RowCoder.of(LINE)))
          .apply(upsert().withErrorHandler(handler));
      handler.close();
      PAssert.that(handler.getOutput())
          .satisfies(
              reasons -> {
                List<String> all = new ArrayList<>();
                reasons.forEach(all::add);
                assertThat(all.toString(), all.size(), is(orders == 3 ? 1 : 0));
                all.forEach(
                    reason ->
                        assertThat(
                            reason,
                            allOf(
                                containsString("was made of 5 changes"),
                                containsString("order_version"),
                                containsString("only 3"))));
                return null;
              });
      counting.run().waitUntilFinish();
      long held = Math.max(5, orders);
      shops.assertBecomes("[1, h0]", is(row(1L, "h0", held, held, 10 * held, held)));
    }
    errors.close();
  }

  @Test
  void aRowWithoutAKeyIsReportedAndTheOthersCount() {
    pipeline
        .apply(Create.timestamped(line(null, 5, 1), line(2L, 5, 1)).withCoder(RowCoder.of(LINE)))
        .apply(upsert());
    assertReasons(List.of("shop_id is null", shops.wide));
    pipeline.run().waitUntilFinish();
    shops.assertBecomes("[2, h0]", is(row(2L, "h0", 1L, 1L, 10L, 1L)));
  }

  @Test
  void aRowWithoutAKeyFailsWithoutAnErrorHandler() {
    errors.close();
    Pipeline failing = Pipeline.create();
    failing
        .apply(Create.timestamped(line(null, 5, 1)).withCoder(RowCoder.of(LINE)))
        .apply(shops.into(ColumnUpsert.ofRows()).counting("line_cnt"));
    Exception e = assertThrows(Exception.class, () -> failing.run().waitUntilFinish());
    assertThat(e.getMessage(), containsString("shop_id is null"));
  }

  @Test
  void decimalsAreExact() {
    errors.close();
    String prices = prices();
    pipeline
        .apply(lines(30))
        .apply(shops.into(ColumnUpsert.ofRows()).summing("price", "gmv").to(shops.cluster, prices));
    pipeline.run().waitUntilFinish();
    assertThat(shops.decimalOf(prices, 1L, "h0"), is(new BigDecimal("3.00")));
  }

  @Test
  void aSumThatItsColumnCannotHoldIsReportedAndTheRowStays() {
    String prices = prices();
    ColumnUpsert<Row> summing =
        shops
            .into(ColumnUpsert.ofRows())
            .summing("price", "gmv")
            .withErrorHandler(errors)
            .to(shops.cluster, prices);
    pipeline.apply(lines(200)).apply(summing);
    errors.close();
    // one each time it would be written
    PAssert.that(errors.getOutput())
        .satisfies(
            reasons -> {
              assertThat(reasons, is(not(emptyIterable())));
              assertThat(
                  reasons,
                  everyItem(
                      allOf(
                          containsString("[1, h0]"),
                          containsString(prices),
                          containsString("column gmv"))));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aSumBeyondABigintFailsAndNamesTheColumn() {
    errors.close();
    Pipeline failing = Pipeline.create();
    failing
        .apply(
            Create.timestamped(line(1L, 5, Long.MAX_VALUE), line(1L, 5, 1))
                .withCoder(RowCoder.of(LINE)))
        .apply(shops.into(ColumnUpsert.ofRows()).summing("order_id", "gmv"));
    Exception e = assertThrows(Exception.class, () -> failing.run().waitUntilFinish());
    assertThat(
        e.getMessage(), allOf(containsString("column gmv"), containsString("exceeds a BIGINT")));
  }

  /** Of one cell. */
  private static Create.TimestampedValues<Row> lines(int number) {
    List<TimestampedValue<Row>> lines = new ArrayList<>();
    for (long order = 0; order < number; order++) {
      lines.add(line(1L, 5, order));
    }
    return Create.timestamped(lines).withCoder(RowCoder.of(LINE));
  }

  private static String prices() {
    return new JoinTables(fluss, connection)
        .create(
            "prices",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("shop_id", DataTypes.BIGINT())
                        .column("stat_hour", DataTypes.STRING())
                        .column("gmv", DataTypes.DECIMAL(3, 2))
                        .primaryKey("shop_id", "stat_hour")
                        .build())
                .distributedBy(1, "shop_id")
                .build());
  }

  @Test
  void whatCannotBeIsSaidWhenThePipelineIsBuilt() {
    errors.close();
    assertRefused(ColumnUpsert.ofRows(), "withPeriod(..)");
    assertRefused(ColumnUpsert.ofRows().withPeriod(ShopHours.HOUR), "to(cluster");
    ColumnUpsert<Row> start = shops.into(ColumnUpsert.ofRows());
    assertRefused(start, "counting(..)");
    assertRefused(start.by("shop_id").counting("gmv"), "[shop_id, stat_hour]", "by(..)");
    assertRefused(start.summing("cost", "gmv"), "no column cost");
    assertRefused(start.summing("weight", "gmv"), "weight is DOUBLE", "DECIMAL");
    assertRefused(start.countingDistinct("weight", "gmv"), "weight is DOUBLE", "STRING");
    assertRefused(start.counting("gmv").counting("gmv"), "gmv", "twice");
    assertRefused(start.counting("gmv").withVersionColumn("gmv"), "gmv", "twice");
    assertRefused(start.counting("clicks"), "clicks", shops.wide);
    assertRefused(start.counting("note"), "note", shops.wide);
    assertRefused(start.summing("price", "gmv"), "gmv", shops.wide);
    assertRefused(start.counting("gmv").withLatestTimeColumn("note"), "note", "BIGINT");
    assertRefused(() -> start.withPeriod(Duration.ZERO), "withPeriod");
    assertRefused(() -> start.withShards(0), "withShards");
    assertRefused(() -> start.withUpdateInterval(Duration.ZERO), "withUpdateInterval");
    assertRefused(() -> start.withAllowedLateness(Duration.ofMillis(-1)), "withAllowedLateness");
    assertRefused(
        start.counting("gmv").to(shops.cluster, merged(AggFunctions.SUM())), "gmv", "sum");
    assertRefused(
        () ->
            pipeline
                .apply(Create.empty(RowChange.coder(LINE)))
                .apply(
                    shops
                        .into(ColumnUpsert.ofChanges())
                        .summing("order_id", "gmv")
                        .by("shop_id", "hour")),
        "by(..)");
  }

  private static String merged(org.apache.fluss.metadata.AggFunction function) {
    return new JoinTables(fluss, connection)
        .create(
            "merged",
            TableDescriptor.builder()
                .schema(
                    org.apache.fluss.metadata.Schema.newBuilder()
                        .column("shop_id", DataTypes.BIGINT())
                        .column("stat_hour", DataTypes.STRING())
                        .column("gmv", DataTypes.BIGINT(), function)
                        .primaryKey("shop_id", "stat_hour")
                        .build())
                .distributedBy(1, "shop_id")
                .property("table.merge-engine", "aggregation")
                .build());
  }

  private void assertRefused(ColumnUpsert<Row> upsert, String... parts) {
    assertRefused(() -> Pipeline.create().apply(Create.empty(LINE)).apply(upsert), parts);
  }

  private static void assertRefused(Executable what, String... parts) {
    Exception e = assertThrows(IllegalArgumentException.class, what);
    assertThat(
        e.getMessage(),
        allOf(
            Arrays.stream(parts)
                .<Matcher<? super String>>map(part -> containsString(part))
                .toList()));
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

package dev.beamfluss.transforms;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.apache.fluss.client.Connection;
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

/** Every cell of a cube, beside loops over the same rows. */
class CubeCountsTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final Schema LOG =
      Schema.builder()
          .addStringField("release")
          .addNullableStringField("client")
          .addNullableStringField("page")
          .addInt64Field("duration")
          .build();

  /** 23:58 in UTC, so that a day ends. */
  private static final long START = 1_772_409_480_000L;

  private static Connection connection;

  private final JoinTables tables = new JoinTables(fluss, connection);
  private final FlussCluster cluster = tables.cluster();
  private final String table =
      tables.create(
          "cube",
          TableDescriptor.builder()
              .schema(
                  org.apache.fluss.metadata.Schema.newBuilder()
                      .column("ds", DataTypes.STRING())
                      .column("mm", DataTypes.STRING())
                      .column("release", DataTypes.STRING())
                      .column("client", DataTypes.STRING())
                      .column("page", DataTypes.STRING())
                      .column("pv", DataTypes.BIGINT())
                      .column("note", DataTypes.STRING())
                      .column("version", DataTypes.BIGINT())
                      .primaryKey("ds", "mm", "release", "client", "page")
                      .build())
              .distributedBy(2)
              .build());
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

  private CubeCounts cube() {
    return CubeCounts.of("client", "page")
        .by("release")
        .counting("pv")
        .withVersionColumn("version")
        .withUpdateInterval(Duration.ofMillis(20))
        .withErrorHandler(errors)
        .to(cluster, table);
  }

  private static TimestampedValue<Row> view(
      String release, @Nullable String client, @Nullable String page, long second) {
    return TimestampedValue.of(
        Row.withSchema(LOG).addValues(release, client, page, second).build(),
        Instant.ofEpochMilli(START + second * 1_000));
  }

  private static List<TimestampedValue<Row>> views(Random random, int number) {
    List<TimestampedValue<Row>> views = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      views.add(
          view(
              random.nextInt(10) == 0 ? "grey" : "base",
              random.nextInt(20) == 0 ? null : "client" + random.nextInt(3),
              random.nextInt(20) == 0 ? null : "page" + random.nextInt(4),
              random.nextInt(300)));
    }
    return views;
  }

  /** By key, the minutes and days of UTC. */
  private static Map<String, Long> answer(List<TimestampedValue<Row>> views) {
    String[] minutes = {"2358", "2359", "0000", "0001", "0002"};
    Map<String, Long> counts = new TreeMap<>();
    for (TimestampedValue<Row> view : views) {
      int minute = (int) ((view.getTimestamp().getMillis() - START) / 60_000);
      String client = orUnknown(view.getValue().getString("client"));
      String page = orUnknown(view.getValue().getString("page"));
      for (String ofClient : List.of(client, "ALL")) {
        for (String ofPage : List.of(page, "ALL")) {
          counts.merge(
              List.of(
                      minute < 2 ? "20260301" : "20260302",
                      minutes[minute],
                      view.getValue().getString("release"),
                      ofClient,
                      ofPage)
                  .toString(),
              1L,
              Long::sum);
        }
      }
    }
    return counts;
  }

  private static String orUnknown(@Nullable String value) {
    return value == null ? "unknown" : value;
  }

  private void assertBecomes(Map<String, Long> wanted, String hint) {
    try (TailedTable held = tables.tail(table)) {
      await(hint)
          .pollInSameThread()
          .pollInterval(Duration.ofMillis(20))
          .atMost(Duration.ofMinutes(1))
          .untilAsserted(
              () -> {
                Map<String, Long> counts = new TreeMap<>();
                held.contents().forEach((key, row) -> counts.put(key, (Long) row.get(5)));
                assertThat(counts, is(wanted));
              });
    }
  }

  private void assertReasons(List<String> parts) {
    errors.close();
    PAssert.that(errors.getOutput())
        .satisfies(
            reasons -> {
              List<String> all = new ArrayList<>();
              reasons.forEach(all::add);
              all.sort(null);
              assertThat(
                  all,
                  parts.isEmpty()
                      ? is(List.<String>of())
                      : contains(
                          parts.stream()
                              .<Matcher<? super String>>map(part -> containsString(part))
                              .toList()));
              return null;
            });
  }

  @Test
  void eachCellIsCounted() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    List<TimestampedValue<Row>> views = views(new Random(seed), 500);
    pipeline.apply(Create.timestamped(views).withCoder(RowCoder.of(LOG))).apply(cube());
    assertReasons(List.of());
    pipeline.run().waitUntilFinish();
    assertBecomes(answer(views), "seed " + seed);
  }

  @Test
  void allOfItAgainWithoutStateChangesNothing() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    List<TimestampedValue<Row>> views = views(new Random(seed), 200);
    for (int time = 0; time < 2; time++) {
      Pipeline again = Pipeline.create();
      again
          .apply(Create.timestamped(views).withCoder(RowCoder.of(LOG)))
          .apply(
              CubeCounts.of("client", "page")
                  .by("release")
                  .counting("pv")
                  .withVersionColumn("version")
                  .to(cluster, table));
      again.run().waitUntilFinish();
    }
    errors.close();
    assertBecomes(answer(views), "seed " + seed);
  }

  @Test
  void lateRowsCountUntilTheirMinuteIsGoneAndAreReportedCellByCellThen() {
    List<TimestampedValue<Row>> onTime =
        List.of(view("grey", "ios", "home", 5), view("grey", "ios", "home", 61));
    TimestampedValue<Row> late = view("base", "ios", "home", 6);
    pipeline
        .apply(
            TestStream.create(RowCoder.of(LOG))
                .addElements(onTime.get(0), onTime.get(1))
                .advanceWatermarkTo(Instant.ofEpochMilli(START + 80_000))
                .addElements(late)
                .advanceWatermarkTo(Instant.ofEpochMilli(START + 100_000))
                .addElements(view("grey", "ios", "home", 7))
                .advanceWatermarkToInfinity())
        .apply(cube().withAllowedLateness(Duration.ofSeconds(30)));
    assertReasons(
        List.of(
            "[20260301, 2358, grey, ALL, ALL]",
            "[20260301, 2358, grey, ALL, home]",
            "[20260301, 2358, grey, ios, ALL]",
            "[20260301, 2358, grey, ios, home]"));
    pipeline.run().waitUntilFinish();
    List<TimestampedValue<Row>> counted = new ArrayList<>(onTime);
    counted.add(late);
    assertBecomes(answer(counted), "with the late one");
  }

  @Test
  void whatStandsForAllIsNoValue() {
    pipeline
        .apply(
            Create.timestamped(view("grey", "ALL", "home", 5), view("grey", "ios", "home", 5))
                .withCoder(RowCoder.of(LOG)))
        .apply(cube());
    assertReasons(List.of("Column client is 'ALL'"));
    pipeline.run().waitUntilFinish();
    assertBecomes(answer(List.of(view("grey", "ios", "home", 5))), "the other");
  }

  @Test
  void setsOfOnesOwnInAnotherZone() {
    errors.close();
    Pipeline counting = Pipeline.create();
    counting
        .apply(Create.timestamped(view("grey", "ios", null, 5)).withCoder(RowCoder.of(LOG)))
        .apply(
            CubeCounts.of("client", "page")
                .by("release")
                .withGroupingSets(List.of(List.of("client"), List.of("page"), List.of()))
                .withRolledUpAs("*")
                .withNullsAs("-")
                .withTimeColumns("ds", "mm", ZoneId.of("Asia/Shanghai"))
                .counting("pv")
                .to(cluster, table));
    counting.run().waitUntilFinish();
    assertBecomes(
        Map.of(
            "[20260302, 0758, grey, ios, *]", 1L,
            "[20260302, 0758, grey, *, -]", 1L,
            "[20260302, 0758, grey, *, *]", 1L),
        "three sets");
  }

  @Test
  void whatCannotBeIsSaidWhenThePipelineIsBuilt() {
    errors.close();
    CubeCounts pages = CubeCounts.of("client", "page").by("release");
    assertRefused(pages, "counting(..)");
    assertRefused(pages.counting("pv"), "to(cluster");
    assertRefused(to(CubeCounts.of("client").by("release")), "page", "by(..)");
    assertRefused(to(CubeCounts.of("client", "size").by("release")), "no column size");
    assertRefused(
        to(CubeCounts.of("client", "duration").by("release")), "duration is INT64", "STRING");
    assertRefused(to(CubeCounts.of().by("release")), "1 to 10 columns");
    assertRefused(() -> pages.withGroupingSets(List.of()), "1 to 1024");
    assertRefused(
        () -> pages.withGroupingSets(List.of(List.of("client", "size"))), "size", "dimensions");
  }

  private CubeCounts to(CubeCounts counts) {
    return counts.counting("pv").to(cluster, table);
  }

  private static void assertRefused(CubeCounts counts, String... parts) {
    assertRefused(() -> Pipeline.create().apply(Create.empty(LOG)).apply(counts), parts);
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

  @Test
  void displayDataSaysWhatIsCounted() {
    errors.close();
    String display = DisplayData.from(cube()).asMap().toString();
    assertThat(display, allOf(containsString("[client, page]"), containsString(table)));
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

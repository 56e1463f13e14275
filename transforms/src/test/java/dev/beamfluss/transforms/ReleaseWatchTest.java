package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TimestampedValue;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.hamcrest.Matcher;
import org.joda.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ReleaseWatchTest {
  private static final long START = 1_767_225_600_000L;
  static final Schema LOG =
      Schema.builder()
          .addNullableStringField("release_type")
          .addStringField("client")
          .addNullableStringField("page")
          .addNullableStringField("event")
          .addInt64Field("uid")
          .build();

  private final TestPipeline pipeline = TestPipeline.create().enableAbandonedNodeEnforcement(false);

  /** Not another one at each run, as chance alone may raise an alert. */
  private final Random random = new Random(1);

  static ReleaseWatch watch() {
    return ReleaseWatch.comparing("release_type", "grey", "base")
        .by("client", "page")
        .ofKinds("event")
        .withTraffic("page_view");
  }

  private static Row log(
      @Nullable String release, String client, @Nullable String page, @Nullable String event) {
    return Row.withSchema(LOG).addValues(release, client, page, event, 1L).build();
  }

  /** 200 page views a second, a quarter of them the canary's, of which each has so many errors. */
  static List<TimestampedValue<Row>> rows(Random random, int from, int to, double canaryErrors) {
    List<TimestampedValue<Row>> rows = new ArrayList<>();
    for (int i = from * 200; i < to * 200; i++) {
      String release = random.nextInt(4) == 0 ? "grey" : "base";
      String client = random.nextBoolean() ? "ios" : "android";
      String page = random.nextInt(3) == 0 ? null : "home";
      Instant time = Instant.ofEpochMilli(START + i * 5L);
      rows.add(TimestampedValue.of(log(release, client, page, "page_view"), time));
      boolean worse = release.equals("grey") && client.equals("ios");
      if (random.nextDouble() < (worse ? canaryErrors : 0.05)) {
        rows.add(TimestampedValue.of(log(release, client, page, "error"), time));
      }
      rows.add(TimestampedValue.of(log("other", client, page, "page_view"), time));
      rows.add(TimestampedValue.of(log(null, client, page, "page_view"), time));
    }
    return rows;
  }

  private static TestStream.Builder<Row> add(
      TestStream.Builder<Row> stream, List<TimestampedValue<Row>> rows) {
    int chunk = 200;
    for (int from = 0; from < rows.size(); from += chunk) {
      List<TimestampedValue<Row>> some = rows.subList(from, Math.min(rows.size(), from + chunk));
      @SuppressWarnings({"unchecked", "rawtypes"}) // an array of a generic type
      TimestampedValue<Row>[] rest = some.subList(1, some.size()).toArray(new TimestampedValue[0]);
      stream =
          stream
              .addElements(some.get(0), rest)
              .advanceProcessingTime(org.joda.time.Duration.millis(250));
    }
    return stream;
  }

  private PCollection<Row> stream(double errors, int until) {
    TestStream.Builder<Row> stream = TestStream.create(RowCoder.of(LOG));
    stream = add(stream, rows(random, 0, 20, 0.05));
    stream = add(stream, rows(random, 20, 40, errors));
    stream = add(stream, rows(random, 40, until, 0.05));
    return pipeline.apply(stream.advanceWatermarkToInfinity()).setRowSchema(LOG);
  }

  private static Map<String, List<Row>> byId(Iterable<Row> alerts) {
    Map<String, List<Row>> all = new LinkedHashMap<>();
    alerts.forEach(
        alert ->
            all.computeIfAbsent(alert.getString("alert_id"), unused -> new ArrayList<>())
                .add(alert));
    all.values()
        .forEach(
            of ->
                of.sort(
                    (a, b) -> a.getDateTime("updated_at").compareTo(b.getDateTime("updated_at"))));
    return all;
  }

  @Test
  void alertsAreRaisedUpdatedAndClearedWithTheNumbersThatExplainThem() {
    PCollection<Row> alerts =
        stream(0.4, 100)
            .apply(
                watch()
                    .withClearAfter(Duration.ofSeconds(10))
                    .withUpdateInterval(Duration.ofSeconds(5)));
    assertThat(alerts.getSchema(), is(ReleaseWatch.alertSchema("client", "page")));
    PAssert.that(alerts)
        .satisfies(
            rows -> {
              List<Row> ofIos = null;
              for (List<Row> alert : byId(rows).values()) {
                Row first = alert.get(0);
                assertThat(first.toString(), first.getString("client"), is(not("android")));
                assertThat(first.getString("kind"), is("error"));
                if (first.getString("client").equals("ios") && first.getString("page").isEmpty()) {
                  ofIos = alert;
                }
              }
              assertExplained(ofIos);
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  private static void assertExplained(List<Row> alert) {
    Row first = alert.get(0);
    assertThat(first.getString("state"), is("RAISED"));
    assertThat(first.getString("direction"), is("RATE_UP"));
    long raised = first.getDateTime("raised_at").getMillis() - START;
    assertThat(raised, allOf(greaterThan(20_000L), lessThan(35_000L)));
    assertThat(first.getDateTime("cleared_at") == null, is(true));
    assertThat(first.getDouble("rate_ratio"), greaterThan(2.0));
    assertThat(
        first.getDouble("rate_ratio"),
        is(first.getDouble("canary_rate") / first.getDouble("base_rate")));
    assertThat(first.getInt64("canary_events"), greaterThan(9L));
    assertThat(first.getDouble("log_evidence"), greaterThan(first.getDouble("log_threshold")));
    assertThat(first.getInt32("hypotheses"), greaterThan(5));
    Row last = alert.get(alert.size() - 1);
    assertThat(alert, hasSize(greaterThan(2)));
    assertThat(last.getString("state"), is("CLEARED"));
    assertThat(last.getDateTime("cleared_at").getMillis() - START, greaterThan(40_000L));
    assertThat(last.getDateTime("raised_at"), is(first.getDateTime("raised_at")));
  }

  @Test
  void valuesThatAreMissingHaveACellOfTheirOwn() {
    PCollection<Row> alerts = stream(0.6, 41).apply(watch().withGroupingSet("client", "page"));
    PAssert.that(alerts)
        .satisfies(
            rows -> {
              List<String> cells = new ArrayList<>();
              rows.forEach(row -> cells.add(row.getString("client") + "/" + row.getString("page")));
              assertThat(cells, hasItem("ios/" + ReleaseWatch.NO_VALUE));
              assertThat(cells, hasItem("ios/home"));
              assertThat(cells, not(hasItem("ios/")));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  /** Bounded, with all rows at once: each second of event time is looked at all the same. */
  @Test
  void aBatchFindsWhatTheStreamFound() {
    assertFoundInBatch(pipeline, random);
    pipeline.run().waitUntilFinish();
  }

  static void assertFoundInBatch(Pipeline pipeline, Random random) {
    List<TimestampedValue<Row>> rows = rows(random, 0, 20, 0.05);
    rows.addAll(rows(random, 20, 40, 0.5));
    PCollection<Row> alerts =
        pipeline
            .apply(Create.timestamped(rows).withCoder(RowCoder.of(LOG)))
            .setRowSchema(LOG)
            .apply(watch());
    PAssert.that(alerts)
        .satisfies(
            found -> {
              List<String> clients = new ArrayList<>();
              found.forEach(row -> clients.add(row.getString("client")));
              assertThat(clients, hasItem("ios"));
              assertThat(clients, not(hasItem("android")));
              return null;
            });
  }

  /** Looked at when it comes, and again in other portions. */
  @Test
  void theSameRowsGiveTheSameIds() {
    PCollection<Row> logs = stream(0.5, 41);
    List<PCollection<KV<String, Long>>> ids = new ArrayList<>();
    for (long millis : new long[] {100, 1_000}) {
      ids.add(
          logs.apply(
                  "Watch " + millis,
                  watch().withGroupingSet("client").withLookInterval(Duration.ofMillis(millis)))
              .apply(
                  "Ids " + millis,
                  MapElements.into(
                          TypeDescriptors.kvs(TypeDescriptors.strings(), TypeDescriptors.longs()))
                      .via(row -> KV.of(row.getString("alert_id"), millis))));
    }
    PAssert.that(PCollectionList.of(ids).apply(Flatten.pCollections()))
        .satisfies(
            found -> {
              Map<Long, Set<String>> byRun = new HashMap<>();
              found.forEach(
                  id ->
                      byRun
                          .computeIfAbsent(id.getValue(), unused -> new HashSet<>())
                          .add(id.getKey()));
              // of the client and of the total
              assertThat(byRun.get(100L), hasSize(2));
              assertThat(byRun.get(1_000L), is(byRun.get(100L)));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void rowsWithoutAKindGoToTheErrorHandlerOrFail() {
    Row bad = log("grey", "ios", "home", null);
    ErrorHandler.BadRecordErrorHandler<PCollection<String>> errors =
        pipeline.registerBadRecordErrorHandler(new Reasons());
    pipeline
        .apply(Create.of(bad).withCoder(RowCoder.of(LOG)))
        .setRowSchema(LOG)
        .apply(watch().withErrorHandler(errors));
    errors.close();
    PAssert.that(errors.getOutput())
        .satisfies(
            reasons -> {
              reasons.forEach(
                  reason ->
                      assertThat(
                          reason,
                          allOf(
                              containsString("Column event, the kind of event, is null"),
                              containsString("ios"))));
              assertThat(reasons.iterator().hasNext(), is(true));
              return null;
            });
    pipeline.run().waitUntilFinish();

    Pipeline failing = Pipeline.create();
    failing.apply(Create.of(bad).withCoder(RowCoder.of(LOG))).setRowSchema(LOG).apply(watch());
    assertMessage(containsString("Column event"), () -> failing.run().waitUntilFinish());
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

  @Test
  void whatCannotBeIsSaidAtConstruction() {
    PCollection<Row> logs = pipeline.apply(Create.empty(LOG)).setRowSchema(LOG);
    ReleaseWatch unnamed = ReleaseWatch.comparing("release_type", "grey", "base");
    assertMessage(containsString("ofKinds"), () -> logs.apply(unnamed));
    assertMessage(containsString("withTraffic"), () -> logs.apply(unnamed.ofKinds("event")));
    assertMessage(
        containsString("The input has no column site, only [release_type,"),
        () -> logs.apply(watch().by("client", "site")));
    assertMessage(
        containsString("Column uid is a INT64: the watch takes STRING columns"),
        () -> logs.apply(watch().by("uid")));
    assertMessage(
        containsString("Column event is named twice"), () -> logs.apply(watch().by("event")));
    assertMessage(
        containsString("names column release_type, which is none of the dimensions [client, page]"),
        () -> logs.apply(watch().withGroupingSet("release_type")));
    assertMessage(
        containsString("not grey twice"),
        () -> ReleaseWatch.comparing("release_type", "grey", "grey"));
    assertMessage(containsString("up to 16 columns, not 17"), () -> watch().by(new String[17]));
    assertMessage(containsString("not -0.1"), () -> watch().withTolerance(-0.1));
    assertMessage(containsString("not NaN"), () -> watch().withTrafficTolerance(Double.NaN));
    assertMessage(containsString("not 0.5 and 4.0"), () -> watch().withDispersion(0.5, 4));
    assertMessage(containsString("not 1.0"), () -> watch().withFalseAlertsPerDay(1));
    assertMessage(containsString("not 0 and 10"), () -> watch().withMinimumVolume(0, 10));
    assertMessage(containsString("not PT0S"), () -> watch().withClearAfter(Duration.ZERO));
    assertMessage(
        containsString("withLookInterval"), () -> watch().withLookInterval(Duration.ZERO));
    assertMessage(
        containsString("withUpdateInterval"), () -> watch().withUpdateInterval(Duration.ZERO));
    assertMessage(containsString("withCellTimeout"), () -> watch().withCellTimeout(Duration.ZERO));
  }

  @Test
  void aDimensionMayNotBeNamedAsAColumnOfAlerts() {
    Schema kinds =
        Schema.builder()
            .addStringField("release_type")
            .addStringField("kind")
            .addStringField("event")
            .build();
    PCollection<Row> logs = pipeline.apply(Create.empty(kinds)).setRowSchema(kinds);
    assertMessage(
        containsString("Dimension kind is also a column of alerts: rename it"),
        () -> logs.apply(watch().by("kind")));
  }

  private static void assertMessage(Matcher<String> message, Executable what) {
    Throwable e = assertThrows(RuntimeException.class, what);
    assertThat(
        Arrays.asList(String.valueOf(e.getMessage()), String.valueOf(e.getCause())).toString(),
        message);
  }

  @Test
  void displayDataSaysWhatIsWatchedAndHow() {
    List<String> items = new ArrayList<>();
    DisplayData.from(watch().withTolerance(0.2))
        .items()
        .forEach(item -> items.add(item.getKey() + "=" + item.getValue()));
    assertThat(items, hasItem("releases=release_type: grey against base"));
    assertThat(items, hasItem("by=client,page"));
    assertThat(items, hasItem("tolerance=0.2"));
    assertThat(items, hasItem("lookInterval=PT0.2S"));
  }
}

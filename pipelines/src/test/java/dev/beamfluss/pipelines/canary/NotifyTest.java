package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.not;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestStream;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler.BadRecordErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 2, unit = TimeUnit.MINUTES)
class NotifyTest {
  private static final Instant AT = Instant.parse("2026-11-26T01:00:00.000001Z");
  private static final Schema ALERT =
      Schema.builder()
          .addNullableStringField("alert_id")
          .addNullableStringField("state")
          .addNullableField("updated_at", FieldType.logicalType(SqlTypes.TIMESTAMP))
          .addNullableField("rate", FieldType.DOUBLE)
          .build();

  private WebhookServer server;

  @BeforeEach
  void start() throws Exception {
    server = new WebhookServer();
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private WebhookNotifier webhook() {
    return WebhookNotifier.to(server.url()).withPauses(Duration.ofMillis(5), Duration.ofMillis(20));
  }

  private static Row alert(String id, String state, long second) {
    return Row.withSchema(ALERT).addValues(id, state, AT.plusSeconds(second), 0.5).build();
  }

  private static String key(String id, String state, long second) {
    return id + ":" + state + ":" + (1_795_654_800_000_001L + second * 1_000_000);
  }

  private static final class Kept
      extends PTransform<PCollection<BadRecord>, PCollection<BadRecord>> {
    @Override
    public PCollection<BadRecord> expand(PCollection<BadRecord> bad) {
      return bad;
    }
  }

  /** Sends alerts and checks what was sent and what was said of the others. */
  private static void run(
      Notify notify,
      List<Row> alerts,
      List<String> sentIds,
      SerializableFunction<List<String>, Void> checkErrors) {
    Pipeline pipeline = Pipeline.create();
    BadRecordErrorHandler<PCollection<BadRecord>> errors =
        pipeline.registerBadRecordErrorHandler(new Kept());
    PCollection<Row> sent =
        pipeline
            .apply(Create.of(alerts).withRowSchema(ALERT))
            .apply(notify.withErrorHandler(errors));
    PAssert.that(sent)
        .satisfies(
            rows -> {
              List<String> ids = new ArrayList<>();
              rows.forEach(row -> ids.add(row.getString("alert_id")));
              assertThat(ids, containsInAnyOrder(sentIds.toArray()));
              return null;
            });
    errors.close();
    PAssert.that(errors.getOutput())
        .satisfies(
            all -> {
              List<String> told = new ArrayList<>();
              all.forEach(bad -> told.add(bad.getFailure().getDescription()));
              return checkErrors.apply(told);
            });
    pipeline.run().waitUntilFinish();
  }

  private static SerializableFunction<List<String>, Void> told(String... parts) {
    return told -> {
      assertThat(told, hasSize(1));
      for (String part : parts) {
        assertThat(told.get(0), containsString(part));
      }
      assertThat(told.get(0), not(containsString("secret")));
      return null;
    };
  }

  @Test
  void alertsAreSentWhole() {
    run(
        Notify.through(webhook()),
        List.of(alert("a", "FIRING", 0), alert("b", "RESOLVED", 1)),
        List.of("a", "b"),
        errors -> {
          assertThat(errors, is(empty()));
          return null;
        });
    Map<String, String> expected =
        Map.of(
            key("a", "FIRING", 0),
            "{\"alert_id\":\"a\",\"state\":\"FIRING\","
                + "\"updated_at\":\"2026-11-26T01:00:00.000001Z\",\"rate\":0.5}",
            key("b", "RESOLVED", 1),
            "{\"alert_id\":\"b\",\"state\":\"RESOLVED\","
                + "\"updated_at\":\"2026-11-26T01:00:01.000001Z\",\"rate\":0.5}");
    assertThat(server.received(), hasSize(2));
    server.received().forEach(r -> assertThat(r.body(), is(expected.get(r.key()))));
  }

  @Test
  void whatIsNotTakenGoesToTheHandler() {
    server.then(400);
    run(
        Notify.through(webhook()),
        List.of(alert("a", "FIRING", 0)),
        List.of(),
        told("status 400", "Alert " + key("a", "FIRING", 0), "\"rate\":0.5"));
  }

  @Test
  void whatHasNoKeyGoesToTheHandler() {
    Row nameless = Row.withSchema(ALERT).addValues(null, "FIRING", AT, 0.5).build();
    run(
        Notify.through(LogNotifier.create()),
        List.of(nameless, alert("b", "FIRING", 0)),
        List.of("b"),
        told("An alert without alert_id cannot be sent."));
  }

  @Test
  void aBundleEndsInTime() {
    for (int i = 0; i < 100; i++) {
      server.thenNothing();
    }
    long begin = System.nanoTime();
    run(
        Notify.through(webhook().withRequestTimeout(Duration.ofMillis(100)))
            .withBundleLimit(Duration.ofMillis(500)),
        List.of(alert("a", "FIRING", 0)),
        List.of(),
        told("no answer in time", "would be past its"));
    assertThat((System.nanoTime() - begin) / 1_000_000, lessThan(30_000L));
  }

  /** Takes longer than it should. */
  private static final class Overdue implements Notifier {
    @Override
    public Channel open() {
      return (notification, atMost) -> {
        long begin = System.nanoTime();
        while (System.nanoTime() - begin <= atMost.toNanos()) {
          Thread.onSpinWait();
        }
      };
    }
  }

  @Test
  void whatTheBundleHasNoTimeForGoesToTheHandler() {
    Pipeline pipeline = Pipeline.create();
    BadRecordErrorHandler<PCollection<BadRecord>> errors =
        pipeline.registerBadRecordErrorHandler(new Kept());
    pipeline
        .apply(Create.of(alert("a", "FIRING", 0), alert("a", "RESOLVED", 1)).withRowSchema(ALERT))
        .apply(
            Notify.through(new Overdue())
                .withBundleLimit(Duration.ofMillis(50))
                .withErrorHandler(errors));
    errors.close();
    PAssert.that(errors.getOutput())
        .satisfies(
            all -> {
              all.forEach(
                  bad ->
                      assertThat(
                          bad.getFailure().getDescription(),
                          containsString("others had taken the 50 ms of its bundle")));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void theRowsOfAnAlertKeepTheirOrder() {
    int alerts = 5;
    int states = 20;
    TestStream.Builder<Row> stream = TestStream.create(ALERT);
    for (int i = 0; i < states; i++) {
      for (int j = 0; j < alerts; j++) {
        stream = stream.addElements(alert("a" + j, "S" + i, i));
      }
    }
    // a receiver that has a try fail now and then
    for (int i = 0; i < 50; i++) {
      server.then(i % 7 == 0 ? 503 : 200);
    }
    Pipeline pipeline = Pipeline.create();
    pipeline.apply(stream.advanceWatermarkToInfinity()).apply(Notify.through(webhook()));
    pipeline.run().waitUntilFinish();

    for (int j = 0; j < alerts; j++) {
      String alert = "a" + j + ":";
      List<String> expected = new ArrayList<>();
      for (int i = 0; i < states; i++) {
        expected.add(key("a" + j, "S" + i, i));
      }
      List<String> keys =
          server.received().stream()
              .map(WebhookServer.Received::key)
              .filter(key -> key.startsWith(alert))
              .toList();
      assertThat("each once, in order", distinctRuns(keys), is(expected));
    }
  }

  /** Tries of the same state follow each other. */
  private static List<String> distinctRuns(List<String> keys) {
    List<String> result = new ArrayList<>();
    for (String key : keys) {
      if (result.isEmpty() || !result.get(result.size() - 1).equals(key)) {
        result.add(key);
      }
    }
    return result;
  }

  @Test
  void withoutAHandlerWhatIsNotTakenFailsTheJob() {
    server.then(404);
    Pipeline pipeline = Pipeline.create();
    pipeline
        .apply(Create.of(alert("a", "FIRING", 0)).withRowSchema(ALERT))
        .apply(Notify.through(webhook()));
    RuntimeException e =
        assertThrows(RuntimeException.class, () -> pipeline.run().waitUntilFinish());
    assertThat(e.getMessage(), containsString("status 404"));
  }

  @Test
  void columnsAreChecked() {
    assertRefused(Schema.builder().addStringField("alert_id").build(), "need a column state");
    assertRefused(schema(FieldType.INT64, FieldType.DATETIME), "Column alert_id of alerts must be");
    assertRefused(schema(FieldType.STRING, FieldType.STRING), "Column updated_at of alerts must");
  }

  private static Schema schema(FieldType id, FieldType updatedAt) {
    return Schema.builder()
        .addField("alert_id", id)
        .addStringField("state")
        .addField("updated_at", updatedAt)
        .build();
  }

  private static void assertRefused(Schema schema, String said) {
    Pipeline pipeline = Pipeline.create();
    PCollection<Row> rows = pipeline.apply(Create.empty(schema));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> rows.apply(Notify.through(LogNotifier.create())));
    assertThat(e.getMessage(), containsString(said));
  }

  @Test
  void theDisplayDataTellWhereToAndNoSecret() {
    String shown = DisplayData.from(Notify.through(webhook())).toString();
    assertThat(shown, containsString("webhook at http://127.0.0.1:"));
    assertThat(shown, not(containsString("secret")));
    assertThat(
        DisplayData.from(Notify.through(LogNotifier.create())).toString(), containsString("log"));
    assertThrows(
        IllegalArgumentException.class,
        () -> Notify.through(LogNotifier.create()).withBundleLimit(Duration.ZERO));
  }

  @Test
  void rowsOfAnySchemaBecomeJson() {
    Schema inner = Schema.builder().addInt32Field("x").build();
    Schema schema =
        Schema.builder()
            .addInt64Field("long")
            .addField("decimal", FieldType.DECIMAL)
            .addDoubleField("infinite")
            .addField("local", FieldType.logicalType(SqlTypes.DATETIME))
            .addField("date", FieldType.logicalType(SqlTypes.DATE))
            .addDateTimeField("joda")
            .addByteArrayField("bytes")
            .addArrayField("array", FieldType.row(inner))
            .addMapField("map", FieldType.STRING, FieldType.BOOLEAN)
            .addNullableStringField("none")
            .build();
    Row row =
        Row.withSchema(schema)
            .addValues(
                Long.MAX_VALUE,
                new BigDecimal("1.10"),
                Double.NEGATIVE_INFINITY,
                LocalDateTime.of(2026, 11, 26, 9, 0),
                LocalDateTime.of(2026, 11, 26, 9, 0).toLocalDate(),
                org.joda.time.Instant.parse("2026-11-26T09:00:00Z").toDateTime(),
                new byte[] {1, 2})
            .addArray(Row.withSchema(inner).addValues(1).build())
            .addValue(Map.of("k", true))
            .addValue(null)
            .build();
    assertThat(
        RowJson.of(row),
        is(
            "{\"long\":9223372036854775807,\"decimal\":1.10,\"infinite\":\"-Infinity\","
                + "\"local\":\"2026-11-26T09:00:00\",\"date\":\"2026-11-26\","
                + "\"joda\":\"2026-11-26T09:00:00.000Z\",\"bytes\":\"AQI=\",\"array\":[{\"x\":1}],"
                + "\"map\":{\"k\":true},\"none\":null}"));
  }
}

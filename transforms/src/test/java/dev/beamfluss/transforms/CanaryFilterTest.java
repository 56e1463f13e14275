package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.testing.TestPipeline;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;

class CanaryFilterTest {
  private static final Schema LOG =
      Schema.builder()
          .addStringField("page")
          .addNullableStringField("args")
          .addNullableInt64Field("millis")
          .build();

  private final TestPipeline pipeline = TestPipeline.create().enableAbandonedNodeEnforcement(false);

  private PCollection<Row> logs() {
    return pipeline.apply(
        Create.of(
                log("home", "spm=a.b,release_type=grey,os=ios", 1L),
                log("home", "spm=a.b,release_type=base,os=ios", 2L),
                log("shop", "release_type=grey", null),
                log("cart", "pre_release_type=grey,release_type=greyer", 4L),
                log("cart", "", 5L),
                log("cart", null, 6L))
            .withRowSchema(LOG));
  }

  private static Row log(String page, @Nullable String args, @Nullable Long millis) {
    return Row.withSchema(LOG).addValues(page, args, millis).build();
  }

  private static Row row(PCollection<Row> rows, @Nullable Object... values) {
    return Row.withSchema(rows.getSchema()).addValues(Arrays.asList(values)).build();
  }

  private static CanaryFilter grey() {
    return CanaryFilter.of("args").where("release_type", "grey");
  }

  @Test
  void rowsWithTheValueAreKeptWithoutTheText() {
    PCollection<Row> kept = logs().apply(grey());
    assertThat(kept.getSchema().getFieldNames(), is(List.of("page", "millis")));
    PAssert.that(kept).containsInAnyOrder(row(kept, "home", 1L), row(kept, "shop", null));
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    assertThat(counted(result, "rowsPassed"), is(6L));
    assertThat(counted(result, "rowsKept"), is(2L));
  }

  private static long counted(PipelineResult result, String name) {
    return result
        .metrics()
        .queryMetrics(
            MetricsFilter.builder()
                .addNameFilter(MetricNameFilter.named(CanaryFilter.class, name))
                .build())
        .getCounters()
        .iterator()
        .next()
        .getAttempted();
  }

  @Test
  void theTextStaysIfItIsAskedFor() {
    PCollection<Row> kept = logs().apply(grey().keepingText());
    assertThat(kept.getSchema(), is(LOG));
    PAssert.that(kept)
        .containsInAnyOrder(
            log("home", "spm=a.b,release_type=grey,os=ios", 1L),
            log("shop", "release_type=grey", null));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void allRowsAreKeptWithALabel() {
    PCollection<Row> labeled = logs().apply(grey().labeling("release", "base"));
    assertThat(
        labeled.getSchema(),
        is(
            Schema.builder()
                .addStringField("page")
                .addNullableInt64Field("millis")
                .addStringField("release")
                .build()));
    PAssert.that(labeled)
        .containsInAnyOrder(
            row(labeled, "home", 1L, "grey"),
            row(labeled, "home", 2L, "base"),
            row(labeled, "shop", null, "grey"),
            row(labeled, "cart", 4L, "base"),
            row(labeled, "cart", 5L, "base"),
            row(labeled, "cart", 6L, "base"));
    PipelineResult result = pipeline.run();
    result.waitUntilFinish();
    assertThat(counted(result, "rowsPassed"), is(6L));
    assertThat(counted(result, "rowsKept"), is(2L));
  }

  @Test
  void theLabelComesAfterTheTextThatIsKept() {
    PCollection<Row> labeled = logs().apply(grey().keepingText().labeling("release", "base"));
    assertThat(
        labeled.getSchema().getFieldNames(), is(List.of("page", "args", "millis", "release")));
  }

  @Test
  void pairsMayBeWrittenInAnotherWay() {
    PCollection<Row> kept =
        pipeline
            .apply(
                Create.of(log("home", "os:ios;;channel:beta", 1L), log("shop", "channel=beta", 2L))
                    .withRowSchema(LOG))
            .apply(CanaryFilter.of("args").withPairs(";;", ":").where("channel", "beta"));
    PAssert.that(kept).containsInAnyOrder(row(kept, "home", 1L));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aColumnMayHaveTheRelease() {
    PCollection<Row> logs = logs();
    PCollection<Row> kept = logs.apply("Keep", CanaryFilter.ofColumn("page", "home"));
    assertThat(kept.getSchema(), is(LOG));
    PAssert.that(kept)
        .containsInAnyOrder(
            log("home", "spm=a.b,release_type=grey,os=ios", 1L),
            log("home", "spm=a.b,release_type=base,os=ios", 2L));
    PCollection<Row> none = logs.apply("Null", CanaryFilter.ofColumn("args", "spm"));
    PAssert.that(none).empty();
    assertThat(
        logs.apply("Label", CanaryFilter.ofColumn("page", "home").labeling("release", "base"))
            .getSchema()
            .getFieldNames(),
        is(List.of("page", "args", "millis", "release")));
    pipeline.run().waitUntilFinish();
  }

  @Test
  void aColumnThatIsComparedAsAWholeHasNoKeys() {
    String message =
        assertThrows(
                IllegalArgumentException.class,
                () -> CanaryFilter.ofColumn("page", "home").where("release_type", "grey"))
            .getMessage();
    assertThat(message, containsString("no key 'release_type'"));
    assertRefused(
        CanaryFilter.ofColumn("page", "home").labeling("release", "home"),
        "All rows would have 'home'");
    assertRefused(CanaryFilter.ofColumn("release", "grey"), "no column release, only [page,");
  }

  @Test
  void whatCannotBeIsRefusedAndNamed() {
    assertRefused(CanaryFilter.of("args"), "where(key, value)");
    assertRefused(
        CanaryFilter.of("arg").where("release_type", "grey"),
        "no column arg, only [page, args, millis]");
    assertRefused(
        CanaryFilter.of("millis").where("release_type", "grey"),
        "Column millis must be a STRING",
        "INT64");
    assertRefused(
        grey().labeling("page", "base"), "a column page already", "labeling(..) another name");
    assertRefused(grey().labeling("args", "base"), "a column args already");
    assertRefused(grey().labeling("release", "grey"), "All rows would have 'grey'", "release");
  }

  @Test
  void aConditionThatNoTextMeetsIsRefused() {
    assertRefused(
        CanaryFilter.of("args").where("release=type", "grey"),
        "No text has the value 'grey' for the key 'release=type'",
        "withPairs");
    assertRefused(CanaryFilter.of("args").where("", "grey"), "for the key ''");
    assertRefused(CanaryFilter.of("args").where("release_type", "grey,beta"), "'grey,beta'");
    assertRefused(grey().withPairs("", "="), "with '' between pairs");
    assertRefused(grey().withPairs(",", ""), "'' between key and value");
    assertRefused(grey().withPairs("=", "="), "no row would be kept");
  }

  private void assertRefused(CanaryFilter filter, String... parts) {
    PCollection<Row> logs = TestPipeline.create().apply(Create.empty(LOG)).setRowSchema(LOG);
    String message =
        assertThrows(IllegalArgumentException.class, () -> logs.apply(filter)).getMessage();
    for (String part : parts) {
      assertThat(message, containsString(part));
    }
  }

  @Test
  void displayDataSayWhatIsKept() {
    Map<String, Object> shown = shown(grey());
    assertThat(
        shown,
        is(
            Map.of(
                "column", "args",
                "pairDelimiter", ",",
                "keyValueDelimiter", "=",
                "key", "release_type",
                "value", "grey",
                "keepsText", false)));
    assertThat(
        shown(grey().keepingText().labeling("release", "base")).toString(),
        allOf(
            containsString("keepsText=true"),
            containsString("labelColumn=release"),
            containsString("otherLabel=base")));
  }

  private static Map<String, Object> shown(CanaryFilter filter) {
    return DisplayData.from(filter).items().stream()
        .collect(Collectors.toMap(DisplayData.Item::getKey, DisplayData.Item::getValue));
  }
}

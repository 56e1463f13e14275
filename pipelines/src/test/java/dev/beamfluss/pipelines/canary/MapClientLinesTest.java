package dev.beamfluss.pipelines.canary;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler.BadRecordErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MapClientLinesTest {
  private static final Clock NOW =
      Clock.fixed(Instant.parse("2026-11-26T00:00:00Z"), ZoneOffset.UTC);

  private static MapClientLines of(String client) {
    return MapClientLines.of(ClientMapping.shipped(client)).withClock(NOW);
  }

  /** Takes bad records as they are. */
  private static final class Kept
      extends PTransform<PCollection<BadRecord>, PCollection<BadRecord>> {
    @Override
    public PCollection<BadRecord> expand(PCollection<BadRecord> bad) {
      return bad;
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ios", "android", "web", "mini-program"})
  void clientsGiveTheSameRowsInTheirOwnWords(String client) throws Exception {
    LineMapper mapper =
        new LineMapper(
            ClientMapping.shipped(client), Duration.ofDays(400), Duration.ofDays(1), NOW);
    List<Row> rows = new ArrayList<>();
    for (String line : ClientLines.of(client)) {
      rows.add(mapper.map(line));
    }
    assertThat(rows, hasSize(ClientLines.EVENTS.size()));
    for (int i = 0; i < rows.size(); i++) {
      Row row = rows.get(i);
      assertThat(row.getString("client"), is(client));
      int event = i;
      ClientLines.EVENTS
          .get(i)
          .forEach(
              (column, value) ->
                  assertThat("event " + event + " " + column, row.getValue(column), is(value)));
    }
  }

  @Test
  void badLinesAreToldAndStopNoOthers() throws Exception {
    String good = ClientLines.of("web").get(0);
    String late = good.replace("2026-11-25T", "2020-11-25T");
    String wrong = good.replace("\"shop\":501", "\"shop\":\"five\"");
    Pipeline pipeline = Pipeline.create();
    BadRecordErrorHandler<PCollection<BadRecord>> errors =
        pipeline.registerBadRecordErrorHandler(new Kept());
    PCollection<Row> rows =
        pipeline
            .apply(Create.of(good, "no json", "", late, "  ", wrong, good))
            .apply(of("web").withErrorHandler(errors));
    PAssert.that(rows)
        .satisfies(
            all -> {
              List<String> ids = new ArrayList<>();
              all.forEach(row -> ids.add(row.getString("event_id")));
              assertThat(ids, is(List.of("e-1", "e-1")));
              return null;
            });
    errors.close();
    PAssert.that(errors.getOutput())
        .satisfies(
            all -> {
              StringBuilder told = new StringBuilder();
              List<String> records = new ArrayList<>();
              for (BadRecord bad : all) {
                told.append(bad.getFailure().getDescription()).append('\n');
                records.add(bad.getFailure().getException());
              }
              assertThat(records, hasSize(3));
              assertThat("the whole line", records.toString(), containsString(wrong));
              assertThat(told.toString(), containsString("client web"));
              assertThat(told.toString(), containsString("The line: no json"));
              assertThat(told.toString(), containsString("event_time: '2020-11-25T01:30:00.123Z'"));
              assertThat(told.toString(), containsString("column shop_id: 'five' is no number"));
              return null;
            });
    pipeline.run().waitUntilFinish();
  }

  @Test
  void withoutAHandlerABadLineFailsTheJob() {
    Pipeline pipeline = Pipeline.create();
    pipeline.apply(Create.of("no json")).apply(of("web"));
    RuntimeException e =
        assertThrows(RuntimeException.class, () -> pipeline.run().waitUntilFinish());
    assertThat(e.getMessage(), containsString("A line of client web is no row of the page log"));
  }

  @Test
  void optionsAreChecked() {
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class,
            () -> of("web").withPlausibleTimes(Duration.ofDays(-1), Duration.ZERO));
    assertThat(e.getMessage(), containsString("withPlausibleTimes"));
    assertThat(DisplayData.from(of("web")).toString(), containsString("web"));
  }
}

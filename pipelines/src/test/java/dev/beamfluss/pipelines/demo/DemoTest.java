package dev.beamfluss.pipelines.demo;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventGenerator;
import dev.beamfluss.pipelines.ingest.EventLog;
import dev.beamfluss.pipelines.ingest.EventLogWriter;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoTest {
  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... flags) {
    List<String> all = new ArrayList<>(List.of(flags));
    all.add("--targetParallelism=4");
    return Demo.run(
        all.toArray(String[]::new),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  @Test
  void verifiesEveryRowAndWritesTheFigures() throws IOException {
    Path log = directory.resolve("events.csv.gz");
    GeneratorOptions options =
        GeneratorOptions.defaults()
            .withLastDay(LocalDate.of(2025, 5, 5))
            .withUsers(400)
            .withActiveUsersPerDay(200);
    try (EventLogWriter writer = EventLog.at(log).create()) {
      for (Event event : EventGenerator.with(options)) {
        writer.write(event);
      }
    }
    Path json = directory.resolve("figures.json");

    int status = run("--events=" + log, "--seconds=0", "--json=" + json);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    assertThat(out.toString(StandardCharsets.UTF_8), containsString("verified: "));
    assertThat(out.toString(StandardCharsets.UTF_8), containsString("moved by whole days"));
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertThat(figures.get("verified").asBoolean(), is(true));
    assertThat(figures.get("rows").asInt(), greaterThan(300));
    assertThat(figures.get("rows"), is(equalTo(figures.get("rows_expected"))));
    assertThat(figures.get("conversion_per_day").size(), is(2));
  }

  @Test
  void doesNotCallItVerifiedWhereNoOrderIsMatched() throws IOException {
    Path log = directory.resolve("views.csv");
    Files.writeString(
        log,
        """
        ts_ms,user_id,event,item_id,order_id,price,category
        1569888000000,1,view,10,,35.79,tea
        1569888001000,2,view,10,,35.79,tea
        """);

    int status = run("--events=" + log, "--seconds=0");

    assertThat(out.toString(StandardCharsets.UTF_8), status, is(1));
    assertThat(out.toString(StandardCharsets.UTF_8), containsString("NOT VERIFIED"));
  }

  @Test
  void wrongFlagsEndItAtOnce() {
    assertThat(run("--events=" + directory.resolve("nothing.csv")), is(2));
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("nothing.csv"));
    assertThat(run("--days=0"), is(2));
    assertThat(run("--zone=Mars"), is(2));
    assertThat(run("--noSuchFlag=1"), is(2));
  }
}

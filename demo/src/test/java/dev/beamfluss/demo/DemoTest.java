package dev.beamfluss.demo;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.beamfluss.pipelines.Scenario;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
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
    all.addAll(
        List.of(
            "--runner=DirectRunner",
            "--targetParallelism=4",
            "--enforceImmutability=false",
            "--enforceEncodability=false"));
    return Demo.run(
        all.toArray(String[]::new),
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }

  private String said() {
    return out.toString(UTF_8) + err.toString(UTF_8);
  }

  private static JsonNode read(Path json) throws IOException {
    return new ObjectMapper().readTree(json.toFile());
  }

  @Test
  void allScenariosAreRightAndInTheReport() throws IOException {
    Path json = directory.resolve("figures.json");
    Path report = directory.resolve("report.html");

    int status =
        run(
            "--users=80",
            "--seconds=0",
            "--patienceSeconds=300",
            "--json=" + json,
            "--report=" + report);

    assertThat(said(), status, is(0));
    System.out.println(said());
    JsonNode figures = read(json);
    assertThat(figures.get("verified").asBoolean(), is(true));
    assertThat(figures.get("scenarios").size(), is(Scenario.values().length));
    for (JsonNode scenario : figures.get("scenarios")) {
      assertThat(scenario.toString(), scenario.get("verified").asBoolean(), is(true));
      assertThat(scenario.toString(), scenario.get("rows").asInt(), greaterThan(10));
    }
    assertThat(figures.at("/scenarios/forecast/channels_with_a_baseline").asInt(), greaterThan(0));
    assertThat(Files.readString(report), containsString("attribution"));
  }

  /**
   * Of a log of two days, of which the first is long past, and an order that is taken back half.
   */
  @Test
  void wideTablesTakeALogOfManyDays() throws IOException {
    Path log = directory.resolve("events.csv");
    StringBuilder days = new StringBuilder();
    for (long day = 0; day < 70; day++) {
      days.append(1_566_000_000_000L + day * 86_400_000).append(",3,view,11,,1.00,tea,\n");
    }
    Files.writeString(
        log,
        "ts_ms,user_id,event,item_id,order_id,price,category,quantity\n"
            + days
            + """
            1572566400000,1,view,10,,35.79,tea,
            1572566401000,1,cart,10,,35.79,tea,
            1572566402000,1,order,10,o1,35.79,tea,2
            1572566403000,1,cancel,10,,35.79,tea,-1
            """);
    Path json = directory.resolve("figures.json");

    int status =
        run(
            "--only=widetable",
            "--events=" + log,
            "--seconds=0",
            "--shiftToToday=false",
            "--tiering=false",
            "--json=" + json);

    assertThat(said(), status, is(0));
    assertThat(
        said(),
        allOf(
            containsString("top shops of the last hour (20191101 00:00)"),
            containsString("sales of all shops 35.79, by the events alone 35.79")));
    JsonNode wide = read(json).at("/scenarios/widetable");
    assertThat(wide.get("rows"), is(equalTo(wide.get("rows_expected"))));
    assertThat(wide.get("rows").asInt(), is(142));
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

    int status = run("--only=attribution", "--events=" + log, "--seconds=0", "--tiering=false");

    assertThat(said(), status, is(1));
    assertThat(said(), containsString("NOT VERIFIED"));
  }

  @Test
  void wrongFlagsEndItAtOnce() {
    assertThat(run("--events=" + directory.resolve("nothing.csv")), is(2));
    assertThat(said(), containsString("nothing.csv"));
    assertThat(run("--days=0"), is(2));
    assertThat(run("--users=0"), is(2));
    assertThat(run("--zone=Mars"), is(2));
    assertThat(run("--noSuchFlag=1"), is(2));
    assertThat(run("--only=uv,everything"), is(2));
    assertThat(said(), containsString("Unknown scenario 'everything'"));
  }
}

package dev.beamfluss.pipelines.demo;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WideTableDemoTest {
  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... flags) {
    List<String> all = new ArrayList<>(List.of(flags));
    all.add("--targetParallelism=4");
    return WideTableDemo.run(
        all.toArray(String[]::new),
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  /**
   * A log of two days of which the first is long past, and in the end half an order is taken back.
   */
  @Test
  void verifiesEveryCellAndShowsTheTopShops() throws IOException {
    Path log = directory.resolve("events.csv");
    Files.writeString(
        log,
        """
        ts_ms,user_id,event,item_id,order_id,price,category,quantity
        1569888000000,1,view,10,,35.79,tea,
        1569888001000,2,view,10,,35.79,tea,
        1572566400000,1,view,10,,35.79,tea,
        1572566401000,1,cart,10,,35.79,tea,
        1572566402000,1,order,10,o1,35.79,tea,2
        1572566403000,1,cancel,10,,35.79,tea,-1
        """);
    Path json = directory.resolve("figures.json");

    int status = run("--events=" + log, "--seconds=0", "--shiftToToday=false", "--json=" + json);

    String said = out.toString(StandardCharsets.UTF_8);
    assertThat(said + err.toString(StandardCharsets.UTF_8), status, is(0));
    assertThat(
        said,
        allOf(
            containsString("Top shops of the last hour (20191101 00:00)"),
            containsString("Sales of all shops 35.79 (the log alone says 35.79)"),
            containsString("verified: ")));
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertThat(figures.get("verified").asBoolean(), is(true));
    assertThat(figures.get("rows").asInt(), is(4));
    assertThat(figures.get("cells").asInt(), greaterThan(20));
  }

  @Test
  void wrongFlagsEndItAtOnce() {
    assertThat(run("--stream=orders"), is(2));
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("--stream"));
    assertThat(run("--events=" + directory.resolve("nothing.csv")), is(2));
  }
}

package dev.beamfluss.benchmarks;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That the program works; how fast anything is, is not tested. */
class BenchTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private int run(String... args) {
    return Bench.run(
        args,
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8));
  }

  @Test
  void theReadSuiteMeasuresAndWritesJson(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("new").resolve("read.json");
    int status = run("--suite=read", "--rows=2000", "--rounds=1", "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    List<String> names = new ArrayList<>();
    for (JsonNode entry : new ObjectMapper().readTree(file.toFile())) {
      String name = entry.get("name").asText();
      names.add(name);
      assertThat(entry.get("ours").asDouble(), greaterThan(0.0));
      assertThat(
          entry.get("ratio_raw").asDouble(),
          closeTo(entry.get("ours").asDouble() / entry.get("raw").asDouble(), 1e-9));
      assertThat(entry.get("native").isNull(), is(true));
      assertThat(entry.get("ratio_native").isNull(), is(true));
      assertThat(entry.get("unit").asText(), is("rows/s"));
      assertThat(entry.get("rounds_ours").size(), is(1));
      assertThat(out.toString(StandardCharsets.UTF_8), containsString(name));
    }
    assertThat(
        names,
        contains(
            "read-bounded-direct",
            "read-unbounded-flink",
            "read-30-of-30-columns",
            "read-3-of-30-columns"));
  }

  @Test
  void anUnknownSuiteIsAnErrorThatListsTheSuites() {
    assertThat(run("--suite=write"), is(2));
    assertThat(
        err.toString(StandardCharsets.UTF_8),
        containsString("There is no suite 'write'. The suites are: read."));
  }

  @Test
  void wrongFlagsAreErrors() {
    assertThat(run(), is(2));
    assertThat(run("--suite=read", "--rows=0"), is(2));
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("--rows must be at least 1"));
  }
}

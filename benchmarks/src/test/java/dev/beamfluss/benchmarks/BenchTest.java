package dev.beamfluss.benchmarks;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
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

  private static double ratio(JsonNode entry, String one, String other) {
    return entry.get(one).asDouble() / entry.get(other).asDouble();
  }

  @Test
  void theReadSuiteMeasuresAndWritesJson(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("new").resolve("read.json");
    int status =
        run("--suite=read", "--rows=2000", "--rounds=1", "--latencySeconds=1", "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    Map<String, JsonNode> entries = new LinkedHashMap<>();
    for (JsonNode entry : new ObjectMapper().readTree(file.toFile())) {
      String name = entry.get("name").asText();
      entries.put(name, entry);
      assertThat(name, entry.get("ours").asDouble(), greaterThan(0.0));
      assertThat(name, entry.get("rows").asInt(), greaterThan(0));
      assertThat(entry.get("unit").asText(), is(name.equals("read-latency") ? "ms" : "rows/s"));
      if (!entry.get("raw").isNull()) {
        assertThat(entry.get("ratio_raw").asDouble(), closeTo(ratio(entry, "ours", "raw"), 1e-9));
      }
      assertThat(out.toString(StandardCharsets.UTF_8), containsString(name));
    }
    assertThat(
        entries.keySet(),
        contains(
            "read-unbounded-flink",
            "read-unbounded-flink-all-fields",
            "read-bounded-direct",
            "read-unbounded-direct",
            "read-unbounded-direct-unenforced",
            "read-30-of-30-columns",
            "read-3-of-30-columns",
            "read-latency"));
    JsonNode flink = entries.get("read-unbounded-flink");
    assertThat(flink.get("rounds_native").size(), is(1));
    assertThat(flink.get("ratio_native").asDouble(), closeTo(ratio(flink, "ours", "native"), 1e-9));
    assertThat(flink.get("floor").get("ratio_raw").get("at_least").asDouble(), is(0.75));
    assertThat(entries.get("read-bounded-direct").get("native").isNull(), is(true));
    assertThat(entries.get("read-bounded-direct").get("ratio_native").isNull(), is(true));
    JsonNode pruned = entries.get("read-3-of-30-columns");
    assertThat(pruned.get("bytes_3_columns").asLong(), greaterThan(1000L * 10));
    assertThat(pruned.get("bytes_30_columns").asLong(), greaterThan(1000L * 100));
    assertThat(pruned.get("ratio_bytes").asDouble(), lessThan(0.3));
    JsonNode latency = entries.get("read-latency");
    assertThat(
        latency.get("p99_ms").asDouble(), greaterThanOrEqualTo(latency.get("ours").asDouble()));
  }

  @Test
  void onlyTheNamedContendersAreMeasured() {
    assertThat(run("--suite=read", "--rows=2000", "--rounds=1", "--only=raw-3-"), is(0));
    assertThat(
        out.toString(StandardCharsets.UTF_8).lines().skip(1).toList(),
        contains(startsWith("read-3-of-30-columns")));

    assertThat(run("--suite=read", "--only=nobody"), is(2));
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("ours-flink"));
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

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
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
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
        run(
            "--suite=read",
            "--rows=2000",
            "--rounds=1",
            "--warmUp=false",
            "--latencySeconds=1",
            "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    Map<String, JsonNode> entries = entries(file);
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

  /** By name, after what holds of all. */
  private Map<String, JsonNode> entries(Path file) throws IOException {
    Map<String, JsonNode> entries = new LinkedHashMap<>();
    for (JsonNode entry : new ObjectMapper().readTree(file.toFile())) {
      String name = entry.get("name").asText();
      entries.put(name, entry);
      assertThat(name, entry.get("ours").asDouble(), greaterThan(0.0));
      assertThat(name, entry.get("rows").asInt(), greaterThan(0));
      assertThat(name, entry.get("unit").asText(), is(unit(name)));
      for (String other : List.of("raw", "native")) {
        if (!entry.get(other).isNull()) {
          assertThat(
              entry.get("ratio_" + other).asDouble(), closeTo(ratio(entry, "ours", other), 1e-9));
        }
      }
      assertThat(out.toString(StandardCharsets.UTF_8), containsString(name));
    }
    return entries;
  }

  private static String unit(String name) {
    if (name.endsWith("-latency") || name.equals("page-start")) {
      return "ms";
    }
    return name.startsWith("uv-bitmap-") || name.equals("canary-keyvalue") ? "ns" : "rows/s";
  }

  @Test
  void severalSuitesRunAfterEachOther(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries = writeAndLookupEntries(directory, "--only=append,key");
    assertThat(entries.keySet(), contains("write-append", "lookup-key"));
    assertHasRatios(entries);
    assertThat(
        entries.get("lookup-key").get("ratio_native_tuned").asDouble(),
        closeTo(ratio(entries.get("lookup-key"), "ours", "native_tuned"), 1e-9));
  }

  @Test
  @Tag("nightly")
  void theWriteAndLookupSuitesMeasureEverythingTheyHave(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries = writeAndLookupEntries(directory, "--only=");
    assertThat(
        entries.keySet(),
        contains(
            "write-append",
            "write-upsert-new",
            "write-upsert-again",
            "write-partial-2-of-30",
            "lookup-key",
            "lookup-prefix",
            "lookup-cached",
            "lookup-skewed"));
    assertHasRatios(entries);
    assertThat(entries.get("lookup-prefix").get("rows").asInt(), is(2_000));
    assertThat(entries.get("lookup-cached").get("ratio_uncached").asDouble(), greaterThan(0.0));
    assertThat(entries.get("lookup-skewed").get("shuffle_1").asDouble(), greaterThan(0.0));
    assertThat(entries.get("lookup-skewed").get("shuffle_4").asDouble(), greaterThan(0.0));
  }

  private Map<String, JsonNode> writeAndLookupEntries(Path directory, String only)
      throws Exception {
    Path file = directory.resolve("both.json");
    int status =
        run(
            "--suite=write,lookup",
            "--rows=2000",
            "--rounds=1",
            "--warmUp=false",
            only,
            "--json=" + file);
    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    return entries(file);
  }

  private static void assertHasRatios(Map<String, JsonNode> entries) {
    for (JsonNode entry : entries.values()) {
      if (!entry.has("floor") || !entry.get("floor").has("ratio_native")) {
        continue;
      }
      assertThat(entry.get("rounds_raw").size(), is(1));
      assertThat(entry.get("rounds_native").size(), is(1));
    }
  }

  @Test
  @Tag("nightly")
  void thePaimonSuiteReadsAndWrites(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("paimon.json");
    int status =
        run("--suite=paimon", "--rows=2000", "--rounds=1", "--warmUp=false", "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    Map<String, JsonNode> entries = entries(file);
    assertThat(
        entries.keySet(),
        contains(
            "paimon-read-flink",
            "paimon-read-direct",
            "paimon-read-30-columns",
            "paimon-read-3-of-30-columns",
            "paimon-write-append",
            "paimon-write-append-unbounded",
            "paimon-write-buckets",
            "paimon-write-buckets-unbounded",
            "paimon-write-keyed",
            "paimon-write-keyed-unbounded"));
    assertThat(
        entries.get("paimon-read-3-of-30-columns").get("speedup").asDouble(), greaterThan(0.0));
    assertThat(
        entries.get("paimon-write-keyed").get("floor").get("ratio_raw").get("at_least").asDouble(),
        is(0.7));
  }

  @Test
  @Tag("nightly")
  void theJoinSuiteMeasuresJoinsAndTheirCheckpoints(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("join.json");
    int status =
        run(
            "--suite=join",
            "--rows=1000",
            "--rounds=1",
            "--warmUp=false",
            "--only=inner-10-times",
            "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    JsonNode entry = entries(file).get("join-inner-10-times");
    assertThat(entry.get("rounds_native").size(), is(1));
    assertThat(entry.get("checkpoint_bytes").asLong(), greaterThan(0L));
    // at least the keys of both sides
    assertThat(entry.get("native_checkpoint_bytes").asLong(), greaterThan(2 * 10_000L * 8));
    assertThat(entry.get("floor").get("ratio_few").get("at_least").asDouble(), is(0.9));
  }

  /** Needs a process of its own. */
  @Test
  @Tag("nightly")
  void theJoinSuiteMeasuresTheDeltaJoinOfFlink(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("inserts.json");
    int status =
        run(
            "--suite=join",
            "--rows=2000",
            "--rounds=1",
            "--warmUp=false",
            "--only=inserts",
            "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    JsonNode entry = entries(file).get("join-inserts");
    assertThat(entry.get("rounds_native").size(), is(1));
  }

  @Test
  @Tag("nightly")
  void theJoinSuiteMeasuresLatency(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("latency.json");
    int status =
        run(
            "--suite=join",
            "--rows=2000",
            "--rounds=1",
            "--warmUp=false",
            "--only=ours-latency",
            "--latencySeconds=2",
            "--json=" + file);

    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    JsonNode entry = entries(file).get("join-latency");
    assertThat(entry.get("lookups").asInt(), greaterThan(0));
    assertThat(entry.get("p99_ms").asDouble(), greaterThanOrEqualTo(entry.get("ours").asDouble()));
  }

  @Test
  @Tag("nightly")
  void theColumnsSuiteMeasuresBytesAndEvents(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries = columnsEntries(directory, 20_000, "--only=bytes,events");
    assertThat(entries.keySet(), contains("columns-bytes", "columns-events"));
    JsonNode bytes = entries.get("columns-bytes");
    assertThat(bytes.get("ours").asDouble(), greaterThan(0.0));
    assertThat(bytes.get("ratio_raw").asDouble(), lessThan(1.0));
    assertThat(entries.get("columns-events").get("rounds_raw").size(), is(1));
  }

  @Test
  @Tag("nightly")
  void theColumnsSuiteMeasuresEverythingItHas(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries =
        columnsEntries(directory, 1_000_000, "--only=", "--latencySeconds=5");
    assertThat(
        entries.keySet(),
        contains("columns-bytes", "columns-events", "columns-state", "columns-latency"));
  }

  private Map<String, JsonNode> columnsEntries(Path directory, int rows, String... more)
      throws Exception {
    Path file = directory.resolve("columns.json");
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--suite=columns",
                "--rows=" + rows,
                "--rounds=1",
                "--warmUp=false",
                "--json=" + file));
    flags.addAll(List.of(more));
    int status = run(flags.toArray(String[]::new));
    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    return entries(file);
  }

  @Test
  @Tag("nightly")
  void theUvSuiteCountsUsersAndMeasuresBitmaps(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries =
        uvEntries(directory, "--only=events-10-times,ours-mapping-cold,bitmap-32");
    assertThat(entries.keySet(), contains("uv-events-10-times", "uv-mapping-cold", "uv-bitmap-32"));
    JsonNode many = entries.get("uv-events-10-times");
    assertThat(many.get("rounds_native").size(), is(1));
    assertThat(many.get("checkpoint_bytes").asLong(), greaterThan(0L));
    // at least the users, of the minutes and of the day
    assertThat(many.get("native_checkpoint_bytes").asLong(), greaterThan(2 * 1_800L * 8));
    assertThat(many.get("changelog_bytes_per_event").asDouble(), greaterThan(0.0));
    assertThat(many.get("aim").get("ratio_native").get("at_least").asDouble(), is(3.0));
    assertThat(entries.get("uv-bitmap-32").get("bytes_per_user").asDouble(), greaterThan(0.0));
  }

  /** Has nine jobs, each with a cluster of its own. */
  @Test
  @Tag("nightly")
  void theUvSuiteMeasuresEverythingItHas(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries = uvEntries(directory, "--only=");
    assertThat(
        entries.keySet(),
        contains(
            "uv-events",
            "uv-events-10-times",
            "uv-mapping-warm",
            "uv-mapping-cold",
            "uv-bitmap-32",
            "uv-bitmap-64",
            "uv-latency"));
    assertThat(entries.get("uv-events").get("ratio_raw").asDouble(), greaterThan(0.0));
    assertThat(
        entries.get("uv-events-10-times").get("ratio_checkpoint_bytes").asDouble(),
        greaterThan(0.0));
    assertThat(entries.get("uv-mapping-warm").get("unmapped").asDouble(), greaterThan(0.0));
    assertThat(entries.get("uv-mapping-cold").get("inserted").asDouble(), greaterThan(0.0));
    assertThat(entries.get("uv-bitmap-32").get("ratio_64").asDouble(), greaterThan(0.0));
    JsonNode latency = entries.get("uv-latency");
    assertThat(
        latency.get("p99_ms").asDouble(), greaterThanOrEqualTo(latency.get("ours").asDouble()));
  }

  private Map<String, JsonNode> uvEntries(Path directory, String only) throws Exception {
    Path file = directory.resolve("uv.json");
    int status =
        run(
            "--suite=uv",
            "--rows=2000",
            "--rounds=1",
            "--warmUp=false",
            "--latencySeconds=1",
            "--iterationMillis=50",
            only,
            "--json=" + file);
    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    return entries(file);
  }

  @Test
  @Tag("nightly")
  void theCanarySuiteMeasuresKeyValueAndReads(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries =
        canaryEntries(directory, "--only=keyvalue,read", "--iterationMillis=50");
    assertThat(entries.keySet(), contains("canary-keyvalue", "canary-read"));
    JsonNode keyValue = entries.get("canary-keyvalue");
    assertThat(keyValue.get("speedup").asDouble(), closeTo(ratio(keyValue, "raw", "ours"), 1e-9));
    assertThat(keyValue.get("floor").get("speedup").get("at_least").asInt(), is(5));
    // a String of four bytes, and at least a map of 40 pairs
    assertThat(keyValue.get("bytes_per_call").asDouble(), closeTo(48, 8));
    assertThat(keyValue.get("raw_bytes_per_call").asDouble(), greaterThan(40.0 * 2 * 48));
    JsonNode read = entries.get("canary-read");
    assertThat(
        read.get("ratio_bytes").asDouble(), closeTo(ratio(read, "bytes_core", "bytes_all"), 1e-9));
    assertThat(
        read.get("ratio_bytes_with_args").asDouble(),
        greaterThan(read.get("ratio_bytes").asDouble()));
    assertThat(read.get("ratio_bytes_with_args").asDouble(), lessThan(1.0));
    assertThat(read.get("ratio_rows").asDouble(), greaterThan(0.0));
  }

  @Test
  @Tag("nightly")
  void theCanarySuiteMeasuresLatency(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries =
        canaryEntries(directory, "--only=ours-latency", "--latencySeconds=5");
    JsonNode latency = entries.get("canary-latency");
    assertThat(latency.get("rows_per_second").asDouble(), greaterThan(0.0));
    assertThat(
        latency.get("p99_ms").asDouble(), greaterThanOrEqualTo(latency.get("ours").asDouble()));
  }

  private Map<String, JsonNode> canaryEntries(Path directory, String... more) throws Exception {
    Path file = directory.resolve("canary.json");
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--suite=canary", "--rows=2000", "--rounds=1", "--warmUp=false", "--json=" + file));
    flags.addAll(List.of(more));
    int status = run(flags.toArray(String[]::new));
    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    return entries(file);
  }

  @Test
  @Tag("nightly")
  void theForecastSuiteMeasuresClusterAndLake(@TempDir Path directory) throws Exception {
    Path file = directory.resolve("forecast.json");
    int status = run("--suite=forecast", "--latencySeconds=5", "--json=" + file);
    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    Map<String, JsonNode> entries = entries(file);
    assertThat(entries.keySet(), contains("forecast-latency", "forecast-lake"));
    JsonNode latency = entries.get("forecast-latency");
    assertThat(
        latency.get("p99_ms").asDouble(), greaterThanOrEqualTo(latency.get("ours").asDouble()));
    assertThat(entries.get("forecast-lake").get("max_ms").asDouble(), lessThan(60_000.0));
  }

  @Test
  @Tag("nightly")
  void thePageSuiteMeasuresEverythingItHas(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries =
        pageEntries(directory, "--rows=2000", "--rounds=1", "--latencySeconds=2", "--clients=100");
    JsonNode latency = entries.get("page-latency");
    assertThat(
        latency.get("p99_ms").asDouble(), greaterThanOrEqualTo(latency.get("ours").asDouble()));
    JsonNode start = entries.get("page-start");
    assertThat(
        start.get("ours").asDouble(), greaterThanOrEqualTo(start.get("first_ms").asDouble()));
    JsonNode clients = entries.get("page-clients");
    assertThat(clients.get("rounds_raw").size(), is(1));
    assertThat(clients.get("sent_mb_per_second").asDouble(), greaterThan(0.0));
    assertThat(clients.get("floor").get("ratio_raw").get("at_least").asDouble(), is(0.85));
  }

  /** The one figure that is asked for: who looks costs a pipeline little, and no memory. */
  @Test
  @Tag("nightly")
  void fiveHundredClientsForAMinuteCostAPipelineLittle(@TempDir Path directory) throws Exception {
    Map<String, JsonNode> entries =
        pageEntries(directory, "--rounds=3", "--latencySeconds=60", "--only=clients");
    JsonNode clients = entries.get("page-clients");
    System.out.println(clients);
    assertThat(clients.get("clients").asInt(), is(500));
    assertThat(clients.get("ratio_raw").asDouble(), greaterThanOrEqualTo(0.85));
    assertThat(clients.get("heap_growth_mb").asDouble(), lessThan(64.0));
  }

  private Map<String, JsonNode> pageEntries(Path directory, String... more) throws Exception {
    Path file = directory.resolve("page.json");
    List<String> flags =
        new ArrayList<>(List.of("--suite=page", "--warmUp=false", "--json=" + file));
    flags.addAll(List.of(more));
    int status = run(flags.toArray(String[]::new));
    assertThat(err.toString(StandardCharsets.UTF_8), status, is(0));
    return entries(file);
  }

  @Test
  void onlyTheNamedContendersAreMeasured() {
    assertThat(
        run("--suite=read", "--rows=2000", "--rounds=1", "--warmUp=false", "--only=raw-3-"), is(0));
    assertThat(
        out.toString(StandardCharsets.UTF_8).lines().skip(1).toList(),
        contains(startsWith("read-3-of-30-columns")));

    assertThat(run("--suite=read", "--only=nobody"), is(2));
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("ours-flink"));
  }

  @Test
  void anUnknownSuiteIsAnErrorThatListsTheSuites() {
    assertThat(run("--suite=read,rite"), is(2));
    assertThat(
        err.toString(StandardCharsets.UTF_8),
        containsString(
            "There is no suite 'rite'. The suites are: read, write, lookup, paimon, join,"
                + " uv, columns, canary, forecast, page."));
  }

  @Test
  void wrongFlagsAreErrors() {
    assertThat(run(), is(2));
    assertThat(run("--suite=read", "--rows=0"), is(2));
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("--rows must be at least 1"));
  }
}

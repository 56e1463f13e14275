package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.testing.PAssert;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.TableDescriptor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class CanaryIngestTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @TempDir Path directory;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();
  private String prefix;

  @BeforeEach
  void createTables() {
    prefix = fluss.newDatabase() + "_";
    TableOptions options =
        TableOptions.defaults()
            .withBucketNum(1)
            .withDatabasePrefix(prefix)
            .withNumRetention(-1)
            .withNumPrecreate(0);
    TableDescriptor pageLog =
        TableDescriptor.builder()
            .schema(PageLogColumns.flussSchema())
            .partitionedBy("ds")
            .distributedBy(options.bucketNum())
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.time-unit", "day",
                        "table.auto-partition.key", "ds")))
            .build();
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      creator.create(
          new TableDefinition(
              options.database(CanaryTables.DATABASE), CanaryTables.PAGE_VIEWS, pageLog));
      creator.create(DeadLetters.definition(CanaryTables.DATABASE, options));
    }
  }

  private int ingest(String client, String... more) {
    List<String> flags =
        new ArrayList<>(
            List.of(
                "--runner=DirectRunner",
                "--targetParallelism=1",
                "--bootstrapServers=" + fluss.bootstrapServers(),
                "--databasePrefix=" + prefix,
                // the events are of fixed days, whenever this runs
                "--pastDays=36500",
                "--futureDays=36500",
                "--client=" + client));
    flags.addAll(List.of(more));
    return CanaryIngest.run(
        flags.toArray(String[]::new),
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }

  private Path write(String client, String... badLines) throws Exception {
    List<String> lines = new ArrayList<>(ClientLines.of(client));
    for (int i = 0; i < badLines.length; i++) {
      lines.add(2 * i, badLines[i]);
    }
    return Files.write(directory.resolve(client + ".jsonl"), lines);
  }

  private void assertTable(String table, SerializableFunction<Iterable<Row>, Void> check) {
    Pipeline pipeline = Pipeline.create();
    PAssert.that(
            pipeline.apply(
                FlussIO.readContents()
                    .from(
                        FlussCluster.at(fluss.bootstrapServers()),
                        prefix + CanaryTables.DATABASE + "." + table)
                    .withAllColumns()))
        .satisfies(check);
    pipeline.run().waitUntilFinish();
  }

  @Test
  void fourClientsFillOneTableAndBadLinesAreKeptAside() throws Exception {
    write("ios", "{\"ts\":", "{\"ts\": 1795570200123, \"user\": {\"id\": \"me\"}}");
    write("android", "{\"event_id\": \"x\"}", "{\"event_time\": \"soon\"}");
    write("web", "[]", "{\"time\": \"1800-01-01T00:00:00Z\"}");
    write("mini-program", "", "{\"t\": \"2026-02-30 00:00:00.000\"}");
    for (String client : ClientMapping.SHIPPED) {
      String lines = "--lines=" + directory.resolve(client + ".jsonl");
      int status = ingest(client, lines, "--idempotence=" + client.equals("ios"));
      assertThat(err.toString(UTF_8), status, is(Program.DONE));
    }
    assertThat(
        out.toString(UTF_8),
        allOf(
            containsString("3 lines of client ios mapped, 2 refused, see table " + prefix),
            containsString("3 lines of client mini-program mapped, 1 refused")));

    assertTable(
        CanaryTables.PAGE_VIEWS,
        rows -> {
          List<Map<String, Object>> expected = new ArrayList<>();
          List<Map<String, Object>> found = new ArrayList<>();
          rows.forEach(row -> found.add(values(row)));
          for (String client : ClientMapping.SHIPPED) {
            for (Map<String, Object> event : ClientLines.EVENTS) {
              Map<String, Object> values = new TreeMap<>(event);
              values.put("client", client);
              expected.add(values);
            }
          }
          assertThat(found, hasSize(expected.size()));
          expected.forEach(
              event ->
                  assertThat(
                      "a row with all of " + event,
                      found.stream()
                          .anyMatch(row -> row.entrySet().containsAll(event.entrySet()))));
          return null;
        });

    assertTable(
        DeadLetters.TABLE,
        rows -> {
          List<String> reasons = new ArrayList<>();
          rows.forEach(row -> reasons.add(row.getString("reason")));
          assertThat(reasons, hasSize(7));
          assertTold(reasons, "client ios", "no JSON that can be read", "The line: {\"ts\":");
          assertTold(reasons, "client ios", "column user_id: 'me' is no number");
          assertTold(reasons, "client android", "no time of the event", "{\"event_id\": \"x\"}");
          assertTold(reasons, "client android", "column event_time: 'soon' is no number of sec");
          assertTold(reasons, "client web", "it is no JSON object", "The line: []");
          assertTold(reasons, "client web", "'1800-01-01T00:00:00Z' is no plausible time");
          assertTold(reasons, "client mini-program", "'2026-02-30 00:00:00.000' is no time of");
          return null;
        });
  }

  private static Map<String, Object> values(Row row) {
    Map<String, Object> result = new TreeMap<>();
    row.getSchema()
        .getFieldNames()
        .forEach(
            column -> {
              if (row.getValue(column) != null) {
                result.put(column, row.getValue(column));
              }
            });
    return result;
  }

  private static void assertTold(List<String> reasons, String... parts) {
    assertThat(
        List.of(parts) + " in " + reasons,
        reasons.stream().anyMatch(reason -> List.of(parts).stream().allMatch(reason::contains)));
  }

  @Test
  void aMappingMayComeFromAFile() throws Exception {
    Path mapping =
        Files.writeString(
            directory.resolve("tv.json"),
            """
            {"client": "tv", "zone": "UTC", "columns": {
              "event_id": "id",
              "event_time": {"path": "at", "time": "epoch-seconds"}}}
            """);
    Path lines =
        Files.writeString(directory.resolve("tv.jsonl"), "{\"id\": 1, \"at\": 1795570200}");
    assertThat(
        err.toString(UTF_8),
        ingest("tv", "--mapping=" + mapping, "--lines=" + lines),
        is(Program.DONE));
    assertThat(out.toString(UTF_8), containsString("1 lines of client tv mapped, 0 refused"));
  }

  @Test
  void wrongFlagsAreNamed() throws Exception {
    Path lines = write("ios");
    assertThat(ingest("tv", "--lines=" + lines), is(Program.WRONG_INPUT));
    assertThat(err.toString(UTF_8), containsString("client 'tv', only for [ios, android,"));
    assertThat(
        ingest("ios", "--lines=" + directory.resolve("no-such-*.jsonl")), is(Program.WRONG_INPUT));
    assertThat(err.toString(UTF_8), containsString("no-such-*.jsonl"));
    prefix = "nowhere_";
    assertThat(ingest("ios", "--lines=" + lines), is(Program.WRONG_INPUT));
    assertThat(err.toString(UTF_8), containsString("nowhere_canary."));
  }
}

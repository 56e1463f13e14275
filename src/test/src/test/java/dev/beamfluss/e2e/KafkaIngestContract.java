package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.everyItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.demo.RunningPipeline;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.ingest.RecordIngest;
import dev.beamfluss.pipelines.ingest.RecordIngestOptions;
import dev.beamfluss.pipelines.tables.DeadLetters;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.runners.TransformHierarchy;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A topic of a real broker fills a log table and a KV table; what is no row is kept aside. */
@SuppressWarnings("try") // closing may throw InterruptedException, which fails the test
abstract class KafkaIngestContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  static final Duration PATIENCE = Duration.ofMinutes(2);

  static KafkaBroker kafka;

  @TempDir Path directory;

  OrderTopic topic;
  Connection connection;
  private Path kafkaConfig;
  private String database;

  /** The flags of the runner. */
  abstract List<String> runner();

  @BeforeAll
  static void startKafka(@TempDir Path logs) throws Exception {
    kafka = new KafkaBroker(logs);
  }

  @AfterAll
  static void stopKafka() {
    kafka.close();
  }

  @BeforeEach
  void createAll() throws Exception {
    long seed = System.nanoTime();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    database = fluss.newDatabase();
    topic = new OrderTopic(kafka, database, seed);
    topic.createTables(fluss.bootstrapServers());
    OrderTopic.writeMappings(directory);
    kafkaConfig = kafkaConfig(KafkaBroker.PASSWORD);
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    connection = ConnectionFactory.createConnection(configuration);
  }

  @AfterEach
  void disconnect() throws Exception {
    connection.close();
  }

  private Path kafkaConfig(String password) throws IOException {
    return Files.write(
        directory.resolve("kafka-" + password.length() + ".properties"),
        KafkaBroker.security(password).entrySet().stream()
            .map(property -> property.getKey() + " = " + property.getValue())
            .toList());
  }

  final String[] flags(String table, List<String> more) {
    return Stream.concat(
            Stream.of(
                "--from=kafka",
                "--kafkaServers=" + kafka.servers(),
                "--kafkaConfig=" + kafkaConfig,
                "--topic=" + topic.name(),
                "--bootstrapServers=" + fluss.bootstrapServers(),
                "--table=" + database + "." + table,
                "--mapping=" + directory.resolve(table)),
            more.stream())
        .toArray(String[]::new);
  }

  final RunningPipeline start(String table) {
    RecordIngestOptions options =
        PipelineOptionsFactory.fromArgs(flags(table, runner())).as(RecordIngestOptions.class);
    RunningPipeline.detach(options);
    Pipeline pipeline = Pipeline.create(options);
    RecordIngest.apply(pipeline, options);
    return RunningPipeline.start(pipeline);
  }

  final TablePath path(String table) {
    return TablePath.of(database, table);
  }

  /** Which the ingest has by default. */
  final String group(String table) {
    return "beam-fluss-" + database + "." + table;
  }

  /** The direct runner commits what a bundle has read when the next one has, so never the last. */
  final void awaitCommitted(String table) {
    await("the offsets of all records to be committed")
        .atMost(PATIENCE)
        .until(() -> kafka.committed(group(table)) == topic.sent());
  }

  @Test
  void aLogTableHasEachRecordThatIsARow() throws Exception {
    topic.send(1_000);
    topic.sendBad();
    try (TableMirror log = new TableMirror(connection, path(OrderTopic.LOG));
        TableMirror deadLetters = new TableMirror(connection, path(DeadLetters.TABLE));
        RunningPipeline pipeline = start(OrderTopic.LOG)) {
      topic.send(1_000);
      await("the rows")
          .atMost(PATIENCE)
          .until(
              () -> {
                pipeline.check();
                return log.rows().equals(topic.rows());
              });
      await("what is refused")
          .atMost(PATIENCE)
          .until(
              () -> {
                pipeline.check();
                return deadLetters.rows().size() >= topic.refused().size();
              });
      List<String> reasons = new ArrayList<>();
      deadLetters.rowsAndRepeats().forEach(row -> reasons.add((String) row.get("reason")));
      assertThat(reasons.toString(), reasons.size(), is(topic.refused().size()));
      assertThat(reasons, everyItem(containsString(database + "." + OrderTopic.LOG)));
      for (String refused : topic.refused()) {
        assertThat(
            refused + " in " + reasons, reasons.stream().anyMatch(each -> each.contains(refused)));
      }
      assertThat(
          reasons.stream().filter(each -> each.contains("UTF-8")).toList(),
          everyItem(allOf(containsString("at offset "), containsString(topic.name()))));
    }
  }

  @Test
  void aKvTableHasTheLatestOfEachKeyAndKeepsWhatIsNotMapped() throws Exception {
    try (PlantedRows planted = new PlantedRows(connection, path(OrderTopic.LATEST));
        TableMirror latest = new TableMirror(connection, path(OrderTopic.LATEST))) {
      planted.putAll(OrderTopic.remarks());
      topic.send(1_000);
      try (RunningPipeline pipeline = start(OrderTopic.LATEST)) {
        topic.send(1_000);
        await("the rows")
            .atMost(PATIENCE)
            .until(
                () -> {
                  pipeline.check();
                  return latest.rows().equals(topic.latest());
                });
      }
    }
  }

  @Test
  void filesOfLinesFillTheSameTable() throws Exception {
    Path lines =
        Files.writeString(
            directory.resolve("orders.json"),
            """
            {"order": {"id": 1, "version": 2, "price": 3.5}, "ts": 1772359200000}
            {"order": {"id": 2, "version": 3, "colour": "red"}, "ts": 1772359200000}
            """);
    List<String> more = new ArrayList<>(runner());
    more.add("--from=files");
    more.add("--lines=" + lines);
    assertThat(run(more), is(""));
    try (TableMirror log = new TableMirror(connection, path(OrderTopic.LOG));
        TableMirror deadLetters = new TableMirror(connection, path(DeadLetters.TABLE))) {
      assertThat(log.rows().toString(), log.rows().size(), is(1));
      assertThat(deadLetters.rows().toString(), containsString("field order.colour: no column"));
    }
  }

  @Test
  void wrongFlagsAreSaidBeforeAnythingRuns() throws Exception {
    assertThat(run(List.of("--topic=nothing")), containsString("There is no topic 'nothing'"));
    assertThat(run(List.of("--from=tape")), containsString("--from=tape is not known"));
    assertThat(run(List.of("--from=files")), containsString("--lines is missing"));
    assertThat(
        run(List.of("--mapping=" + directory.resolve("none"))),
        allOf(containsString(database + "." + OrderTopic.LOG), containsString("none")));
    assertThat(
        run(List.of("--deadLetters=" + database + ".none")), containsString(database + ".none"));
    Path wrong = Files.writeString(directory.resolve("wrong"), "group.id = mine\n");
    assertThat(
        run(List.of("--kafkaConfig=" + wrong)),
        allOf(containsString("'group.id' in the file"), containsString("Take it out")));
    assertThat(
        run(List.of("--kafkaConfig=env:BEAM_FLUSS_NOT_SET")),
        containsString("environment variable BEAM_FLUSS_NOT_SET is not set on this machine"));
  }

  @Test
  void aPasswordIsAskedForAndNeverTold() throws Exception {
    String said = run(1, List.of("--kafkaConfig=" + kafkaConfig("guessed-by-me")));
    assertThat(
        said,
        allOf(
            containsString(topic.name()),
            containsString(kafka.servers()),
            containsString("invalid credentials"),
            not(containsString("guessed-by-me"))));
    RecordIngestOptions options =
        PipelineOptionsFactory.fromArgs(flags(OrderTopic.LOG, runner()))
            .as(RecordIngestOptions.class);
    Pipeline pipeline = Pipeline.create(options);
    RecordIngest.apply(pipeline, options);
    assertThat(DisplayData.from(options).toString(), not(containsString(KafkaBroker.PASSWORD)));
    pipeline.traverseTopologically(
        new Pipeline.PipelineVisitor.Defaults() {
          @Override
          public void visitPrimitiveTransform(TransformHierarchy.Node node) {
            assertThat(
                node.getFullName(),
                DisplayData.from(node.getTransform()).toString()
                    + new String(
                        SerializableUtils.serializeToByteArray(node.getTransform()), ISO_8859_1),
                not(containsString(KafkaBroker.PASSWORD)));
          }
        });
  }

  private String run(List<String> more) {
    return run(2, more);
  }

  /**
   * What it says of its failure, if there is one; the last of two flags counts.
   *
   * @param ifFailed its status if it says anything
   */
  private String run(int ifFailed, List<String> more) {
    List<String> flags = new ArrayList<>(List.of(flags(OrderTopic.LOG, List.of())));
    flags.removeIf(
        flag -> more.stream().anyMatch(each -> each.startsWith(flag.split("=", 2)[0] + "=")));
    flags.addAll(more);
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int status = RecordIngest.run(flags.toArray(String[]::new), new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), status, is(err.size() == 0 ? 0 : ifFailed));
    return err.toString(UTF_8);
  }
}

package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.ExternalProperties;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.pipelines.mapping.RecordMapping;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Fills a table with records that are JSON objects, of a Kafka topic or of files, as a {@link
 * RecordMapping} says: rows are appended to a log table, and upserted into a KV table, of which
 * only the columns of the mapping change. Records that are no rows, and rows that the table cannot
 * take, go to the table of {@link DeadLetters}.
 *
 * <p>No record is lost: a topic's offsets are committed with the checkpoint, after its rows are
 * acknowledged. Those since the last checkpoint are written again after a failure: a KV table is as
 * if they were not once they are all in, and a log table has them twice. Where a key's records are
 * in one partition of the topic, as Kafka's producers do it, and are read by one subtask, as they
 * are, the last of them is what a KV table has in the end.
 */
public final class RecordIngest {
  private RecordIngest() {}

  /** Runs the program without ending the JVM, and returns its status, as that of {@link Ingest}. */
  public static int run(String[] args, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(RecordIngestOptions.class);
          RecordIngestOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(RecordIngestOptions.class);
          Pipeline pipeline = Pipeline.create(options);
          apply(pipeline, options);
          return Program.run(pipeline);
        });
  }

  /**
   * Adds the ingest to a pipeline.
   *
   * @throws IllegalArgumentException if a flag, the mapping or a table is wrong
   */
  public static void apply(Pipeline pipeline, RecordIngestOptions options) {
    FlussCluster cluster = ClusterOptions.cluster(options);
    FlussTable table = cluster.describe(options.getDatabasePrefix() + options.getTable());
    RecordMapping mapping =
        RecordMapping.ofFile(Path.of(required(options.getMapping(), "mapping")), table);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(cluster, deadLetters(options, table)))) {
      PCollection<Row> rows =
          switch (options.getFrom()) {
            case "kafka" -> fromTopic(pipeline, options, mapping, errors);
            case "files" ->
                pipeline
                    .apply("Read lines", TextIO.read().from(required(options.getLines(), "lines")))
                    .apply("Map lines", MapRecords.ofLines(mapping, errors));
            default ->
                throw new IllegalArgumentException(
                    String.format(
                        "--from=%s is not known. Say kafka or files, or leave it out to replay an"
                            + " event log.",
                        options.getFrom()));
          };
      FlussIO.Write<Row> write = FlussIO.write().to(cluster, table.path()).withErrorHandler(errors);
      var unused =
          rows.apply(
              "Write rows",
              table.isKeyed()
                  ? write.withColumns(mapping.mappedColumns().toArray(String[]::new))
                  : write);
    }
  }

  private static PCollection<Row> fromTopic(
      Pipeline pipeline,
      RecordIngestOptions options,
      RecordMapping mapping,
      ErrorHandler<BadRecord, ?> errors) {
    String group = options.getKafkaGroup();
    Topic topic =
        new Topic(
            required(options.getKafkaServers(), "kafkaServers"),
            required(options.getTopic(), "topic"),
            group == null ? RecordIngestOptions.GROUP + mapping.table() : group,
            options.getKafkaConfig() == null
                ? null
                : ExternalProperties.at(options.getKafkaConfig()));
    return pipeline
        .apply(
            "Read topic",
            topic.read(
                options.getStartAt(), Duration.ofSeconds(options.getOutOfOrdernessSeconds())))
        .apply("Map records", MapRecords.ofTopic(mapping, errors));
  }

  private static String required(@Nullable String value, String flag) {
    if (value == null) {
      throw new IllegalArgumentException("--" + flag + " is missing; see docs/kafka.md.");
    }
    return value;
  }

  private static String deadLetters(RecordIngestOptions options, FlussTable table) {
    if (options.getDeadLetters() != null) {
      return options.getDatabasePrefix() + options.getDeadLetters();
    }
    return table.path().substring(0, table.path().indexOf('.') + 1) + DeadLetters.TABLE;
  }
}

package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.ExternalProperties;
import dev.beamfluss.pipelines.mapping.RecordMapping;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DeadLetters;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.Validation;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags of {@link RecordIngest}, besides those of Beam and of the runner. */
public interface RecordIngestOptions extends ClusterOptions {

  /** The name of the group that {@link #getKafkaGroup} is by default, before the table's. */
  String GROUP = "beam-fluss-";

  /** Where a group begins that has not read the topic. */
  enum StartAt {
    /** With the first record that it has. */
    EARLIEST,
    /** Behind the last one, when the pipeline is submitted. */
    LATEST
  }

  /** Where the records are. */
  @Description("Where records come from: kafka, or files with a JSON object a line")
  @Validation.Required
  String getFrom();

  /** Sets {@link #getFrom}. */
  void setFrom(String value);

  /** Where they go. */
  @Description("Table that is filled, database.table; the database without its --databasePrefix")
  @Validation.Required
  String getTable();

  /** Sets {@link #getTable}. */
  void setTable(String value);

  /** See {@link RecordMapping}. */
  @Description("File that says which fields of a JSON object become which columns, docs/kafka.md")
  @Nullable String getMapping();

  /** Sets {@link #getMapping}. */
  void setMapping(@Nullable String value);

  /** See {@link DeadLetters}. */
  @Description(
      "Table for records that are no rows, database.table. Default: dead_letter in the database of"
          + " --table")
  @Nullable String getDeadLetters();

  /** Sets {@link #getDeadLetters}. */
  void setDeadLetters(@Nullable String value);

  /** With {@code --from=kafka}: the brokers. */
  @Description("Addresses of the Kafka brokers, host:port,host:port")
  @Nullable String getKafkaServers();

  /** Sets {@link #getKafkaServers}. */
  void setKafkaServers(@Nullable String value);

  /** With {@code --from=kafka}: what is read. */
  @Description("Topic of JSON objects in UTF-8")
  @Nullable String getTopic();

  /** Sets {@link #getTopic}. */
  void setTopic(@Nullable String value);

  /** With {@code --from=kafka}: whose offsets are committed. */
  @Description(
      "Consumer group whose offsets say where to go on. Default: beam-fluss- and the table's name")
  @Nullable String getKafkaGroup();

  /** Sets {@link #getKafkaGroup}. */
  void setKafkaGroup(@Nullable String value);

  /** With {@code --from=kafka}: where a new group begins. */
  @Description(
      "Where a group begins that has not read the topic: EARLIEST or LATEST. Default: EARLIEST")
  @Default.Enum("EARLIEST")
  StartAt getStartAt();

  /** Sets {@link #getStartAt}. */
  void setStartAt(StartAt value);

  /** With {@code --from=kafka}: see {@link ExternalProperties}. */
  @Description(
      "File with properties of the Kafka consumer, such as sasl.jaas.config, or env:NAME for an"
          + " environment variable that has them. Each process reads it itself, workers too."
          + " Default: none")
  @Nullable String getKafkaConfig();

  /** Sets {@link #getKafkaConfig}. */
  void setKafkaConfig(@Nullable String value);

  /** With {@code --from=kafka}: see {@link RecordTimes}. */
  @Description(
      "How many seconds behind the latest record of a partition the watermark stays. Default: 10")
  @Default.Integer(10)
  int getOutOfOrdernessSeconds();

  /** Sets {@link #getOutOfOrdernessSeconds}. */
  void setOutOfOrdernessSeconds(int value);

  /** With {@code --from=files}: where the lines are. */
  @Description("With --from=files: text files with a JSON object a line, such as orders-*.json.gz")
  @Nullable String getLines();

  /** Sets {@link #getLines}. */
  void setLines(@Nullable String value);
}

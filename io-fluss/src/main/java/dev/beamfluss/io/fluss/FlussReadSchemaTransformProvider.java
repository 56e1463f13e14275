package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import java.io.Serializable;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.schemas.transforms.TypedSchemaTransformProvider;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The reads of {@link FlussIO} for what knows transforms by name and configuration only: Beam YAML
 * and pipelines in other languages. Found by the {@link java.util.ServiceLoader}.
 *
 * <p>The output {@code output} holds the rows of a log table or of what a table holds. A changelog
 * comes as rows with the field {@code _change_type}, one of {@code +I}, {@code -U}, {@code +U} and
 * {@code -D}, before those of the table's columns. Values in the configuration that cannot be used
 * throw {@link IllegalArgumentException} with the field's name: when the transform is made, or when
 * it is applied if the table has to be asked.
 */
public final class FlussReadSchemaTransformProvider
    extends TypedSchemaTransformProvider<FlussReadSchemaTransformProvider.Configuration> {

  /** The name of the transform. */
  public static final String IDENTIFIER = "beam:schematransform:dev.beamfluss:fluss_read:v1";

  /** The output with what is read. */
  static final String OUTPUT = "output";

  /** The field of a row of a changelog that says what happened; Fluss's own name for it. */
  static final String CHANGE_TYPE = "_change_type";

  @Override
  public String identifier() {
    return IDENTIFIER;
  }

  @Override
  public String description() {
    return "Reads a table of Apache Fluss: the rows of a log table, the changelog of a table with a"
        + " primary key, or what a table holds now. Rows of a changelog have the field `"
        + CHANGE_TYPE
        + "` (`+I`, `-U`, `+U` or `-D`) before the columns of the table.";
  }

  /** One output, {@code output}, besides that for errors which the configuration may name. */
  @Override
  public List<String> outputCollectionNames() {
    return List.of(OUTPUT);
  }

  @Override
  protected SchemaTransform from(Configuration configuration) {
    return new FlussReadSchemaTransform(configuration);
  }

  /**
   * What is read and how. In a {@link SchemaTransformProvider#from row of configuration} the fields
   * have names such as {@code bootstrap_servers}; those that may be left out have the defaults of
   * {@link FlussIO.Read}.
   */
  @DefaultSchema(AutoValueSchema.class)
  @AutoValue
  public abstract static class Configuration implements Serializable {

    @SchemaFieldDescription("Servers of the cluster: host:port, separated by commas.")
    public abstract String getBootstrapServers();

    @SchemaFieldDescription("The table to read: database.table.")
    public abstract String getTable();

    @SchemaFieldDescription("The columns to read, in this order. All by default.")
    public abstract @Nullable List<String> getColumns();

    @SchemaFieldDescription(
        "What to read: rows (of a log table), changes (of a table with a primary key) or contents"
            + " (what any table holds now). By default, rows of a log table and changes of any"
            + " other.")
    public abstract @Nullable String getMode();

    @SchemaFieldDescription(
        "Where to start: full (what the table holds, then its changes), earliest, latest, or a time"
            + " such as 2026-11-23T12:00:00Z. The default is full.")
    public abstract @Nullable String getStartingPosition();

    @SchemaFieldDescription(
        "Where to end: latest, or a time such as 2026-11-23T12:00:00Z. Without it, the read of rows"
            + " or changes never ends.")
    public abstract @Nullable String getStoppingPosition();

    @SchemaFieldDescription(
        "The partitions to read: for a partition column, the values to read. All by default.")
    public abstract @Nullable Map<String, List<String>> getPartitions();

    @SchemaFieldDescription(
        "The column with the event time, of type TIMESTAMP, TIMESTAMP_LTZ or BIGINT (milliseconds"
            + " since the epoch). By default, event time is when the cluster stored the row.")
    public abstract @Nullable String getTimestampColumn();

    @SchemaFieldDescription(
        "By how many milliseconds event time may go back within a bucket. The default is 0.")
    public abstract @Nullable Long getMaxOutOfOrdernessMillis();

    @SchemaFieldDescription("Seconds between two looks for new partitions. The default is 10.")
    public abstract @Nullable Long getPartitionDiscoverySeconds();

    @SchemaFieldDescription(
        "Seconds after which an endless read fails if the cluster does not answer. The default is"
            + " 120.")
    public abstract @Nullable Long getClusterTimeoutSeconds();

    @SchemaFieldDescription(
        "Whether to read what the table's lake holds first, and then the log after it. Only from the"
            + " starting position full. The default is false.")
    public abstract @Nullable Boolean getLake();

    @SchemaFieldDescription("Properties of the Fluss client, whose names begin with client.")
    public abstract @Nullable Map<String, String> getClientProperties();

    @SchemaFieldDescription(
        "The output for rows that cannot be read, with the fields failed_row (which row it is) and"
            + " error_message. Without it, such a row fails the pipeline.")
    public abstract @Nullable ErrorHandling getErrorHandling();

    /** A configuration to be filled in; bootstrap servers and table are required. */
    public static Builder builder() {
      return new AutoValue_FlussReadSchemaTransformProvider_Configuration.Builder();
    }

    /** Takes the values of a configuration. */
    @AutoValue.Builder
    public abstract static class Builder {
      public abstract Builder setBootstrapServers(String servers);

      public abstract Builder setTable(String table);

      public abstract Builder setColumns(@Nullable List<String> columns);

      public abstract Builder setMode(@Nullable String mode);

      public abstract Builder setStartingPosition(@Nullable String position);

      public abstract Builder setStoppingPosition(@Nullable String position);

      public abstract Builder setPartitions(@Nullable Map<String, List<String>> partitions);

      public abstract Builder setTimestampColumn(@Nullable String column);

      public abstract Builder setMaxOutOfOrdernessMillis(@Nullable Long millis);

      public abstract Builder setPartitionDiscoverySeconds(@Nullable Long seconds);

      public abstract Builder setClusterTimeoutSeconds(@Nullable Long seconds);

      public abstract Builder setLake(@Nullable Boolean lake);

      public abstract Builder setClientProperties(@Nullable Map<String, String> properties);

      public abstract Builder setErrorHandling(@Nullable ErrorHandling errorHandling);

      public abstract Configuration build();
    }
  }
}

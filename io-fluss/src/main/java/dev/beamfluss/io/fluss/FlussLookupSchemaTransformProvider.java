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
 * {@link FlussIO#lookup()} for what knows transforms by name and configuration only: Beam YAML and
 * pipelines in other languages. Found by the {@link java.util.ServiceLoader}.
 *
 * <p>The output {@code output} holds the rows of the input {@code input}, each with one more field
 * at its end: {@code found}, an array of the rows that have its key, empty where there are none.
 * Values in the configuration that cannot be used throw {@link IllegalArgumentException} with the
 * field's name: when the transform is made, or when it is applied if the table has to be asked.
 */
public final class FlussLookupSchemaTransformProvider
    extends TypedSchemaTransformProvider<FlussLookupSchemaTransformProvider.Configuration> {

  /** The name of the transform. */
  public static final String IDENTIFIER = "beam:schematransform:dev.beamfluss:fluss_lookup:v1";

  static final String INPUT = "input";
  static final String OUTPUT = "output";

  /** The field of the output that holds the rows found. */
  static final String FOUND = "found";

  @Override
  public String identifier() {
    return IDENTIFIER;
  }

  @Override
  public String description() {
    return "Looks up, for each row, the rows of a table of Apache Fluss that have its key: its"
        + " primary key, or a prefix of it. The output has the rows of the input with the field `"
        + FOUND
        + "`, an array of rows.";
  }

  @Override
  public List<String> inputCollectionNames() {
    return List.of(INPUT);
  }

  /** One output, {@code output}, besides that for errors which the configuration may name. */
  @Override
  public List<String> outputCollectionNames() {
    return List.of(OUTPUT);
  }

  @Override
  protected SchemaTransform from(Configuration configuration) {
    return new FlussLookupSchemaTransform(configuration);
  }

  /**
   * What is looked up and how. In a {@link SchemaTransformProvider#from row of configuration} the
   * fields have names such as {@code bootstrap_servers}; those that may be left out have the
   * defaults of {@link FlussIO.LookupRows}.
   */
  @DefaultSchema(AutoValueSchema.class)
  @AutoValue
  public abstract static class Configuration implements Serializable {

    @SchemaFieldDescription("Servers of the cluster: host:port, separated by commas.")
    public abstract String getBootstrapServers();

    @SchemaFieldDescription("The table to look up in: database.table. It has a primary key.")
    public abstract String getTable();

    @SchemaFieldDescription(
        "The columns to look up by, fields of the input: the primary key, or the bucket key and the"
            + " partition columns. All fields of the input by default.")
    public abstract @Nullable List<String> getBy();

    @SchemaFieldDescription("The columns of the rows found, in this order. All by default.")
    public abstract @Nullable List<String> getColumns();

    @SchemaFieldDescription("How many rows each worker keeps. By default, none are kept.")
    public abstract @Nullable Long getCacheMaxRows();

    @SchemaFieldDescription("Milliseconds after which what is kept is forgotten. Never by default.")
    public abstract @Nullable Long getCacheExpireAfterWriteMillis();

    @SchemaFieldDescription(
        "Milliseconds after which what is kept and was not asked for is forgotten. Never by"
            + " default.")
    public abstract @Nullable Long getCacheExpireAfterAccessMillis();

    @SchemaFieldDescription(
        "Whether to keep that a key has no rows. The default is true; only with cache_max_rows.")
    public abstract @Nullable Boolean getCacheMissingKey();

    @SchemaFieldDescription(
        "Whether to insert a row for a primary key that has none. The default is false.")
    public abstract @Nullable Boolean getInsertIfNotExists();

    @SchemaFieldDescription("Seconds that an answer may take. The default is 120.")
    public abstract @Nullable Long getTimeoutSeconds();

    @SchemaFieldDescription(
        "How many answers a worker may wait for at a time. The default is 5000.")
    public abstract @Nullable Integer getMaxInFlight();

    @SchemaFieldDescription(
        "To how many workers at most the rows of a key are sent. By default, rows are looked up"
            + " where they are.")
    public abstract @Nullable Integer getShuffleReplicas();

    @SchemaFieldDescription("Properties of the Fluss client, whose names begin with client.")
    public abstract @Nullable Map<String, String> getClientProperties();

    @SchemaFieldDescription(
        "The output for rows that can never be looked up, with the fields failed_row and"
            + " error_message. Without it, such a row fails the pipeline.")
    public abstract @Nullable ErrorHandling getErrorHandling();

    /** A configuration to be filled in; bootstrap servers and table are required. */
    public static Builder builder() {
      return new AutoValue_FlussLookupSchemaTransformProvider_Configuration.Builder();
    }

    /** Takes the values of a configuration. */
    @AutoValue.Builder
    public abstract static class Builder {
      public abstract Builder setBootstrapServers(String servers);

      public abstract Builder setTable(String table);

      public abstract Builder setBy(@Nullable List<String> by);

      public abstract Builder setColumns(@Nullable List<String> columns);

      public abstract Builder setCacheMaxRows(@Nullable Long rows);

      public abstract Builder setCacheExpireAfterWriteMillis(@Nullable Long millis);

      public abstract Builder setCacheExpireAfterAccessMillis(@Nullable Long millis);

      public abstract Builder setCacheMissingKey(@Nullable Boolean cacheMissingKey);

      public abstract Builder setInsertIfNotExists(@Nullable Boolean insertIfNotExists);

      public abstract Builder setTimeoutSeconds(@Nullable Long seconds);

      public abstract Builder setMaxInFlight(@Nullable Integer maxInFlight);

      public abstract Builder setShuffleReplicas(@Nullable Integer replicas);

      public abstract Builder setClientProperties(@Nullable Map<String, String> properties);

      public abstract Builder setErrorHandling(@Nullable ErrorHandling errorHandling);

      public abstract Configuration build();
    }
  }
}

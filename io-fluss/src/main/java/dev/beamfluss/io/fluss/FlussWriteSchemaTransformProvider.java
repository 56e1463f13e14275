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
 * The writes of {@link FlussIO} for what knows transforms by name and configuration only: Beam YAML
 * and pipelines in other languages. Found by the {@link java.util.ServiceLoader}.
 *
 * <p>The input {@code input} holds the rows to append or upsert, or the changes to apply: rows with
 * the field {@code _change_type}, one of {@code +I}, {@code -U}, {@code +U} and {@code -D}, as
 * {@link FlussReadSchemaTransformProvider} gives them. The output {@code written} holds rows with
 * the field {@code count}, see {@link FlussWriteResult#getAcknowledged}. Values in the
 * configuration that cannot be used throw {@link IllegalArgumentException} with the field's name:
 * when the transform is made, or when it is applied if the table or the input has to be asked.
 */
public final class FlussWriteSchemaTransformProvider
    extends TypedSchemaTransformProvider<FlussWriteSchemaTransformProvider.Configuration> {

  /** The name of the transform. */
  public static final String IDENTIFIER = "beam:schematransform:dev.beamfluss:fluss_write:v1";

  static final String INPUT = "input";
  static final String OUTPUT = "written";

  /** The field of the output: how many rows a bundle wrote. */
  static final String COUNT = "count";

  @Override
  public String identifier() {
    return IDENTIFIER;
  }

  @Override
  public String description() {
    return "Writes rows to a table of Apache Fluss: appends them to a log table, upserts them into a"
        + " table with a primary key, or applies changes, which are rows with the field `"
        + FlussReadSchemaTransformProvider.CHANGE_TYPE
        + "` (`+I`, `-U`, `+U` or `-D`). The output has a row with the field `"
        + COUNT
        + "` for each bundle that the cluster acknowledged.";
  }

  @Override
  public List<String> inputCollectionNames() {
    return List.of(INPUT);
  }

  /** One output, {@code written}, besides that for errors which the configuration may name. */
  @Override
  public List<String> outputCollectionNames() {
    return List.of(OUTPUT);
  }

  @Override
  protected SchemaTransform from(Configuration configuration) {
    return new FlussWriteSchemaTransform(configuration);
  }

  /**
   * Where to write and how. In a {@link SchemaTransformProvider#from row of configuration} the
   * fields have names such as {@code bootstrap_servers}; those that may be left out have the
   * defaults of {@link FlussIO.Write}.
   */
  @DefaultSchema(AutoValueSchema.class)
  @AutoValue
  public abstract static class Configuration implements Serializable {

    @SchemaFieldDescription("Servers of the cluster: host:port, separated by commas.")
    public abstract String getBootstrapServers();

    @SchemaFieldDescription(
        "The table to write to: database.table. With names of fields in braces, such as"
            + " shop.orders_{country}, each row goes to the table that its values name; a null is"
            + " the empty text there.")
    public abstract String getTable();

    @SchemaFieldDescription(
        "The only columns to update, the primary key among them: a partial update of a table with a"
            + " primary key. By default, whole rows are written.")
    public abstract @Nullable List<String> getColumns();

    @SchemaFieldDescription(
        "What the input is: rows (to append or upsert) or changes (to apply to a table with a"
            + " primary key: rows with the field _change_type, which is +I, -U, +U or -D). The"
            + " default is rows.")
    public abstract @Nullable String getMode();

    @SchemaFieldDescription(
        "What is done with changes that delete a row: apply, ignore or refuse (take them for rows"
            + " that cannot be written). The default is apply.")
    public abstract @Nullable String getDeletes();

    @SchemaFieldDescription(
        "Seconds the cluster may take to acknowledge a bundle before it fails. The default is 120.")
    public abstract @Nullable Long getTimeoutSeconds();

    @SchemaFieldDescription(
        "Whether the client numbers its batches, so that one that it sends again is not stored"
            + " twice. The default is the client's, which is true.")
    public abstract @Nullable Boolean getIdempotentWriter();

    @SchemaFieldDescription(
        "Whether columns may be written whose merge function (sum, product, listagg) counts a row"
            + " twice that is written again after a failure. The default is false.")
    public abstract @Nullable Boolean getAllowNonIdempotentMerge();

    @SchemaFieldDescription(
        "Whether to shuffle, so that one worker writes all rows of a bucket in the order they come."
            + " Needed where the order of several rows of a key matters and the input is not keyed"
            + " by it. The default is false.")
    public abstract @Nullable Boolean getBucketShuffle();

    @SchemaFieldDescription("Properties of the Fluss client, whose names begin with client.")
    public abstract @Nullable Map<String, String> getClientProperties();

    @SchemaFieldDescription(
        "The output for rows that can never be written, with the fields failed_row (the row) and"
            + " error_message. Without it, such a row fails the pipeline.")
    public abstract @Nullable ErrorHandling getErrorHandling();

    /** A configuration to be filled in; bootstrap servers and table are required. */
    public static Builder builder() {
      return new AutoValue_FlussWriteSchemaTransformProvider_Configuration.Builder();
    }

    /** Takes the values of a configuration. */
    @AutoValue.Builder
    public abstract static class Builder {
      public abstract Builder setBootstrapServers(String servers);

      public abstract Builder setTable(String table);

      public abstract Builder setColumns(@Nullable List<String> columns);

      public abstract Builder setMode(@Nullable String mode);

      public abstract Builder setDeletes(@Nullable String deletes);

      public abstract Builder setTimeoutSeconds(@Nullable Long seconds);

      public abstract Builder setIdempotentWriter(@Nullable Boolean idempotent);

      public abstract Builder setAllowNonIdempotentMerge(@Nullable Boolean allowed);

      public abstract Builder setBucketShuffle(@Nullable Boolean shuffle);

      public abstract Builder setClientProperties(@Nullable Map<String, String> properties);

      public abstract Builder setErrorHandling(@Nullable ErrorHandling errorHandling);

      public abstract Configuration build();
    }
  }
}

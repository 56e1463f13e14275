package dev.beamfluss.io.paimon;

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
 * The writes of {@link PaimonIO} for what knows transforms by name and configuration only: Beam
 * YAML and pipelines in other languages. Found by the {@link java.util.ServiceLoader}.
 *
 * <p>The input {@code input} holds the rows to append or upsert, or the changes to apply: rows with
 * the field {@code _change_type}, one of {@code +I}, {@code -U}, {@code +U} and {@code -D}, as
 * {@link PaimonReadSchemaTransformProvider} gives them. The output {@code written} holds rows with
 * the field {@code count}, see {@link PaimonWriteResult#getCommitted}. Values in the configuration
 * that cannot be used throw {@link IllegalArgumentException} with the field's name: when the
 * transform is made, or when it is applied if the table or the input has to be asked.
 */
public final class PaimonWriteSchemaTransformProvider
    extends TypedSchemaTransformProvider<PaimonWriteSchemaTransformProvider.Configuration> {

  /** The name of the transform. */
  public static final String IDENTIFIER = "beam:schematransform:dev.beamfluss:paimon_write:v1";

  static final String INPUT = "input";
  static final String OUTPUT = "written";

  /** The field of the output: how many rows a commit has. */
  static final String COUNT = "count";

  @Override
  public String identifier() {
    return IDENTIFIER;
  }

  @Override
  public String description() {
    return "Writes rows to a table of Apache Paimon, exactly once: appends them, upserts them into a"
        + " table with a primary key, or applies changes, which are rows with the field `"
        + PaimonReadSchemaTransformProvider.CHANGE_TYPE
        + "` (`+I`, `-U`, `+U` or `-D`). The output has a row with the field `"
        + COUNT
        + "` for each commit.";
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
    return new PaimonWriteSchemaTransform(configuration);
  }

  /** A table to create where there is none, see {@link PaimonIO.Write#withCreateTable}. */
  @DefaultSchema(AutoValueSchema.class)
  @AutoValue
  public abstract static class Create implements Serializable {

    @SchemaFieldDescription("The columns of the primary key. By default, rows are appended.")
    public abstract @Nullable List<String> getPrimaryKeys();

    @SchemaFieldDescription("The partition columns. By default, there are none.")
    public abstract @Nullable List<String> getPartitionKeys();

    @SchemaFieldDescription(
        "As in Paimon's CREATE TABLE ... WITH; bucket must be given where there is a primary key.")
    public abstract @Nullable Map<String, String> getOptions();

    /** What to create, to be filled in. */
    public static Builder builder() {
      return new AutoValue_PaimonWriteSchemaTransformProvider_Create.Builder();
    }

    /** Takes the keys and options of a table. */
    @AutoValue.Builder
    public abstract static class Builder {
      public abstract Builder setPrimaryKeys(@Nullable List<String> columns);

      public abstract Builder setPartitionKeys(@Nullable List<String> columns);

      public abstract Builder setOptions(@Nullable Map<String, String> options);

      public abstract Create build();
    }
  }

  /**
   * Where to write and how. In a {@link SchemaTransformProvider#from row of configuration} the
   * fields have names such as {@code catalog_properties}; those that may be left out have the
   * defaults of {@link PaimonIO.Write}.
   */
  @DefaultSchema(AutoValueSchema.class)
  @AutoValue
  public abstract static class Configuration implements Serializable {

    @SchemaFieldDescription("The options of Paimon's CREATE CATALOG: warehouse above all.")
    public abstract Map<String, String> getCatalogProperties();

    @SchemaFieldDescription("The table to write to: database.table.")
    public abstract String getTable();

    @SchemaFieldDescription(
        "What the input is: rows (to append or upsert) or changes (to apply to a table with a"
            + " primary key: rows with the field _change_type, which is +I, -U, +U or -D). The"
            + " default is rows.")
    public abstract @Nullable String getMode();

    @SchemaFieldDescription(
        "Creates the table, with the fields of the rows as columns, where there is none. By"
            + " default, it must be there.")
    public abstract @Nullable Create getCreate();

    @SchemaFieldDescription(
        "Of a bounded input: whether it replaces the partitions that it has rows of, or the whole"
            + " table where that has none. The default is false.")
    public abstract @Nullable Boolean getOverwrite();

    @SchemaFieldDescription(
        "Of a bounded input, which may be empty: the partition that it replaces, as values of"
            + " partition columns.")
    public abstract @Nullable Map<String, String> getOverwritePartition();

    @SchemaFieldDescription("Of an unbounded input: seconds between commits. The default is 60.")
    public abstract @Nullable Long getCommitIntervalSeconds();

    @SchemaFieldDescription(
        "Of an unbounded input, where the table has no buckets: how many workers share a partition."
            + " The default is 4.")
    public abstract @Nullable Integer getShards();

    @SchemaFieldDescription(
        "The output for rows that can never be written, with the fields failed_row (the row) and"
            + " error_message. Without it, such a row fails the pipeline.")
    public abstract @Nullable ErrorHandling getErrorHandling();

    /** A configuration to be filled in; catalog properties and table are required. */
    public static Builder builder() {
      return new AutoValue_PaimonWriteSchemaTransformProvider_Configuration.Builder();
    }

    /** Takes the values of a configuration. */
    @AutoValue.Builder
    public abstract static class Builder {
      public abstract Builder setCatalogProperties(Map<String, String> properties);

      public abstract Builder setTable(String table);

      public abstract Builder setMode(@Nullable String mode);

      public abstract Builder setCreate(@Nullable Create create);

      public abstract Builder setOverwrite(@Nullable Boolean overwrite);

      public abstract Builder setOverwritePartition(@Nullable Map<String, String> partition);

      public abstract Builder setCommitIntervalSeconds(@Nullable Long seconds);

      public abstract Builder setShards(@Nullable Integer shards);

      public abstract Builder setErrorHandling(@Nullable ErrorHandling errorHandling);

      public abstract Configuration build();
    }
  }
}

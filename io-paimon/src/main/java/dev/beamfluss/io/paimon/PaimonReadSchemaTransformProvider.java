package dev.beamfluss.io.paimon;

import com.google.auto.value.AutoValue;
import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import java.io.Serializable;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import org.apache.beam.sdk.schemas.AutoValueSchema;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.annotations.DefaultSchema;
import org.apache.beam.sdk.schemas.annotations.SchemaFieldDescription;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.SchemaTransformProvider;
import org.apache.beam.sdk.schemas.transforms.TypedSchemaTransformProvider;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The reads of {@link PaimonIO} for what knows transforms by name and configuration only: Beam YAML
 * and pipelines in other languages. Found by the {@link java.util.ServiceLoader}.
 *
 * <p>The output {@code output} holds the rows. Changes come as rows with the field {@code
 * _change_type}, one of {@code +I}, {@code -U}, {@code +U} and {@code -D}, before those of the
 * table's columns. Values in the configuration that cannot be used throw {@link
 * IllegalArgumentException} with the field's name.
 */
public final class PaimonReadSchemaTransformProvider
    extends TypedSchemaTransformProvider<PaimonReadSchemaTransformProvider.Configuration> {

  /** The name of the transform. */
  public static final String IDENTIFIER = "beam:schematransform:dev.beamfluss:paimon_read:v1";

  static final String OUTPUT = "output";
  static final String CHANGE_TYPE = "_change_type";
  private static final String ROWS = "rows";
  private static final String CHANGES = "changes";

  @Override
  public String identifier() {
    return IDENTIFIER;
  }

  @Override
  public String description() {
    return "Reads a table of Apache Paimon: what it holds, now or at an earlier snapshot, or its"
        + " changes. Rows of changes have the field `"
        + CHANGE_TYPE
        + "` (`+I`, `-U`, `+U` or `-D`) before the columns of the table.";
  }

  @Override
  public List<String> outputCollectionNames() {
    return List.of(OUTPUT);
  }

  @Override
  protected SchemaTransform from(Configuration configuration) {
    return new ReadTransform(configuration);
  }

  /**
   * What is read and how. In a {@link SchemaTransformProvider#from row of configuration} the fields
   * have names such as {@code catalog_properties}; those that may be left out have the defaults of
   * {@link PaimonIO.Read} and {@link PaimonIO.ReadChanges}.
   */
  @DefaultSchema(AutoValueSchema.class)
  @AutoValue
  public abstract static class Configuration implements Serializable {

    @SchemaFieldDescription("The options of Paimon's CREATE CATALOG: warehouse above all.")
    public abstract Map<String, String> getCatalogProperties();

    @SchemaFieldDescription("The table to read: database.table.")
    public abstract String getTable();

    @SchemaFieldDescription("The columns to read, in this order. All by default.")
    public abstract @Nullable List<String> getColumns();

    @SchemaFieldDescription(
        "What to read: rows (what the table holds) or changes (as they are committed). The default"
            + " is rows.")
    public abstract @Nullable String getMode();

    @SchemaFieldDescription("Of rows: the number of the snapshot to read. By default, the latest.")
    public abstract @Nullable Long getSnapshot();

    @SchemaFieldDescription("Of rows: the tag of the snapshot to read.")
    public abstract @Nullable String getTag();

    @SchemaFieldDescription(
        "Of rows: the time at which the snapshot to read was the latest, such as"
            + " 2026-11-23T12:00:00Z.")
    public abstract @Nullable String getTimestamp();

    @SchemaFieldDescription(
        "Of changes: where to start: full (what the table holds, then its changes), latest, the"
            + " number of a snapshot, or a time such as 2026-11-23T12:00:00Z. The default is full.")
    public abstract @Nullable String getStartingPosition();

    @SchemaFieldDescription(
        "Of changes: the column with the event time, of type TIMESTAMP, TIMESTAMP_LTZ or BIGINT"
            + " (milliseconds since the epoch). By default, event time is that of the commit.")
    public abstract @Nullable String getTimestampColumn();

    @SchemaFieldDescription(
        "Of changes: by how many milliseconds event time may go back. The default is 0.")
    public abstract @Nullable Long getMaxOutOfOrdernessMillis();

    @SchemaFieldDescription("Of changes: seconds between looks for snapshots. The default is 10.")
    public abstract @Nullable Long getDiscoveryIntervalSeconds();

    /** A builder of configurations. */
    public static Builder builder() {
      return new AutoValue_PaimonReadSchemaTransformProvider_Configuration.Builder();
    }

    /** Builds a configuration. */
    @AutoValue.Builder
    public abstract static class Builder {
      public abstract Builder setCatalogProperties(Map<String, String> properties);

      public abstract Builder setTable(String table);

      public abstract Builder setColumns(@Nullable List<String> columns);

      public abstract Builder setMode(@Nullable String mode);

      public abstract Builder setSnapshot(@Nullable Long snapshot);

      public abstract Builder setTag(@Nullable String tag);

      public abstract Builder setTimestamp(@Nullable String timestamp);

      public abstract Builder setStartingPosition(@Nullable String position);

      public abstract Builder setTimestampColumn(@Nullable String column);

      public abstract Builder setMaxOutOfOrdernessMillis(@Nullable Long millis);

      public abstract Builder setDiscoveryIntervalSeconds(@Nullable Long seconds);

      public abstract Configuration build();
    }
  }

  static final class ReadTransform extends SchemaTransform {
    private final Configuration configuration;
    private final boolean changes;

    ReadTransform(Configuration configuration) {
      this.configuration = configuration;
      String mode = configuration.getMode() == null ? ROWS : configuration.getMode();
      if (!List.of(ROWS, CHANGES).contains(mode)) {
        throw wrong("mode", mode, "rows or changes", null);
      }
      this.changes = mode.equals(CHANGES);
      if (changes) {
        noneOf(ROWS, "snapshot", configuration.getSnapshot());
        noneOf(ROWS, "tag", configuration.getTag());
        noneOf(ROWS, "timestamp", configuration.getTimestamp());
        changes();
      } else {
        noneOf(CHANGES, "starting_position", configuration.getStartingPosition());
        noneOf(CHANGES, "timestamp_column", configuration.getTimestampColumn());
        noneOf(CHANGES, "max_out_of_orderness_millis", configuration.getMaxOutOfOrdernessMillis());
        noneOf(CHANGES, "discovery_interval_seconds", configuration.getDiscoveryIntervalSeconds());
        rows();
      }
    }

    private static void noneOf(String mode, String field, @Nullable Object value) {
      if (value != null) {
        throw wrong(field, value, "nothing where mode is not " + mode, null);
      }
    }

    private PaimonIO.Read rows() {
      PaimonIO.Read read =
          PaimonIO.read().from(configuration.getCatalogProperties(), configuration.getTable());
      read = with(read, "columns", configuration.getColumns(), (r, v) -> r.withColumns(names(v)));
      List<Object> versions = new ArrayList<>();
      read =
          version(
              read, versions, "snapshot", configuration.getSnapshot(), PaimonIO.Read::withSnapshot);
      read = version(read, versions, "tag", configuration.getTag(), PaimonIO.Read::withTag);
      return version(
          read,
          versions,
          "timestamp",
          configuration.getTimestamp(),
          (r, v) -> r.withTimestamp(time("timestamp", v, "a time")));
    }

    private static <V> PaimonIO.Read version(
        PaimonIO.Read read,
        List<Object> before,
        String field,
        @Nullable V value,
        BiFunction<PaimonIO.Read, V, PaimonIO.Read> option) {
      if (value == null) {
        return read;
      }
      if (!before.isEmpty()) {
        throw wrong(field, value, "only one of snapshot, tag and timestamp", null);
      }
      before.add(value);
      return option.apply(read, value);
    }

    private PaimonIO.ReadChanges changes() {
      PaimonIO.ReadChanges read =
          PaimonIO.readChanges()
              .from(configuration.getCatalogProperties(), configuration.getTable())
              .withStartingPosition(start(configuration.getStartingPosition()));
      read = with(read, "columns", configuration.getColumns(), (r, v) -> r.withColumns(names(v)));
      read =
          with(
              read,
              "timestamp_column",
              configuration.getTimestampColumn(),
              PaimonIO.ReadChanges::withTimestampColumn);
      read =
          with(
              read,
              "max_out_of_orderness_millis",
              configuration.getMaxOutOfOrdernessMillis(),
              (r, v) -> r.withMaxOutOfOrderness(Duration.ofMillis(v)));
      return with(
          read,
          "discovery_interval_seconds",
          configuration.getDiscoveryIntervalSeconds(),
          (r, v) -> r.withDiscoveryInterval(Duration.ofSeconds(v)));
    }

    private static PaimonPosition start(@Nullable String value) {
      if (value == null || value.equals("full")) {
        return PaimonPosition.full();
      }
      if (value.equals("latest")) {
        return PaimonPosition.latest();
      }
      try {
        return PaimonPosition.snapshot(Long.parseLong(value));
      } catch (NumberFormatException e) {
        return PaimonPosition.timestamp(
            time("starting_position", value, "full, latest, the number of a snapshot, or a time"));
      }
    }

    private static Instant time(String field, String value, String allowed) {
      try {
        return Instant.parse(value);
      } catch (DateTimeParseException e) {
        throw wrong(field, value, allowed + " such as 2026-11-23T12:00:00Z", e);
      }
    }

    private static String[] names(List<String> columns) {
      return columns.toArray(new String[0]);
    }

    /** The target with an option, if the field has a value. */
    static <T, V> T with(T target, String field, @Nullable V value, BiFunction<T, V, T> option) {
      return value == null ? target : inField(field, () -> option.apply(target, value));
    }

    /** What it finds wrong is that field's fault. */
    static <T> T inField(String field, Supplier<T> step) {
      try {
        return step.get();
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(field + ": " + e.getMessage(), e);
      }
    }

    static IllegalArgumentException wrong(
        String field, Object value, String allowed, @Nullable Exception cause) {
      return new IllegalArgumentException(
          String.format("%s: '%s' cannot be used. Give %s.", field, value, allowed), cause);
    }

    @Override
    public PCollectionRowTuple expand(PCollectionRowTuple input) {
      if (!changes) {
        return PCollectionRowTuple.of(OUTPUT, input.getPipeline().apply("Rows", rows()));
      }
      PCollection<RowChange> read = input.getPipeline().apply("Changes", changes());
      Schema schema =
          Schema.builder()
              .addStringField(CHANGE_TYPE)
              .addFields(((RowChangeCoder) read.getCoder()).schema().getFields())
              .build();
      return PCollectionRowTuple.of(
          OUTPUT,
          read.apply(
                  "With type",
                  MapElements.into(TypeDescriptors.rows()).via(change -> withType(change, schema)))
              .setRowSchema(schema));
    }

    private static Row withType(RowChange change, Schema schema) {
      List<Object> values = new ArrayList<>(schema.getFieldCount());
      values.add(change.kind().sign());
      values.addAll(change.row().getValues());
      return Row.withSchema(schema).attachValues(values);
    }
  }
}

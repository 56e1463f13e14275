package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussReadSchemaTransformProvider.Configuration;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.schemas.transforms.providers.ErrorHandling;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.checkerframework.checker.nullness.qual.Nullable;

/** One of the reads of {@link FlussIO}, as a configuration asks for it. */
final class FlussReadSchemaTransform extends SchemaTransform {
  private static final String ROWS = "rows";
  private static final String CHANGES = "changes";
  private static final String CONTENTS = "contents";

  private final Configuration configuration;
  private final FlussCluster cluster;
  private final Position start;
  private final @Nullable Position stop;

  /**
   * @throws IllegalArgumentException if a value is wrong whatever the table
   */
  FlussReadSchemaTransform(Configuration configuration) {
    this.configuration = configuration;
    this.cluster =
        cluster(configuration.getBootstrapServers(), configuration.getClientProperties());
    this.start = startingPosition(configuration.getStartingPosition());
    this.stop = stoppingPosition(configuration.getStoppingPosition());
    checkMode();
    checkColumns();
    checkPartitions();
    if (isOfLake() && !start.equals(Position.full())) {
      throw wrong("lake", true, "it only with the starting position full", null);
    }
    checkErrorOutput(configuration.getErrorHandling(), FlussReadSchemaTransformProvider.OUTPUT);
    atLeast(0, configuration.getMaxOutOfOrdernessMillis(), "max_out_of_orderness_millis");
    atLeast(1, configuration.getPartitionDiscoverySeconds(), "partition_discovery_seconds");
    atLeast(1, configuration.getClusterTimeoutSeconds(), "cluster_timeout_seconds");
  }

  static FlussCluster cluster(String servers, @Nullable Map<String, String> properties) {
    return inField(
        "bootstrap_servers or client_properties",
        () -> FlussCluster.at(servers).withProperties(properties == null ? Map.of() : properties));
  }

  private static Position startingPosition(@Nullable String value) {
    if (value == null) {
      return Position.full();
    }
    return switch (value) {
      case "full" -> Position.full();
      case "earliest" -> Position.earliest();
      case "latest" -> Position.latest();
      default -> timestamp("starting_position", value, "full, earliest, latest");
    };
  }

  private static @Nullable Position stoppingPosition(@Nullable String value) {
    if (value == null) {
      return null;
    }
    return value.equals("latest")
        ? Position.latest()
        : timestamp("stopping_position", value, "latest");
  }

  private static Position timestamp(String field, String value, String others) {
    try {
      return Position.timestamp(Instant.parse(value));
    } catch (DateTimeParseException e) {
      throw wrong(field, value, others + ", or a time such as 2026-11-23T12:00:00Z", e);
    }
  }

  private void checkMode() {
    String mode = configuration.getMode();
    if (mode != null && !List.of(ROWS, CHANGES, CONTENTS).contains(mode)) {
      throw wrong("mode", mode, "rows, changes or contents", null);
    }
    if (CONTENTS.equals(mode)) {
      onlyOfALog("starting_position", configuration.getStartingPosition());
      onlyOfALog("stopping_position", configuration.getStoppingPosition());
      onlyOfALog("max_out_of_orderness_millis", configuration.getMaxOutOfOrdernessMillis());
      onlyOfALog("partition_discovery_seconds", configuration.getPartitionDiscoverySeconds());
      onlyOfALog("cluster_timeout_seconds", configuration.getClusterTimeoutSeconds());
    }
  }

  private static void onlyOfALog(String field, @Nullable Object value) {
    if (value != null) {
      throw wrong(
          field,
          value,
          "nothing where mode is contents, which reads what the table holds now",
          null);
    }
  }

  private void checkColumns() {
    List<String> columns = configuration.getColumns();
    if (columns != null && columns.isEmpty()) {
      throw wrong("columns", columns, "at least one column, or nothing for all of them", null);
    }
  }

  private void checkPartitions() {
    Map<String, List<String>> partitions = configuration.getPartitions();
    if (partitions != null
        && (partitions.isEmpty() || partitions.values().stream().anyMatch(List::isEmpty))) {
      throw wrong("partitions", partitions, "at least one value for a partition column", null);
    }
  }

  static void checkErrorOutput(@Nullable ErrorHandling errorHandling, String other) {
    if (other.equals(ErrorHandling.getOutputOrNull(errorHandling))) {
      throw wrong("error_handling", other, "another name: this is that of the other output", null);
    }
  }

  private static void atLeast(long least, @Nullable Long value, String field) {
    if (value != null && value < least) {
      throw wrong(field, value, least + " or more", null);
    }
  }

  static IllegalArgumentException wrong(
      String field, Object value, String allowed, @Nullable Exception cause) {
    return new IllegalArgumentException(
        String.format("%s: '%s' cannot be used. Give %s.", field, value, allowed), cause);
  }

  interface Step<T> {
    T take();
  }

  /** What it finds wrong is that field's fault. */
  static <T> T inField(String field, Step<T> step) {
    try {
      return step.take();
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(field + ": " + e.getMessage(), e);
    }
  }

  /** The target with an option, if the field has a value. */
  static <T, V> T with(T target, String field, @Nullable V value, BiFunction<T, V, T> option) {
    return value == null ? target : inField(field, () -> option.apply(target, value));
  }

  @Override
  public PCollectionRowTuple expand(PCollectionRowTuple input) {
    FlussTable table = inField("table", () -> cluster.describe(configuration.getTable()));
    checkAgainst(table);
    return outputs(
        input.getPipeline(),
        FlussReadSchemaTransformProvider.OUTPUT,
        errors -> read(input, table, errors),
        configuration.getErrorHandling(),
        new Errors());
  }

  /** An output, and one for errors where the configuration names it. */
  static PCollectionRowTuple outputs(
      Pipeline pipeline,
      String output,
      Function<@Nullable ErrorHandler<BadRecord, ?>, PCollection<Row>> step,
      @Nullable ErrorHandling errorHandling,
      PTransform<PCollection<BadRecord>, PCollection<Row>> errorRows) {
    String errorOutput = ErrorHandling.getOutputOrNull(errorHandling);
    if (errorOutput == null) {
      return PCollectionRowTuple.of(output, step.apply(null));
    }
    ErrorHandler.BadRecordErrorHandler<PCollection<Row>> handler =
        pipeline.registerBadRecordErrorHandler(errorRows);
    PCollection<Row> rows;
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Row>> errors = handler) {
      rows = step.apply(errors);
    }
    return PCollectionRowTuple.of(output, rows, errorOutput, handler.getOutput());
  }

  private void checkAgainst(FlussTable table) {
    String mode = configuration.getMode();
    if (mode != null && mode.equals(table.isKeyed() ? ROWS : CHANGES)) {
      throw wrong(
          "mode",
          mode,
          table.isKeyed()
              ? "changes or contents, as table " + table.path() + " has a primary key"
              : "rows or contents, as table " + table.path() + " has no primary key",
          null);
    }
    if (isOfLake()) {
      inField("lake", () -> ofLake(table));
    }
    if (configuration.getColumns() != null) {
      inField("columns", () -> table.schema(configuration.getColumns()));
    }
    if (configuration.getTimestampColumn() != null) {
      inField("timestamp_column", () -> checked(configuration.getTimestampColumn(), table));
    }
    if (configuration.getPartitions() != null
        && !table.partitionColumns().containsAll(configuration.getPartitions().keySet())) {
      throw wrong(
          "partitions",
          configuration.getPartitions().keySet(),
          "partition columns of table "
              + table.path()
              + (table.partitionColumns().isEmpty()
                  ? ", which has none, so leave it out"
                  : ", which are " + table.partitionColumns()),
          null);
    }
  }

  private static FlussTable ofLake(FlussTable table) {
    table.requireLake();
    return table;
  }

  private static EventTime checked(String column, FlussTable table) {
    EventTime eventTime = new EventTime.Column(column);
    eventTime.check(table);
    return eventTime;
  }

  private PCollection<Row> read(
      PCollectionRowTuple input, FlussTable table, @Nullable ErrorHandler<BadRecord, ?> errors) {
    if (CONTENTS.equals(configuration.getMode())) {
      return input.getPipeline().apply("Contents", contents(errors));
    }
    if (!table.isKeyed()) {
      return input.getPipeline().apply("Rows", log(FlussIO.readRows(), errors));
    }
    PCollection<RowChange> changes =
        input.getPipeline().apply("Changes", log(FlussIO.readChanges(), errors));
    Schema schema =
        Schema.builder()
            .addStringField(FlussReadSchemaTransformProvider.CHANGE_TYPE)
            .addFields(columns(table).getFields())
            .build();
    return changes
        .apply(
            "With type",
            MapElements.into(TypeDescriptors.rows()).via(change -> withType(change, schema)))
        .setRowSchema(schema);
  }

  private Schema columns(FlussTable table) {
    return configuration.getColumns() == null
        ? table.schema()
        : table.schema(configuration.getColumns());
  }

  private static Row withType(RowChange change, Schema schema) {
    List<Object> values = new ArrayList<>(schema.getFieldCount());
    values.add(change.kind().sign());
    values.addAll(change.row().getValues());
    return Row.withSchema(schema).attachValues(values);
  }

  private <T> FlussIO.Read<T> log(
      FlussIO.Read<T> read, @Nullable ErrorHandler<BadRecord, ?> errors) {
    FlussIO.Read<T> result =
        read.from(cluster, configuration.getTable()).withStartingPosition(start);
    result = stop == null ? result : result.withStoppingPosition(stop);
    result = isOfLake() ? result.withLake() : result;
    result = configuration.getColumns() == null ? result : result.withColumns(columnNames());
    result =
        configuration.getPartitions() == null
            ? result
            : result.withPartitionFilter(new AnyOf(configuration.getPartitions()));
    result =
        configuration.getTimestampColumn() == null
            ? result
            : result.withTimestampColumn(configuration.getTimestampColumn());
    result =
        configuration.getMaxOutOfOrdernessMillis() == null
            ? result
            : result.withMaxOutOfOrderness(
                Duration.ofMillis(configuration.getMaxOutOfOrdernessMillis()));
    result =
        configuration.getPartitionDiscoverySeconds() == null
            ? result
            : result.withPartitionDiscoveryInterval(
                Duration.ofSeconds(configuration.getPartitionDiscoverySeconds()));
    result =
        configuration.getClusterTimeoutSeconds() == null
            ? result
            : result.withClusterTimeout(
                Duration.ofSeconds(configuration.getClusterTimeoutSeconds()));
    return errors == null ? result : result.withErrorHandler(errors);
  }

  private FlussIO.ReadContents contents(@Nullable ErrorHandler<BadRecord, ?> errors) {
    FlussIO.ReadContents result = FlussIO.readContents().from(cluster, configuration.getTable());
    result = isOfLake() ? result.withLake() : result;
    result = configuration.getColumns() == null ? result : result.withColumns(columnNames());
    result =
        configuration.getPartitions() == null
            ? result
            : result.withPartitionFilter(new AnyOf(configuration.getPartitions()));
    result =
        configuration.getTimestampColumn() == null
            ? result
            : result.withTimestampColumn(configuration.getTimestampColumn());
    return errors == null ? result : result.withErrorHandler(errors);
  }

  private boolean isOfLake() {
    return Boolean.TRUE.equals(configuration.getLake());
  }

  private String[] columnNames() {
    return configuration.getColumns().toArray(new String[0]);
  }

  /** Partitions with one of the given values in each of the given columns. */
  private static final class AnyOf implements PartitionFilter {
    private final HashMap<String, HashSet<String>> values = new HashMap<>();

    AnyOf(Map<String, List<String>> values) {
      values.forEach((column, accepted) -> this.values.put(column, new HashSet<>(accepted)));
    }

    @Override
    public boolean accepts(Map<String, String> partition) {
      return values.entrySet().stream()
          .allMatch(entry -> entry.getValue().contains(partition.get(entry.getKey())));
    }
  }

  static final class Errors extends PTransform<PCollection<BadRecord>, PCollection<Row>> {
    private static final Schema SCHEMA =
        Schema.builder().addStringField("failed_row").addStringField("error_message").build();

    @Override
    public PCollection<Row> expand(PCollection<BadRecord> input) {
      return input
          .apply(
              MapElements.into(TypeDescriptors.rows())
                  .via(
                      bad ->
                          Row.withSchema(SCHEMA)
                              .addValues(
                                  bad.getRecord().getHumanReadableJsonRecord(),
                                  bad.getFailure().getDescription())
                              .build()))
          .setRowSchema(SCHEMA);
    }
  }
}

package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.FlussReadSchemaTransform.inField;
import static dev.beamfluss.io.fluss.FlussReadSchemaTransform.with;

import dev.beamfluss.io.fluss.FlussLookupSchemaTransformProvider.Configuration;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.transforms.SchemaTransform;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionRowTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.checkerframework.checker.nullness.qual.Nullable;

/** {@link FlussIO#lookup()}, as a configuration asks for it. */
final class FlussLookupSchemaTransform extends SchemaTransform {
  private final Configuration configuration;
  private final FlussCluster cluster;
  private final FlussIO.LookupRows lookup;

  /**
   * @throws IllegalArgumentException if a value is wrong whatever the table
   */
  FlussLookupSchemaTransform(Configuration configuration) {
    this.configuration = configuration;
    this.cluster =
        FlussReadSchemaTransform.cluster(
            configuration.getBootstrapServers(), configuration.getClientProperties());
    this.lookup = lookup();
    FlussReadSchemaTransform.checkErrorOutput(
        configuration.getErrorHandling(), FlussLookupSchemaTransformProvider.OUTPUT);
  }

  private FlussIO.LookupRows lookup() {
    FlussIO.LookupRows result = FlussIO.lookup().in(cluster, configuration.getTable());
    result = with(result, "by", names(configuration.getBy()), FlussIO.LookupRows::by);
    result =
        with(result, "columns", names(configuration.getColumns()), FlussIO.LookupRows::withColumns);
    result =
        with(
            result,
            "timeout_seconds",
            configuration.getTimeoutSeconds(),
            (r, seconds) -> r.withTimeout(Duration.ofSeconds(seconds)));
    result =
        with(
            result,
            "max_in_flight",
            configuration.getMaxInFlight(),
            FlussIO.LookupRows::withMaxInFlight);
    result =
        with(
            result,
            "shuffle_replicas",
            configuration.getShuffleReplicas(),
            FlussIO.LookupRows::withReplicatedShuffle);
    if (Boolean.TRUE.equals(configuration.getInsertIfNotExists())) {
      result = result.insertIfNotExists();
    }
    LookupCache cache = cache();
    return cache == null ? result : result.withCache(cache);
  }

  private static String @Nullable [] names(@Nullable List<String> columns) {
    return columns == null ? null : columns.toArray(new String[0]);
  }

  private @Nullable LookupCache cache() {
    if (configuration.getCacheMaxRows() == null) {
      onlyOfACache(
          "cache_expire_after_write_millis", configuration.getCacheExpireAfterWriteMillis());
      onlyOfACache(
          "cache_expire_after_access_millis", configuration.getCacheExpireAfterAccessMillis());
      onlyOfACache("cache_missing_key", configuration.getCacheMissingKey());
      return null;
    }
    LookupCache cache =
        inField("cache_max_rows", () -> LookupCache.ofMaxRows(configuration.getCacheMaxRows()));
    cache =
        with(
            cache,
            "cache_expire_after_write_millis",
            configuration.getCacheExpireAfterWriteMillis(),
            (c, millis) -> c.expireAfterWrite(Duration.ofMillis(millis)));
    cache =
        with(
            cache,
            "cache_expire_after_access_millis",
            configuration.getCacheExpireAfterAccessMillis(),
            (c, millis) -> c.expireAfterAccess(Duration.ofMillis(millis)));
    return with(
        cache,
        "cache_missing_key",
        configuration.getCacheMissingKey(),
        LookupCache::cacheMissingKey);
  }

  private static void onlyOfACache(String field, @Nullable Object value) {
    if (value != null) {
      throw new IllegalArgumentException(
          String.format("%s: '%s' says how to keep rows. Give cache_max_rows too.", field, value));
    }
  }

  @Override
  public PCollectionRowTuple expand(PCollectionRowTuple input) {
    PCollection<Row> keys = input.get(FlussLookupSchemaTransformProvider.INPUT);
    FlussTable table = inField("table", () -> cluster.describe(configuration.getTable()));
    Schema found =
        configuration.getColumns() == null
            ? table.schema()
            : inField("columns", () -> table.schema(configuration.getColumns()));
    inField(
        "by",
        () ->
            table.lookupKind(
                configuration.getBy() == null
                    ? keys.getSchema().getFieldNames()
                    : configuration.getBy()));
    if (keys.getSchema().hasField(FlussLookupSchemaTransformProvider.FOUND)) {
      throw new IllegalArgumentException(
          String.format(
              "input: the rows have a field '%s', which the output has for the rows found. Rename"
                  + " it.",
              FlussLookupSchemaTransformProvider.FOUND));
    }
    return FlussReadSchemaTransform.outputs(
        keys.getPipeline(),
        FlussLookupSchemaTransformProvider.OUTPUT,
        errors -> apply(keys, errors == null ? lookup : lookup.withErrorHandler(errors), found),
        configuration.getErrorHandling(),
        new FlussReadSchemaTransform.Errors());
  }

  private static PCollection<Row> apply(
      PCollection<Row> keys, FlussIO.LookupRows lookup, Schema found) {
    Schema schema =
        Schema.builder()
            .addFields(keys.getSchema().getFields())
            .addArrayField(FlussLookupSchemaTransformProvider.FOUND, FieldType.row(found))
            .build();
    return keys.apply("Lookup", lookup)
        .apply(
            "With rows",
            MapElements.into(TypeDescriptors.rows()).via(each -> withRows(each, schema)))
        .setRowSchema(schema);
  }

  private static Row withRows(KV<Row, List<Row>> each, Schema schema) {
    Row key = each.getKey();
    List<Object> values = new ArrayList<>(schema.getFieldCount());
    for (int field = 0; field < key.getFieldCount(); field++) {
      values.add(key.getValue(field));
    }
    values.add(each.getValue());
    return Row.withSchema(schema).attachValues(values);
  }
}

package dev.beamfluss.transforms;

import com.google.auto.value.AutoValue;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.LookupCache;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Adds to each row the number that stands for its user, or whatever the key is: of a KV table with
 * an auto-increment column, which gives a key that it has not seen a new number. The numbers are
 * dense, so that bitmaps of them are small.
 *
 * <pre>{@code
 * events.apply(IdMapping.in(cluster, "uv.user_mapping_table"))   // user_id -> and uid_int64
 * }</pre>
 *
 * <p>The input has the columns of the table's primary key; what comes out has one more, named as
 * the table's auto-increment column, an INT64 that is never null.
 *
 * <p>A number never changes, and two keys never share one, whatever the parallelism and however
 * often a bundle is replayed: a key gets its number in the table, before it comes out, and is found
 * there the second time. So answers can be cached for as long as there is room. The cache is the
 * reference's by default (scenario 5): 500,000 keys, an hour after they were written.
 *
 * <p>Numbers of a table with one bucket are dense as long as no server fails. Each bucket takes
 * 100,000 at a time ({@code table.auto-increment.cache-size}), and a leader that goes away loses
 * the rest of its share: the greatest number is at most that of the keys plus the share's size for
 * each bucket and each failover.
 *
 * <p>Bounded input fills the table with keys that are known beforehand, as the reference does; run
 * again after a failure, it finds what it made.
 */
@AutoValue
public abstract class IdMapping extends PTransform<PCollection<Row>, PCollection<Row>> {
  abstract FlussCluster cluster();

  abstract String table();

  abstract @Nullable LookupCache cache();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setCluster(FlussCluster cluster);

    abstract Builder setTable(String table);

    abstract Builder setCache(@Nullable LookupCache cache);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract IdMapping build();
  }

  /** Maps by this table, {@code database.table}. */
  public static IdMapping in(FlussCluster cluster, String table) {
    return new AutoValue_IdMapping.Builder()
        .setCluster(cluster)
        .setTable(table)
        .setCache(
            LookupCache.ofMaxRows(500_000)
                .expireAfterWrite(Duration.ofHours(1))
                .cacheMissingKey(false))
        .build();
  }

  /** Another cache than the reference's. */
  public IdMapping withCache(LookupCache cache) {
    return toBuilder().setCache(cache).build();
  }

  /** No cache: for keys that come once each. */
  public IdMapping withoutCache() {
    return toBuilder().setCache(null).build();
  }

  /** Gets the rows without a key. Without a handler, one fails the pipeline. */
  public IdMapping withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    FlussTable mapping = cluster().describe(table());
    if (mapping.autoIncrementColumns().size() != 1) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s must have an auto-increment column for the numbers. Create it with"
                  + " 'auto-increment.fields'.",
              mapping.path()));
    }
    String id = mapping.autoIncrementColumns().iterator().next();
    Schema rows = input.getSchema();
    for (String column : mapping.primaryKey()) {
      if (!rows.hasField(column)) {
        throw new IllegalArgumentException(
            String.format(
                "The input has no column %s, by which table %s maps, only %s. Rename one with"
                    + " RenameFields.",
                column, mapping.path(), rows.getFieldNames()));
      }
    }
    if (rows.hasField(id)) {
      throw new IllegalArgumentException(
          String.format("The input has a column %s already, as table %s.", id, mapping.path()));
    }
    FlussIO.LookupRows lookup =
        FlussIO.lookup()
            .in(cluster(), table())
            .by(mapping.primaryKey().toArray(String[]::new))
            .withColumns(id)
            .insertIfNotExists();
    lookup = cache() == null ? lookup : lookup.withCache(cache());
    lookup = errorHandler() == null ? lookup : lookup.withErrorHandler(errorHandler());
    Schema mapped = Schema.builder().addFields(rows.getFields()).addInt64Field(id).build();
    return input
        .apply("Look up", lookup)
        .apply("Add number", ParDo.of(new AddFn(mapping.path(), mapped)))
        .setRowSchema(mapped);
  }

  private static final class AddFn extends DoFn<KV<Row, List<Row>>, Row> {
    private static final long serialVersionUID = 1L;

    private final String table;
    private final Schema mapped;

    AddFn(String table, Schema mapped) {
      this.table = table;
      this.mapped = mapped;
    }

    @ProcessElement
    public void process(@Element KV<Row, List<Row>> found, OutputReceiver<Row> out) {
      Row row = found.getKey();
      Number number =
          found.getValue().isEmpty() ? null : (Number) found.getValue().get(0).getValue(0);
      if (number == null) {
        throw new IllegalStateException(
            String.format(
                "Table %s has a row without a number for %s: who wrote it named the auto-increment"
                    + " column and left it null. Delete it.",
                table, row.getValues()));
      }
      List<@Nullable Object> values = new ArrayList<>(mapped.getFieldCount());
      values.addAll(row.getValues());
      values.add(number.longValue());
      out.output(Row.withSchema(mapped).attachValues(values));
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("mapping", table()))
        .addIfNotNull(DisplayData.item("cache", cache() == null ? null : cache().toString()));
  }
}

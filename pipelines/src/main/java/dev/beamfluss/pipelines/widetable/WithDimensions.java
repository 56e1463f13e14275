package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LookupCache;
import dev.beamfluss.transforms.LookupJoin;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Adds the dimensions of an event's item: those of the table of items, {@link
 * WideTableTables#UNKNOWN_ID} and {@link WideTableTables#UNKNOWN} where it has none. What the table
 * leaves null is unknown too. Metric: {@code eventsOfUnknownItems}.
 */
final class WithDimensions extends PTransform<PCollection<Row>, PCollection<Row>> {
  private static final long CACHED_ITEMS = 200_000;

  private final FlussCluster cluster;
  private final String items;
  private final Duration freshness;

  WithDimensions(FlussCluster cluster, String items, Duration freshness) {
    this.cluster = cluster;
    this.items = items;
    this.freshness = freshness;
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> events) {
    FlussIO.LookupRows lookup =
        FlussIO.lookup()
            .in(cluster, items)
            .by("item_id")
            .withColumns(WideTableTables.DIMENSIONS.toArray(String[]::new));
    if (!freshness.isZero()) {
      lookup =
          lookup.withCache(
              LookupCache.ofMaxRows(CACHED_ITEMS)
                  .expireAfterWrite(freshness)
                  .cacheMissingKey(false));
    }
    PCollection<Row> joined = events.apply("Look up", LookupJoin.left(lookup));
    return joined
        .apply("Fill in", ParDo.of(new FillFn(events.getSchema().getFieldCount())))
        .setRowSchema(joined.getSchema());
  }

  private static final class FillFn extends DoFn<Row, Row> {
    private final int from;
    private final Counter unknown = Metrics.counter(WideTable.class, "eventsOfUnknownItems");

    FillFn(int from) {
      this.from = from;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<Row> out) {
      if (row.getValue(from) != null && row.getValue(from + 1) != null) {
        out.output(row);
        return;
      }
      unknown.inc();
      Schema schema = row.getSchema();
      List<@Nullable Object> values = new ArrayList<>(row.getValues());
      for (int i = from; i < values.size(); i++) {
        if (values.get(i) == null) {
          values.set(i, unknown(schema.getField(i).getName()));
        }
      }
      out.output(Row.withSchema(schema).attachValues(values));
    }

    private static Object unknown(String column) {
      return switch (column) {
        case "category" -> WideTableTables.UNKNOWN;
        case "price" -> BigDecimal.ZERO.setScale(WideTableTables.SCALE);
        default -> WideTableTables.UNKNOWN_ID;
      };
    }
  }
}

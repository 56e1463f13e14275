package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/** Fires a bundle's lookups as they come and hands out the answers, in order, at its end. */
final class LookupInTable extends DoFn<Row, KV<Row, List<Row>>> {
  private final FlussTable table;
  private final ArrayList<String> by;
  private final Schema keySchema;
  private final ArrayList<String> columns;
  private final Counter lookups = Metrics.counter(FlussIO.class, "lookups");
  private final Counter misses = Metrics.counter(FlussIO.class, "lookupMisses");

  private record Pending(
      Row key, CompletableFuture<List<Row>> answer, Instant timestamp, BoundedWindow window) {}

  private transient TableLookup lookup;
  private transient List<Pending> pending;

  private LookupInTable(FlussTable table, List<String> by, Schema keySchema, List<String> columns) {
    this.table = table;
    this.by = new ArrayList<>(by);
    this.keySchema = keySchema;
    this.columns = new ArrayList<>(columns);
  }

  static PCollection<KV<Row, List<Row>>> expand(
      PCollection<Row> input, FlussTable table, List<String> by, List<String> columns) {
    table.lookupKind(by);
    new RowEncoder(table.path(), table.rowType(), by, input.getSchema());
    return input
        .apply("Lookup", ParDo.of(new LookupInTable(table, by, input.getSchema(), columns)))
        .setCoder(
            KvCoder.of(
                RowCoder.of(input.getSchema()), ListCoder.of(RowCoder.of(table.schema(columns)))));
  }

  @Setup
  public void setup() {
    lookup = TableLookup.open(table, by, keySchema, columns);
  }

  @StartBundle
  public void startBundle() {
    pending = new ArrayList<>();
  }

  @ProcessElement
  public void process(@Element Row key, @Timestamp Instant timestamp, BoundedWindow window) {
    pending.add(new Pending(key, lookup.lookup(key), timestamp, window));
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    for (Pending next : pending) {
      List<Row> rows = lookup.await(next.answer());
      lookups.inc();
      if (rows.isEmpty()) {
        misses.inc();
      }
      context.output(KV.of(next.key(), rows), next.timestamp(), next.window());
    }
    pending = null;
  }

  @Teardown
  public void teardown() {
    if (lookup != null) {
      lookup.close();
    }
  }
}

package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Gauge;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;

/** The step that {@link PaimonIO#lookupLatest()} is made of. */
final class LookupLatest extends DoFn<Row, KV<Row, List<Row>>> {
  private final LatestRows.Spec spec;
  private final Schema input;
  private final Counter lookups = Metrics.counter(PaimonIO.class, "lookups");
  private final Counter misses = Metrics.counter(PaimonIO.class, "lookupMisses");
  private final Gauge age;

  private transient LatestRows source;
  private transient RowEncoder keys;
  private transient LatestRows.Loaded latest;

  LookupLatest(LatestRows.Spec spec, Schema input) {
    this.spec = spec;
    this.input = input;
    this.age = Metrics.gauge(PaimonIO.class, "lookupSecondsSinceLoad-" + spec.table().fullName());
  }

  @Setup
  public void setup() {
    keys = spec.keys(input);
    source = LatestRows.lease(spec);
  }

  /** What a bundle finds is of one time. */
  @StartBundle
  public void startBundle() {
    latest = source.current();
    age.set(latest.secondsSinceLoad());
  }

  @ProcessElement
  public void process(@Element Row row, OutputReceiver<KV<Row, List<Row>>> out) {
    List<Row> found = hasKey(row) ? latest.get(keys.encode(row)) : List.of();
    lookups.inc();
    if (found.isEmpty()) {
      misses.inc();
    }
    out.output(KV.of(row, new ArrayList<>(found)));
  }

  /** As in SQL, nothing is equal to null. */
  private boolean hasKey(Row row) {
    for (String column : spec.by()) {
      if (row.getValue(column) == null) {
        return false;
      }
    }
    return true;
  }

  @Teardown
  public void teardown() {
    if (source != null) {
      source.giveBack();
      source = null;
    }
  }
}

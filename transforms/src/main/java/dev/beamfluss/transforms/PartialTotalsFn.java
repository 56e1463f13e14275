package dev.beamfluss.transforms;

import dev.beamfluss.changes.RowChange;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/** Adds up the rows of a bundle by cell and period, so that few of them travel. */
final class PartialTotalsFn<T> extends DoFn<T, KV<Integer, Row>> {
  private static final long serialVersionUID = 1L;

  private final UpsertPlan plan;
  private final int shards;
  private final boolean keepBad;
  private final Counter refused = Metrics.counter(ColumnUpsert.class, "changesRefused");

  private transient Map<CellPeriod, UpsertPlan.Partial> partials;

  PartialTotalsFn(UpsertPlan plan, int shards, boolean keepBad) {
    this.plan = plan;
    this.shards = shards;
    this.keepBad = keepBad;
  }

  private record CellPeriod(Values key, long end) {}

  @StartBundle
  public void startBundle() {
    partials = new LinkedHashMap<>();
  }

  @ProcessElement
  public void process(@Element T element, @Timestamp Instant time, MultiOutputReceiver out)
      throws Exception {
    boolean taken = false;
    Row row;
    if (element instanceof RowChange change) {
      taken =
          change.kind() == RowChange.Kind.UPDATE_BEFORE || change.kind() == RowChange.Kind.DELETE;
      row = change.row();
    } else {
      row = (Row) element;
    }
    Values key;
    try {
      key = plan.keyOf(row);
    } catch (IllegalArgumentException e) {
      if (!keepBad) {
        throw e;
      }
      refused.inc();
      out.get(BadRecordRouter.BAD_RECORD_TAG)
          .output(
              BadRecord.fromExceptionInformation(
                  row, RowCoder.of(plan.inputSchema()), e, e.getMessage()));
      return;
    }
    CellPeriod cell = new CellPeriod(key, plan.periodEnd(time.getMillis()));
    partials
        .computeIfAbsent(cell, unused -> plan.startPartial(cell.end()))
        .add(row, taken, time.getMillis());
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    rolledUp()
        .forEach(
            (cell, partial) ->
                context.output(
                    KV.of(cell.key().shard(shards), partial.toRow(cell.key())),
                    Instant.ofEpochMilli(partial.latest()),
                    GlobalWindow.INSTANCE));
    partials = null;
  }

  /** After the rows of a bundle are added up, which are many more than the cells they are of. */
  private Map<CellPeriod, UpsertPlan.Partial> rolledUp() {
    if (!plan.rollsUp()) {
      return partials;
    }
    Map<CellPeriod, UpsertPlan.Partial> cells = new LinkedHashMap<>();
    partials.forEach(
        (finest, partial) -> {
          for (Values key : plan.cellsOf(finest.key())) {
            cells
                .computeIfAbsent(
                    new CellPeriod(key, finest.end()), unused -> plan.startPartial(finest.end()))
                .addAll(partial);
          }
        });
    return cells;
  }
}

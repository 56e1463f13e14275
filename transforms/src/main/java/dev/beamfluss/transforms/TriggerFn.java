package dev.beamfluss.transforms;

import dev.beamfluss.changes.RowChange;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;

/**
 * Turns a change into the keys of the join to compute again. The row before an update is passed
 * over: the join columns are part of the primary keys, so the row after it has the same.
 */
final class TriggerFn extends DoFn<RowChange, KV<Integer, Row>> {
  private final JoinPlan plan;
  private final int side;
  private final int shards;
  private final Counter changes;

  /**
   * @param name of the counter of changes
   */
  TriggerFn(JoinPlan plan, int side, int shards, String name) {
    this.plan = plan;
    this.side = side;
    this.shards = shards;
    this.changes = Metrics.counter(DeltaJoin.class, name);
  }

  @ProcessElement
  public void process(@Element RowChange change, OutputReceiver<KV<Integer, Row>> out) {
    if (change.kind() == RowChange.Kind.UPDATE_BEFORE) {
      return;
    }
    changes.inc();
    boolean inserted = change.kind() == RowChange.Kind.INSERT;
    for (Row trigger : plan.triggers(side, change.row(), inserted)) {
      out.output(KV.of(plan.keyOf(trigger).shard(shards), trigger));
    }
  }
}

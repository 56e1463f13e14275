package dev.beamfluss.transforms;

import dev.beamfluss.changes.RowChange;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;

/**
 * Turns a change into the join key to compute again. The row before an update is passed over: the
 * join columns are part of both primary keys, so the row after it has the same.
 */
final class TriggerFn extends DoFn<RowChange, KV<Integer, Row>> {
  private final JoinPlan plan;
  private final boolean ofRight;
  private final int shards;
  private final Counter changes;

  TriggerFn(JoinPlan plan, boolean ofRight, int shards) {
    this.plan = plan;
    this.ofRight = ofRight;
    this.shards = shards;
    this.changes = Metrics.counter(DeltaJoin.class, ofRight ? "rightChanges" : "leftChanges");
  }

  @ProcessElement
  public void process(@Element RowChange change, OutputReceiver<KV<Integer, Row>> out) {
    if (change.kind() == RowChange.Kind.UPDATE_BEFORE) {
      return;
    }
    changes.inc();
    Row trigger = plan.trigger(change.row(), ofRight);
    int shard = Math.floorMod(spread(plan.joinKeyOf(trigger).getValues().hashCode()), shards);
    out.output(KV.of(shard, trigger));
  }

  /** Spreads hash codes of similar strings over all bits. */
  private static int spread(int hash) {
    int mixed = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    return mixed ^ (mixed >>> 13);
  }
}

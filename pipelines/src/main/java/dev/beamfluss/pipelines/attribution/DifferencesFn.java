package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.changes.RowChange;
import java.util.HashMap;
import java.util.Map;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;

/** By how much the changes of a bundle change the sums of each day. */
abstract class DifferencesFn extends DoFn<RowChange, KV<String, Row>> {
  private transient Map<String, Row> byDay;

  /** What a row adds while it is there. */
  abstract Row of(Row row);

  @StartBundle
  public void startBundle() {
    byDay = new HashMap<>();
  }

  @ProcessElement
  public void process(@Element RowChange change) {
    Row row = change.row();
    int times = change.kind().isPresentAfter() ? 1 : -1;
    byDay.compute(
        row.getString("ds"),
        (ds, sums) -> Sums.plus(sums == null ? Sums.NONE : sums, of(row), times));
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    byDay.forEach(
        (ds, sums) -> {
          if (!sums.equals(Sums.NONE)) {
            context.output(
                KV.of(ds, sums), GlobalWindow.INSTANCE.maxTimestamp(), GlobalWindow.INSTANCE);
          }
        });
  }
}

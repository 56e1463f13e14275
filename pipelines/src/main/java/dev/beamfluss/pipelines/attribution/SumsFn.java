package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Adds the differences of a day up and writes where its sums stand, once a bundle. Written in the
 * keyed step itself, so that an older sum cannot overtake a newer one. The state is a row a day; it
 * is kept for good, as nobody knows when a day's last change has come.
 */
final class SumsFn extends DoFn<KV<String, Row>, Long> {
  @StateId("sums")
  private final StateSpec<ValueState<Row>> sumsSpec = StateSpecs.value(RowCoder.of(Sums.SCHEMA));

  private final FlussTable conversions;
  private final int windowDays;

  private transient TableWriter writer;
  private transient Map<String, Row> changed;

  SumsFn(FlussTable conversions, int windowDays) {
    this.conversions = conversions;
    this.windowDays = windowDays;
  }

  @Setup
  public void setup() {
    writer = TableWriter.open(conversions, conversions.schema());
  }

  @StartBundle
  public void startBundle() {
    changed = new LinkedHashMap<>();
  }

  @ProcessElement
  public void process(
      @Element KV<String, Row> difference, @StateId("sums") ValueState<Row> sumsState) {
    @Nullable Row before = sumsState.read();
    Row sums = Sums.plus(before == null ? Sums.NONE : before, difference.getValue(), 1);
    sumsState.write(sums);
    changed.put(difference.getKey(), sums);
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    changed.forEach((ds, sums) -> writer.upsert(row(ds, sums)));
    long written = writer.flush();
    if (written > 0) {
      context.output(written, GlobalWindow.INSTANCE.maxTimestamp(), GlobalWindow.INSTANCE);
    }
  }

  private Row row(String ds, Row sums) {
    return Row.withSchema(conversions.schema())
        .withFieldValue("ds", ds)
        .withFieldValue("window_days", windowDays)
        .withFieldValue("visitors", sums.getInt64("visitors"))
        .withFieldValue("buyers", sums.getInt64("buyers"))
        .withFieldValue("conversion_rate", Sums.rate(sums))
        .withFieldValue("orders", sums.getInt64("orders"))
        .withFieldValue("gmv", sums.getDecimal("gmv"))
        .withFieldValue("unreadable_amts", sums.getInt64("unreadable_amts"))
        .build();
  }

  @Teardown
  public void teardown() {
    if (writer != null) {
      writer.close();
    }
  }
}

package dev.beamfluss.transforms;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Unites the bitmaps that come for one row of a table within an interval. */
final class GatherFn extends DoFn<KV<Row, Row>, Row> {
  private static final long serialVersionUID = 1L;

  @StateId("bitmaps")
  private final StateSpec<BagState<Row>> bitmaps;

  @StateId("waits")
  private final StateSpec<ValueState<Boolean>> waits = StateSpecs.value();

  @TimerId("give")
  private final TimerSpec give = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  private final Schema schema;
  private final int keys;
  private final BitmapType type;
  private final Duration interval;

  /**
   * @param keys how many columns come before the bitmaps
   */
  GatherFn(Schema schema, int keys, BitmapType type, Duration interval) {
    this.bitmaps = StateSpecs.bag(RowCoder.of(schema));
    this.schema = schema;
    this.keys = keys;
    this.type = type;
    this.interval = interval;
  }

  @ProcessElement
  public void process(
      @Element KV<Row, Row> element,
      @StateId("bitmaps") BagState<Row> bitmaps,
      @StateId("waits") ValueState<Boolean> waits,
      @TimerId("give") Timer give) {
    bitmaps.add(element.getValue());
    if (waits.read() == null) {
      waits.write(true);
      give.offset(org.joda.time.Duration.millis(interval.toMillis())).setRelative();
    }
  }

  @OnTimer("give")
  public void give(
      @Key Row key,
      @StateId("bitmaps") BagState<Row> bitmaps,
      @StateId("waits") ValueState<Boolean> waits,
      OutputReceiver<Row> out) {
    waits.clear();
    @Nullable IdBitmap[] united = new IdBitmap[schema.getFieldCount() - keys];
    for (Row row : bitmaps.read()) {
      for (int i = 0; i < united.length; i++) {
        byte[] bytes = row.getBytes(keys + i);
        if (bytes == null) {
          continue;
        }
        IdBitmap next = IdBitmap.fromBytes(type, bytes);
        if (united[i] == null) {
          united[i] = next;
        } else {
          united[i].or(next);
        }
      }
    }
    bitmaps.clear();
    List<@Nullable Object> values = new ArrayList<>(key.getValues());
    for (@Nullable IdBitmap bitmap : united) {
      values.add(bitmap == null ? null : bitmap.toBytes());
    }
    out.output(Row.withSchema(schema).attachValues(values));
  }
}

package dev.beamfluss.transforms;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Unites the bitmaps that come for one row of a table within an interval. */
final class GatherFn extends DoFn<KV<Integer, Row>, Row> {
  private static final long serialVersionUID = 1L;

  @StateId("bitmaps")
  private final StateSpec<BagState<Row>> bitmaps;

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
      @Element KV<Integer, Row> element,
      @StateId("bitmaps") BagState<Row> bitmaps,
      @TimerId("give") Timer give) {
    if (Boolean.TRUE.equals(bitmaps.isEmpty().read())) {
      give.offset(org.joda.time.Duration.millis(interval.toMillis())).setRelative();
    }
    bitmaps.add(element.getValue());
  }

  @OnTimer("give")
  public void give(@StateId("bitmaps") BagState<Row> bitmaps, OutputReceiver<Row> out) {
    Map<Values, @Nullable IdBitmap[]> all = new LinkedHashMap<>();
    for (Row row : bitmaps.read()) {
      unite(
          all.computeIfAbsent(
              Values.of(row, 0, keys), key -> new IdBitmap[schema.getFieldCount() - keys]),
          row);
    }
    bitmaps.clear();
    all.forEach(
        (key, united) -> {
          List<@Nullable Object> values = new ArrayList<>(schema.getFieldCount());
          for (int i = 0; i < keys; i++) {
            values.add(key.get(i));
          }
          for (@Nullable IdBitmap bitmap : united) {
            values.add(bitmap == null ? null : bitmap.toBytes());
          }
          out.output(Row.withSchema(schema).attachValues(values));
        });
  }

  private void unite(@Nullable IdBitmap[] united, Row row) {
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
}

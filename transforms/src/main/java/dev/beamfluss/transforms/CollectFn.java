package dev.beamfluss.transforms;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Duration;
import org.joda.time.Instant;

/** Collects the ids of a bundle into bitmaps. */
final class CollectFn extends DoFn<Row, Row> {
  private static final long serialVersionUID = 1L;

  /** Bounds the memory of a bundle, as a batch job's has no end. */
  private static final int MAX_NEW_IDS = 500_000;

  private final Schema output;
  private final int idField;
  private final int[] byFields;
  private final int kindField;
  private final HashMap<String, Integer> bitmapOfKind;
  private final int bitmaps;
  private final IdShards shards;
  private final int maxKnown;
  private final Counter collected = Metrics.counter(BitmapUv.class, "idsCollected");
  private final Counter bytesCollected = Metrics.counter(BitmapUv.class, "bitmapBytesCollected");
  private final Counter known = Metrics.counter(BitmapUv.class, "idsKnown");
  private final Counter ofOtherKinds = Metrics.counter(BitmapUv.class, "rowsOfOtherKinds");

  private transient Map<Key, Collected> fresh;
  private transient Map<Key, @Nullable IdBitmap[]> given;
  private transient Map<Key, @Nullable IdBitmap[]> remembered;
  private transient int newIds;
  private transient long knownIds;
  private transient long otherKinds;

  /** Which row ids go into. */
  private record Key(BoundedWindow window, Values by, int shard) {}

  private static final class Collected {
    final @Nullable IdBitmap[] bitmaps;
    Instant latest = BoundedWindow.TIMESTAMP_MIN_VALUE;

    Collected(int bitmaps) {
      this.bitmaps = new IdBitmap[bitmaps];
    }
  }

  /**
   * @param kindField -1 where all ids go into the one bitmap, which is that of kind ""
   * @param bitmapOfKind positions after the columns {@code by} and the shard's
   */
  CollectFn(
      Schema output,
      int idField,
      int[] byFields,
      int kindField,
      Map<String, Integer> bitmapOfKind,
      IdShards shards,
      int maxKnown) {
    this.output = output;
    this.idField = idField;
    this.byFields = byFields;
    this.kindField = kindField;
    this.bitmapOfKind = new HashMap<>(bitmapOfKind);
    this.bitmaps = output.getFieldCount() - byFields.length - 1;
    this.shards = shards;
    this.maxKnown = maxKnown;
  }

  @Setup
  public void setup() {
    given = new LinkedHashMap<>();
    remembered = new LinkedHashMap<>(16, 0.75f, true);
  }

  @StartBundle
  public void startBundle() {
    // the bundle that gave them out is through: had it failed, this instance would be gone
    given.forEach((key, bitmaps) -> unite(remembered, key, bitmaps));
    given.clear();
    while (remembered.size() > maxKnown) {
      remembered.remove(remembered.keySet().iterator().next());
    }
    fresh = new LinkedHashMap<>();
    newIds = 0;
    knownIds = 0;
    otherKinds = 0;
  }

  @ProcessElement
  public void process(
      @Element Row row,
      @Timestamp Instant timestamp,
      BoundedWindow window,
      OutputReceiver<Row> out) {
    Integer bitmap = bitmapOfKind.get(kindField < 0 ? "" : row.getString(kindField));
    if (bitmap == null) {
      otherKinds++;
      return;
    }
    Long id = row.getInt64(idField);
    if (id == null) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s has no id in row %s.",
              row.getSchema().getField(idField).getName(), row.getValues()));
    }
    Key key = new Key(window, Values.of(row, byFields), shards.shardOf(id));
    long value = shards.valueOf(id);
    @Nullable IdBitmap[] before = remembered.get(key);
    if (before != null && before[bitmap] != null && before[bitmap].contains(value)) {
      knownIds++;
      return;
    }
    Collected collected = fresh.computeIfAbsent(key, unused -> new Collected(bitmaps));
    if (collected.bitmaps[bitmap] == null) {
      collected.bitmaps[bitmap] = IdBitmap.empty(shards.type());
    }
    collected.bitmaps[bitmap].add(value);
    if (timestamp.isAfter(collected.latest)) {
      collected.latest = timestamp;
    }
    newIds++;
    if (newIds >= MAX_NEW_IDS) {
      give(
          (made, time, where) ->
              out.outputWindowedValue(made, time, List.of(where), PaneInfo.NO_FIRING));
    }
  }

  /**
   * Rows may have earlier timestamps than the one being processed. None is late thereby: what they
   * were made of is in the same bundle, which holds the watermark.
   */
  @Override
  @SuppressWarnings("deprecation")
  public Duration getAllowedTimestampSkew() {
    return new Duration(BoundedWindow.TIMESTAMP_MIN_VALUE, BoundedWindow.TIMESTAMP_MAX_VALUE);
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) {
    give(context::output);
    known.inc(knownIds);
    ofOtherKinds.inc(otherKinds);
  }

  @FunctionalInterface
  private interface Output {
    void output(Row row, Instant timestamp, BoundedWindow window);
  }

  private void give(Output out) {
    long ids = 0;
    long bytes = 0;
    for (Map.Entry<Key, Collected> entry : fresh.entrySet()) {
      Key key = entry.getKey();
      Collected made = entry.getValue();
      List<@Nullable Object> values = new ArrayList<>(output.getFieldCount());
      for (int i = 0; i < byFields.length; i++) {
        values.add(key.by().get(i));
      }
      values.add(key.shard());
      for (@Nullable IdBitmap bitmap : made.bitmaps) {
        ids += bitmap == null ? 0 : bitmap.cardinality();
        byte[] serialized = bitmap == null ? null : bitmap.toBytes();
        bytes += serialized == null ? 0 : serialized.length;
        values.add(serialized);
      }
      out.output(Row.withSchema(output).attachValues(values), made.latest, key.window());
      if (maxKnown > 0) {
        unite(given, key, made.bitmaps);
      }
    }
    collected.inc(ids);
    bytesCollected.inc(bytes);
    fresh.clear();
    newIds = 0;
  }

  private static void unite(
      Map<Key, @Nullable IdBitmap[]> all, Key key, @Nullable IdBitmap[] bitmaps) {
    @Nullable IdBitmap[] before = all.putIfAbsent(key, bitmaps);
    if (before == null) {
      return;
    }
    for (int i = 0; i < bitmaps.length; i++) {
      if (before[i] == null) {
        before[i] = bitmaps[i];
      } else if (bitmaps[i] != null) {
        before[i].or(bitmaps[i]);
      }
    }
  }
}

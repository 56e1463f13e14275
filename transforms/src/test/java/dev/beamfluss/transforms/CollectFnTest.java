package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.contains;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.empty;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.joda.time.Instant;
import org.junit.jupiter.api.Test;

class CollectFnTest {
  private static final Schema EVENT =
      Schema.builder()
          .addNullableInt64Field("uid")
          .addStringField("minute")
          .addStringField("kind")
          .build();
  private static final Schema BITMAPS =
      Schema.builder()
          .addStringField("minute")
          .addInt32Field("shard")
          .addNullableByteArrayField("visitors")
          .addNullableByteArrayField("buyers")
          .build();

  private final List<String> given = new ArrayList<>();

  private static CollectFn collecting(int known) {
    CollectFn fn =
        new CollectFn(
            BITMAPS,
            0,
            new int[] {1},
            2,
            Map.of("visit", 0, "order", 1),
            IdShards.of(2, BitmapType.RBM32),
            known);
    fn.setup();
    return fn;
  }

  private void bundle(CollectFn fn, Row... events) {
    given.clear();
    fn.startBundle();
    long time = 0;
    for (Row event : events) {
      fn.process(event, Instant.ofEpochMilli(time++), GlobalWindow.INSTANCE, new NoOutput());
    }
    fn.finishBundle(new Given(fn));
  }

  private static Row event(Long uid, String minute, String kind) {
    return Row.withSchema(EVENT).addValues(uid, minute, kind).build();
  }

  @Test
  void aBundleHasARowForEachMinuteAndShard() {
    CollectFn fn = collecting(10);
    bundle(
        fn,
        event(2L, "m1", "visit"),
        event(5L, "m1", "visit"),
        event(4L, "m1", "visit"),
        event(4L, "m1", "order"),
        event(5L, "m2", "order"),
        event(6L, "m2", "click"));
    assertThat(
        given,
        containsInAnyOrder(
            "m1 shard 0 at 3: [1, 2] [2]",
            "m1 shard 1 at 1: [2] null",
            "m2 shard 1 at 4: null [2]"));
  }

  @Test
  void whatWasGivenOutIsLeftOutOfTheNextBundles() {
    CollectFn fn = collecting(10);
    bundle(fn, event(2L, "m1", "visit"));
    bundle(fn, event(2L, "m1", "visit"), event(4L, "m1", "visit"));
    assertThat(given, contains("m1 shard 0 at 1: [2] null"));
    bundle(fn, event(2L, "m1", "visit"), event(4L, "m1", "visit"));
    assertThat(given, empty());
    bundle(fn, event(2L, "m1", "order"), event(2L, "m2", "visit"));
    assertThat(given, contains("m1 shard 0 at 0: null [1]", "m2 shard 0 at 1: [1] null"));
  }

  @Test
  void theBitmapsThatWereNotUsedLongestAreForgotten() {
    CollectFn fn = collecting(1);
    bundle(fn, event(2L, "m1", "visit"));
    bundle(fn, event(2L, "m2", "visit"));
    bundle(fn, event(2L, "m2", "visit"), event(2L, "m1", "visit"));
    assertThat(given, contains("m1 shard 0 at 1: [1] null"));
  }

  @Test
  void withoutMemoryAllComesEachTime() {
    CollectFn fn = collecting(0);
    for (int bundle = 0; bundle < 2; bundle++) {
      bundle(fn, event(2L, "m1", "visit"));
      assertThat(given, contains("m1 shard 0 at 0: [1] null"));
    }
  }

  @Test
  void aRowWithoutAnIdIsAnError() {
    Exception e =
        assertThrows(
            IllegalArgumentException.class,
            () -> bundle(collecting(0), event(null, "m1", "visit")));
    assertThat(e.getMessage(), containsString("Column uid has no id in row [null, m1, visit]"));
  }

  private final class Given extends DoFn<Row, Row>.FinishBundleContext {
    Given(CollectFn fn) {
      fn.super();
    }

    @Override
    public PipelineOptions getPipelineOptions() {
      return PipelineOptionsFactory.create();
    }

    @Override
    public void output(Row row, Instant timestamp, BoundedWindow window) {
      given.add(
          String.format(
              "%s shard %s at %d: %s %s",
              row.getString(0),
              row.getInt32(1),
              timestamp.getMillis(),
              numbers(row.getBytes(2)),
              numbers(row.getBytes(3))));
    }

    @Override
    public <T> void output(TupleTag<T> tag, T output, Instant timestamp, BoundedWindow window) {
      throw new UnsupportedOperationException();
    }
  }

  private static List<Long> numbers(byte[] bytes) {
    if (bytes == null) {
      return null;
    }
    IdBitmap bitmap = IdBitmap.fromBytes(BitmapType.RBM32, bytes);
    List<Long> numbers = new ArrayList<>();
    for (long value = 0; value < 100; value++) {
      if (bitmap.contains(value)) {
        numbers.add(value);
      }
    }
    return numbers;
  }

  /** What goes out before the end of a bundle: nothing, of so few. */
  private static final class NoOutput implements DoFn.OutputReceiver<Row> {
    @Override
    public org.apache.beam.sdk.values.OutputBuilder<Row> builder(Row value) {
      throw new AssertionError("A row in the middle of a bundle: " + value);
    }
  }
}

package dev.beamfluss.io.fluss;

import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The step that writes of {@link FlussIO} are made of. */
final class WriteToTable {
  private static final TupleTag<Long> ACKNOWLEDGED = new TupleTag<>() {};

  private WriteToTable() {}

  /** Elements stay where they are. */
  static <T> FlussWriteResult write(
      PCollection<T> input, BundleWriter<T> writer, @Nullable ErrorHandler<BadRecord, ?> errors) {
    return result(input, ParDo.of(new WriteFn<>(writer)), errors);
  }

  /** Elements with the same number are written by one worker, in the order it gets them. */
  static <T> FlussWriteResult writeShuffled(
      PCollection<T> input,
      SerializableFunction<T, Integer> number,
      BundleWriter<T> writer,
      @Nullable ErrorHandler<BadRecord, ?> errors) {
    PCollection<KV<Integer, T>> numbered =
        input
            .apply("Bucket", WithKeys.of(number))
            .setCoder(KvCoder.of(VarIntCoder.of(), input.getCoder()));
    return result(numbered, ParDo.of(new ShuffledWriteFn<>(writer)), errors);
  }

  private static <T> FlussWriteResult result(
      PCollection<T> input,
      ParDo.SingleOutput<T, Long> write,
      @Nullable ErrorHandler<BadRecord, ?> errors) {
    PCollectionTuple written =
        input.apply(
            "Write",
            write.withOutputTags(ACKNOWLEDGED, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        written
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline()));
    if (errors != null) {
      errors.addErrorCollection(bad);
    }
    return new FlussWriteResult(
        ACKNOWLEDGED, written.get(ACKNOWLEDGED).setCoder(VarLongCoder.of()));
  }

  static void populate(
      DisplayData.Builder builder, @Nullable FlussCluster cluster, @Nullable String table) {
    builder
        .addIfNotNull(DisplayData.item("table", table))
        .addIfNotNull(DisplayData.item("cluster", cluster == null ? null : cluster.toString()));
  }

  static final class WriteFn<T> extends DoFn<T, Long> {
    private final BundleWriter<T> writer;

    WriteFn(BundleWriter<T> writer) {
      this.writer = writer;
    }

    @Setup
    public void setup() {
      writer.setup();
    }

    @StartBundle
    public void startBundle() {
      writer.startBundle();
    }

    @ProcessElement
    public void process(@Element T element, BoundedWindow window, MultiOutputReceiver out)
        throws Exception {
      writer.process(element, window, out);
    }

    @FinishBundle
    public void finishBundle(FinishBundleContext context) {
      writer.finishBundle((window, count) -> context.output(count, window.maxTimestamp(), window));
    }

    @Teardown
    public void teardown() {
      writer.teardown();
    }
  }

  static final class ShuffledWriteFn<T> extends DoFn<KV<Integer, T>, Long> {
    /** Never used: it is what makes a runner bring the elements of a key to one worker. */
    @SuppressWarnings("unused")
    @StateId("keyed")
    private final StateSpec<ValueState<Integer>> keyed = StateSpecs.value(VarIntCoder.of());

    private final BundleWriter<T> writer;

    ShuffledWriteFn(BundleWriter<T> writer) {
      this.writer = writer;
    }

    @Setup
    public void setup() {
      writer.setup();
    }

    @StartBundle
    public void startBundle() {
      writer.startBundle();
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, T> element, BoundedWindow window, MultiOutputReceiver out)
        throws Exception {
      writer.process(element.getValue(), window, out);
    }

    @FinishBundle
    public void finishBundle(FinishBundleContext context) {
      writer.finishBundle((window, count) -> context.output(count, window.maxTimestamp(), window));
    }

    @Teardown
    public void teardown() {
      writer.teardown();
    }
  }
}

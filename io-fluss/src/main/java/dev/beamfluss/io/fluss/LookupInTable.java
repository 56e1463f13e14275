package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.WithKeys;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.PaneInfo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Duration;
import org.joda.time.Instant;

/** The step that {@link FlussIO#lookup()} is made of. */
final class LookupInTable {
  private static final TupleTag<KV<Row, List<Row>>> FOUND = new TupleTag<>() {};

  private LookupInTable() {}

  /**
   * @param replicas to how many workers at most a key is sent, or 0 for no shuffle
   */
  static PCollection<KV<Row, List<Row>>> expand(
      PCollection<Row> input,
      FlussTable table,
      List<String> by,
      List<String> columns,
      LookupSpec spec,
      int replicas,
      @Nullable ErrorHandler<BadRecord, ?> errors) {
    spec.check(table, by);
    Schema keys = input.getSchema();
    Schema found = table.schema(columns);
    new RowEncoder(table.path(), table.rowType(), by, keys);
    Coder<Row> keyCoder = RowCoder.of(keys);
    Bundle bundle = new Bundle(table, by, keys, columns, spec, errors != null);
    PCollectionTuple outputs =
        replicas == 0
            ? lookup(input, ParDo.of(new LookupFn(bundle)))
            : lookup(
                input
                    .apply("Shuffle", WithKeys.of(new Shard(keys, by, replicas)))
                    .setCoder(KvCoder.of(VarIntCoder.of(), keyCoder)),
                ParDo.of(new ShuffledLookupFn(bundle)));
    PCollection<BadRecord> bad =
        outputs
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline()));
    if (errors != null) {
      errors.addErrorCollection(bad);
    }
    return outputs.get(FOUND).setCoder(KvCoder.of(keyCoder, ListCoder.of(RowCoder.of(found))));
  }

  private static <T> PCollectionTuple lookup(
      PCollection<T> input, ParDo.SingleOutput<T, KV<Row, List<Row>>> lookup) {
    return input.apply(
        "Lookup", lookup.withOutputTags(FOUND, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
  }

  /** Which shard looks a key up: one of some for each, so that a hot key is not one worker's. */
  private static final class Shard implements SerializableFunction<Row, Integer> {
    private static final int SHARDS = 256;

    private final int[] fields;
    private final int replicas;

    Shard(Schema keys, List<String> by, int replicas) {
      this.fields = by.stream().mapToInt(keys::indexOf).toArray();
      this.replicas = replicas;
    }

    @Override
    public Integer apply(Row row) {
      int hash = 1;
      for (int field : fields) {
        Object value = row.getValue(field);
        hash =
            31 * hash
                + (value instanceof byte[] bytes
                    ? Arrays.hashCode(bytes)
                    : Objects.hashCode(value));
      }
      // spreads what differs in few bits only
      int shard = Math.floorMod((hash * 0x9E3779B9) >>> 16, SHARDS);
      return shard * replicas + ThreadLocalRandom.current().nextInt(replicas);
    }
  }

  /**
   * Sends a bundle's lookups as they come, and hands out the answers in the same order as soon as
   * they are there. What waits is bounded, as bundles are not: a bounded pipeline may have one for
   * each worker.
   */
  private static final class Bundle implements Serializable {
    private record Pending(TableLookup.Pending lookup, Instant timestamp, BoundedWindow window) {}

    @FunctionalInterface
    private interface Output {
      void output(KV<Row, List<Row>> found, Instant timestamp, BoundedWindow window);
    }

    private final FlussTable table;
    private final ArrayList<String> by;
    private final Schema keySchema;
    private final ArrayList<String> columns;
    private final LookupSpec spec;
    private final BadRecordRouter badRecords;
    private final Counter lookups = Metrics.counter(FlussIO.class, "lookups");
    private final Counter misses = Metrics.counter(FlussIO.class, "lookupMisses");
    private final Counter refused = Metrics.counter(FlussIO.class, "lookupKeysRefused");
    private final Counter requests = Metrics.counter(FlussIO.class, "lookupRequests");
    private final Counter cacheHits = Metrics.counter(FlussIO.class, "lookupCacheHits");
    private final Counter errors = Metrics.counter(FlussIO.class, "lookupErrors");

    private transient TableLookup lookup;
    private transient ArrayDeque<Pending> pending;
    private transient long answered;
    private transient long missed;
    private transient long reportedRequests;
    private transient long reportedCacheHits;
    private transient long reportedErrors;

    Bundle(
        FlussTable table,
        List<String> by,
        Schema keySchema,
        List<String> columns,
        LookupSpec spec,
        boolean keepBad) {
      this.table = table;
      this.by = new ArrayList<>(by);
      this.keySchema = keySchema;
      this.columns = new ArrayList<>(columns);
      this.spec = spec;
      this.badRecords =
          keepBad ? BadRecordRouter.RECORDING_ROUTER : BadRecordRouter.THROWING_ROUTER;
    }

    void setup() {
      lookup = TableLookup.open(table, by, keySchema, columns, spec);
    }

    void start() {
      pending = new ArrayDeque<>();
      answered = 0;
      missed = 0;
    }

    void process(Row key, Instant timestamp, BoundedWindow window, DoFn.MultiOutputReceiver out)
        throws Exception {
      Output output =
          (found, time, where) ->
              out.get(FOUND).outputWindowedValue(found, time, List.of(where), PaneInfo.NO_FIRING);
      while (!pending.isEmpty()
          && (pending.size() >= spec.maxInFlight() || pending.peek().lookup().isDone())) {
        handOutNext(output);
      }
      if (pending.isEmpty()) {
        // nearly all keys where the cache is warm, and several times cheaper than what follows
        List<Row> known = lookup.known(key);
        if (known != null) {
          count(known);
          out.get(FOUND).output(KV.of(key, known));
          return;
        }
      }
      TableLookup.Pending asked;
      try {
        asked = lookup.ask(key);
      } catch (IllegalArgumentException e) {
        refused.inc();
        badRecords.route(
            out,
            key,
            RowCoder.of(keySchema),
            e,
            "This key can never be looked up: " + e.getMessage());
        return;
      }
      Pending next = new Pending(asked, timestamp, window);
      if (pending.isEmpty() && asked.isDone()) {
        handOut(next, output);
      } else {
        pending.add(next);
      }
    }

    private void handOutNext(Output output) {
      handOut(pending.peek(), output);
      pending.remove();
    }

    private void handOut(Pending next, Output output) {
      List<Row> rows;
      try {
        rows = next.lookup().rows();
      } catch (RuntimeException e) {
        report();
        throw e;
      }
      count(rows);
      output.output(KV.of(next.lookup().key(), rows), next.timestamp(), next.window());
    }

    private void count(List<Row> rows) {
      answered++;
      if (rows.isEmpty()) {
        missed++;
      }
    }

    void finish(Output output) {
      while (!pending.isEmpty()) {
        handOutNext(output);
      }
      pending = null;
      report();
    }

    private void report() {
      lookups.inc(answered);
      misses.inc(missed);
      requests.inc(lookup.requests() - reportedRequests);
      cacheHits.inc(lookup.cacheHits() - reportedCacheHits);
      errors.inc(lookup.errors() - reportedErrors);
      reportedRequests = lookup.requests();
      reportedCacheHits = lookup.cacheHits();
      reportedErrors = lookup.errors();
    }

    void teardown() {
      if (lookup != null) {
        lookup.close();
      }
    }
  }

  /**
   * Answers go out with the timestamps of their keys, which may be before that of the element being
   * processed. None is late thereby: the keys are in the same bundle, which holds the watermark.
   */
  abstract static class Lookup<T> extends DoFn<T, KV<Row, List<Row>>> {
    final Bundle bundle;

    private Lookup(Bundle bundle) {
      this.bundle = bundle;
    }

    /** All there is; a greater one overflows, which costs an exception for each element. */
    @Override
    @SuppressWarnings("deprecation")
    public Duration getAllowedTimestampSkew() {
      return new Duration(BoundedWindow.TIMESTAMP_MIN_VALUE, BoundedWindow.TIMESTAMP_MAX_VALUE);
    }

    @Setup
    public void setup() {
      bundle.setup();
    }

    @StartBundle
    public void startBundle() {
      bundle.start();
    }

    @FinishBundle
    public void finishBundle(FinishBundleContext context) {
      bundle.finish(context::output);
    }

    @Teardown
    public void teardown() {
      bundle.teardown();
    }
  }

  static final class LookupFn extends Lookup<Row> {
    private LookupFn(Bundle bundle) {
      super(bundle);
    }

    @ProcessElement
    public void process(
        @Element Row key,
        @Timestamp Instant timestamp,
        BoundedWindow window,
        MultiOutputReceiver out)
        throws Exception {
      bundle.process(key, timestamp, window, out);
    }
  }

  static final class ShuffledLookupFn extends Lookup<KV<Integer, Row>> {
    /** Never used: it is what makes a runner bring the elements of a shard to one worker. */
    @SuppressWarnings("unused")
    @StateId("keyed")
    private final StateSpec<ValueState<Integer>> keyed = StateSpecs.value(VarIntCoder.of());

    private ShuffledLookupFn(Bundle bundle) {
      super(bundle);
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, Row> element,
        @Timestamp Instant timestamp,
        BoundedWindow window,
        MultiOutputReceiver out)
        throws Exception {
      bundle.process(element.getValue(), timestamp, window, out);
    }
  }
}

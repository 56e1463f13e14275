package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
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
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.joda.time.Instant;

/** The step that {@link FlussIO#lookup()} is made of. */
final class LookupInTable {
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
      int replicas) {
    spec.check(table, by);
    new RowEncoder(table.path(), table.rowType(), by, input.getSchema());
    Bundle bundle = new Bundle(table, by, input.getSchema(), columns, spec);
    PCollection<KV<Row, List<Row>>> found =
        replicas == 0
            ? input.apply("Lookup", ParDo.of(new LookupFn(bundle)))
            : input
                .apply("Shuffle", WithKeys.of(new Shard(by, replicas)))
                .setCoder(KvCoder.of(VarIntCoder.of(), input.getCoder()))
                .apply("Lookup", ParDo.of(new ShuffledLookupFn(bundle)));
    return found.setCoder(
        KvCoder.of(
            RowCoder.of(input.getSchema()), ListCoder.of(RowCoder.of(table.schema(columns)))));
  }

  /** Which shard looks a key up: one of some for each, so that a hot key is not one worker's. */
  private static final class Shard implements SerializableFunction<Row, Integer> {
    private static final int SHARDS = 256;

    private final ArrayList<String> by;
    private final int replicas;

    Shard(List<String> by, int replicas) {
      this.by = new ArrayList<>(by);
      this.replicas = replicas;
    }

    @Override
    public Integer apply(Row row) {
      int hash = 1;
      for (String column : by) {
        Object value = row.getValue(column);
        hash =
            31 * hash
                + (value instanceof byte[] bytes
                    ? java.util.Arrays.hashCode(bytes)
                    : java.util.Objects.hashCode(value));
      }
      // spreads what differs in few bits only
      int shard = Math.floorMod((hash * 0x9E3779B9) >>> 16, SHARDS);
      return shard * replicas + ThreadLocalRandom.current().nextInt(replicas);
    }
  }

  /** Fires a bundle's lookups as they come and hands out the answers, in order, at its end. */
  private static final class Bundle implements Serializable {
    private record Pending(
        Row key, CompletableFuture<List<Row>> answer, Instant timestamp, BoundedWindow window) {}

    @FunctionalInterface
    private interface Output {
      void output(KV<Row, List<Row>> found, Instant timestamp, BoundedWindow window);
    }

    private final FlussTable table;
    private final ArrayList<String> by;
    private final Schema keySchema;
    private final ArrayList<String> columns;
    private final LookupSpec spec;
    private final Counter lookups = Metrics.counter(FlussIO.class, "lookups");
    private final Counter misses = Metrics.counter(FlussIO.class, "lookupMisses");

    private transient TableLookup lookup;
    private transient List<Pending> pending;
    private transient int answered;

    Bundle(
        FlussTable table,
        List<String> by,
        Schema keySchema,
        List<String> columns,
        LookupSpec spec) {
      this.table = table;
      this.by = new ArrayList<>(by);
      this.keySchema = keySchema;
      this.columns = new ArrayList<>(columns);
      this.spec = spec;
    }

    void setup() {
      lookup = TableLookup.open(table, by, keySchema, columns, spec);
    }

    void start() {
      pending = new ArrayList<>();
      answered = 0;
    }

    void process(Row key, Instant timestamp, BoundedWindow window) {
      if (pending.size() - answered >= spec.maxInFlight()) {
        Pending oldest = pending.get(answered);
        var unused = lookup.await(oldest.key(), oldest.answer());
        answered++;
      }
      pending.add(new Pending(key, lookup.lookup(key), timestamp, window));
    }

    void finish(Output output) {
      for (Pending next : pending) {
        List<Row> rows = lookup.await(next.key(), next.answer());
        if (rows.isEmpty()) {
          misses.inc();
        }
        output.output(KV.of(next.key(), rows), next.timestamp(), next.window());
      }
      lookups.inc(pending.size());
      pending = null;
    }

    void teardown() {
      if (lookup != null) {
        lookup.close();
      }
    }
  }

  static final class LookupFn extends DoFn<Row, KV<Row, List<Row>>> {
    private final Bundle bundle;

    private LookupFn(Bundle bundle) {
      this.bundle = bundle;
    }

    @Setup
    public void setup() {
      bundle.setup();
    }

    @StartBundle
    public void startBundle() {
      bundle.start();
    }

    @ProcessElement
    public void process(@Element Row key, @Timestamp Instant timestamp, BoundedWindow window) {
      bundle.process(key, timestamp, window);
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

  static final class ShuffledLookupFn extends DoFn<KV<Integer, Row>, KV<Row, List<Row>>> {
    /** Never used: it is what makes a runner bring the elements of a shard to one worker. */
    @SuppressWarnings("unused")
    @StateId("keyed")
    private final StateSpec<ValueState<Integer>> keyed = StateSpecs.value(VarIntCoder.of());

    private final Bundle bundle;

    private ShuffledLookupFn(Bundle bundle) {
      this.bundle = bundle;
    }

    @Setup
    public void setup() {
      bundle.setup();
    }

    @StartBundle
    public void startBundle() {
      bundle.start();
    }

    @ProcessElement
    public void process(
        @Element KV<Integer, Row> element, @Timestamp Instant timestamp, BoundedWindow window) {
      bundle.process(element.getValue(), timestamp, window);
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
}

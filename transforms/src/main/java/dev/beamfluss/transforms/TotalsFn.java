package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.MapState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerMap;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the totals of the cells of a shard and writes those that changed: what is due is written at
 * the end of the bundle whose timer found it, which ends once the cluster has acknowledged it.
 *
 * <p>Keyed by shard rather than by cell, as that makes one timer of many, and lets a shard remember
 * in one number which periods are over: so a late change is told from the first one of a cell.
 */
final class TotalsFn extends DoFn<KV<Integer, Row>, Long> {
  private static final long serialVersionUID = 1L;
  private static final Logger LOG = LoggerFactory.getLogger(TotalsFn.class);

  private static final String TOTALS = "totals";
  private static final String VALUES = "values";
  private static final String TOUCHED = "touched";
  private static final String CLOSED = "closed";
  private static final String UPDATE = "update";
  private static final String EXPIRE = "expire";

  @StateId(TOTALS)
  private final StateSpec<MapState<Values, Row>> totalsSpec;

  /** How many rows of a cell have a value, by cell and the value with its measure. */
  @StateId(VALUES)
  private final StateSpec<MapState<KV<Values, String>, Long>> valuesSpec;

  /**
   * The cells that changed since they were last written, once or more; none while no timer is set.
   */
  @StateId(TOUCHED)
  private final StateSpec<BagState<Values>> touchedSpec;

  @StateId(CLOSED)
  private final StateSpec<ValueState<Long>> closedSpec = StateSpecs.value();

  @TimerId(UPDATE)
  private final TimerSpec updateSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  @TimerFamily(EXPIRE)
  @SuppressWarnings("unused") // the annotation is what counts
  private final TimerSpec expireSpec = TimerSpecs.timerMap(TimeDomain.EVENT_TIME);

  private final UpsertPlan plan;
  private final Duration lateness;
  private final Duration interval;
  private final boolean keepBad;

  private final Counter written = Metrics.counter(ColumnUpsert.class, "rowsWritten");
  private final Counter heldBack = Metrics.counter(ColumnUpsert.class, "rowsHeldBack");
  private final Counter tooLate = Metrics.counter(ColumnUpsert.class, "changesTooLate");
  private final Distribution writeMillis = Metrics.distribution(ColumnUpsert.class, "writeMillis");
  private final Distribution latenessMillis =
      Metrics.distribution(ColumnUpsert.class, "latenessMillis");

  private transient @Nullable TableWriter sink;
  private transient @Nullable TableLookup versions;

  /** Of the cells that this instance has met, how many changes the table's row is made of. */
  private transient Map<Values, Long> stored;

  private transient Map<Values, Row> due;
  private transient Set<Values> closing;
  private transient List<BadRecord> bad;

  TotalsFn(UpsertPlan plan, Duration lateness, Duration interval, boolean keepBad) {
    this.plan = plan;
    this.lateness = lateness;
    this.interval = interval;
    this.keepBad = keepBad;
    Coder<Values> cells = ValuesCoder.of(plan.cellSchema());
    this.totalsSpec = StateSpecs.map(cells, RowCoder.of(plan.totalSchema()));
    this.valuesSpec = StateSpecs.map(KvCoder.of(cells, StringUtf8Coder.of()), VarLongCoder.of());
    this.touchedSpec = StateSpecs.bag(cells);
  }

  @Setup
  public void setup() {
    stored = new HashMap<>();
    sink =
        plan.isWhole()
            ? TableWriter.open(plan.sink(), plan.resultSchema())
            : TableWriter.openPartial(plan.sink(), plan.resultSchema());
    if (plan.versionColumn() != null) {
      versions =
          TableLookup.open(
              plan.sink(),
              plan.sink().primaryKey(),
              plan.cellSchema(),
              List.of(plan.versionColumn()));
    }
  }

  @StartBundle
  public void startBundle() {
    due = new LinkedHashMap<>();
    closing = new HashSet<>();
    bad = new ArrayList<>();
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, Row> element,
      @StateId(TOTALS) MapState<Values, Row> totals,
      @StateId(VALUES) MapState<KV<Values, String>, Long> values,
      @StateId(TOUCHED) BagState<Values> touched,
      @StateId(CLOSED) ValueState<Long> closed,
      @TimerId(UPDATE) Timer update,
      @TimerFamily(EXPIRE) TimerMap expire)
      throws Exception {
    Row partial = element.getValue();
    Values cell = plan.cellOf(partial);
    long end = plan.periodEndOf(partial);
    Row before = totals.get(cell).read();
    if (before == null) {
      Long closedTo = closed.read();
      if (closedTo != null && end <= closedTo) {
        refuseLate(cell, partial);
        return;
      }
    }
    Map<Integer, Long> more = new HashMap<>();
    plan.valuesOf(partial)
        .forEach((measure, times) -> more.put(measure, distinct(values, cell, measure, times)));
    totals.put(cell, plan.add(before, partial, more));
    if (before == null || UpsertPlan.totalPeriodEnd(before) < end) {
      expire.set(Long.toString(end), expiry(end));
    }
    if (Boolean.TRUE.equals(touched.isEmpty().read())) {
      long wait = untilNextUpdate(update.getCurrentRelativeTime().getMillis(), interval.toMillis());
      update.offset(org.joda.time.Duration.millis(wait)).setRelative();
    }
    touched.add(cell);
  }

  /**
   * Until the next multiple of the interval, so that all shards write at the same time: what the
   * cluster's work depends on is how many writes there are, not how large they are. Never 0, as
   * {@link Timer#align} gives at a multiple: a timer for now, just when the one before has fired.
   */
  static long untilNextUpdate(long now, long interval) {
    return interval - Math.floorMod(now, interval);
  }

  private Instant expiry(long periodEnd) {
    Instant last = GlobalWindow.INSTANCE.maxTimestamp();
    long millis = lateness.toMillis();
    return periodEnd > last.getMillis() - millis ? last : Instant.ofEpochMilli(periodEnd + millis);
  }

  /** How many more values there are of one measure. */
  private static long distinct(
      MapState<KV<Values, String>, Long> values,
      Values cell,
      int measure,
      Map<String, Long> times) {
    long more = 0;
    for (Map.Entry<String, Long> value : times.entrySet()) {
      KV<Values, String> key = KV.of(cell, measure + ":" + value.getKey());
      Long read = values.get(key).read();
      long before = read == null ? 0 : read;
      long after = before + value.getValue();
      // what is taken away may come first, from another bucket
      if (after == 0) {
        values.remove(key);
      } else {
        values.put(key, after);
      }
      more += (after > 0 ? 1 : 0) - (before > 0 ? 1 : 0);
    }
    return more;
  }

  private void refuseLate(Values cell, Row partial) throws Exception {
    tooLate.inc(plan.changesOf(partial));
    refuse(partial, plan.partialSchema(), plan.lateMessage(cell, partial, lateness));
  }

  private void refuse(Row row, Schema schema, String message) throws Exception {
    if (!keepBad) {
      LOG.warn(message);
      return;
    }
    bad.add(
        BadRecord.fromExceptionInformation(
            row, RowCoder.of(schema), new IllegalArgumentException(message), message));
  }

  @OnTimer(UPDATE)
  public void update(
      @StateId(TOTALS) MapState<Values, Row> totals, @StateId(TOUCHED) BagState<Values> touched) {
    for (Values cell : new HashSet<>(asList(touched.read()))) {
      Row total = totals.get(cell).read();
      if (total != null) {
        due.put(cell, total);
      }
    }
    touched.clear();
  }

  @OnTimerFamily(EXPIRE)
  public void expire(
      @TimerId String periodEnd,
      @StateId(TOTALS) MapState<Values, Row> totals,
      @StateId(VALUES) MapState<KV<Values, String>, Long> values,
      @StateId(TOUCHED) BagState<Values> touched,
      @StateId(CLOSED) ValueState<Long> closed) {
    long end = Long.parseLong(periodEnd);
    Long closedTo = closed.read();
    if (closedTo == null || closedTo < end) {
      closed.write(end);
    }
    Set<Values> gone = new HashSet<>();
    for (Map.Entry<Values, Row> entry : totals.entries().read()) {
      if (UpsertPlan.totalPeriodEnd(entry.getValue()) <= end) {
        gone.add(entry.getKey());
        // all of them: one that is held back must not go unsaid
        due.put(entry.getKey(), entry.getValue());
      }
    }
    gone.forEach(totals::remove);
    for (KV<Values, String> value : asList(values.keys().read())) {
      if (gone.contains(value.getKey())) {
        values.remove(value);
      }
    }
    closing.addAll(gone);
  }

  private static <V> List<V> asList(Iterable<V> values) {
    List<V> list = new ArrayList<>();
    values.forEach(list::add);
    return list;
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) throws Exception {
    Instant time = GlobalWindow.INSTANCE.maxTimestamp();
    if (!due.isEmpty()) {
      long start = System.nanoTime();
      long rows = write();
      written.inc(rows);
      writeMillis.update((System.nanoTime() - start) / 1_000_000);
      if (rows > 0) {
        context.output(rows, time, GlobalWindow.INSTANCE);
      }
    }
    for (BadRecord record : bad) {
      context.output(BadRecordRouter.BAD_RECORD_TAG, record, time, GlobalWindow.INSTANCE);
    }
  }

  private long write() throws Exception {
    lookUpVersions();
    long now = System.currentTimeMillis();
    for (Map.Entry<Values, Row> entry : due.entrySet()) {
      Values cell = entry.getKey();
      Row total = entry.getValue();
      long changes = UpsertPlan.totalChanges(total);
      Long inTable = stored.get(cell);
      if (inTable != null && inTable > changes) {
        heldBack.inc();
        if (closing.contains(cell)) {
          refuse(total, plan.totalSchema(), plan.heldBackMessage(cell, total, inTable));
        }
        continue;
      }
      if (!upsert(cell, total)) {
        continue;
      }
      if (!closing.contains(cell)) {
        latenessMillis.update(now - UpsertPlan.totalLatest(total));
      }
      if (versions != null) {
        stored.put(cell, changes);
      }
    }
    long rows = sink.flush();
    closing.forEach(stored::remove);
    return rows;
  }

  /** Whether the table can take it. */
  private boolean upsert(Values cell, Row total) throws Exception {
    try {
      sink.upsert(plan.result(cell, total));
      return true;
    } catch (IllegalArgumentException e) {
      if (!keepBad) {
        throw e;
      }
      refuse(total, plan.totalSchema(), plan.notTakenMessage(cell, e));
      return false;
    }
  }

  /** Of cells that this instance meets for the first time. */
  private void lookUpVersions() {
    if (versions == null) {
      return;
    }
    Map<Values, TableLookup.Pending> asked = new LinkedHashMap<>();
    for (Values cell : due.keySet()) {
      if (!stored.containsKey(cell)) {
        asked.put(cell, versions.ask(cell.toRow(plan.cellSchema())));
      }
    }
    asked.forEach(
        (cell, answer) -> {
          List<Row> rows = answer.rows();
          Long version = rows.isEmpty() ? null : rows.get(0).getInt64(0);
          stored.put(cell, version == null ? 0L : version);
        });
  }

  @Teardown
  public void teardown() {
    if (sink != null) {
      sink.close();
    }
    if (versions != null) {
      versions.close();
    }
  }
}

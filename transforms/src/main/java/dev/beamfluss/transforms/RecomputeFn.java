package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.TableLookup;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.transforms.windowing.GlobalWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/**
 * Computes join keys again: looks the sides up, writes the sink, waits for the acknowledgement. A
 * key that changes while it is computed waits for that, and is computed once more.
 *
 * <p>Stateful, so that the runner gives the elements of one shard to one instance at a time, bundle
 * after bundle; without that, a later computation of a key could be overtaken by an earlier one.
 * The state itself stays empty.
 */
final class RecomputeFn extends DoFn<KV<Integer, Row>, Long> {

  @StateId("none")
  @SuppressWarnings("unused") // its being declared is what makes the step keyed
  private final StateSpec<ValueState<Boolean>> none = StateSpecs.value();

  static final TupleTag<Long> ACKNOWLEDGED = new TupleTag<>() {};

  private final JoinPlan plan;
  private final int maxKeysInFlight;
  private final boolean keepBad;
  private final Counter keysRefused = Metrics.counter(DeltaJoin.class, "keysRefused");
  private final Counter keysComputed = Metrics.counter(DeltaJoin.class, "keysComputed");
  private final Counter rowsUpserted = Metrics.counter(DeltaJoin.class, "rowsUpserted");
  private final Counter rowsDeleted = Metrics.counter(DeltaJoin.class, "rowDeletesSent");
  private final Distribution latency =
      Metrics.distribution(DeltaJoin.class, "changeToAcknowledgementMillis");

  private transient List<TableLookup> sides;
  private transient List<JoinPlan.SideRows> sideRows;
  private transient @Nullable TableLookup held;
  private transient TableWriter sink;
  private transient @Nullable TableWriter index;
  private transient boolean asksAhead;
  private transient Map<Values, Work> waiting;
  private transient Set<Values> inFlight;
  private transient ArrayDeque<Answers> asked;
  private transient List<Update> indexed;
  private transient List<Values> indexDeletes;
  private transient Instant oldest;
  private transient long acknowledged;
  private transient List<BadRecord> bad;

  /** What changed of a key. */
  private static final class Work {
    /** By side, the keys of the rows. */
    final Map<Integer, Set<Values>> changed = new HashMap<>();

    /** Rows that were inserted, as long as nothing else happened. */
    @Nullable List<JoinShape.SideRow> inserted = new ArrayList<>();

    Set<Values> changedOf(int side) {
      return changed.getOrDefault(side, Set.of());
    }

    boolean isOnlyOf(int side) {
      return changed.size() == 1 && changed.containsKey(side);
    }
  }

  private record Answers(
      Row key,
      List<List<TableLookup.Pending>> sides,
      TableLookup.@Nullable Pending held,
      Work work) {}

  /** What is to become of the sink's rows of a key. */
  private record Update(Row key, List<Row> upserts, List<Row> deletes) {}

  /**
   * @param keepBad whether keys that cannot be computed are put out, or fail the bundle
   */
  RecomputeFn(JoinPlan plan, int maxKeysInFlight, boolean keepBad) {
    this.plan = plan;
    this.maxKeysInFlight = maxKeysInFlight;
    this.keepBad = keepBad;
  }

  @Setup
  public void setup() {
    JoinShape shape = plan.shape();
    List<String> joinColumns = shape.keySchema().getFieldNames();
    sides = new ArrayList<>();
    sideRows = new ArrayList<>();
    for (int side = 0; side < plan.tables().size(); side++) {
      sides.add(
          TableLookup.open(
              plan.tables().get(side), joinColumns, shape.keySchema(), plan.lookupColumns(side)));
      sideRows.add(plan.sideRows(side));
    }
    held =
        switch (plan.update()) {
          case BY_KEY_OF_SIDE -> null;
          case BY_LOOKUP ->
              TableLookup.open(
                  plan.sink(),
                  joinColumns,
                  shape.keySchema(),
                  shape.outputSchema().getFieldNames());
          case BY_INDEX ->
              TableLookup.open(
                  plan.index(),
                  joinColumns,
                  shape.keySchema(),
                  plan.sinkKeySchema().getFieldNames());
        };
    // an answer that is given to several keys may be older than the change of one of them
    asksAhead = !plan.keysShareLookups();
    sink = TableWriter.open(plan.sink(), shape.outputSchema());
    if (plan.update() == SinkUpdate.BY_INDEX) {
      index = TableWriter.open(plan.index(), plan.sinkKeySchema());
    }
  }

  @StartBundle
  public void startBundle() {
    waiting = new LinkedHashMap<>();
    inFlight = new HashSet<>();
    asked = new ArrayDeque<>();
    indexed = new ArrayList<>();
    indexDeletes = new ArrayList<>();
    oldest = BoundedWindow.TIMESTAMP_MAX_VALUE;
    acknowledged = 0;
    bad = new ArrayList<>();
  }

  @ProcessElement
  public void process(@Element KV<Integer, Row> element, @Timestamp Instant timestamp)
      throws Exception {
    Row trigger = element.getValue();
    Values key = plan.keyOf(trigger);
    Work work = waiting.computeIfAbsent(key, unused -> new Work());
    work.changed
        .computeIfAbsent(plan.sideOf(trigger), side -> new HashSet<>())
        .add(plan.ownKeyOf(trigger));
    if (!plan.insertsAreEnough() || !plan.isInsert(trigger)) {
      work.inserted = null;
    } else if (work.inserted != null) {
      work.inserted.add(plan.insertedRow(trigger));
    }
    if (timestamp.isBefore(oldest)) {
      oldest = timestamp;
    }
    if (asksAhead && inFlight.add(key)) {
      asked.add(ask(key, waiting.remove(key)));
    }
    if (inFlight.size() + waiting.size() >= maxKeysInFlight) {
      computeAll();
    }
  }

  @FinishBundle
  public void finishBundle(FinishBundleContext context) throws Exception {
    computeAll();
    Instant time = GlobalWindow.INSTANCE.maxTimestamp();
    if (acknowledged > 0) {
      context.output(ACKNOWLEDGED, acknowledged, time, GlobalWindow.INSTANCE);
    }
    for (BadRecord record : bad) {
      context.output(BadRecordRouter.BAD_RECORD_TAG, record, time, GlobalWindow.INSTANCE);
    }
  }

  private void computeAll() throws Exception {
    if (!asksAhead) {
      askWaiting();
    }
    while (!inFlight.isEmpty()) {
      takeAnswers();
      acknowledge();
      inFlight.clear();
      askWaiting();
    }
    if (oldest.isBefore(BoundedWindow.TIMESTAMP_MAX_VALUE)) {
      latency.update(Math.max(0, System.currentTimeMillis() - oldest.getMillis()));
      oldest = BoundedWindow.TIMESTAMP_MAX_VALUE;
    }
  }

  private void askWaiting() {
    waiting.forEach(
        (key, work) -> {
          inFlight.add(key);
          asked.add(ask(key, work));
        });
    waiting.clear();
  }

  private void takeAnswers() throws Exception {
    keysComputed.inc(asked.size());
    // all at once, as writes that come one by one travel in small batches
    for (Answers answers = asked.poll(); answers != null; answers = asked.poll()) {
      try {
        Update update = update(answers.key(), answers);
        if (index == null) {
          write(update);
        } else {
          indexed.add(update);
        }
      } catch (IllegalArgumentException e) {
        refuse(answers.key(), e);
      }
    }
  }

  private void write(Update update) {
    update.upserts().forEach(this::upsert);
    update.deletes().forEach(this::delete);
  }

  private void acknowledge() throws Exception {
    if (index != null) {
      // a key is in the index before it can be in the sink, and until it cannot be there any more
      index.flush();
      for (Update update : indexed) {
        try {
          write(update);
        } catch (IllegalArgumentException e) {
          refuse(update.key(), e);
        }
      }
      indexed.clear();
    }
    acknowledged += sink.flush();
    if (index != null) {
      indexDeletes.forEach(key -> index.delete(plan.indexRow(key)));
      indexDeletes.clear();
      index.flush();
    }
  }

  private void refuse(Row key, IllegalArgumentException reason) throws Exception {
    String description =
        String.format(
            "Key %s of the join into %s cannot be computed: %s",
            key.getValues(), plan.sink().path(), reason.getMessage());
    if (!keepBad) {
      throw new IllegalArgumentException(description, reason);
    }
    keysRefused.inc();
    bad.add(
        BadRecord.fromExceptionInformation(
            key, RowCoder.of(plan.shape().keySchema()), reason, description));
  }

  private Answers ask(Values values, Work work) {
    Row key = plan.keyRow(values);
    List<List<TableLookup.Pending>> ofSides = new ArrayList<>(sides.size());
    for (int side = 0; side < sides.size(); side++) {
      List<TableLookup.Pending> ofSide = new ArrayList<>();
      if (!isKnown(side, work)) {
        for (Row lookupKey : plan.shape().lookupKeys(side, key)) {
          ofSide.add(sides.get(side).ask(lookupKey));
        }
      }
      ofSides.add(ofSide);
    }
    return new Answers(
        key, ofSides, held == null || work.inserted != null ? null : held.ask(key), work);
  }

  /** Whether what is new on a side is all that the result needs of it. */
  private static boolean isKnown(int side, Work work) {
    return work.inserted != null && work.isOnlyOf(side);
  }

  private Update update(Row key, Answers answers) {
    List<List<JoinShape.SideRow>> rows = new ArrayList<>(sides.size());
    for (int side = 0; side < sides.size(); side++) {
      if (isKnown(side, answers.work())) {
        rows.add(answers.work().inserted);
        continue;
      }
      List<JoinShape.SideRow> ofSide = new ArrayList<>();
      for (TableLookup.Pending asked : answers.sides().get(side)) {
        for (Row row : asked.rows()) {
          ofSide.add(sideRows.get(side).of(row));
        }
      }
      rows.add(ofSide);
    }
    List<JoinShape.Joined> joined = plan.shape().join(key, rows);
    if (answers.work().inserted != null) {
      return inserts(key, answers.work(), joined);
    }
    if (plan.update() == SinkUpdate.BY_KEY_OF_SIDE) {
      return byKey(key, answers.work(), joined, rows.get(plan.decidingSide()));
    }
    List<Row> found = answers.held().rows();
    return plan.update() == SinkUpdate.BY_LOOKUP
        ? byLookup(key, joined, found)
        : byIndex(key, joined, found);
  }

  private Update byKey(
      Row key, Work work, List<JoinShape.Joined> joined, List<JoinShape.SideRow> found) {
    int side = plan.decidingSide();
    // what its other rows are joined to can only have changed if another side has
    boolean onlyChanged = work.isOnlyOf(side);
    Set<Values> gone = new HashSet<>(work.changedOf(side));
    if (!onlyChanged) {
      found.forEach(row -> gone.add(row.key()));
    }
    List<Row> upserts = new ArrayList<>();
    boolean padded = false;
    for (JoinShape.Joined row : joined) {
      JoinShape.SideRow part = row.parts().get(side);
      if (part == null) {
        padded = true;
        upserts.add(row.output());
      } else if (!onlyChanged || gone.contains(part.key())) {
        gone.remove(part.key());
        upserts.add(row.output());
      }
    }
    List<Row> deletes = new ArrayList<>();
    if (plan.decidingSideHasOwnKey()) {
      gone.forEach(ownKey -> deletes.add(plan.deleted(key, ownKey)));
      if (!padded && plan.shape().canBeAbsent(side)) {
        deletes.add(plan.deleted(key, null));
      }
    } else if (upserts.isEmpty()) {
      deletes.add(plan.deleted(key, Values.of()));
    }
    return new Update(key, upserts, deletes);
  }

  private Update inserts(Row key, Work work, List<JoinShape.Joined> joined) {
    List<Row> upserts = new ArrayList<>();
    for (JoinShape.Joined row : joined) {
      for (int side = 0; side < row.parts().size(); side++) {
        if (work.changedOf(side).contains(row.parts().get(side).key())) {
          upserts.add(row.output());
          break;
        }
      }
    }
    if (index != null) {
      upserts.forEach(row -> index.upsert(plan.indexRow(plan.sinkKeyOf(row))));
    }
    return new Update(key, upserts, List.of());
  }

  private Update byLookup(Row key, List<JoinShape.Joined> joined, List<Row> found) {
    Map<Values, Row> rest = new LinkedHashMap<>();
    found.forEach(row -> rest.put(plan.sinkKeyOf(row), row));
    List<Row> upserts = new ArrayList<>();
    for (JoinShape.Joined row : joined) {
      Row before = rest.remove(plan.sinkKeyOf(row.output()));
      if (before == null || !Values.of(before).equals(Values.of(row.output()))) {
        upserts.add(row.output());
      }
    }
    return new Update(key, upserts, List.copyOf(rest.values()));
  }

  private Update byIndex(Row key, List<JoinShape.Joined> joined, List<Row> found) {
    Set<Values> rest = new HashSet<>();
    found.forEach(row -> rest.add(Values.of(row)));
    List<Row> upserts = new ArrayList<>();
    for (JoinShape.Joined row : joined) {
      Values sinkKey = plan.sinkKeyOf(row.output());
      if (!rest.remove(sinkKey)) {
        index.upsert(plan.indexRow(sinkKey));
      }
      upserts.add(row.output());
    }
    indexDeletes.addAll(rest);
    return new Update(key, upserts, rest.stream().map(plan::deleted).toList());
  }

  private void upsert(Row row) {
    sink.upsert(row);
    rowsUpserted.inc();
  }

  private void delete(Row row) {
    sink.delete(row);
    rowsDeleted.inc();
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder.add(DisplayData.item("sinkUpdate", plan.describeUpdate()));
  }

  @Teardown
  public void teardown() {
    List<AutoCloseable> open = new ArrayList<>();
    if (sides != null) {
      open.addAll(sides);
    }
    open.add(held);
    open.add(sink);
    open.add(index);
    for (AutoCloseable closeable : open) {
      if (closeable != null) {
        try {
          closeable.close();
        } catch (Exception e) {
          throw new IllegalStateException("Could not close a table of the join", e);
        }
      }
    }
  }
}

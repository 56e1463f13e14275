package dev.beamfluss.io.paimon;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.coders.BooleanCoder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.state.BagState;
import org.apache.beam.sdk.state.StateSpec;
import org.apache.beam.sdk.state.StateSpecs;
import org.apache.beam.sdk.state.TimeDomain;
import org.apache.beam.sdk.state.Timer;
import org.apache.beam.sdk.state.TimerSpec;
import org.apache.beam.sdk.state.TimerSpecs;
import org.apache.beam.sdk.state.ValueState;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.values.KV;
import org.apache.paimon.Snapshot;
import org.apache.paimon.table.sink.CommitMessage;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Commits what comes without end, each file once.
 *
 * <p>What comes is numbered, and waits in the state under its number. A number is <em>durable</em>
 * once the state that has it can no longer be lost, which the runner tells by finalizing the
 * bundle: on Flink, when a checkpoint is complete. Only durable numbers are committed, in order,
 * and a commit carries the highest of them: so the table tells up to which number it has all. What
 * a failure undoes has numbers above that, and what a replay makes of it, in other files and
 * bundles, has numbers above that too. They follow the clock where an instance begins, so that no
 * two lines of states that part at one have the same: what was committed by one of them is above
 * all that the other knows.
 *
 * <p>That is what {@code @RequiresStableInput} is for. Flink's implementation of it fails at the
 * end of a finite source, again after each restart, as what came since the last checkpoint is still
 * held back then.
 *
 * <p>At the end of the input all that is left is committed under {@link Commits#LAST}, durable or
 * not: a replay comes to the same end, and finds its rows committed. Not so if it was a job that
 * was drained, failed before its savepoint was complete, and goes on as if it had not been. So the
 * last commit tells how many rows there were until then, and more than these are refused.
 */
final class CommitStable extends DoFn<KV<Integer, KV<CommitMessage, Long>>, Long> {
  private static final Logger LOG = LoggerFactory.getLogger(CommitStable.class);

  /** What the last commit tells in its snapshot. */
  private static final String ROWS_OF_ALL = "beamfluss.rows";

  private static final Duration LOOK_AGAIN = Duration.ofSeconds(1);
  private static final Duration WAITS_LONG = Duration.ofMinutes(15);
  private static final org.joda.time.Duration CALLBACK_KEPT =
      org.joda.time.Duration.standardDays(1);

  @StateId("waiting")
  private final StateSpec<BagState<KV<Long, CommitMessage>>> waitingSpec =
      StateSpecs.bag(KvCoder.of(VarLongCoder.of(), CommitMessageCoder.of()));

  /** The number of what comes next. */
  @StateId("next")
  private final StateSpec<ValueState<Long>> nextSpec = StateSpecs.value(VarLongCoder.of());

  @StateId("user")
  private final StateSpec<ValueState<String>> userSpec = StateSpecs.value(StringUtf8Coder.of());

  @StateId("ticking")
  private final StateSpec<ValueState<Boolean>> tickingSpec = StateSpecs.value(BooleanCoder.of());

  /** How many rows have come. */
  @StateId("rows")
  private final StateSpec<ValueState<Long>> rowsSpec = StateSpecs.value(VarLongCoder.of());

  @TimerId("tick")
  private final TimerSpec tickSpec = TimerSpecs.timer(TimeDomain.PROCESSING_TIME);

  @TimerId("end")
  private final TimerSpec endSpec = TimerSpecs.timer(TimeDomain.EVENT_TIME);

  private final WriteTarget target;

  private transient Session session;

  /** What one instance knows. */
  private static final class Session {
    /**
     * What this instance numbered, and is not durable yet as far as it knows. Any other number it
     * finds in the state only after a restore, or after a bundle of another instance is committed:
     * durable both times.
     */
    final NavigableSet<Long> young = new ConcurrentSkipListSet<>();

    /** Where the numbers of this instance begin, if those in the state do not go further. */
    final long firstNumber = TimeUnit.MILLISECONDS.toMicros(System.currentTimeMillis());

    /** The number up to which the table had all when this instance began; null before that. */
    @Nullable Long found;

    /** How many rows had come when the input ended, if it did so before this instance began. */
    long rowsOfAll;

    /** Whether this instance has made a commit that the table has. */
    boolean committed;

    @Nullable BundleFinalizer finalizer;
    long waitingSinceNanos = System.nanoTime();

    /** Whether the input has come to its end already, and all is committed. */
    boolean hasEnded() {
      return found != null && found == Commits.LAST;
    }

    void expect(BundleFinalizer finalizer, long highest) {
      NavigableSet<Long> waiting = young;
      finalizer.afterBundleCommit(
          Instant.now().plus(CALLBACK_KEPT), () -> waiting.headSet(highest, true).clear());
    }
  }

  CommitStable(WriteTarget target) {
    this.target = target;
  }

  @Setup
  public void setup() {
    session = new Session();
  }

  @ProcessElement
  public void process(
      @Element KV<Integer, KV<CommitMessage, Long>> message,
      BoundedWindow window,
      BundleFinalizer finalizer,
      @StateId("waiting") BagState<KV<Long, CommitMessage>> waiting,
      @StateId("next") ValueState<Long> next,
      @StateId("user") ValueState<String> user,
      @StateId("ticking") ValueState<Boolean> ticking,
      @StateId("rows") ValueState<Long> rows,
      @TimerId("tick") Timer tick,
      @TimerId("end") Timer end) {
    if (next.read() == null) {
      next.write(1L);
      user.write(target.commitUser());
      rows.write(0L);
      end.set(window.maxTimestamp());
    }
    begin(next.read(), user.read());
    long number = Math.max(next.read(), session.firstNumber);
    rows.write(rows.read() + message.getValue().getValue());
    if (session.hasEnded()) {
      requireRepeated(rows.read(), user.read());
    }
    waiting.add(KV.of(number, message.getValue().getKey()));
    next.write(number + 1);
    session.young.add(number);
    session.expect(finalizer, number);
    session.finalizer = finalizer;
    if (ticking.read() == null && !session.hasEnded()) {
      ticking.write(true);
      session.waitingSinceNanos = System.nanoTime();
      lookAgain(tick);
    }
  }

  private void begin(long next, String user) {
    if (session.found != null) {
      return;
    }
    Optional<Snapshot> snapshot = new Commits(target, user).latest();
    long latest = snapshot.map(Snapshot::commitIdentifier).orElse(0L);
    if (latest != Commits.LAST && latest >= next) {
      throw new IllegalStateException(
          String.format(
              "Table %s has commit %d of user %s, but the state that this job went on from is older"
                  + " and ends before %d. To go on would lose rows or write them twice. Restore a"
                  + " later state; or roll the table back to the last snapshot of this user with a"
                  + " commit identifier below %d; or start without a state.",
              target.table().fullName(), latest, user, next, next));
    }
    session.found = latest;
    if (session.hasEnded()) {
      session.rowsOfAll = Long.parseLong(snapshot.orElseThrow().properties().get(ROWS_OF_ALL));
    }
  }

  private void requireRepeated(long rows, String user) {
    if (rows > session.rowsOfAll) {
      throw new IllegalStateException(
          String.format(
              "The input of user %s of table %s had ended after %d rows, and they are committed,"
                  + " but now there are %d: the job was drained, and failed before its savepoint"
                  + " was complete. To go on would lose rows. Roll the table back to the last"
                  + " snapshot of this user with a commit identifier below %d, and restore the"
                  + " last checkpoint.",
              user, target.table().fullName(), session.rowsOfAll, rows, Commits.LAST));
    }
  }

  @OnTimer("tick")
  public void onTick(
      @StateId("waiting") BagState<KV<Long, CommitMessage>> waiting,
      @StateId("next") ValueState<Long> next,
      @StateId("user") ValueState<String> user,
      @StateId("ticking") ValueState<Boolean> ticking,
      @TimerId("tick") Timer tick,
      MultiOutputReceiver out)
      throws Exception {
    ticking.clear();
    if (next.read() == null) {
      return;
    }
    begin(next.read(), user.read());
    if (session.hasEnded()) {
      return;
    }
    NavigableMap<Long, CommitMessage> left = byNumber(waiting);
    int before = left.size();
    commitDurable(left, user.read(), out);
    if (left.size() < before) {
      session.waitingSinceNanos = System.nanoTime();
      waiting.clear();
      left.forEach((number, message) -> waiting.add(KV.of(number, message)));
    }
    if (left.isEmpty()) {
      return;
    }
    // Flink forgets a callback with a checkpoint that fails; its finalizer serves beyond a bundle
    if (session.finalizer != null) {
      session.expect(session.finalizer, left.lastKey());
    }
    warnOfLongWait();
    ticking.write(true);
    lookAgain(tick);
  }

  private void warnOfLongWait() {
    if (System.nanoTime() - session.waitingSinceNanos > WAITS_LONG.toNanos()) {
      LOG.warn(
          "Files for table {} wait for {} for a checkpoint to be complete before they are"
              + " committed. Is checkpointing on?",
          target.table().fullName(),
          WAITS_LONG);
      session.waitingSinceNanos = System.nanoTime();
    }
  }

  @OnTimer("end")
  public void onEnd(
      @StateId("waiting") BagState<KV<Long, CommitMessage>> waiting,
      @StateId("next") ValueState<Long> next,
      @StateId("user") ValueState<String> user,
      @StateId("ticking") ValueState<Boolean> ticking,
      @StateId("rows") ValueState<Long> rows,
      @TimerId("tick") Timer tick,
      MultiOutputReceiver out)
      throws Exception {
    if (next.read() == null) {
      return;
    }
    begin(next.read(), user.read());
    NavigableMap<Long, CommitMessage> left = byNumber(waiting);
    commitDurable(left, user.read(), out);
    if (!left.isEmpty()) {
      new Commits(target, user.read())
          .commitOnce(
              Commits.LAST,
              new ArrayList<>(left.values()),
              Map.of(ROWS_OF_ALL, String.valueOf(rows.read())),
              out);
    }
    waiting.clear();
    next.clear();
    user.clear();
    ticking.clear();
    rows.clear();
    tick.clear();
    session = new Session();
  }

  private void commitDurable(
      NavigableMap<Long, CommitMessage> waiting, String user, MultiOutputReceiver out)
      throws Exception {
    waiting.headMap(session.found, true).clear();
    Long firstYoung = session.young.isEmpty() ? null : session.young.first();
    NavigableMap<Long, CommitMessage> durable =
        firstYoung == null ? waiting : waiting.headMap(firstYoung, false);
    if (!durable.isEmpty()) {
      Commits commits = new Commits(target, user);
      List<CommitMessage> messages = new ArrayList<>(durable.values());
      if (session.committed) {
        commits.commit(durable.lastKey(), messages, out);
      } else {
        commits.commitOnce(durable.lastKey(), messages, Map.of(), out);
      }
      session.committed = true;
      durable.clear();
    }
  }

  private static NavigableMap<Long, CommitMessage> byNumber(
      BagState<KV<Long, CommitMessage>> waiting) {
    NavigableMap<Long, CommitMessage> messages = new TreeMap<>();
    for (KV<Long, CommitMessage> message : waiting.read()) {
      messages.put(message.getKey(), message.getValue());
    }
    return messages;
  }

  private void lookAgain(Timer tick) {
    Duration wait = target.interval().compareTo(LOOK_AGAIN) < 0 ? target.interval() : LOOK_AGAIN;
    tick.offset(org.joda.time.Duration.millis(wait.toMillis())).setRelative();
  }
}

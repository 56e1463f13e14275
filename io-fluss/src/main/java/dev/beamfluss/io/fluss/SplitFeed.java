package dev.beamfluss.io.fluss;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.exception.FetchException;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.PartitionNotExistException;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads ahead for one split, on a thread of its own: fetching and decoding go on while the runner
 * is busy, and the runner's thread never waits for the network.
 */
final class SplitFeed implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(SplitFeed.class);

  /** What the thread found, in order. */
  sealed interface Event {}

  /** The buckets there are. */
  record Listed(Map<BucketId, BucketPosition> appeared, Collection<BucketId> gone, long asOf)
      implements Event {}

  /** Rows of a bucket, where it goes on after them, and the end of its log. */
  record Rows(BucketId bucket, RowBatch batch, BucketPosition next, long end) implements Event {}

  /** The ends of some buckets' logs, and those that are read to there. */
  record Looked(Map<BucketId, Long> ends, Set<BucketId> caughtUp, long asOf) implements Event {}

  /** Batches that wait for the runner; with 1,500 rows each, all that is read ahead. */
  private static final int READ_AHEAD = 4;

  private static final Duration POLL = Duration.ofMillis(100);
  private static final long RETRY_MILLIS = 200;
  private static final long CLOSE_MILLIS = 10_000;
  private static final long CHECK_NANOS = TimeUnit.MILLISECONDS.toNanos(500);

  private final ReadSpec spec;
  private final Map<BucketId, BucketPosition> restored;
  private final List<Integer> ownedBuckets;
  private final boolean placed;
  private final Thread thread;

  private final BlockingQueue<Event> events = new ArrayBlockingQueue<>(READ_AHEAD);
  private final BlockingQueue<Runnable> tasks = new LinkedBlockingQueue<>();
  private final Liveness liveness;

  /** Where each bucket that is subscribed goes on, after all rows that were handed out. */
  private final Map<BucketId, Long> offsets = new HashMap<>();

  private final Map<BucketId, BucketPosition> unsubscribed = new HashMap<>();
  private final Deque<BucketId> snapshots = new ArrayDeque<>();
  private final Map<BucketId, BucketPosition> inSnapshot = new HashMap<>();
  private final RowMaker rows;

  private volatile boolean closed;
  private volatile @Nullable Throwable failure;
  private volatile @Nullable LogPoller poller;
  private volatile @Nullable ClusterWatch watch;
  private volatile @Nullable SnapshotLease lease;
  private @Nullable RowScan snapshot;
  private Lake.@Nullable Plan lake;
  private long failingSince;
  private boolean mustRewind;
  private boolean mustRenew;

  /** Of the runner's thread. */
  private long lastCheck = System.nanoTime();

  /**
   * @param positions where to go on, if {@code placed}
   */
  SplitFeed(
      ReadSpec spec,
      List<Integer> ownedBuckets,
      boolean placed,
      Map<BucketId, BucketPosition> positions,
      String name) {
    this.spec = spec;
    this.restored = positions;
    this.ownedBuckets = ownedBuckets;
    this.placed = placed;
    this.liveness = new Liveness(spec);
    this.rows = new RowMaker(spec);
    this.thread = new Thread(this::run, "fluss-read-" + spec.table().path() + "-" + name);
    thread.setDaemon(true);
  }

  void start() {
    thread.start();
  }

  /**
   * The next of what there is, waiting a little for it, or null.
   *
   * @throws RuntimeException that ended the thread, after all that it had read before
   * @throws FlussUnreachableException if nothing was heard of a bucket for too long
   */
  @Nullable Event next(Duration patience) {
    long now = System.nanoTime();
    if (now - lastCheck > CHECK_NANOS) {
      lastCheck = now;
      checkAlive();
    }
    Event event = events.poll();
    try {
      if (event == null) {
        event = events.poll(patience.toNanos(), TimeUnit.NANOSECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (event == null) {
      Throwable cause = failure;
      if (cause != null && events.isEmpty()) {
        throw cause instanceof FlussUnreachableException unreachable
            ? new FlussUnreachableException(unreachable.getMessage(), unreachable)
            : new IllegalStateException(cause.getMessage(), cause);
      }
    }
    return event;
  }

  /** Also while there are rows: those of other buckets say nothing of one that is silent. */
  private void checkAlive() {
    if (failure == null) {
      liveness.check();
    }
  }

  /** The snapshots of these buckets are not needed any more. */
  void release(Collection<BucketId> buckets) {
    SnapshotLease held = lease;
    boolean holdsSnapshots =
        spec.table().isKeyed() && spec.start().kind() == Position.Kind.FULL && held != null;
    if (holdsSnapshots && !closed && !buckets.isEmpty()) {
      held.release(buckets);
    }
  }

  private void run() {
    try {
      poller = liveness.until(() -> closed, () -> new LogPoller(spec));
      if (poller == null) {
        return;
      }
      lease = new SnapshotLease(spec, poller.open().admin());
      lake = liveness.until(() -> closed, this::lake);
      Discovery discovery = new Discovery(spec, ownedBuckets, restored.keySet(), !placed, lake);
      take(restored);
      Discovery.Found found =
          liveness.until(() -> closed, () -> discovery.look(poller.open().admin()));
      if (found == null) {
        return;
      }
      found(found);
      watch =
          new ClusterWatch(
              this, spec, poller.open().admin(), discovery, thread.getName() + "-watch");
      watch.start(found);
      while (!closed) {
        for (Runnable task = tasks.poll(); task != null; task = tasks.poll()) {
          task.run();
        }
        step();
      }
    } catch (Throwable t) {
      fail(t);
    } finally {
      end();
    }
  }

  /** Not where all of it is read: the lake need not keep its snapshot for ever. */
  private Lake.@Nullable Plan lake() {
    return spec.lake() == null
            || (placed && restored.values().stream().noneMatch(BucketPosition::isInLake))
        ? null
        : Lake.plan(spec, poller.open().table().getTableInfo());
  }

  private void closeSnapshot() {
    if (snapshot != null) {
      snapshot.close();
      snapshot = null;
    }
  }

  private void end() {
    ClusterWatch watching = watch;
    LogPoller polling = poller;
    try {
      if (watching != null) {
        watching.close();
      }
      closeSnapshot();
    } catch (RuntimeException e) {
      LOG.warn("Closing a snapshot of {} failed.", spec.table().path(), e);
    }
    if (polling != null) {
      polling.close();
    }
  }

  void fail(Throwable t) {
    if (!closed && failure == null) {
      LOG.warn("The read of {} ends.", spec.table().path(), t);
      failure = t;
    }
    closed = true;
  }

  // what the watch tells, to be done by the thread that polls

  void tell(Discovery.Found found) {
    if (!found.appeared().isEmpty() || !found.gone().isEmpty() || tasks.isEmpty()) {
      tasks.add(() -> found(found));
      wakeUp();
    }
  }

  /** Not while earlier ones wait, which would pile up behind a pipeline that is slow. */
  void tell(Map<BucketId, Long> ends, Map<BucketId, Long> beginnings, long asOf) {
    if (tasks.isEmpty()) {
      tasks.add(() -> looked(ends, beginnings, asOf));
    }
  }

  Liveness liveness() {
    return liveness;
  }

  /** Whether anything of the bucket's log was read: its position is a marker until then. */
  boolean hasBegun(BucketId bucket) {
    LogPoller polling = poller;
    return polling != null && polling.hasBegun(bucket);
  }

  private void wakeUp() {
    LogPoller polling = poller;
    if (polling != null) {
      polling.wakeUp();
    }
  }

  private void found(Discovery.Found found) {
    found.gone().forEach(bucket -> checkReadAsFarAsTiered(bucket, found.tiered()));
    Set<BucketId> gone = new HashSet<>(found.gone());
    for (BucketId bucket : found.gone()) {
      liveness.forget(bucket);
      BucketPosition position = inSnapshot.get(bucket);
      if (position != null && position.isInLake()) {
        inSnapshot.put(bucket, position.withoutLog());
        gone.remove(bucket);
        continue;
      }
      poller.unsubscribe(bucket);
      offsets.remove(bucket);
      unsubscribed.remove(bucket);
      inSnapshot.remove(bucket);
      if (bucket.equals(snapshots.peek())) {
        closeSnapshot();
      }
      snapshots.remove(bucket);
    }
    take(found.appeared());
    put(new Listed(found.appeared(), gone, found.asOf()));
  }

  /**
   * What the lake has of a partition that is gone, and the read does not, is not to be left out
   * without a word.
   */
  private void checkReadAsFarAsTiered(BucketId bucket, Map<BucketId, Long> tiered) {
    BucketPosition inRead = inSnapshot.getOrDefault(bucket, unsubscribed.get(bucket));
    Long read = offsets.get(bucket);
    if (inRead != null) {
      // of a snapshot of the cluster, the rest is gone with it
      read = inRead.isInLog() || inRead.isInLake() ? inRead.offset() : 0L;
    }
    if (read == null || read == BucketPosition.NO_LOG) {
      return; // of no log, or one that was gone before
    }
    if (Math.max(0, read) < tiered.getOrDefault(bucket, 0L)) {
      throw new IllegalStateException(
          String.format(
              "The cluster has dropped %s of table %s before it was read to its end: its log was"
                  + " read up to offset %d, the lake has it up to offset %d.%s",
              bucket.describe(),
              spec.table().path(),
              Math.max(0, read),
              tiered.get(bucket),
              LakeStart.START_ANEW));
    }
  }

  private void take(Map<BucketId, BucketPosition> positions) {
    positions.forEach(
        (bucket, position) -> {
          if (position.isEnd()) {
            return; // tells only which partitions there were
          }
          if (position.offset() != BucketPosition.NO_LOG) {
            liveness.heardOf(bucket);
          }
          if (position.isInLog()) {
            unsubscribed.put(bucket, position);
          } else {
            inSnapshot.put(bucket, position);
            snapshots.add(bucket);
          }
        });
  }

  private void looked(Map<BucketId, Long> ends, Map<BucketId, Long> beginnings, long asOf) {
    if (mustRewind) {
      return; // the scanner is past rows that it has not handed out
    }
    Set<BucketId> caughtUp = new HashSet<>();
    ends.forEach(
        (bucket, end) -> {
          if (poller.isSubscribed(bucket)) {
            long position = poller.position(bucket);
            long reached = position < 0 ? beginnings.getOrDefault(bucket, 0L) : position;
            if (reached >= end) {
              caughtUp.add(bucket);
              offsets.merge(bucket, end, Math::max); // past changes without effect
            }
          }
        });
    put(new Looked(ends, caughtUp, asOf));
  }

  private void step() throws IOException, InterruptedException {
    try {
      if (mustRenew) {
        poller.renew();
        mustRenew = false;
      }
      if (mustRewind) {
        for (BucketId bucket : poller.rewind(offsets)) {
          unsubscribed.put(bucket, BucketPosition.inLog(offsets.get(bucket)));
        }
        mustRewind = false;
      }
      subscribe();
      boolean reading = stepSnapshot();
      if (poller.isIdle()) {
        if (!reading) {
          pause(POLL.toMillis());
        }
      } else {
        poll(reading ? Duration.ZERO : POLL);
      }
      failingSince = 0;
    } catch (PartitionNotExistException e) {
      LOG.info("A partition of {} is gone; looking for those there are.", spec.table().path());
      mustRewind = true;
      watch.lookNow();
      pause(RETRY_MILLIS);
    } catch (FlussRuntimeException | FlussUnreachableException e) {
      recover(e);
    }
  }

  private void poll(Duration patience) {
    for (LogPoller.Polled polled : poller.poll(patience)) {
      liveness.heardOf(polled.bucket());
      offsets.put(polled.bucket(), polled.nextOffset());
      put(
          new Rows(
              polled.bucket(),
              polled.batch(),
              BucketPosition.inLog(polled.nextOffset()),
              poller.end(polled.bucket())));
    }
  }

  /**
   * Subscribes to what is not yet: a partition made or dropped a moment ago is listed by the
   * coordinator while the servers that are asked for its leaders know nothing of it.
   */
  private void subscribe() {
    for (Map.Entry<BucketId, BucketPosition> entry : Map.copyOf(unsubscribed).entrySet()) {
      BucketId bucket = entry.getKey();
      try {
        poller.subscribe(bucket, entry.getValue().offset());
        offsets.put(bucket, entry.getValue().offset());
        unsubscribed.remove(bucket);
      } catch (FlussRuntimeException e) {
        LOG.info("{} of {} cannot be read yet.", bucket.describe(), spec.table().path(), e);
      }
    }
  }

  /** One batch of the snapshot in turn; says whether there was one to read. */
  private boolean stepSnapshot() throws IOException {
    BucketId bucket = snapshots.peek();
    if (bucket == null) {
      return false;
    }
    BucketPosition position = inSnapshot.get(bucket);
    if (snapshot == null) {
      snapshot = scan(bucket, position);
    }
    RowMaker.Batch batch = rows.batch(RowScan.BATCH);
    boolean more = snapshot.next(batch.snapshotOf(bucket));
    long read = batch.taken();
    BucketPosition next = more ? position.afterRows(read) : position.afterSnapshot();
    if (more) {
      inSnapshot.put(bucket, next);
    } else {
      closeSnapshot();
      snapshots.remove();
      inSnapshot.remove(bucket);
      if (!next.isEnd()) {
        unsubscribed.put(bucket, next);
      }
    }
    if (read > 0 || !more) {
      put(new Rows(bucket, batch.toRowBatch(), next, SplitProgress.UNKNOWN));
    }
    if (next.offset() != BucketPosition.NO_LOG) {
      liveness.heardOf(bucket);
    }
    return true;
  }

  private RowScan scan(BucketId bucket, BucketPosition position) {
    return position.isInLake()
        ? new LakeScan(
            spec,
            poller.open().table().getTableInfo(),
            position.snapshot(),
            lake.of(position.lakePartition(), bucket.bucket()),
            position.rows())
        : new SnapshotScan(poller.open(), spec, bucket, position.snapshot(), position.rows());
  }

  /** What failed may be the place in the log, or the connection, which mends itself. */
  private void recover(RuntimeException e) throws InterruptedException {
    if (e instanceof FetchException) {
      try {
        ReadFailures.throwIfExpired(e, spec, poller, watch.partitions());
      } catch (FlussUnreachableException | FlussRuntimeException | CompletionException unknown) {
        LOG.info("It is not known what {} has.", spec.table().path(), unknown);
      }
    }
    long now = System.nanoTime();
    failingSince = failingSince == 0 ? now : failingSince;
    if (now - failingSince > spec.clusterTimeout().toNanos()) {
      throw new FlussUnreachableException(
          String.format(
              "Table %s on %s could not be read for %d s: %s",
              spec.table().path(),
              spec.table().cluster(),
              spec.clusterTimeout().toSeconds(),
              Waiting.rootMessage(e)),
          e);
    }
    LOG.warn("Reading {} failed; trying again.", spec.table().path(), e);
    closeSnapshot();
    mustRewind = true;
    mustRenew = e instanceof FetchException;
    watch.lookNow();
    pause(RETRY_MILLIS);
  }

  private void pause(long millis) throws InterruptedException {
    Runnable task = tasks.poll(millis, TimeUnit.MILLISECONDS);
    if (task != null) {
      task.run();
    }
  }

  /** Waits for room: a runner that is slow slows the reading down. */
  private void put(Event event) {
    boolean done = events.offer(event);
    try {
      while (!done && !closed) {
        liveness.pause();
        done = events.offer(event, RETRY_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      closed = true;
    }
    liveness.resume();
  }

  /** Has the thread end, without waiting for it. */
  void stop() {
    closed = true;
    wakeUp();
  }

  @Override
  public void close() {
    stop();
    try {
      thread.join(CLOSE_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

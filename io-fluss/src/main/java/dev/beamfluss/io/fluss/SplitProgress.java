package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/**
 * How far the read of a split is: where each of its buckets goes on, how much lies ahead, and
 * before which event time nothing more comes.
 *
 * <p>The watermark is the least of what the buckets allow. A bucket that gives rows allows their
 * greatest event time, less the out-of-orderness. One that is read to its end and gives nothing
 * allows the time at which the cluster was asked for that end: what is stored later is younger. The
 * partitions a table has are only known as of their last listing, which bounds the watermark too.
 */
final class SplitProgress {
  /** How far apart the clocks of this machine and of the servers may be, in milliseconds. */
  static final long CLOCK_SKEW = 1_000;

  static final long UNKNOWN = -1;

  private static final class Bucket {
    private BucketPosition position;
    private long end = UNKNOWN;
    private long watermark = EventTime.BEFORE_ALL;

    private Bucket(BucketPosition position) {
      this.position = position;
    }

    private long backlog() {
      return end == UNKNOWN || !position.isInLog() || (position.offset() < 0 && end > 0)
          ? UNKNOWN
          : Math.max(0, end - Math.max(0, position.offset()));
    }
  }

  private final Map<BucketId, Bucket> buckets = new HashMap<>();
  private final Set<BucketId> finishedSnapshots = ConcurrentHashMap.newKeySet();
  private final boolean partitioned;
  private final long outOfOrderness;
  private final LongSupplier clock;

  private boolean placed;
  private long youngest = BucketId.NO_PARTITION;
  private long listed = EventTime.BEFORE_ALL;
  private long watermark = EventTime.BEFORE_ALL;

  /**
   * @param ownsBuckets whether there ever will be any
   * @param partitioned whether partitions come and go
   * @param clock milliseconds since the epoch
   */
  SplitProgress(
      boolean ownsBuckets, boolean partitioned, Duration maxOutOfOrderness, LongSupplier clock) {
    this.partitioned = ownsBuckets && partitioned;
    this.outOfOrderness = maxOutOfOrderness.toMillis();
    this.clock = clock;
    this.placed = !ownsBuckets;
  }

  /**
   * What a checkpoint held. What else there is, the first listing tells. Snapshots that it had
   * finished may be kept still: the reader that made it may have failed before it gave them up.
   */
  void restored(Map<BucketId, BucketPosition> positions) {
    Map<BucketId, BucketPosition> toRead = new HashMap<>(positions);
    toRead.values().removeIf(BucketPosition::isEnd);
    toRead.forEach(
        (id, position) -> {
          if (position.isInLog()) {
            finishedSnapshots.add(id);
          }
        });
    listed(toRead, List.of(), EventTime.BEFORE_ALL);
    youngest = youngest(positions.keySet());
  }

  /** The buckets there are, as of a time: those that are new, and those that are gone. */
  void listed(Map<BucketId, BucketPosition> appeared, Collection<BucketId> gone, long asOf) {
    appeared.forEach((id, position) -> buckets.putIfAbsent(id, new Bucket(position)));
    buckets.keySet().removeAll(gone);
    youngest = Math.max(youngest, youngest(appeared.keySet()));
    listed = asOf == EventTime.BEFORE_ALL ? asOf : allowedAt(asOf);
    placed = true;
  }

  /**
   * Rows were read.
   *
   * @param greatest the greatest of their event times
   * @param end the end of the bucket's log, or {@link #UNKNOWN}
   */
  void read(BucketId id, BucketPosition next, long greatest, long end) {
    Bucket bucket = buckets.get(id);
    if (bucket == null) {
      return; // of a partition that was dropped while they were waiting
    }
    if (next.isEnd()) {
      buckets.remove(id);
      return;
    }
    if (!bucket.position.isInLog() && !bucket.position.isInLake() && next.isInLog()) {
      finishedSnapshots.add(id);
    }
    if (bucket.position.isInLog() && greatest > EventTime.BEFORE_ALL) {
      bucket.watermark = Math.max(bucket.watermark, greatest - outOfOrderness);
    }
    bucket.position = next;
    bucket.end = Math.max(bucket.end, end);
  }

  /** The ends of some buckets' logs and which of them are read to there, as of a time. */
  void looked(Map<BucketId, Long> ends, Collection<BucketId> caughtUp, long asOf) {
    ends.forEach(
        (id, end) -> {
          Bucket bucket = buckets.get(id);
          if (bucket != null) {
            bucket.end = Math.max(bucket.end, end);
            if (caughtUp.contains(id)) {
              bucket.position = BucketPosition.inLog(Math.max(bucket.position.offset(), end));
              bucket.watermark = Math.max(bucket.watermark, allowedAt(asOf));
            }
          }
        });
  }

  private long allowedAt(long asOf) {
    return asOf - CLOCK_SKEW - outOfOrderness;
  }

  /** Never goes back. */
  long watermark() {
    if (placed) {
      long allowed = partitioned ? listed : Long.MAX_VALUE;
      for (Bucket bucket : buckets.values()) {
        allowed = Math.min(allowed, bucket.watermark);
      }
      if (allowed == Long.MAX_VALUE) {
        allowed = allowedAt(clock.getAsLong());
      }
      watermark = Math.max(watermark, allowed);
    }
    return watermark;
  }

  /** Whether the starting position is found. */
  boolean isPlaced() {
    return placed;
  }

  Map<BucketId, BucketPosition> positions() {
    Map<BucketId, BucketPosition> positions = new HashMap<>();
    buckets.forEach((id, bucket) -> positions.put(id, bucket.position));
    return positions;
  }

  /**
   * With a bucket of the youngest partition there was, at its end if the cluster has dropped it: so
   * one that is in the lake tells whether it came later.
   */
  Map<BucketId, BucketPosition> positionsAndYoungest() {
    Map<BucketId, BucketPosition> positions = positions();
    if (youngest > youngest(positions.keySet())) {
      positions.put(new BucketId(youngest, 0), BucketPosition.inLog(BucketPosition.NO_LOG));
    }
    return positions;
  }

  private static long youngest(Collection<BucketId> buckets) {
    return buckets.stream().mapToLong(BucketId::partitionId).max().orElse(BucketId.NO_PARTITION);
  }

  /** The snapshots that were read to their ends and are not given up yet. */
  Set<BucketId> finishedSnapshots() {
    return Set.copyOf(finishedSnapshots);
  }

  /** Of these, those not given up before. Any thread may ask. */
  List<BucketId> giveUp(Collection<BucketId> finished) {
    return finished.stream().filter(finishedSnapshots::remove).toList();
  }

  /** Offsets that lie ahead, at most that many rows, or {@link #UNKNOWN}. */
  long backlog() {
    long sum = placed ? 0 : UNKNOWN;
    for (Bucket bucket : buckets.values()) {
      long backlog = bucket.backlog();
      if (backlog == UNKNOWN) {
        return UNKNOWN;
      }
      sum += backlog;
    }
    return sum;
  }

  long partitions() {
    return buckets.keySet().stream().mapToLong(BucketId::partitionId).distinct().count();
  }
}

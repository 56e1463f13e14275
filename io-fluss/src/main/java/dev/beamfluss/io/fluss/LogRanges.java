package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads stretches of a log to their ends. One thread reads; another may give away the rest. */
final class LogRanges implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final FlussTable table;
  private final LogPoller poller;
  private final Map<BucketId, BucketRange> unfinished = new HashMap<>();
  private final Deque<RowBatch> ready = new ArrayDeque<>();
  private final Deque<BucketRange> waiting;

  LogRanges(ReadSpec spec, Collection<BucketRange> ranges) {
    this.table = spec.table();
    this.poller = new LogPoller(spec);
    this.waiting = new ArrayDeque<>(ranges);
  }

  OpenTable open() {
    return poller.open();
  }

  /** One stretch of a bucket at a time. */
  private synchronized void subscribe() {
    for (int i = waiting.size(); i > 0; i--) {
      BucketRange range = waiting.remove();
      if (range.rows() == 0) {
        continue;
      }
      if (unfinished.putIfAbsent(range.bucket(), range) == null) {
        poller.subscribe(range.bucket(), range.start().offset());
      } else {
        waiting.add(range);
      }
    }
  }

  /**
   * The next rows, or null once all stretches are read.
   *
   * @throws FlussUnreachableException if nothing comes for two minutes although there is more
   */
  @Nullable RowBatch next() {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    subscribe();
    while (ready.isEmpty() && !unfinished.isEmpty()) {
      if (take(poller.poll(POLL))) {
        deadline = System.nanoTime() + PATIENCE.toNanos();
        subscribe();
      } else if (ready.isEmpty() && System.nanoTime() > deadline) {
        throw new FlussUnreachableException(
            String.format(
                "Nothing came of %d buckets of table %s on %s for %d s, although their logs go on."
                    + " Check the tablet servers.",
                unfinished.size(), table.path(), table.cluster(), PATIENCE.toSeconds()),
            null);
      }
    }
    return ready.poll();
  }

  /** Says whether a stretch has come to its end. */
  private synchronized boolean take(List<LogPoller.Polled> batches) {
    for (LogPoller.Polled polled : batches) {
      BucketRange range = unfinished.get(polled.bucket());
      RowBatch batch = range == null ? null : polled.before(range.stop());
      if (batch != null) {
        ready.add(batch);
      }
    }
    return unfinished.values().removeIf(this::isFinished);
  }

  /** Offsets that are not read yet. */
  synchronized long remaining() {
    return unfinished.values().stream().mapToLong(range -> from(range).rows()).sum()
        + waiting.stream().mapToLong(BucketRange::rows).sum();
  }

  /** What is not read yet of a stretch that is being read. */
  private BucketRange from(BucketRange range) {
    return range.from(Math.min(range.stop(), poller.position(range.bucket())));
  }

  /**
   * Gives away the ends of the stretches, so that about so many offsets are left to read here.
   *
   * @return what is not to be read here any more
   */
  synchronized List<BucketRange> giveAway(long keep) {
    double share = keep / (double) Math.max(1, remaining());
    if (share >= 1) {
      return List.of();
    }
    List<BucketRange> given = new ArrayList<>();
    for (Map.Entry<BucketId, BucketRange> entry : unfinished.entrySet()) {
      long cut = from(entry.getValue()).cut(share);
      given.add(entry.getValue().from(cut));
      entry.setValue(entry.getValue().until(cut));
    }
    for (int i = waiting.size(); i > 0; i--) {
      BucketRange range = waiting.remove();
      long cut = range.cut(share);
      given.add(range.from(cut));
      waiting.add(range.until(cut));
    }
    given.removeIf(range -> range.rows() == 0);
    return given;
  }

  private boolean isFinished(BucketRange range) {
    boolean finished = poller.position(range.bucket()) >= range.stop();
    if (finished) {
      poller.unsubscribe(range.bucket());
    }
    return finished;
  }

  @Override
  public void close() {
    poller.close();
  }
}

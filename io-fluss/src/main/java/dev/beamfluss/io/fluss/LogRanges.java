package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads stretches of a log to their ends. Not thread-safe. */
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
  private void subscribe() {
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
      for (LogPoller.Polled polled : poller.poll(POLL)) {
        BucketRange range = unfinished.get(polled.bucket());
        RowBatch batch = range == null ? null : polled.before(range.stop());
        if (batch != null) {
          ready.add(batch);
        }
      }
      if (unfinished.values().removeIf(this::isFinished)) {
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

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Reads stretches of a log to their ends. Not thread-safe. */
final class LogRanges implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final FlussTable table;
  private final LogPoller poller;
  private final ScanPositions positions;
  private final Map<BucketId, BucketRange> unfinished = new HashMap<>();
  private final Deque<RowBatch> ready = new ArrayDeque<>();

  LogRanges(FlussTable table, List<String> columns, Collection<BucketRange> ranges) {
    this.table = table;
    this.poller = new LogPoller(table, columns);
    this.positions = poller.positions();
    for (BucketRange range : ranges) {
      if (range.length() > 0) {
        unfinished.put(range.bucket(), range);
        poller.subscribe(range.bucket(), range.start());
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
    while (ready.isEmpty() && !unfinished.isEmpty()) {
      for (LogPoller.Polled polled : poller.poll(POLL)) {
        BucketRange range = unfinished.get(polled.bucket());
        RowBatch batch = range == null ? null : before(range.stop(), polled);
        if (batch != null) {
          ready.add(batch);
        }
      }
      if (unfinished.values().removeIf(this::isFinished)) {
        deadline = System.nanoTime() + PATIENCE.toNanos();
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
    boolean finished = positions.next(range.bucket().of(table.tableId())) >= range.stop();
    if (finished) {
      poller.unsubscribe(range.bucket());
    }
    return finished;
  }

  private static @Nullable RowBatch before(long stop, LogPoller.Polled polled) {
    int wanted = Arrays.binarySearch(polled.offsets(), stop);
    wanted = wanted < 0 ? -wanted - 1 : wanted;
    RowBatch all = polled.batch();
    if (wanted == all.size()) {
      return all;
    }
    return wanted == 0
        ? null
        : new RowBatch(
            all.rows().subList(0, wanted),
            all.kinds() == null ? null : Arrays.copyOf(all.kinds(), wanted),
            Arrays.copyOf(all.timestamps(), wanted));
  }

  @Override
  public void close() {
    poller.close();
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.BoundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/** A read of stretches of a log that were settled when the pipeline was built. */
final class BoundedLogSource extends BoundedSource<RowBatch> {
  /** A guess: the cluster tells how many rows there are, not how large they are. */
  private static final long BYTES_PER_ROW = 100;

  private final ReadSpec spec;
  private final ArrayList<BucketRange> ranges;

  BoundedLogSource(ReadSpec spec, List<BucketRange> ranges) {
    this.spec = spec;
    this.ranges = new ArrayList<>(ranges);
  }

  @Override
  public List<BoundedLogSource> split(long desiredBundleSizeBytes, PipelineOptions options) {
    long wanted =
        Math.min(
            ranges.size(), getEstimatedSizeBytes(options) / Math.max(1, desiredBundleSizeBytes));
    if (wanted <= 1) {
      return List.of(this);
    }
    List<List<BucketRange>> groups = new ArrayList<>();
    for (int i = 0; i < wanted; i++) {
      groups.add(new ArrayList<>());
    }
    long[] sizes = new long[groups.size()];
    ranges.stream()
        .sorted(Comparator.comparingLong(BucketRange::length).reversed())
        .forEach(
            range -> {
              int smallest = 0;
              for (int i = 1; i < sizes.length; i++) {
                smallest = sizes[i] < sizes[smallest] ? i : smallest;
              }
              groups.get(smallest).add(range);
              sizes[smallest] += range.length();
            });
    return groups.stream().map(group -> new BoundedLogSource(spec, group)).toList();
  }

  @Override
  public long getEstimatedSizeBytes(PipelineOptions options) {
    return ranges.stream().mapToLong(BucketRange::length).sum() * BYTES_PER_ROW;
  }

  @Override
  public BoundedReader<RowBatch> createReader(PipelineOptions options) {
    return new Reader(this);
  }

  @Override
  public Coder<RowBatch> getOutputCoder() {
    return RowBatchCoder.of(spec.schema());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("table", spec.table().path()))
        .add(DisplayData.item("cluster", spec.table().cluster().toString()))
        .add(DisplayData.item("columns", String.join(",", spec.columns())))
        .add(DisplayData.item("startingPosition", spec.start().toString()));
  }

  private static final class Reader extends BoundedReader<RowBatch> {
    private static final Duration POLL = Duration.ofMillis(100);
    private static final Duration PATIENCE = Duration.ofMinutes(2);

    private final BoundedLogSource source;
    private final Map<BucketId, BucketRange> unfinished = new HashMap<>();
    private final Deque<RowBatch> ready = new ArrayDeque<>();
    private @Nullable LogPoller poller;
    private @Nullable ScanPositions positions;
    private @Nullable RowBatch current;

    Reader(BoundedLogSource source) {
      this.source = source;
    }

    @Override
    public boolean start() {
      if (source.ranges.isEmpty()) {
        return false;
      }
      poller = new LogPoller(source.spec.table(), source.spec.columns());
      positions = poller.positions();
      for (BucketRange range : source.ranges) {
        unfinished.put(range.bucket(), range);
        poller.subscribe(range.bucket(), range.start());
      }
      return advance();
    }

    @Override
    public boolean advance() {
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (ready.isEmpty() && !unfinished.isEmpty()) {
        for (LogPoller.Polled polled : poller.poll(POLL)) {
          BucketRange range = unfinished.get(polled.bucket());
          RowBatch batch = range == null ? null : before(range.stop(), polled);
          if (batch != null) {
            ready.add(batch);
          }
        }
        int before = unfinished.size();
        unfinished.values().removeIf(this::isFinished);
        if (unfinished.size() < before) {
          deadline = System.nanoTime() + PATIENCE.toNanos();
        } else if (ready.isEmpty() && System.nanoTime() > deadline) {
          throw new FlussUnreachableException(
              String.format(
                  "Nothing came of %d buckets of table %s on %s for %d s, although their logs go"
                      + " on. Check the tablet servers.",
                  unfinished.size(),
                  source.spec.table().path(),
                  source.spec.table().cluster(),
                  PATIENCE.toSeconds()),
              null);
        }
      }
      current = ready.poll();
      return current != null;
    }

    private boolean isFinished(BucketRange range) {
      boolean finished =
          positions.next(range.bucket().of(source.spec.table().tableId())) >= range.stop();
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
    public RowBatch getCurrent() {
      if (current == null) {
        throw new NoSuchElementException();
      }
      return current;
    }

    @Override
    public Instant getCurrentTimestamp() {
      return Instant.ofEpochMilli(getCurrent().minTimestamp());
    }

    @Override
    public BoundedLogSource getCurrentSource() {
      return source;
    }

    @Override
    public void close() {
      if (poller != null) {
        poller.close();
      }
    }
  }
}

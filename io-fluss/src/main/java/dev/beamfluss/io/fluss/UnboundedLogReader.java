package dev.beamfluss.io.fluss;

import java.lang.ref.Cleaner;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import org.apache.beam.sdk.io.UnboundedSource;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;

/**
 * Reads the buckets of one split, of the partitions there are and those that will be. The runner's
 * thread only takes over what a {@link SplitFeed} has read; all that a checkpoint holds changes
 * when it does so.
 */
final class UnboundedLogReader extends UnboundedSource.UnboundedReader<RowBatch> {
  /** Long enough for what is under way, short enough not to hold up a worker. */
  private static final Duration PATIENCE = Duration.ofMillis(5);

  /** The direct runner forgets readers of pipelines that are cancelled: their threads must end. */
  private static final Cleaner LOST = Cleaner.create();

  private final UnboundedLogSource source;
  private final SplitProgress progress;
  private final @Nullable SplitFeed feed;
  private final Cleaner.@Nullable Cleanable lostFeed;
  private final ReadMetrics metrics;

  private SplitFeed.@Nullable Rows current;
  private Instant currentTimestamp = Instant.EPOCH;

  UnboundedLogReader(UnboundedLogSource source, @Nullable ReadCheckpoint checkpoint) {
    this.source = source;
    ReadSpec spec = source.spec();
    List<Integer> owned = source.ownedBuckets();
    this.progress =
        new SplitProgress(
            !owned.isEmpty(),
            !spec.table().partitionColumns().isEmpty(),
            spec.maxOutOfOrderness(),
            System::currentTimeMillis);
    boolean placed = checkpoint != null && checkpoint.started();
    Map<BucketId, BucketPosition> positions = placed ? checkpoint.positions() : Map.of();
    if (placed) {
      progress.restored(positions);
    }
    this.feed =
        owned.isEmpty() ? null : new SplitFeed(spec, owned, placed, positions, source.name());
    this.lostFeed = feed == null ? null : stopWhenLost(this, feed);
    this.metrics = new ReadMetrics(spec.schema(), source.name());
  }

  private static Cleaner.Cleanable stopWhenLost(UnboundedLogReader reader, SplitFeed feed) {
    return LOST.register(reader, feed::stop);
  }

  @Override
  public boolean start() {
    if (feed != null) {
      feed.start();
    }
    return advance();
  }

  @Override
  public boolean advance() {
    current = null;
    while (feed != null && current == null) {
      SplitFeed.Event event = feed.next(PATIENCE);
      if (event == null) {
        break;
      }
      apply(event);
    }
    metrics.report(progress);
    return current != null;
  }

  private void apply(SplitFeed.Event event) {
    if (event instanceof SplitFeed.Rows rows) {
      RowBatch batch = rows.batch();
      long watermark = progress.watermark();
      currentTimestamp = Instant.ofEpochMilli(batch.minTimestamp(watermark));
      progress.read(
          rows.bucket(), rows.next(), batch.maxTimestamp(EventTime.BEFORE_ALL), rows.end());
      metrics.read(batch);
      if (!batch.isEmpty()) {
        current = rows;
      }
    } else if (event instanceof SplitFeed.Listed listed) {
      progress.listed(listed.appeared(), listed.gone(), listed.asOf());
    } else if (event instanceof SplitFeed.Looked looked) {
      progress.looked(looked.ends(), looked.caughtUp(), looked.asOf());
    }
  }

  @Override
  public RowBatch getCurrent() {
    return currentOrThrow().batch();
  }

  /** The least of the batch's: the step that takes it apart may not go back in time. */
  @Override
  public Instant getCurrentTimestamp() {
    currentOrThrow();
    return currentTimestamp;
  }

  private SplitFeed.Rows currentOrThrow() {
    if (current == null) {
      throw new NoSuchElementException();
    }
    return current;
  }

  @Override
  public Instant getWatermark() {
    return Instant.ofEpochMilli(progress.watermark());
  }

  private ReadSpec spec() {
    return source.spec();
  }

  /** What the last report said: a runner's metrics thread may ask at any time. */
  @Override
  public long getSplitBacklogBytes() {
    return metrics.backlogBytes();
  }

  @Override
  public ReadCheckpoint getCheckpointMark() {
    if (!progress.isPlaced()) {
      return ReadCheckpoint.NOT_STARTED;
    }
    // all that no checkpoint gave up: one that fails is never finalized
    Set<BucketId> finished = progress.finishedSnapshots();
    return new ReadCheckpoint(
        spec().lake() == null ? progress.positions() : progress.positionsAndYoungest(),
        () -> {
          if (feed != null) {
            feed.release(progress.giveUp(finished));
          }
        });
  }

  @Override
  public UnboundedLogSource getCurrentSource() {
    return source;
  }

  @Override
  public void close() {
    if (feed != null) {
      feed.close();
      lostFeed.clean();
    }
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.PartitionNotExistException;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the buckets of one split, of the partitions there are and those that will be. */
final class UnboundedLogReader extends UnboundedSource.UnboundedReader<RowBatch> {
  private static final Logger LOG = LoggerFactory.getLogger(UnboundedLogReader.class);

  /** Long enough for an answer that is under way, short enough not to hold up a worker. */
  private static final Duration POLL = Duration.ofMillis(5);

  /** How far the watermark of a bucket without news stays behind this machine's clock. */
  private static final Duration IDLE_WATERMARK_LAG = Duration.ofSeconds(5);

  /** When to try again to read a partition that is not ready. */
  private static final Duration RETRY = Duration.ofMillis(200);

  private final UnboundedLogSource source;
  private final Map<BucketId, Long> nextOffsets;

  /** Whether the starting position is found, by this reader or by one before it. */
  private boolean positioned;

  private final Deque<LogPoller.Polled> polled = new ArrayDeque<>();

  private @Nullable LogPoller poller;
  private LogPoller.@Nullable Polled current;
  private @Nullable CompletableFuture<List<Partition>> discovery;
  private long lastDiscovery;
  private long lastData = System.nanoTime();
  private long watermark = BoundedWindow.TIMESTAMP_MIN_VALUE.getMillis();

  UnboundedLogReader(UnboundedLogSource source, @Nullable ReadCheckpoint checkpoint) {
    this.source = source;
    this.positioned = checkpoint != null && checkpoint.started();
    this.nextOffsets = new HashMap<>(checkpoint == null ? Map.of() : checkpoint.nextOffsets());
  }

  @Override
  public boolean start() {
    poller = new LogPoller(table(), source.spec().columns());
    List<Partition> partitions =
        Waiting.ask(
            () -> Partition.list(table(), poller.admin()),
            table().cluster(),
            "list the partitions of table " + table().path());
    if (!positioned) {
      for (Partition partition : partitions) {
        try {
          partition
              .offsets(table(), poller.admin(), source.ownedBuckets(), source.spec().start())
              .forEach((bucket, offset) -> nextOffsets.put(id(partition, bucket), offset));
        } catch (PartitionNotExistException e) {
          LOG.info("Partition {} is being made or dropped; taken as a new one.", partition, e);
        }
      }
      positioned = true;
    }
    assign(partitions);
    return advance();
  }

  @Override
  public boolean advance() {
    discover();
    if (polled.isEmpty()) {
      poll();
    }
    current = polled.poll();
    if (current == null) {
      return false;
    }
    nextOffsets.put(current.bucket(), current.nextOffset());
    lastData = System.nanoTime();
    return true;
  }

  private void poll() {
    try {
      polled.addAll(poller.poll(POLL));
    } catch (PartitionNotExistException e) {
      LOG.info("A partition of {} is gone; looking for the ones there are.", table().path());
      poller.rewind(nextOffsets);
      lastDiscovery = System.nanoTime() - source.spec().partitionDiscoveryInterval().toNanos();
    }
  }

  private void discover() {
    if (table().partitionColumns().isEmpty()) {
      return;
    }
    if (discovery == null) {
      if (System.nanoTime() - lastDiscovery
          >= source.spec().partitionDiscoveryInterval().toNanos()) {
        discovery = Partition.list(table(), poller.admin());
      }
    } else if (discovery.isDone()) {
      try {
        assign(discovery.join());
      } catch (RuntimeException e) {
        LOG.warn("Could not list the partitions of {}; trying again.", table().path(), e);
        lastDiscovery = System.nanoTime();
      }
      discovery = null;
    }
  }

  /** Subscribes to what is there and not read yet, from its beginning; lets go what is gone. */
  private void assign(List<Partition> partitions) {
    Set<BucketId> present = new HashSet<>();
    boolean missing = false;
    for (Partition partition : partitions) {
      for (int bucket : source.ownedBuckets()) {
        BucketId id = id(partition, bucket);
        present.add(id);
        long offset = nextOffsets.computeIfAbsent(id, b -> LogScanner.EARLIEST_OFFSET);
        if (!poller.isSubscribed(id) && !subscribe(id, offset)) {
          missing = true;
        }
      }
    }
    for (BucketId gone : Set.copyOf(nextOffsets.keySet())) {
      if (!present.contains(gone)) {
        poller.unsubscribe(gone);
        nextOffsets.remove(gone);
      }
    }
    long interval = source.spec().partitionDiscoveryInterval().toNanos();
    lastDiscovery = System.nanoTime() - (missing ? Math.max(0, interval - RETRY.toNanos()) : 0);
  }

  /**
   * Says whether it could: a partition made or dropped a moment ago is listed by the coordinator
   * while the servers that are asked for its leaders know nothing of it.
   */
  private boolean subscribe(BucketId id, long offset) {
    try {
      poller.subscribe(id, offset);
      return true;
    } catch (FlussRuntimeException e) {
      LOG.info("Bucket {} of {} cannot be read yet; trying again.", id, table().path(), e);
      return false;
    }
  }

  private static BucketId id(Partition partition, int bucket) {
    return new BucketId(partition.id(), bucket);
  }

  private FlussTable table() {
    return source.spec().table();
  }

  @Override
  public RowBatch getCurrent() {
    return currentOrThrow().batch();
  }

  @Override
  public Instant getCurrentTimestamp() {
    return Instant.ofEpochMilli(currentOrThrow().batch().minTimestamp());
  }

  private LogPoller.Polled currentOrThrow() {
    if (current == null) {
      throw new NoSuchElementException();
    }
    return current;
  }

  /**
   * What is polled and not handed out yet holds the watermark back; with nothing at hand for a
   * while, it follows this machine's clock at a distance.
   */
  @Override
  public Instant getWatermark() {
    long candidate = Long.MAX_VALUE;
    for (LogPoller.Polled waiting : polled) {
      candidate = Math.min(candidate, waiting.batch().minTimestamp());
    }
    if (current != null) {
      candidate = Math.min(candidate, current.batch().minTimestamp());
    }
    long idleFor = System.nanoTime() - lastData;
    if (idleFor > IDLE_WATERMARK_LAG.toNanos() && polled.isEmpty()) {
      candidate = System.currentTimeMillis() - IDLE_WATERMARK_LAG.toMillis();
    }
    if (candidate != Long.MAX_VALUE) {
      watermark = Math.max(watermark, candidate);
    }
    return Instant.ofEpochMilli(watermark);
  }

  @Override
  public ReadCheckpoint getCheckpointMark() {
    return positioned ? new ReadCheckpoint(Map.copyOf(nextOffsets)) : ReadCheckpoint.NOT_STARTED;
  }

  @Override
  public UnboundedLogSource getCurrentSource() {
    return source;
  }

  @Override
  public void close() {
    if (poller != null) {
      poller.close();
    }
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.exception.TableNotExistException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the cluster, on a thread of its own, what a log scanner does not tell: which partitions
 * there are, how far the logs go of which nothing comes, and whether the table is still there.
 */
final class ClusterWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterWatch.class);

  private static final Duration INTERVAL = Duration.ofSeconds(1);
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(200);

  /** Of what is silent for as long, the end is asked for. */
  private static final Duration QUIET = Duration.ofMillis(500);

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** At most a fifth of the time goes into asking, however many partitions there are. */
  private static final int REST = 4;

  private final SplitFeed feed;
  private final ReadSpec spec;
  private final FlussTable table;
  private final Admin admin;
  private final Discovery discovery;
  private final Semaphore wake = new Semaphore(0);
  private final Thread thread;

  private volatile boolean closed;
  private volatile Map<Long, Partition> partitions = Map.of();
  private boolean complete;
  private long lastDiscovery = System.nanoTime();

  ClusterWatch(SplitFeed feed, ReadSpec spec, Admin admin, Discovery discovery, String name) {
    this.feed = feed;
    this.spec = spec;
    this.table = spec.table();
    this.admin = admin;
    this.discovery = discovery;
    this.thread = new Thread(this::run, name);
    thread.setDaemon(true);
  }

  void start(Discovery.Found found) {
    remember(found);
    thread.start();
  }

  /** Those found last. */
  Collection<Partition> partitions() {
    return partitions.values();
  }

  /** Something is wrong: look for the reason now. */
  void lookNow() {
    wake.release();
  }

  private void run() {
    long pause = 0;
    while (!closed) {
      try {
        boolean asked = wake.tryAcquire(pause, TimeUnit.MILLISECONDS);
        wake.drainPermits();
        long start = System.nanoTime();
        cycle(asked);
        long took = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start);
        pause = Math.max(complete ? interval() : RETRY_INTERVAL.toMillis(), REST * took);
      } catch (InterruptedException e) {
        return;
      } catch (RuntimeException e) {
        LOG.warn("{} does not answer; asking again.", table.cluster(), e);
        lastDiscovery = System.nanoTime() - spec.partitionDiscoveryInterval().toNanos();
        checkTable();
        pause = RETRY_INTERVAL.toMillis();
      }
    }
  }

  private long interval() {
    return isPartitioned()
        ? Math.min(INTERVAL.toMillis(), spec.partitionDiscoveryInterval().toMillis())
        : INTERVAL.toMillis();
  }

  private boolean isPartitioned() {
    return !table.partitionColumns().isEmpty();
  }

  private void cycle(boolean discoverNow) {
    if (discoverNow) {
      checkTable();
    }
    if (isPartitioned()
        && (discoverNow
            || !complete
            || System.nanoTime() - lastDiscovery >= spec.partitionDiscoveryInterval().toNanos())) {
      Discovery.Found found = discovery.look(admin);
      if (!isSameTable()) {
        return;
      }
      remember(found);
      feed.tell(found);
    }
    askForEnds();
  }

  private void remember(Discovery.Found found) {
    complete = found.complete();
    lastDiscovery = System.nanoTime();
    partitions =
        found.partitions().stream()
            .collect(Collectors.toMap(Partition::id, partition -> partition));
  }

  /** What one partition does not tell keeps nobody from hearing of the others. */
  private void askForEnds() {
    Map<Long, List<BucketId>> quiet =
        feed.liveness().quietFor(QUIET).stream()
            .collect(Collectors.groupingBy(BucketId::partitionId));
    Map<BucketId, Long> ends = new HashMap<>();
    Map<BucketId, Long> beginnings = new HashMap<>();
    RuntimeException failure = null;
    long asOf = System.currentTimeMillis();
    for (Map.Entry<Long, List<BucketId>> entry : quiet.entrySet()) {
      Partition partition = partitions.get(entry.getKey());
      if (partition != null && !closed) {
        try {
          askForEnds(partition, entry.getValue(), ends, beginnings);
        } catch (RuntimeException e) {
          failure = e;
        }
      }
    }
    // asked for by the table's name: a table made anew under it has other ends
    if (!ends.isEmpty() && isSameTable()) {
      feed.liveness().heardOf(ends.keySet());
      feed.tell(ends, beginnings, asOf);
    }
    if (failure != null) {
      throw failure;
    }
  }

  private void askForEnds(
      Partition partition,
      List<BucketId> buckets,
      Map<BucketId, Long> ends,
      Map<BucketId, Long> beginnings) {
    Map<BucketId, Long> found = offsets(partition, buckets, new OffsetSpec.LatestSpec());
    List<BucketId> untouched =
        found.keySet().stream()
            .filter(bucket -> found.get(bucket) > 0 && !feed.hasBegun(bucket))
            .toList();
    if (!untouched.isEmpty()) {
      beginnings.putAll(offsets(partition, untouched, new OffsetSpec.EarliestSpec()));
    }
    ends.putAll(found);
  }

  /** All that answer: where one is silent, the others are asked one by one. */
  private Map<BucketId, Long> offsets(Partition partition, List<BucketId> buckets, OffsetSpec at) {
    Map<BucketId, Long> result = new HashMap<>();
    try {
      partition
          .offsets(table, admin, buckets.stream().map(BucketId::bucket).toList(), at, PATIENCE)
          .forEach((bucket, offset) -> result.put(partition.bucket(bucket), offset));
      return result;
    } catch (RuntimeException e) {
      if (buckets.size() == 1) {
        throw e;
      }
      RuntimeException last = e;
      for (BucketId bucket : buckets) {
        try {
          result.putAll(offsets(partition, List.of(bucket), at));
        } catch (RuntimeException ofOne) {
          last = ofOne;
        }
      }
      if (result.isEmpty()) {
        throw last;
      }
      return result;
    }
  }

  private void checkTable() {
    try {
      var unused = isSameTable();
    } catch (RuntimeException e) {
      LOG.info("It is not known whether table {} is still there.", table.path(), e);
    }
  }

  /** Ends the read if the table is gone. */
  private boolean isSameTable() {
    long id;
    try {
      id =
          Waiting.ask(
                  () -> admin.getTableInfo(table.tablePath()),
                  table.cluster(),
                  "describe table " + table.path())
              .getTableId();
    } catch (CompletionException e) {
      if (!(Waiting.unwrap(e) instanceof TableNotExistException)) {
        throw e;
      }
      feed.fail(
          new IllegalStateException(
              String.format(
                  "Table %s on %s was dropped while it was read.", table.path(), table.cluster()),
              e));
      return false;
    }
    if (id != table.tableId()) {
      feed.fail(new IllegalStateException(OpenTable.replaced(table)));
    }
    return id == table.tableId();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}

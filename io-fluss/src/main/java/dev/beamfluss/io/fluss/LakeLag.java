package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.stream.IntStream;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.exception.FetchException;

/**
 * How far the lake of a partition is behind its log. The cluster drops a partition when its time
 * has come, whether or not its rows have reached the lake: those that have not are lost then.
 *
 * @param partition its name; empty for a table without partitions
 * @param untieredRows changes in the log that the lake does not have; an update counts twice, and a
 *     batch without effect may count once, so this is the most there can be
 * @param age for how long the oldest of them has been stored; zero if there is none
 */
public record LakeLag(String partition, long untieredRows, Duration age) {
  private static final Duration POLL = Duration.ofMillis(100);

  /**
   * The lag of each partition that the cluster has of a lake table now, all of it where nothing was
   * tiered yet. Asks for the ends of the logs, and reads a few rows of each bucket that is behind.
   *
   * @throws IllegalArgumentException if there is no such table, or it is not a lake table
   * @throws FlussUnreachableException if the cluster does not answer within 20 seconds
   */
  public static List<LakeLag> of(FlussCluster cluster, String table) {
    FlussTable described = cluster.describe(table);
    described.requireLake();
    try (Connections.Lease lease = Connections.lease(cluster, "metadata")) {
      Admin admin = lease.connection().getAdmin();
      List<Partition> partitions = partitions(described, admin);
      LakeStart tiered = LakeStart.latest(described, admin);
      List<LakeLag> result = new ArrayList<>();
      for (Partition partition : partitions) {
        try {
          result.add(of(partition, described, admin, tiered.offsets()));
        } catch (RuntimeException e) {
          // one that is dropped while it is asked has nothing to lose any more
          if (partitions(described, admin).contains(partition)) {
            throw e;
          }
        }
      }
      return result;
    }
  }

  private static List<Partition> partitions(FlussTable table, Admin admin) {
    return Waiting.ask(
        () -> Partition.list(table, admin),
        table.cluster(),
        "list the partitions of table " + table.path());
  }

  private static LakeLag of(
      Partition partition, FlussTable table, Admin admin, Map<BucketId, Long> tiered) {
    long deadline = System.nanoTime() + Waiting.METADATA_PATIENCE.toNanos();
    while (true) {
      Map<BucketId, BucketRange> untiered = untiered(partition, table, admin, tiered);
      OptionalLong oldest;
      try {
        oldest = oldest(table, untiered, deadline);
      } catch (FetchException e) {
        // what has expired since its offset was asked for is no longer the oldest
        if (System.nanoTime() > deadline) {
          throw e;
        }
        continue;
      }
      return new LakeLag(
          Lake.nameOf(partition),
          untiered.values().stream().mapToLong(BucketRange::rows).sum(),
          oldest.isEmpty()
              ? Duration.ZERO
              : Duration.ofMillis(Math.max(0, System.currentTimeMillis() - oldest.getAsLong())));
    }
  }

  private static Map<BucketId, BucketRange> untiered(
      Partition partition, FlussTable table, Admin admin, Map<BucketId, Long> tiered) {
    List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
    Map<Integer, Long> beginnings =
        partition.offsets(table, admin, buckets, new OffsetSpec.EarliestSpec());
    Map<Integer, Long> ends = partition.offsets(table, admin, buckets, new OffsetSpec.LatestSpec());
    Map<BucketId, BucketRange> untiered = new HashMap<>();
    for (int bucket : buckets) {
      BucketId id = partition.bucket(bucket);
      long from = Math.max(beginnings.get(bucket), tiered.getOrDefault(id, 0L));
      if (from < ends.get(bucket)) {
        untiered.put(id, new BucketRange(id, BucketPosition.inLog(from), ends.get(bucket)));
      }
    }
    return untiered;
  }

  /** When the oldest row of some stretches was stored. */
  private static OptionalLong oldest(
      FlussTable table, Map<BucketId, BucketRange> ranges, long deadline) {
    if (ranges.isEmpty()) {
      return OptionalLong.empty();
    }
    List<String> aColumn = table.schema().getFieldNames().subList(0, 1);
    List<Long> stored = new ArrayList<>();
    try (LogPoller poller = new LogPoller(ReadSpec.builder(table).setColumns(aColumn).build())) {
      ranges.forEach((bucket, range) -> poller.subscribe(bucket, range.start().offset()));
      while (!poller.isIdle()) {
        for (LogPoller.Polled polled : poller.poll(POLL)) {
          RowBatch batch = polled.before(ranges.get(polled.bucket()).stop());
          if (batch != null && batch.size() > 0) {
            stored.add(batch.minTimestamp(0));
          }
          poller.unsubscribe(polled.bucket());
        }
        // of changes without effect, which take an offset, no row comes
        for (BucketId bucket : poller.subscribed()) {
          if (poller.position(bucket) >= ranges.get(bucket).stop()) {
            poller.unsubscribe(bucket);
          }
        }
        if (System.nanoTime() > deadline) {
          throw new FlussUnreachableException(
              String.format(
                  "Nothing came of the log of table %s on %s for %d s. Check the tablet servers.",
                  table.path(), table.cluster(), Waiting.METADATA_PATIENCE.toSeconds()),
              null);
        }
      }
    }
    return stored.stream().mapToLong(Long::longValue).min();
  }
}

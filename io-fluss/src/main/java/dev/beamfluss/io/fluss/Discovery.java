package dev.beamfluss.io.fluss;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletionException;
import java.util.stream.Stream;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.PartitionNotExistException;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds the buckets of a split and where each is to be read from. Not thread-safe. */
final class Discovery {
  private static final Logger LOG = LoggerFactory.getLogger(Discovery.class);

  /**
   * What a look found.
   *
   * @param partitions all there are now
   * @param appeared buckets not seen before
   * @param gone buckets that were there before
   * @param asOf when it was asked for, in milliseconds since the epoch
   * @param complete whether there is more to find, which was not ready
   * @param tiered where the lake's copy of the buckets that are gone ends; empty unless it is read
   */
  record Found(
      List<Partition> partitions,
      Map<BucketId, BucketPosition> appeared,
      Collection<BucketId> gone,
      long asOf,
      boolean complete,
      Map<BucketId, Long> tiered) {}

  private final ReadSpec spec;
  private final List<Integer> owned;
  private final Set<BucketId> known;
  private final Lake.@Nullable Plan lake;
  private boolean first;

  /** Whether a checkpoint is gone on from that was not looked at yet. */
  private boolean restored;

  /**
   * @param owned the buckets of each partition
   * @param known what is being read already
   * @param first whether the read begins, at its starting position; a partition that is found later
   *     is new and read from its beginning, as it was not there to be left out
   * @param lake what the lake holds, or null if it is not read
   */
  Discovery(
      ReadSpec spec,
      List<Integer> owned,
      Set<BucketId> known,
      boolean first,
      Lake.@Nullable Plan lake) {
    this.spec = spec;
    this.owned = owned;
    this.known = new HashSet<>(known);
    this.known.removeIf(bucket -> !bucket.isInCluster());
    this.first = first;
    this.lake = lake;
    this.restored = !first && spec.lake() != null && !spec.table().partitionColumns().isEmpty();
  }

  Found look(Admin admin) {
    long asOf = System.currentTimeMillis();
    List<Partition> partitions =
        Waiting.ask(
            () -> Partition.list(spec, admin),
            spec.table().cluster(),
            "list the partitions of table " + spec.table().path());
    Map<BucketId, BucketPosition> appeared = new HashMap<>();
    Set<BucketId> present = new HashSet<>();
    Set<String> inCluster = new HashSet<>();
    boolean complete = true;
    for (Partition partition : partitions) {
      List<BucketId> buckets = owned.stream().map(partition::bucket).toList();
      present.addAll(buckets);
      if (!known.containsAll(buckets)) {
        try {
          start(partition, admin)
              .forEach((bucket, position) -> appeared.put(partition.bucket(bucket), position));
          inCluster.add(Lake.nameOf(partition));
        } catch (FlussRuntimeException | CompletionException e) {
          if (first && !(Waiting.unwrap(e) instanceof PartitionNotExistException)) {
            throw e;
          }
          LOG.info("{} is being made or dropped; trying again.", partition, e);
          complete = false;
        }
      }
    }
    Set<BucketId> gone = new HashSet<>(known);
    gone.removeAll(present);
    Map<BucketId, Long> tiered = Map.of();
    if (spec.lake() != null && (!gone.isEmpty() || restored)) {
      tiered = LakeStart.tiered(spec.table(), admin);
    }
    if (restored) {
      checkNoneUnseen(tiered.keySet(), admin);
      restored = false;
    }
    known.addAll(appeared.keySet());
    known.removeAll(gone);
    if (first && lake != null) {
      appeared.putAll(onlyInLake(inCluster));
    }
    first = false;
    return new Found(partitions, appeared, gone, asOf, complete, tiered);
  }

  /**
   * @throws IllegalStateException if the lake has partitions that were made, and dropped by the
   *     cluster, while the read was stopped
   */
  private void checkNoneUnseen(Set<BucketId> tiered, Admin admin) {
    // ids are given in turn, and not again
    long youngest =
        Stream.concat(known.stream(), spec.lake().offsets().keySet().stream())
            .mapToLong(BucketId::partitionId)
            .max()
            .orElse(BucketId.NO_PARTITION);
    Set<Long> unseen = new TreeSet<>();
    tiered.forEach(bucket -> unseen.add(bucket.partitionId()));
    unseen.removeIf(partition -> partition <= youngest);
    if (unseen.isEmpty()) {
      return;
    }
    Waiting.ask(
            () -> Partition.list(spec.table(), admin),
            spec.table().cluster(),
            "list the partitions of table " + spec.table().path())
        .forEach(partition -> unseen.remove(partition.id()));
    if (unseen.isEmpty()) {
      return;
    }
    String message =
        String.format(
            "Partitions of table %s came and went while its read was stopped, and are in the lake"
                + " alone now (ids %s).",
            spec.table().path(), unseen);
    if (spec.partitionFilter() != null) {
      LOG.warn("{} Were they to be read, start the pipeline without its old checkpoint.", message);
      return;
    }
    throw new IllegalStateException(message + LakeStart.START_ANEW);
  }

  /** Of partitions that the cluster has dropped, and rows that are in no bucket there. */
  private Map<BucketId, BucketPosition> onlyInLake(Set<String> inCluster) {
    Map<BucketId, BucketPosition> result = new HashMap<>();
    for (String partition : lake.partitions()) {
      for (int bucket : lake.of(partition).keySet()) {
        boolean hasLog = bucket >= 0 && inCluster.contains(partition);
        if (!hasLog && owned.contains(bucket < 0 ? -1 - bucket : bucket)) {
          result.put(
              new BucketId(lake.idOf(partition), bucket),
              BucketPosition.inLake(spec.lake().snapshot(), 0, BucketPosition.NO_LOG, partition));
        }
      }
    }
    return result;
  }

  private Map<Integer, BucketPosition> start(Partition partition, Admin admin) {
    if (first || spec.start().kind() == Position.Kind.FULL) {
      return partition.start(spec, isInLake(partition) ? lake : null, admin, owned);
    }
    Map<Integer, BucketPosition> beginning = new HashMap<>();
    owned.forEach(
        bucket -> beginning.put(bucket, BucketPosition.inLog(LogScanner.EARLIEST_OFFSET)));
    return beginning;
  }

  /** One made later under the name of one in the lake is another: the lake's was read already. */
  private boolean isInLake(Partition partition) {
    return lake != null
        && (first
            || spec.lake().offsets().keySet().stream()
                .anyMatch(bucket -> bucket.partitionId() == partition.id()));
  }
}

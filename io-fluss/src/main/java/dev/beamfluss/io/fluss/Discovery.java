package dev.beamfluss.io.fluss;

import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.PartitionNotExistException;
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
   */
  record Found(
      List<Partition> partitions,
      Map<BucketId, BucketPosition> appeared,
      Collection<BucketId> gone,
      long asOf,
      boolean complete) {}

  private final ReadSpec spec;
  private final List<Integer> owned;
  private final Set<BucketId> known;
  private boolean first;

  /**
   * @param owned the buckets of each partition
   * @param known what is being read already
   * @param first whether the read begins, at its starting position; a partition that is found later
   *     is new and read from its beginning, as it was not there to be left out
   */
  Discovery(ReadSpec spec, List<Integer> owned, Set<BucketId> known, boolean first) {
    this.spec = spec;
    this.owned = owned;
    this.known = new HashSet<>(known);
    this.first = first;
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
    boolean complete = true;
    for (Partition partition : partitions) {
      List<BucketId> buckets = owned.stream().map(partition::bucket).toList();
      present.addAll(buckets);
      if (!known.containsAll(buckets)) {
        try {
          start(partition, admin)
              .forEach((bucket, position) -> appeared.put(partition.bucket(bucket), position));
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
    known.addAll(appeared.keySet());
    known.removeAll(gone);
    first = false;
    return new Found(partitions, appeared, gone, asOf, complete);
  }

  private Map<Integer, BucketPosition> start(Partition partition, Admin admin) {
    if (first || spec.start().kind() == Position.Kind.FULL) {
      return partition.start(spec, admin, owned);
    }
    Map<Integer, BucketPosition> beginning = new HashMap<>();
    owned.forEach(
        bucket -> beginning.put(bucket, BucketPosition.inLog(LogScanner.EARLIEST_OFFSET)));
    return beginning;
  }
}

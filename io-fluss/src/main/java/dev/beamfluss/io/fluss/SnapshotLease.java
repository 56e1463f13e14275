package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.KvSnapshotLease;
import org.apache.fluss.metadata.TableBucket;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps the cluster from removing the snapshots that a read is in the middle of. */
final class SnapshotLease {
  private static final Logger LOG = LoggerFactory.getLogger(SnapshotLease.class);

  /** How long a stopped read may stay stopped and still go on in its snapshot; as Flink's. */
  private static final Duration DURATION = Duration.ofDays(1);

  private final FlussTable table;
  private final KvSnapshotLease lease;

  SnapshotLease(ReadSpec spec, Admin admin) {
    this.table = spec.table();
    this.lease = admin.createKvSnapshotLease(spec.leaseId(), DURATION.toMillis());
  }

  /** Says whether all of the snapshots are still there, and kept from now on. */
  boolean acquire(Map<BucketId, Long> snapshots) {
    Map<TableBucket, Long> wanted =
        snapshots.entrySet().stream()
            .collect(Collectors.toMap(e -> e.getKey().of(table.tableId()), Map.Entry::getValue));
    return wanted.isEmpty()
        || Waiting.ask(
                () -> lease.acquireSnapshots(wanted),
                table.cluster(),
                "keep the snapshots of table " + table.path())
            .getUnavailableTableBucketSet()
            .isEmpty();
  }

  /** Does not wait; where it fails, the lease runs out in its time. */
  void release(Collection<BucketId> buckets) {
    Set<TableBucket> done =
        buckets.stream().map(bucket -> bucket.of(table.tableId())).collect(Collectors.toSet());
    var unused =
        lease
            .releaseSnapshots(done)
            .whenComplete(
                (nothing, e) -> {
                  if (e != null) {
                    LOG.warn("Could not release the snapshots of {}.", table.path(), e);
                  }
                });
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.fluss.client.metadata.MetadataUpdater;
import org.apache.fluss.client.table.getter.PartitionGetter;
import org.apache.fluss.exception.PartitionNotExistException;
import org.apache.fluss.exception.RetriableException;
import org.apache.fluss.metadata.PhysicalTablePath;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;

/**
 * What the client of Fluss 0.9.1 does not find out about partitions by itself: that one it has seen
 * was dropped, or made anew, and, once no server was left for a while, which table one is of. It
 * goes on asking for ever then.
 */
final class LookupPartitions {
  /** How long an answer may take before the client is made to ask for its partition again. */
  private static final Duration PATIENCE = Duration.ofSeconds(1);

  private final FlussTable table;
  private final MetadataUpdater metadata;
  private final PartitionGetter getter;
  private final Set<String> dropped = new HashSet<>();

  /**
   * @param key the columns of the packed keys
   */
  LookupPartitions(FlussTable table, OpenTable open, List<String> key) {
    this.table = table;
    this.metadata = open.metadata();
    this.getter = new PartitionGetter(table.rowType().project(key), table.partitionColumns());
  }

  /** The client asks for partitions that have no legal name too, and fails on some. */
  boolean canExist(InternalRow key) {
    return Arrays.stream(getter.getPartition(key).split("\\$", -1))
        .allMatch(value -> TablePath.detectInvalidName(value) == null);
  }

  /** Asks the cluster again for a partition that was dropped; the client does not. */
  boolean isKnownToBeMissing(InternalRow key) {
    if (dropped.isEmpty()) {
      return false;
    }
    String partition = getter.getPartition(key);
    if (!dropped.contains(partition)) {
      return false;
    }
    return !renew(partition);
  }

  /**
   * Waits until there is an answer or it is too late. Answers the lookup itself where the partition
   * is not there any more, and lets it fail, to be called again, where it was made anew.
   */
  <T> void await(InternalRow key, CompletableFuture<List<T>> answer, long deadline) {
    while (!isDoneIn(Math.min(PATIENCE.toNanos(), deadline - System.nanoTime()), answer)
        && System.nanoTime() < deadline) {
      String partition = getter.getPartition(key);
      Optional<Long> before = metadata.getPartitionId(path(partition));
      try {
        if (!renew(partition)) {
          answer.complete(List.of());
        } else if (!before.equals(metadata.getPartitionId(path(partition)))) {
          answer.completeExceptionally(new MadeAnewException(partition));
        }
      } catch (RuntimeException e) {
        // nobody to ask
      }
    }
  }

  private static boolean isDoneIn(long nanos, CompletableFuture<?> answer) {
    try {
      var unused = answer.get(nanos, TimeUnit.NANOSECONDS);
      return true;
    } catch (TimeoutException e) {
      return false;
    } catch (ExecutionException e) {
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return true; // whoever waits for the answer will notice
    }
  }

  /** Says whether the partition is there, and has the client know it as it is now. */
  private boolean renew(String partition) {
    try {
      // on its own, as the client fails on a partition before it looks at the table that came with
      // it
      metadata.checkAndUpdateTableMetadata(Set.of(table.tablePath()));
      metadata.updateMetadata(Set.of(table.tablePath()), Set.of(path(partition)), null);
      dropped.remove(partition);
      return true;
    } catch (RuntimeException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        if (cause instanceof PartitionNotExistException) {
          dropped.add(partition);
          return false;
        }
      }
      throw e;
    }
  }

  private PhysicalTablePath path(String partition) {
    return PhysicalTablePath.of(table.tablePath(), partition);
  }

  private static final class MadeAnewException extends RetriableException {
    MadeAnewException(String partition) {
      super("partition " + partition + " was dropped and created again meanwhile");
    }
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.Collection;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.TableNotExistException;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * When the cluster was last heard of each bucket, by its rows or by an answer to a question. The
 * client of Fluss goes on trying for ever and in silence, so this is how a read knows that it is
 * cut off. Thread-safe.
 */
final class Liveness {
  private static final Logger LOG = LoggerFactory.getLogger(Liveness.class);
  private static final Duration RETRY_INTERVAL = Duration.ofMillis(200);

  private final FlussTable table;
  private final Duration timeout;
  private final Map<BucketId, Heard> heard = new ConcurrentHashMap<>();
  private volatile boolean paused;
  private volatile long pausedNanos;
  private long pausedSince;

  /**
   * @param at in nanoseconds
   * @param paused for how long the reading had waited for the pipeline by then
   */
  private record Heard(long at, long paused) {}

  Liveness(ReadSpec spec) {
    this.table = spec.table();
    this.timeout = spec.clusterTimeout();
  }

  void heardOf(BucketId bucket) {
    heard.put(bucket, new Heard(System.nanoTime(), pausedNanos));
  }

  void heardOf(Collection<BucketId> buckets) {
    buckets.forEach(this::heardOf);
  }

  void forget(BucketId bucket) {
    heard.remove(bucket);
  }

  /** Those of which nothing was heard for as long as given. */
  Set<BucketId> quietFor(Duration time) {
    return quietFor(time, false);
  }

  private Set<BucketId> quietFor(Duration time, boolean leavingOutPauses) {
    long pausedTillNow = pausedNanos;
    long now = System.nanoTime();
    Set<BucketId> quiet = new HashSet<>();
    heard.forEach(
        (bucket, last) -> {
          long pauses = leavingOutPauses ? pausedTillNow - last.paused() : 0;
          if (now - last.at() - pauses >= time.toNanos()) {
            quiet.add(bucket);
          }
        });
    return quiet;
  }

  /** The reading waits for the pipeline: that nothing is heard is not the cluster's fault. */
  void pause() {
    if (!paused) {
      pausedSince = System.nanoTime();
      paused = true;
    }
  }

  void resume() {
    if (paused) {
      pausedNanos = pausedNanos + System.nanoTime() - pausedSince;
      paused = false;
    }
  }

  /**
   * @throws FlussUnreachableException if nothing was heard of a bucket for too long
   */
  void check() {
    if (paused) {
      return;
    }
    Set<BucketId> silent = quietFor(timeout, true);
    if (!silent.isEmpty() && !paused) {
      throw new FlussUnreachableException(
          String.format(
              "Nothing was heard of %d buckets of table %s on %s for %d s, %s for one. Check the"
                  + " tablet servers that lead them, and that this machine reaches them.",
              silent.size(),
              table.path(),
              table.cluster(),
              timeout.toSeconds(),
              silent.iterator().next().describe()),
          null);
    }
  }

  /**
   * Does what needs the cluster, again and again until it works or too much time has passed.
   *
   * @param given whether to give up and return null
   */
  <T> @Nullable T until(BooleanSupplier given, Supplier<T> work) {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (!given.getAsBoolean()) {
      try {
        return work.get();
      } catch (FlussUnreachableException | CompletionException | FlussRuntimeException e) {
        if (isOfNoTable(e)) {
          throw new IllegalStateException(
              String.format(
                  "Table %s does not exist on %s any more. It was there when the pipeline was"
                      + " built.",
                  table.path(), table.cluster()),
              e);
        }
        if (System.nanoTime() > deadline) {
          throw e;
        }
        LOG.warn("Beginning to read {} failed; trying again.", table.path(), e);
      }
      LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
    }
    return null;
  }

  /** Some of the servers' answers have it in the text of another error. */
  private static boolean isOfNoTable(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof TableNotExistException
          || String.valueOf(cause.getMessage()).contains(TableNotExistException.class.getName())) {
        return true;
      }
    }
    return false;
  }
}

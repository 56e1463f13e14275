package dev.beamfluss.benchmarks;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.metadata.TablePath;

/**
 * How fast a job writes a KV table, whoever it is: by the ends of the table's changelogs, which
 * have a record for a new row and two for one that was updated.
 */
final class SinkGrowth {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int POLL_MILLIS = 5;
  private static final List<Integer> ALL_BUCKETS =
      IntStream.range(0, EventTable.BUCKETS).boxed().toList();

  /** Throws if nothing more is to be expected. */
  @FunctionalInterface
  interface Check {
    void run() throws Exception;
  }

  private final Admin admin;
  private final TablePath table;
  private final long before;

  /** Growth from now on. */
  SinkGrowth(Connection connection, TablePath table) throws Exception {
    this.admin = connection.getAdmin();
    this.table = table;
    this.before = end();
  }

  private long end() throws Exception {
    return ends(admin, table).values().stream().mapToLong(Long::longValue).sum();
  }

  /** Where the changelog of each bucket ends. */
  static Map<Integer, Long> ends(Connection connection, TablePath table) throws Exception {
    return ends(connection.getAdmin(), table);
  }

  private static Map<Integer, Long> ends(Admin admin, TablePath table) throws Exception {
    return admin
        .listOffsets(table, ALL_BUCKETS, new OffsetSpec.LatestSpec())
        .all()
        .get(1, TimeUnit.MINUTES);
  }

  /** Records until now. */
  long records() throws Exception {
    return end() - before;
  }

  /**
   * Records a second from the first to the last, once the expected number has come: what a job
   * needs to start is not part of it.
   */
  double awaitRate(long expected, Check check) throws Exception {
    long first = await(1, check);
    long start = System.nanoTime();
    await(expected, check);
    long nanos = Math.max(1, System.nanoTime() - start);
    return Math.max(1, expected - first) * (double) TimeUnit.SECONDS.toNanos(1) / nanos;
  }

  /** Returns how many there are once there are enough. */
  long await(long expected, Check check) throws Exception {
    long last = 0;
    long progress = System.nanoTime();
    while (true) {
      long records = records();
      if (records >= expected) {
        return records;
      }
      if (records > last) {
        last = records;
        progress = System.nanoTime();
      } else if (System.nanoTime() - progress > PATIENCE.toNanos()) {
        throw new IllegalStateException(
            String.format(
                "Of %d records, %d are in %s, and no more came in %s",
                expected, records, table, PATIENCE));
      }
      check.run();
      TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
    }
  }

  /** That nobody did more than was asked of him: a join that is done writes nothing more. */
  void requireExactly(long expected) throws Exception {
    long records = records();
    if (records != expected) {
      throw new IllegalStateException(
          String.format("%d records came into %s, not %d", records, table, expected));
    }
  }
}

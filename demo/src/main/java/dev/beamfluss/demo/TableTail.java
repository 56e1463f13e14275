package dev.beamfluss.demo;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.RetriableException;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.InternalRow;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the changelog of a table with Fluss's own client, so that what the pipeline wrote is seen
 * without any of our connector's code.
 */
final class TableTail implements AutoCloseable {

  /** Takes the changes of the table, bucket by bucket in order. */
  @FunctionalInterface
  interface Listener {
    /**
     * A change.
     *
     * @param present whether the row is there after it
     * @param storedAt when the cluster stored it, in milliseconds since 1970
     */
    void onChange(boolean present, InternalRow row, long storedAt);
  }

  private static final Logger LOG = LoggerFactory.getLogger(TableTail.class);
  private static final Duration POLL = Duration.ofMillis(50);
  private static final long DISCOVERY_NANOS = TimeUnit.MILLISECONDS.toNanos(250);

  private final Connection connection;
  private final TablePath path;
  private final Listener listener;
  private final Thread thread;
  private volatile boolean closed;
  private volatile @Nullable Throwable failure;

  TableTail(String bootstrapServers, TablePath path, Listener listener) {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrapServers);
    configuration.setString("client.scanner.log.fetch.wait-max-time", "50ms");
    configuration.setString("client.scanner.log.fetch.max-bytes-for-bucket", "8mb");
    this.connection = ConnectionFactory.createConnection(configuration);
    this.path = path;
    this.listener = listener;
    this.thread = new Thread(this::follow, "tail-" + path.getTableName());
    this.thread.setDaemon(true);
    this.thread.start();
  }

  @SuppressWarnings("try") // an interrupt while closing ends the thread like any other
  private void follow() {
    try (Table table = connection.getTable(path);
        LogScanner scanner = table.newScan().createLogScanner()) {
      boolean partitioned = table.getTableInfo().isPartitioned();
      if (!partitioned) {
        for (int bucket = 0; bucket < table.getTableInfo().getNumBuckets(); bucket++) {
          scanner.subscribe(bucket, LogScanner.EARLIEST_OFFSET);
        }
      }
      Set<Long> subscribed = new HashSet<>();
      long nextDiscovery = System.nanoTime();
      while (!closed) {
        if (partitioned && System.nanoTime() >= nextDiscovery) {
          subscribeToNew(table, scanner, subscribed);
          nextDiscovery = System.nanoTime() + DISCOVERY_NANOS;
        }
        if (partitioned && subscribed.isEmpty()) {
          TimeUnit.NANOSECONDS.sleep(DISCOVERY_NANOS);
          continue;
        }
        ScanRecords records = scanner.poll(POLL);
        for (ScanRecord record : records) {
          if (record.getChangeType() != ChangeType.UPDATE_BEFORE) {
            listener.onChange(
                record.getChangeType() != ChangeType.DELETE, record.getRow(), record.timestamp());
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      failure = e;
    }
  }

  private void subscribeToNew(Table table, LogScanner scanner, Set<Long> subscribed)
      throws InterruptedException, ExecutionException, TimeoutException {
    List<PartitionInfo> partitions;
    try {
      partitions = connection.getAdmin().listPartitionInfos(path).get(30, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RetriableException) {
        // the server that was asked has just died; another is, the next time
        LOG.debug("The partitions of {} cannot be listed now", path, e);
        return;
      }
      throw e;
    }
    for (PartitionInfo partition : partitions) {
      long id = partition.getPartitionId();
      if (!subscribed.contains(id)) {
        try {
          for (int bucket = 0; bucket < table.getTableInfo().getNumBuckets(); bucket++) {
            scanner.subscribe(id, bucket, LogScanner.EARLIEST_OFFSET);
          }
          subscribed.add(id);
        } catch (FlussRuntimeException e) {
          LOG.debug("Partition {} of {} cannot be read yet", id, path, e);
        }
      }
    }
  }

  /**
   * Tells whether it still follows.
   *
   * @throws IllegalStateException if it does not
   */
  void check() {
    Throwable cause = failure;
    if (cause != null) {
      throw new IllegalStateException("Could not follow table " + path, cause);
    }
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
  }
}

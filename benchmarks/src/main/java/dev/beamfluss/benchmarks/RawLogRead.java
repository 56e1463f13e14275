package dev.beamfluss.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;

/**
 * Reads the first columns of a log table with Fluss's scanner alone, a thread for each share of the
 * buckets, and makes the Beam rows that the connector makes.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class RawLogRead {
  private static final Duration POLL = Duration.ofMillis(20);

  private final Connection connection;
  private final EventTable table;
  private final Schema schema;
  private final int threads;
  private final Counter.Step step;

  RawLogRead(
      Connection connection, EventTable table, Schema schema, int threads, Counter.Step step) {
    this.connection = connection;
    this.table = table;
    this.schema = schema;
    this.threads = threads;
    this.step = step;
  }

  double measure(long rows) throws Exception {
    Counter.reset();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> readers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int share = thread;
        readers.add(
            executor.submit(
                () -> {
                  read(share, rows);
                  return null;
                }));
      }
      double rate = Counter.awaitRate(rows);
      for (Future<?> reader : readers) {
        reader.get();
      }
      return rate;
    } finally {
      executor.shutdownNow();
    }
  }

  private void read(int share, long rows) throws Exception {
    try (Table open = connection.getTable(table.path());
        LogScanner scanner = scanner(open)) {
      for (int bucket = share; bucket < EventTable.BUCKETS; bucket += threads) {
        scanner.subscribeFromBeginning(bucket);
      }
      while (Counter.rows() < rows && !Thread.currentThread().isInterrupted()) {
        ScanRecords records = scanner.poll(POLL);
        for (ScanRecord record : records) {
          step.accept(table.decode(record.getRow(), schema));
        }
      }
    }
  }

  private LogScanner scanner(Table open) {
    int read = schema.getFieldCount();
    return read == table.columns()
        ? open.newScan().createLogScanner()
        : open.newScan().project(IntStream.range(0, read).toArray()).createLogScanner();
  }
}

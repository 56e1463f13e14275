package dev.beamfluss.benchmarks;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.source.ReadBuilder;
import org.apache.paimon.table.source.Split;

/**
 * Reads the first columns of a table with Paimon's reader alone, threads that take splits from a
 * queue, and makes the Beam rows that the connector makes.
 */
final class RawPaimonRead {
  private final Table table;
  private final Schema schema;
  private final int threads;

  RawPaimonRead(Table table, Schema schema, int threads) {
    this.table = table;
    this.schema = schema;
    this.threads = threads;
  }

  double measure(long rows) throws Exception {
    Counter.reset();
    ReadBuilder read =
        table.newReadBuilder().withReadType(table.rowType().project(schema.getFieldNames()));
    Queue<Split> splits = new ConcurrentLinkedQueue<>(read.newScan().plan().splits());
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> readers = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        readers.add(
            executor.submit(
                () -> {
                  for (Split split = splits.poll(); split != null; split = splits.poll()) {
                    read(read.newRead().createReader(split));
                  }
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

  private void read(RecordReader<InternalRow> reader) throws IOException {
    try (reader) {
      reader.forEachRemaining(row -> Counter.count(PaimonEvents.decode(row, schema)));
    }
  }
}

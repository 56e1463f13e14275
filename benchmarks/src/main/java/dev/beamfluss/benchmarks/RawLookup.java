package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongUnaryOperator;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.lookup.LookupResult;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Looks up by the first column of a table with the client of Fluss alone: a thread for each share
 * of the keys keeps some lookups in flight, and answers become the Beam rows that the connector
 * makes.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class RawLookup {
  private final Connection connection;
  private final int threads;
  private final int inFlight;

  /**
   * @param connection shared by the threads
   * @param inFlight how many lookups of a thread may be unanswered
   */
  RawLookup(Connection connection, int threads, int inFlight) {
    this.connection = connection;
    this.threads = threads;
    this.inFlight = inFlight;
  }

  /** Answers a second, from the making of the first key to the last answer. */
  double measure(EventTable table, Schema schema, LongUnaryOperator keys, long number)
      throws Exception {
    Counter.reset();
    Shares.run(threads, number, (from, to) -> lookUp(table, schema, keys, from, to));
    return Counter.awaitRateSinceBegin(number);
  }

  private void lookUp(EventTable table, Schema schema, LongUnaryOperator keys, long from, long to)
      throws Exception {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    Semaphore free = new Semaphore(inFlight);
    try (Table open = connection.getTable(table.path())) {
      Lookuper lookuper =
          (table.hasPrefix() ? open.newLookup().lookupBy(table.firstColumns(1)) : open.newLookup())
              .createLookuper();
      for (long i = from; i < to; i++) {
        Counter.begin();
        free.acquire();
        var unused =
            lookuper
                .lookup(GenericRow.of(keys.applyAsLong(i)))
                .whenComplete(
                    (result, error) -> {
                      take(table, schema, result, error, failure);
                      free.release();
                    });
      }
      free.acquire(inFlight);
    }
    if (failure.get() != null) {
      throw new IllegalStateException("A lookup failed", failure.get());
    }
  }

  private static void take(
      EventTable table,
      Schema schema,
      @Nullable LookupResult result,
      @Nullable Throwable error,
      AtomicReference<Throwable> failure) {
    if (result == null) {
      failure.set(error);
      return;
    }
    List<Row> rows = new ArrayList<>();
    for (InternalRow row : result.getRowList()) {
      rows.add(table.decode(row, schema));
    }
    Counter.count(rows);
  }
}

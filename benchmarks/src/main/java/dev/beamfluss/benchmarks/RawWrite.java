package dev.beamfluss.benchmarks;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.TableWriter;
import org.apache.fluss.client.table.writer.Upsert;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.row.GenericRow;

/**
 * Writes with the client of Fluss alone: a thread for each share of the rows makes them of plain
 * Java values, hands them all to the client, and flushes once at the end.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class RawWrite implements TableFill {
  @FunctionalInterface
  private interface Send {
    CompletableFuture<?> send(GenericRow row);
  }

  private final Connection connection;
  private final int threads;

  /**
   * @param connection shared by the threads
   */
  RawWrite(Connection connection, int threads) {
    this.connection = connection;
    this.threads = threads;
  }

  @Override
  public double measure(EventTable table, EventRows rows, long number) throws Exception {
    Counter.reset();
    Shares.run(threads, number, (from, to) -> write(table, rows, from, to));
    return Counter.awaitRateSinceBegin(number);
  }

  private void write(EventTable table, EventRows rows, long from, long to) throws Exception {
    try (Table open = connection.getTable(table.path())) {
      if (table.isKeyed()) {
        Upsert upsert = open.newUpsert();
        boolean whole = rows.columns() == table.columns();
        UpsertWriter writer =
            (whole
                    ? upsert
                    : upsert.partialUpdate(
                        table.firstColumns(rows.columns()).toArray(String[]::new)))
                .createWriter();
        write(table, rows, from, to, writer::upsert, writer);
      } else {
        AppendWriter writer = open.newAppend().createWriter();
        write(table, rows, from, to, writer::append, writer);
      }
    }
  }

  private static void write(
      EventTable table, EventRows rows, long from, long to, Send send, TableWriter writer) {
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (long i = from; i < to; i++) {
      Counter.begin();
      var unused =
          send.send(rows.fluss(i, table.columns()))
              .whenComplete(
                  (result, error) -> {
                    if (error != null) {
                      failure.set(error);
                    }
                  });
    }
    writer.flush();
    if (failure.get() != null) {
      throw new IllegalStateException("A row was refused", failure.get());
    }
    Counter.add(to - from);
  }
}

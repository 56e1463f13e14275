package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.beam.sdk.values.Row;

/**
 * Writes the rows that {@link IngestRules} makes of events into the visit and order tables, in the
 * order of the events and, if asked for, at their pace. Stands in for the systems that feed these
 * tables in production.
 *
 * <p>One thread and no pipeline on purpose: the rules need the events in one order (a cancel looks
 * back at the lines before it), so there is nothing to spread over workers. Rows are cumulative: a
 * replay that is run again after a failure ends in the same tables.
 */
public final class Replay implements AutoCloseable {
  private static final int EVENTS_BETWEEN_CHECKS = 5_000;
  private static final long LONGEST_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final TableWriter orders;
  private final TableWriter visits;
  private final FlussTable orderTable;
  private final FlussTable visitTable;
  private final IngestRules rules;
  private final double speed;
  private final AtomicLong rowsWritten = new AtomicLong();
  private final AtomicLong eventsRead = new AtomicLong();

  /**
   * Opens both tables.
   *
   * @param orderTable {@code database.order_ri}
   * @param visitTable {@code database.log_page_ri}
   * @param speed how many times faster than the events happened; 0 for as fast as it goes
   * @param rejected told about each event that the rules reject, see {@link IngestRules}
   */
  public Replay(
      FlussCluster cluster,
      String orderTable,
      String visitTable,
      double speed,
      IngestOptions options,
      Consumer<RejectedLine> rejected) {
    if (!(speed >= 0)) {
      throw new IllegalArgumentException("speed is " + speed + ", it must be 0 or more");
    }
    this.speed = speed;
    this.rules = new IngestRules(options, rejected);
    this.orderTable = cluster.describe(orderTable);
    this.visitTable = cluster.describe(visitTable);
    this.orders = TableWriter.open(this.orderTable, this.orderTable.schema());
    this.visits = TableWriter.open(this.visitTable, this.visitTable.schema());
  }

  /** Writes all events; returns once the cluster has acknowledged all rows. */
  public void run(Iterator<Event> events) throws InterruptedException {
    IngestRules.Sink sink = new TableSink();
    long startNanos = System.nanoTime();
    long firstMillis = -1;
    while (events.hasNext()) {
      Event event = events.next();
      if (speed > 0) {
        firstMillis = firstMillis < 0 ? event.timestampMillis() : firstMillis;
        awaitTurn(startNanos, (event.timestampMillis() - firstMillis) / speed);
      }
      rules.accept(event, sink);
      if (eventsRead.incrementAndGet() % EVENTS_BETWEEN_CHECKS == 0) {
        flush();
      }
    }
    flush();
  }

  private static void awaitTurn(long startNanos, double afterMillis) throws InterruptedException {
    long due = startNanos + (long) (afterMillis * 1e6);
    for (long left = due - System.nanoTime(); left > 0; left = due - System.nanoTime()) {
      LockSupport.parkNanos(Math.min(left, LONGEST_SLEEP_NANOS));
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
    }
  }

  private void flush() {
    orders.flush();
    visits.flush();
  }

  /** What became of the events so far. */
  public IngestCounts counts() {
    return rules.counts();
  }

  /** Rows handed to the cluster so far, deletes included; may be read from any thread. */
  public long rowsWritten() {
    return rowsWritten.get();
  }

  /** Events read so far; may be read from any thread. */
  public long eventsRead() {
    return eventsRead.get();
  }

  @Override
  public void close() {
    orders.close();
    visits.close();
  }

  private final class TableSink implements IngestRules.Sink {
    @Override
    public void upsertOrder(OrderRow row) {
      orders.upsert(orderRow(row));
      rowsWritten.incrementAndGet();
    }

    @Override
    public void deleteOrder(OrderRow row) {
      orders.delete(orderRow(row));
      rowsWritten.incrementAndGet();
    }

    @Override
    public void upsertVisit(VisitRow row) {
      visits.upsert(
          Row.withSchema(visitTable.schema())
              .withFieldValue("user_id", row.userId())
              .withFieldValue("first_page_time", row.firstPageTime())
              .withFieldValue("pv", row.pv())
              .withFieldValue("ds", row.ds())
              .build());
      rowsWritten.incrementAndGet();
    }

    private Row orderRow(OrderRow row) {
      return Row.withSchema(orderTable.schema())
          .withFieldValue("order_id", row.orderId())
          .withFieldValue("user_id", row.userId())
          .withFieldValue("order_time", row.orderTime())
          .withFieldValue("pay_amt", row.payAmt())
          .withFieldValue("ds", row.ds())
          .build();
    }
  }
}

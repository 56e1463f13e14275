package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.Iterator;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.apache.beam.sdk.schemas.Schema;
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
  private static final Schema ORDER =
      Schema.builder()
          .addStringField("order_id")
          .addStringField("user_id")
          .addStringField("order_time")
          .addStringField("pay_amt")
          .addStringField("ds")
          .build();
  private static final Schema VISIT =
      Schema.builder()
          .addStringField("user_id")
          .addStringField("first_page_time")
          .addInt64Field("pv")
          .addStringField("ds")
          .build();

  /** Nobody waits for a single row here, so batches may fill for longer than in a bundle. */
  private static final String LINGER = "10ms";

  private static final int EVENTS_BETWEEN_CHECKS = 5_000;
  private static final long LONGEST_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final TableWriter orders;
  private final TableWriter visits;
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
    FlussCluster patient = cluster.withProperty("client.writer.batch-timeout", LINGER);
    this.orders = TableWriter.open(patient.describe(orderTable), ORDER);
    this.visits = TableWriter.open(patient.describe(visitTable), VISIT);
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
          Row.withSchema(VISIT)
              .attachValues(row.userId(), row.firstPageTime(), row.pv(), row.ds()));
      rowsWritten.incrementAndGet();
    }

    private static Row orderRow(OrderRow row) {
      return Row.withSchema(ORDER)
          .attachValues(row.orderId(), row.userId(), row.orderTime(), row.payAmt(), row.ds());
    }
  }
}

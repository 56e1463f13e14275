package dev.beamfluss.pipelines.ingest;

import dev.beamfluss.io.fluss.FlussCluster;
import java.time.ZoneId;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * Writes the rows that {@link IngestRules} makes of events into the tables of scenarios, in the
 * order of the events and, if asked for, at their pace. Stands in for the systems that feed these
 * tables in production.
 *
 * <p>One thread and no pipeline on purpose: the rules need the events in one order (a cancel looks
 * back at the lines before it), so there is nothing to spread over workers. Rows of visits and
 * orders are cumulative: a replay that is run again after a failure ends in the same tables. Logs
 * get their rows again.
 */
public final class Replay implements AutoCloseable {
  /** Nobody waits for a single row here, so batches may fill for longer than in a bundle. */
  private static final String LINGER = "10ms";

  private static final int EVENTS_BETWEEN_CHECKS = 5_000;
  private static final long LONGEST_SLEEP_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

  private final Map<Target, ReplaySink> sinks = new EnumMap<>(Target.class);
  private final IngestRules rules;
  private final double speed;
  private final AtomicLong eventsRead = new AtomicLong();

  /** Which tables there are to write to. */
  public enum Target {
    /** Visits and orders. */
    ATTRIBUTION,
    /** The logs of what users do. */
    UV,
    /** The same and lines of orders, each with an id, and items. */
    WIDETABLE,
    /** Lines of orders as they were placed. */
    FORECAST,
    /** What clients log, with their releases. */
    CANARY
  }

  /**
   * Opens the tables.
   *
   * @param databasePrefix what the names of the databases begin with
   * @param speed how many times faster than the events happened; 0 for as fast as it goes
   * @param rejected told about each event that the rules reject, see {@link IngestRules}
   */
  public Replay(
      FlussCluster cluster,
      String databasePrefix,
      Set<Target> targets,
      double speed,
      IngestOptions options,
      Consumer<RejectedLine> rejected) {
    if (!(speed >= 0)) {
      throw new IllegalArgumentException("speed is " + speed + ", it must be 0 or more");
    }
    this.speed = speed;
    this.rules = new IngestRules(options, rejected);
    FlussCluster patient = cluster.withProperty("client.writer.batch-timeout", LINGER);
    targets.forEach(target -> sinks.put(target, sink(target, patient, databasePrefix, options)));
  }

  private ReplaySink sink(
      Target target, FlussCluster cluster, String databasePrefix, IngestOptions options) {
    ZoneId zone = options.zone();
    return switch (target) {
      case ATTRIBUTION -> new AttributionSink(cluster, databasePrefix);
      case UV -> new BehaviorSink(cluster, databasePrefix, zone);
      case WIDETABLE -> new WideTableSink(cluster, databasePrefix, zone, speed > 0);
      case FORECAST -> new ForecastSink(cluster, databasePrefix, zone);
      case CANARY -> new PageLogSink(cluster, databasePrefix, zone, options.brokenFrom());
    };
  }

  /** Writes all events; returns once the cluster has acknowledged all rows. */
  public void run(Iterator<Event> events) throws InterruptedException {
    IngestRules.Sink sink = new AllSinks();
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
    sinks.values().forEach(ReplaySink::flush);
  }

  /** What became of the events so far. */
  public IngestCounts counts() {
    return rules.counts();
  }

  /** Rows handed to the cluster so far, deletes included; may be read from any thread. */
  public long rowsWritten() {
    return sinks.values().stream().mapToLong(ReplaySink::rowsWritten).sum();
  }

  /** The same of the tables of one scenario, 0 if it is not written. */
  public long rowsWritten(Target target) {
    ReplaySink sink = sinks.get(target);
    return sink == null ? 0 : sink.rowsWritten();
  }

  /** Events read so far; may be read from any thread. */
  public long eventsRead() {
    return eventsRead.get();
  }

  @Override
  public void close() {
    sinks.values().forEach(ReplaySink::close);
  }

  private final class AllSinks implements IngestRules.Sink {
    @Override
    public void upsertOrder(OrderRow row) {
      sinks.values().forEach(sink -> sink.upsertOrder(row));
    }

    @Override
    public void deleteOrder(OrderRow row) {
      sinks.values().forEach(sink -> sink.deleteOrder(row));
    }

    @Override
    public void upsertVisit(VisitRow row) {
      sinks.values().forEach(sink -> sink.upsertVisit(row));
    }

    @Override
    public void happened(Event event, String id) {
      sinks.values().forEach(sink -> sink.happened(event, id));
    }

    @Override
    public void orderLine(OrderLine line) {
      sinks.values().forEach(sink -> sink.orderLine(line));
    }
  }
}

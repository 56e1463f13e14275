package dev.beamfluss.benchmarks;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metrics.Histogram;
import org.apache.fluss.metrics.Meter;
import org.apache.fluss.metrics.Metric;
import org.apache.fluss.metrics.groups.MetricGroup;
import org.apache.fluss.metrics.reporter.MetricReporter;
import org.apache.fluss.metrics.reporter.MetricReporterPlugin;

/**
 * Adds up the bytes of all answers that the scanners of this JVM got, and of all batches that its
 * writers sent, as the Fluss client itself reports them. Only clients count that were made with
 * {@link #PROPERTY} = {@link #NAME}. What comes from remote storage does not; a bucket has
 * something there once it is beyond 1 GB.
 */
public final class WireBytes implements MetricReporterPlugin {
  static final String PROPERTY = "metrics.reporters";
  static final String NAME = "wirebytes";

  /** Of so many of the last answers the client remembers the size. */
  private static final int REMEMBERED = 1024;

  private static final Queue<Histogram> SCANNERS = new ConcurrentLinkedQueue<>();

  private static final Queue<Sent> WRITERS = new ConcurrentLinkedQueue<>();

  /** What a writer had sent before. */
  private record Sent(Meter meter, AtomicLong before) {}

  static void reset() {
    SCANNERS.clear();
    WRITERS.forEach(writer -> writer.before.set(writer.meter.getCount()));
  }

  /** Since {@link #reset()}, by all writers of clients that count. */
  static long sent() {
    return WRITERS.stream()
        .mapToLong(writer -> writer.meter.getCount() - writer.before.get())
        .sum();
  }

  /**
   * Since {@link #reset()}, of scanners made after it.
   *
   * @throws IllegalStateException if a scanner had more answers than the client remembers
   */
  static long total() {
    long total = 0;
    for (Histogram scanner : SCANNERS) {
      if (scanner.getCount() > REMEMBERED) {
        throw new IllegalStateException(
            String.format(
                "A scanner had %d answers, and the sizes of only the last %d are known."
                    + " Measure with fewer --rows.",
                scanner.getCount(), REMEMBERED));
      }
      for (long bytes : scanner.getStatistics().getValues()) {
        total += bytes;
      }
    }
    return total;
  }

  @Override
  public String identifier() {
    return NAME;
  }

  @Override
  public MetricReporter createMetricReporter(Configuration configuration) {
    return new Reporter();
  }

  private static final class Reporter implements MetricReporter {
    @Override
    public void open(Configuration configuration) {}

    @Override
    public void close() {}

    @Override
    public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
      if (name.equals("bytesPerRequest") && metric instanceof Histogram histogram) {
        SCANNERS.add(histogram);
      }
      if (name.equals("bytesSendPerSecond") && metric instanceof Meter meter) {
        WRITERS.add(new Sent(meter, new AtomicLong(meter.getCount())));
      }
    }

    /** The sum outlives the scanner. */
    @Override
    public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {}
  }
}

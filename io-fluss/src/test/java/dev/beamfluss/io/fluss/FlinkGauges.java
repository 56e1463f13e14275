package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.flink.metrics.Gauge;
import org.apache.flink.metrics.Metric;
import org.apache.flink.metrics.MetricConfig;
import org.apache.flink.metrics.MetricGroup;
import org.apache.flink.metrics.reporter.MetricReporter;
import org.apache.flink.metrics.reporter.MetricReporterFactory;

/**
 * Gauges of {@link FlussIO} as Flink's reporters see them. Those of an endless source are nowhere
 * else: Beam's runner tells them to Flink, and leaves them out of the pipeline's result.
 */
public final class FlinkGauges implements MetricReporter, MetricReporterFactory {
  private static final Map<Metric, String> NAMES = new ConcurrentHashMap<>();

  /** The values there are now, by name without the split's. */
  static Map<String, List<Long>> values() {
    Map<String, List<Long>> values = new TreeMap<>();
    NAMES.forEach(
        (metric, name) ->
            values
                .computeIfAbsent(name, key -> new ArrayList<>())
                .add((Long) ((Gauge<?>) metric).getValue()));
    return values;
  }

  /** {@code lagRecords} of {@code lagRecords-0of2}. */
  static String withoutSplit(String name) {
    return name.replaceFirst("-\\d+of\\d+$", "");
  }

  @Override
  public MetricReporter createMetricReporter(Properties properties) {
    return this;
  }

  @Override
  public void open(MetricConfig config) {}

  @Override
  public void close() {}

  @Override
  public void notifyOfAddedMetric(Metric metric, String name, MetricGroup group) {
    if (metric instanceof Gauge && name.startsWith(FlussIO.class.getName())) {
      NAMES.put(metric, withoutSplit(name.substring(FlussIO.class.getName().length() + 1)));
    }
  }

  @Override
  public void notifyOfRemovedMetric(Metric metric, String name, MetricGroup group) {
    NAMES.remove(metric);
  }
}

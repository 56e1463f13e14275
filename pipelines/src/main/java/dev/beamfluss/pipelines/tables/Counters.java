package dev.beamfluss.pipelines.tables;

import java.util.Map;
import java.util.TreeMap;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricResults;
import org.apache.beam.sdk.metrics.MetricsFilter;

/**
 * What the counters of a class came to, as attempted: bundles that were thrown away and replayed
 * have counted as well.
 */
public final class Counters {
  private Counters() {}

  /** All counters of a class by name; those of several steps are added up. */
  public static Map<String, Long> of(MetricResults metrics, Class<?> namespace) {
    Map<String, Long> counters = new TreeMap<>();
    MetricsFilter filter =
        MetricsFilter.builder().addNameFilter(MetricNameFilter.inNamespace(namespace)).build();
    for (MetricResult<Long> counter : metrics.queryMetrics(filter).getCounters()) {
      counters.merge(counter.getName().getName(), counter.getAttempted(), Long::sum);
    }
    return counters;
  }

  /** One of them, 0 if nothing was counted. */
  public static long of(PipelineResult result, Class<?> namespace, String name) {
    return of(result.metrics(), namespace).getOrDefault(name, 0L);
  }
}

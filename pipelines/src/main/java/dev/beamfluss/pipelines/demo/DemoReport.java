package dev.beamfluss.pipelines.demo;

import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.demo.AttributionAnswer.Conversion;
import dev.beamfluss.transforms.DeltaJoin;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.beam.sdk.metrics.DistributionResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricQueryResults;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.MetricResults;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What the demo found, for people and as JSON. */
final class DemoReport {
  private static final int DIFFERENCES_SHOWN = 5;

  private final Map<String, Object> figures = new LinkedHashMap<>();
  private final StringBuilder differences = new StringBuilder();
  private String counts = "";
  private boolean equal;
  private boolean conversionsEqual;

  DemoReport(String input, String runner, long events) {
    figures.put("input", input);
    figures.put("runner", runner);
    figures.put("events", events);
  }

  /** All events are written, and the result is there or patience at its end. */
  void fed(DemoFeed.Fed fed) {
    counts = fed.counts().toString();
    figures.put("events_left_out_before", fed.unread());
    figures.put("rows_in", fed.rowsWritten());
    figures.put("feeding_seconds", seconds(fed.feedingNanos()));
    figures.put("seconds", seconds(fed.nanos()));
  }

  /** What the result table holds, against the answer. */
  void result(AttributionAnswer answer, Observer observer, boolean tablesEqual) {
    equal = tablesEqual;
    Map<AttributionAnswer.Key, AttributionAnswer.Row> contents = observer.contents();
    SortedMap<String, Long> perMatch = new TreeMap<>();
    perMatch.put(Attribution.NOT_MATCHED, 0L);
    perMatch.put(Attribution.MATCHED, 0L);
    contents.values().forEach(row -> perMatch.merge(row.isMatched(), 1L, Long::sum));
    figures.put("rows", contents.size());
    figures.put("rows_expected", answer.rows().size());
    figures.put("rows_per_is_matched", perMatch);
    figures.put("orders_deleted", answer.ordersDeleted());
    figures.put("changes_out", observer.resultChanges());
    figures.put("deletes_out", observer.resultDeletes());
    long[] latencies = observer.latencies();
    figures.put("latency_orders", latencies.length);
    figures.put("latency_p50_ms", quantile(latencies, 0.50));
    figures.put("latency_p99_ms", quantile(latencies, 0.99));
    if (!tablesEqual) {
      describeDifferences(answer.rows(), contents);
    }
  }

  private void describeDifferences(
      Map<AttributionAnswer.Key, AttributionAnswer.Row> expected,
      Map<AttributionAnswer.Key, AttributionAnswer.Row> actual) {
    long count = 0;
    Map<AttributionAnswer.Key, AttributionAnswer.Row> all = new LinkedHashMap<>(expected);
    all.putAll(actual);
    for (AttributionAnswer.Key key : all.keySet()) {
      AttributionAnswer.Row want = expected.get(key);
      AttributionAnswer.Row have = actual.get(key);
      boolean differs = want == null ? have != null : !want.equals(have);
      if (differs && count++ < DIFFERENCES_SHOWN) {
        differences.append(
            String.format("  %s%n    expected %s%n    found    %s%n", key, want, have));
      }
    }
    figures.put("rows_different", count);
  }

  /** What the table of conversions holds, against the answer's. */
  void conversions(SortedMap<String, Conversion> actual, SortedMap<String, Conversion> expected) {
    conversionsEqual = actual.equals(expected);
    SortedMap<String, Map<String, Object>> figure = new TreeMap<>();
    actual.forEach(
        (ds, conversion) -> {
          Map<String, Object> day = new LinkedHashMap<>();
          day.put("visitors", conversion.visitors());
          day.put("buyers", conversion.buyers());
          day.put("rate", conversion.rate());
          day.put("orders", conversion.orders());
          day.put("gmv", conversion.gmv());
          figure.put(ds, day);
        });
    figures.put("conversion_per_day", figure);
  }

  /** What the join did, where the runner tells. */
  void join(@Nullable MetricResults metrics) {
    if (metrics == null) {
      return;
    }
    Map<String, Object> join = new LinkedHashMap<>();
    for (MetricResult<Long> counter : ofJoin(metrics).getCounters()) {
      join.put(counter.getName().getName(), counter.getAttempted());
    }
    for (MetricResult<DistributionResult> distribution : ofJoin(metrics).getDistributions()) {
      join.put(distribution.getName().getName() + "Mean", distribution.getAttempted().getMean());
      join.put(distribution.getName().getName() + "Max", distribution.getAttempted().getMax());
    }
    figures.put("join", join);
  }

  private static MetricQueryResults ofJoin(MetricResults metrics) {
    return metrics.queryMetrics(
        MetricsFilter.builder()
            .addNameFilter(MetricNameFilter.inNamespace(DeltaJoin.class))
            .build());
  }

  /** Equal rows, some of either match value, and equal conversions. */
  boolean isVerified() {
    boolean someOfEither =
        ((Map<?, ?>) figures.get("rows_per_is_matched"))
            .values().stream().allMatch(count -> (Long) count > 0);
    return equal && someOfEither && conversionsEqual;
  }

  Map<String, Object> figures() {
    figures.put("verified", isVerified());
    return figures;
  }

  void print(PrintStream out) {
    out.printf("%nWhat became of the events%n%s%n", counts.indent(2).stripTrailing());
    out.printf(Locale.ROOT, "%nAttribution result%n");
    ((Map<?, ?>) figures.get("rows_per_is_matched"))
        .forEach(
            (match, count) ->
                out.printf(Locale.ROOT, "  is_matched '%s'  %,12d rows%n", match, (Long) count));
    out.printf(Locale.ROOT, "  orders deleted  %,12d%n", (Long) figures.get("orders_deleted"));
    out.printf(
        Locale.ROOT,
        "  changes out     %,12d (%,d of them deletes)%n",
        (Long) figures.get("changes_out"),
        (Long) figures.get("deletes_out"));
    out.printf(
        Locale.ROOT,
        "  latency         p50 %d ms, p99 %d ms (order stored to result stored, %,d orders)%n",
        (Long) figures.get("latency_p50_ms"),
        (Long) figures.get("latency_p99_ms"),
        (Integer) figures.get("latency_orders"));
    out.printf(
        Locale.ROOT,
        "  time            %.1f s, of which %.1f s events were coming in%n",
        (Double) figures.get("seconds"),
        (Double) figures.get("feeding_seconds"));
    printJoin(out);
    out.printf("%nConversion%n  day       visitors   buyers    rate    orders           sales%n");
    ((Map<?, ?>) figures.get("conversion_per_day"))
        .forEach(
            (ds, day) -> {
              Map<?, ?> values = (Map<?, ?>) day;
              out.printf(
                  Locale.ROOT,
                  "  %s %,9d  %,7d  %5.1f %%  %,7d  %,14.2f%n",
                  ds,
                  (Long) values.get("visitors"),
                  (Long) values.get("buyers"),
                  100 * (Double) values.get("rate"),
                  (Long) values.get("orders"),
                  (BigDecimal) values.get("gmv"));
            });
    out.println();
    printVerdict(out);
  }

  private void printJoin(PrintStream out) {
    Map<?, ?> join = (Map<?, ?>) figures.getOrDefault("join", Map.of());
    if (join.isEmpty()) {
      return;
    }
    out.printf("%nWhat the join did%n");
    join.forEach(
        (name, value) ->
            out.printf(
                Locale.ROOT, "  %-34s %,12d%n", name, Math.round(((Number) value).doubleValue())));
  }

  private void printVerdict(PrintStream out) {
    if (isVerified()) {
      out.printf(
          Locale.ROOT,
          "verified: %,d rows equal to the answer computed from the events alone%n",
          (Integer) figures.get("rows"));
    } else if (!equal) {
      out.printf(
          Locale.ROOT,
          "NOT VERIFIED: %,d rows differ, the first of them:%n%s",
          (Long) figures.get("rows_different"),
          differences);
    } else if (!conversionsEqual) {
      out.println("NOT VERIFIED: the conversions of a day differ from those of the events");
    } else {
      out.println("NOT VERIFIED: there are no rows, or none with is_matched '0' or '1'");
    }
  }

  static double seconds(long nanos) {
    return Math.round(nanos / 1e8) / 10.0;
  }

  private static long quantile(long[] sorted, double share) {
    return sorted.length == 0
        ? -1
        : sorted[(int) Math.min(sorted.length - 1L, (long) Math.ceil(share * sorted.length))];
  }
}

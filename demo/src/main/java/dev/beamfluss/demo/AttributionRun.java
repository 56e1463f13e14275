package dev.beamfluss.demo;

import dev.beamfluss.demo.AttributionAnswer.Conversion;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.tables.Counters;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.transforms.DeltaJoin;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.metrics.MetricResults;
import org.checkerframework.checker.nullness.qual.MonotonicNonNull;

/** Visits with their orders, and each day's conversions. */
final class AttributionRun extends ScenarioRun {
  private static final int DIFFERENCES_SHOWN = 3;

  private final AttributionAnswer answer;
  private @MonotonicNonNull Observer observer;

  AttributionRun(Traffic traffic, String[] flags) {
    super(Scenario.ATTRIBUTION, traffic, flags);
    this.answer =
        AttributionAnswer.of(traffic.events(), traffic.zone(), traffic.rules().keepRepeatedRows());
  }

  @Override
  List<TableDefinition> tables(TableOptions options) {
    return AttributionTables.definitions(options);
  }

  @Override
  Pipeline pipeline(String bootstrapServers) {
    AttributionOptions options = options(AttributionOptions.class, bootstrapServers);
    options.setPartitionDiscoveryMillis(DISCOVERY_MILLIS);
    options.setConversions(true);
    options.setWindowDays(1);
    Pipeline pipeline = Pipeline.create(options);
    Attribution.apply(pipeline, options);
    return pipeline;
  }

  @Override
  void watch(String bootstrapServers) {
    observer = new Observer(bootstrapServers, AttributionTables.DATABASE);
  }

  @Override
  long rows() {
    return observer.rows();
  }

  @Override
  long changes() {
    return observer.resultChanges();
  }

  @Override
  long lastChange() {
    return observer.lastChange();
  }

  @Override
  void checkWatch() {
    observer.check();
  }

  @Override
  boolean isRight() {
    return observer.holds(answer.rows()) && observer.conversions().equals(answer.conversions());
  }

  @Override
  Verdict verdict(boolean right) {
    Map<AttributionAnswer.Key, AttributionAnswer.Row> found = observer.contents();
    SortedMap<String, Long> perMatch = new TreeMap<>();
    perMatch.put(Attribution.NOT_MATCHED, 0L);
    perMatch.put(Attribution.MATCHED, 0L);
    found.values().forEach(row -> perMatch.merge(row.isMatched(), 1L, Long::sum));
    boolean verified = right && perMatch.values().stream().allMatch(count -> count > 0);
    long[] latencies = observer.latencies();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("rows", found.size());
    figures.put("rows_expected", answer.rows().size());
    figures.put("rows_per_is_matched", perMatch);
    figures.put("orders_deleted", answer.ordersDeleted());
    figures.put("changes_out", observer.resultChanges());
    figures.put("deletes_out", observer.resultDeletes());
    figures.put("latency_orders", latencies.length);
    figures.put("latency_p50_ms", quantile(latencies, 0.50));
    figures.put("latency_p99_ms", quantile(latencies, 0.99));
    figures.put("conversion_per_day", conversions());
    figures.put("join", join());
    List<String> lines = new ArrayList<>();
    lines.add(
        line(
            "%,d rows with an order after the visit began, %,d without; %,d orders cancelled whole",
            perMatch.get(Attribution.MATCHED),
            perMatch.get(Attribution.NOT_MATCHED),
            answer.ordersDeleted()));
    lines.add(
        line(
            "order stored to result stored: p50 %d ms, p99 %d ms, of %,d orders",
            quantile(latencies, 0.50), quantile(latencies, 0.99), latencies.length));
    lines.add("day       visitors   buyers    rate    orders           sales");
    observer
        .conversions()
        .forEach(
            (day, conversion) ->
                lines.add(
                    line(
                        "%s %,9d  %,7d  %5.1f %%  %,7d  %,14.2f",
                        day,
                        conversion.visitors(),
                        conversion.buyers(),
                        100 * conversion.rate(),
                        conversion.orders(),
                        conversion.gmv())));
    if (!right) {
      lines.addAll(differences(found));
    } else if (!verified) {
      lines.add("there are no rows, or none with is_matched '0' or '1'");
    }
    return new Verdict(
        verified,
        lines,
        line("%,d rows, %,d days' conversions", found.size(), observer.conversions().size()),
        figures);
  }

  private SortedMap<String, Map<String, Object>> conversions() {
    SortedMap<String, Map<String, Object>> days = new TreeMap<>();
    observer
        .conversions()
        .forEach(
            (ds, conversion) -> {
              Map<String, Object> day = new LinkedHashMap<>();
              day.put("visitors", conversion.visitors());
              day.put("buyers", conversion.buyers());
              day.put("rate", conversion.rate());
              day.put("orders", conversion.orders());
              day.put("gmv", conversion.gmv());
              days.put(ds, day);
            });
    return days;
  }

  /** What the join counted, where the runner tells. */
  private Map<String, Long> join() {
    MetricResults metrics = running().metrics();
    return metrics == null ? Map.of() : Counters.of(metrics, DeltaJoin.class);
  }

  private List<String> differences(Map<AttributionAnswer.Key, AttributionAnswer.Row> found) {
    Set<AttributionAnswer.Key> keys = new LinkedHashSet<>(answer.rows().keySet());
    keys.addAll(found.keySet());
    List<String> lines = new ArrayList<>();
    long different = 0;
    for (AttributionAnswer.Key key : keys) {
      AttributionAnswer.Row expected = answer.rows().get(key);
      AttributionAnswer.Row row = found.get(key);
      boolean equal = expected == null ? row == null : expected.equals(row);
      if (!equal && different++ < DIFFERENCES_SHOWN) {
        lines.add("  " + key + ": expected " + expected + ", found " + row);
      }
    }
    lines.add(0, line("%,d of %,d rows differ", different, keys.size()));
    SortedMap<String, Conversion> conversions = observer.conversions();
    if (!conversions.equals(answer.conversions())) {
      lines.add("conversions: expected " + answer.conversions() + ", found " + conversions);
    }
    return lines;
  }

  private static long quantile(long[] sorted, double share) {
    return sorted.length == 0
        ? -1
        : sorted[(int) Math.min(sorted.length - 1L, (long) Math.ceil(share * sorted.length))];
  }

  @Override
  void closeWatch() {
    if (observer != null) {
      observer.close();
    }
  }
}

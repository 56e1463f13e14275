package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Makes the entries of {@link ReadSuite}, each with what it should reach, of what was measured. */
final class ReadEntries {
  private final Rounds rounds;
  private final ReadContenders contenders;

  ReadEntries(Rounds rounds, ReadContenders contenders) {
    this.rounds = rounds;
    this.contenders = contenders;
  }

  /** Without those of which nothing was measured. */
  List<Entry> all() {
    long rows = contenders.rows();
    List<Entry> entries = new ArrayList<>();
    add(
        entries,
        "read-unbounded-flink",
        List.of("ours-flink", "raw", "native-flink"),
        rows,
        Map.of(
            "aim", Map.of("ratio_raw", atLeast(0.9), "ratio_native", atLeast(1)),
            "floor", Map.of("ratio_raw", atLeast(0.75), "ratio_native", atLeast(0.8))));
    add(
        entries,
        "read-unbounded-flink-all-fields",
        List.of("ours-flink-all-fields", "raw-all-fields"),
        rows,
        Map.of());
    add(
        entries,
        "read-bounded-direct",
        List.of("ours-direct-bounded", "raw"),
        rows,
        floor("ratio_raw", atLeast(0.7)));
    add(
        entries,
        "read-unbounded-direct",
        List.of("ours-direct-unbounded"),
        contenders.checkedRows(),
        floor("ours", atLeast(60_000)));
    add(
        entries,
        "read-unbounded-direct-unenforced",
        List.of("ours-direct-unenforced"),
        rows,
        floor("ours", atLeast(300_000)));
    long wide = contenders.wideRows();
    add(
        entries,
        "read-30-of-30-columns",
        List.of("ours-30-columns", "raw-30-columns"),
        wide,
        Map.of());
    add(
        entries,
        "read-3-of-30-columns",
        List.of("ours-3-columns", "raw-3-columns"),
        wide,
        pruning());
    return entries;
  }

  private Map<String, Object> pruning() {
    Map<String, Object> extras = new LinkedHashMap<>();
    Long few = contenders.bytes("ours-3-columns");
    Long all = contenders.bytes("ours-30-columns");
    if (few != null && all != null) {
      extras.put("ratio_bytes", few.doubleValue() / all);
      extras.put(
          "ratio_rows",
          Entry.ratio(rounds.median("ours-3-columns"), rounds.median("ours-30-columns")));
      extras.put("bytes_3_columns", few);
      extras.put("bytes_30_columns", all);
    }
    Double rawRatio = Entry.ratio(rounds.median("raw-3-columns"), rounds.median("raw-30-columns"));
    if (rawRatio != null) {
      extras.put("ratio_rows_of_raw", rawRatio);
    }
    extras.put("floor", Map.of("ratio_bytes", Map.of("at_most", 0.12), "ratio_rows", atLeast(3)));
    return extras;
  }

  /**
   * @param who ours, raw, native
   */
  private void add(
      List<Entry> entries,
      String name,
      List<String> who,
      long rows,
      Map<String, ? extends Object> more) {
    if (who.stream().noneMatch(rounds.names()::contains)) {
      return;
    }
    Map<String, Object> extras = new LinkedHashMap<>(more);
    extras.put("rows", rows);
    extras.put("buckets", EventTable.BUCKETS);
    extras.put("cores", Runtime.getRuntime().availableProcessors());
    List<String> roles = List.of("ours", "raw", "native");
    for (int i = 0; i < who.size(); i++) {
      extras.put("rounds_" + roles.get(i), rounds.all(who.get(i)));
    }
    entries.add(
        new Entry(
            name, rounds.median(who.get(0)), median(who, 1), median(who, 2), "rows/s", extras));
  }

  private @Nullable Double median(List<String> who, int i) {
    return i < who.size() ? rounds.median(who.get(i)) : null;
  }

  /**
   * @param nanos ascending
   */
  static Entry latency(List<Long> nanos) {
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", millis(nanos.get((int) Math.ceil(nanos.size() * 0.99) - 1)));
    extras.put("max_ms", millis(nanos.get(nanos.size() - 1)));
    extras.put("floor", Map.of("ours", Map.of("at_most", 50), "p99_ms", Map.of("at_most", 250)));
    extras.put("rows", nanos.size());
    extras.put("buckets", EventTable.BUCKETS);
    extras.put("cores", Runtime.getRuntime().availableProcessors());
    return new Entry("read-latency", millis(Rounds.median(nanos)), null, null, "ms", extras);
  }

  private static double millis(double nanos) {
    return nanos / TimeUnit.MILLISECONDS.toNanos(1);
  }

  private static Map<String, Object> floor(String figure, Map<String, Number> limit) {
    return Map.of("floor", Map.of(figure, limit));
  }

  private static Map<String, Number> atLeast(Number number) {
    return Map.of("at_least", number);
  }
}

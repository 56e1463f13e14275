package dev.beamfluss.benchmarks;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

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
    Entries entries = new Entries(rounds);
    entries.add(
        "read-unbounded-flink",
        List.of("ours-flink", "raw", "native-flink"),
        rows,
        Map.of(
            "aim", Map.of("ratio_raw", Entries.atLeast(0.9), "ratio_native", Entries.atLeast(1)),
            "floor",
                Map.of("ratio_raw", Entries.atLeast(0.75), "ratio_native", Entries.atLeast(0.8))));
    entries.add(
        "read-unbounded-flink-all-fields",
        List.of("ours-flink-all-fields", "raw-all-fields"),
        rows,
        Map.of());
    entries.add(
        "read-bounded-direct",
        List.of("ours-direct-bounded", "raw"),
        rows,
        Entries.floor("ratio_raw", Entries.atLeast(0.7)));
    entries.add(
        "read-unbounded-direct",
        List.of("ours-direct-unbounded"),
        contenders.checkedRows(),
        Entries.floor("ours", Entries.atLeast(60_000)));
    entries.add(
        "read-unbounded-direct-unenforced",
        List.of("ours-direct-unenforced"),
        rows,
        Entries.floor("ours", Entries.atLeast(300_000)));
    long wide = contenders.wideRows();
    entries.add(
        "read-30-of-30-columns", List.of("ours-30-columns", "raw-30-columns"), wide, Map.of());
    entries.add(
        "read-3-of-30-columns", List.of("ours-3-columns", "raw-3-columns"), wide, pruning());
    return entries.all();
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
    extras.put(
        "floor", Map.of("ratio_bytes", Map.of("at_most", 0.12), "ratio_rows", Entries.atLeast(3)));
    return extras;
  }

  /**
   * @param nanos ascending
   */
  static Entry latency(List<Long> nanos) {
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(nanos));
    extras.put("max_ms", Entries.millis(nanos.get(nanos.size() - 1)));
    extras.put("floor", Map.of("ours", Map.of("at_most", 50), "p99_ms", Map.of("at_most", 250)));
    extras.putAll(Entries.conditions(nanos.size()));
    return new Entry(
        "read-latency", Entries.millis(Rounds.median(nanos)), null, null, "ms", extras);
  }
}

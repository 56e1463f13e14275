package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Collects the entries of a suite, of what its rounds measured. */
final class Entries {
  private static final List<String> ROLES = List.of("ours", "raw", "native");

  private final Rounds rounds;
  private final List<Entry> entries = new ArrayList<>();

  Entries(Rounds rounds) {
    this.rounds = rounds;
  }

  /** Without those of which nothing was measured. */
  List<Entry> all() {
    return entries;
  }

  /**
   * @param who ours, raw, native
   * @param rows that ours had
   */
  void add(String name, List<String> who, long rows, Map<String, ? extends Object> more) {
    add(name, who, rows, "rows/s", more);
  }

  /** The same of figures in another unit. */
  void add(
      String name, List<String> who, long rows, String unit, Map<String, ? extends Object> more) {
    if (who.stream().noneMatch(rounds.names()::contains)) {
      return;
    }
    Map<String, Object> extras = new LinkedHashMap<>(more);
    extras.putAll(conditions(rows));
    for (int i = 0; i < who.size(); i++) {
      extras.put("rounds_" + ROLES.get(i), rounds.all(who.get(i)));
    }
    entries.add(
        new Entry(name, rounds.median(who.get(0)), median(who, 1), median(who, 2), unit, extras));
  }

  private @Nullable Double median(List<String> who, int i) {
    return i < who.size() ? rounds.median(who.get(i)) : null;
  }

  static Map<String, Object> conditions(long rows) {
    Map<String, Object> conditions = new LinkedHashMap<>();
    conditions.put("rows", rows);
    conditions.put("buckets", EventTable.BUCKETS);
    conditions.put("cores", Runtime.getRuntime().availableProcessors());
    return conditions;
  }

  static Map<String, Object> floor(String figure, Map<String, Number> limit) {
    return Map.of("floor", Map.of(figure, limit));
  }

  static Map<String, Number> atLeast(Number number) {
    return Map.of("at_least", number);
  }

  /**
   * @param nanos ascending
   */
  static double p99Millis(List<Long> nanos) {
    return millis(nanos.get((int) Math.ceil(nanos.size() * 0.99) - 1));
  }

  static double millis(double nanos) {
    return nanos / TimeUnit.MILLISECONDS.toNanos(1);
  }
}

package dev.beamfluss.benchmarks;

import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.RunnerException;

/** What it takes to find a key's value in a text, by scanning and by splitting into a map. */
final class CanaryKeyValue {
  private static final String OURS = "ours-keyvalue";
  private static final String RAW = "raw-keyvalue";

  private final Jmh jmh;

  /** Of the last round. */
  private final Map<String, Double> allocated = new HashMap<>();

  CanaryKeyValue(Jmh jmh) {
    this.jmh = jmh;
  }

  void add(Rounds rounds) {
    rounds.with(OURS, () -> measure(OURS, "extract")).with(RAW, () -> measure(RAW, "split"));
  }

  /** Nanoseconds a text. */
  private double measure(String name, String method) throws RunnerException {
    RunResult result = jmh.run(KeyValueReads.class, method, Map.of());
    allocated.put(name, Jmh.allocated(result));
    return Jmh.time(result);
  }

  void add(Entries entries, Rounds rounds) {
    Map<String, Object> more = new LinkedHashMap<>();
    Double speedup = Entry.ratio(rounds.median(RAW), rounds.median(OURS));
    if (speedup != null) {
      more.put("speedup", speedup);
    }
    putAllocated(more, "bytes_per_call", OURS);
    putAllocated(more, "raw_bytes_per_call", RAW);
    more.putAll(Entries.floor("speedup", Entries.atLeast(5)));
    entries.add("canary-keyvalue", List.of(OURS, RAW), KeyValueReads.TEXTS, "ns", more);
  }

  private void putAllocated(Map<String, Object> more, String figure, String name) {
    if (allocated.containsKey(name)) {
      more.put(figure, allocated.get(name));
    }
  }
}

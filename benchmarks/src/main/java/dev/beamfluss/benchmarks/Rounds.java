package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Measures several contenders in turns, so that what disturbs the machine for a while disturbs all
 * of them. The first round warms up and does not count.
 */
final class Rounds {
  /** Does the whole work once and says how fast it was. */
  @FunctionalInterface
  interface Contender {
    double measure() throws Exception;
  }

  private final Map<String, Contender> contenders = new LinkedHashMap<>();
  private final Map<String, List<Double>> results = new LinkedHashMap<>();

  Rounds with(String name, Contender contender) {
    contenders.put(name, contender);
    results.put(name, new ArrayList<>());
    return this;
  }

  void run(int rounds) throws Exception {
    for (int round = 0; round <= rounds; round++) {
      for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
        double result = contender.getValue().measure();
        if (round > 0) {
          results.get(contender.getKey()).add(result);
        }
      }
    }
  }

  double median(String name) {
    double[] sorted = all(name).stream().mapToDouble(Double::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }

  /** In the order measured. */
  List<Double> all(String name) {
    return results.get(name);
  }
}

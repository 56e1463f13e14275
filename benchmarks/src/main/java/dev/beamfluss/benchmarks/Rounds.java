package dev.beamfluss.benchmarks;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Measures several contenders in turns, so that what disturbs the machine for a while disturbs all
 * of them. The first round warms up all of them and does not count.
 */
final class Rounds {
  /** Does the whole work once and says how fast it was. */
  @FunctionalInterface
  interface Contender {
    double measure() throws Exception;
  }

  private final String only;
  private final Duration pause;
  private final Map<String, Contender> contenders = new LinkedHashMap<>();
  private final Map<String, List<Double>> results = new LinkedHashMap<>();
  private final List<String> leftOut = new ArrayList<>();

  /**
   * @param only contenders without this in their name are left out
   * @param pause between two, in which what the one before left running may end
   */
  Rounds(String only, Duration pause) {
    this.only = only;
    this.pause = pause;
  }

  Rounds with(String name, Contender contender) {
    if (name.contains(only)) {
      contenders.put(name, contender);
      results.put(name, new ArrayList<>());
    } else {
      leftOut.add(name);
    }
    return this;
  }

  /** In the order they were added, without those left out. */
  Set<String> names() {
    return contenders.keySet();
  }

  List<String> leftOut() {
    return leftOut;
  }

  /**
   * @throws IllegalArgumentException if all were left out; lists them
   */
  void requireSome() {
    if (contenders.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "--only=%s is in no contender's name. The contenders are: %s.",
              only, String.join(", ", leftOut)));
    }
  }

  void run(int rounds) throws Exception {
    for (int round = 0; round <= rounds; round++) {
      for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
        TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        // or it would pay for the garbage of the one before
        System.gc();
        double result = contender.getValue().measure();
        if (round > 0) {
          results.get(contender.getKey()).add(result);
        }
      }
    }
  }

  /** Null for one that was left out. */
  @Nullable Double median(String name) {
    return results.containsKey(name) ? median(all(name)) : null;
  }

  static double median(List<? extends Number> values) {
    double[] sorted = values.stream().mapToDouble(Number::doubleValue).sorted().toArray();
    int middle = sorted.length / 2;
    return sorted.length % 2 == 1
        ? sorted[middle]
        : Arrays.stream(sorted, middle - 1, middle + 1).average().orElseThrow();
  }

  /** In the order measured; empty for one that was left out. */
  List<Double> all(String name) {
    return results.getOrDefault(name, List.of());
  }
}

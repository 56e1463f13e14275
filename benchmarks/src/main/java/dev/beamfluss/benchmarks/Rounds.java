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
 * of them. A first round warms up all of them and does not count.
 */
final class Rounds {
  /** Does the whole work once and says how fast it was. */
  @FunctionalInterface
  interface Contender {
    double measure() throws Exception;
  }

  private final BenchOptions options;
  private final Duration pause;
  private final Map<String, Contender> contenders = new LinkedHashMap<>();
  private final Map<String, List<Double>> results = new LinkedHashMap<>();
  private final List<String> leftOut = new ArrayList<>();

  /**
   * @param options say whose rounds, and how many
   * @param pause between two, in which what the one before left running may end
   */
  Rounds(BenchOptions options, Duration pause) {
    this.options = options;
    this.pause = pause;
  }

  Rounds with(String name, Contender contender) {
    if (isWanted(name)) {
      contenders.put(name, contender);
      results.put(name, new ArrayList<>());
    } else {
      leftOut.add(name);
    }
    return this;
  }

  /** Whether a contender of this name is to be measured. */
  boolean isWanted(String name) {
    return Arrays.stream(options.getOnly().split(",", -1)).anyMatch(name::contains);
  }

  /** How many rounds come before those that count. */
  int warmUps() {
    return options.getWarmUp() ? 1 : 0;
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
              options.getOnly(), String.join(", ", leftOut)));
    }
  }

  void run() throws Exception {
    for (int round = -warmUps(); round < options.getRounds(); round++) {
      for (Map.Entry<String, Contender> contender : contenders.entrySet()) {
        TimeUnit.NANOSECONDS.sleep(pause.toNanos());
        // or it would pay for the garbage of the one before
        System.gc();
        double result = contender.getValue().measure();
        if (round >= 0) {
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

package dev.beamfluss.benchmarks;

import dev.beamfluss.transforms.KeyValue;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Finds the release type in texts of 40 pairs and some 600 characters, in any place. Public, as JMH
 * asks for it; {@link CanaryKeyValue} runs it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class KeyValueReads {
  /** A power of two. More than one, or the processor learns where the pair is. */
  static final int TEXTS = 1024;

  private static final int PAIRS = 40;
  private static final String KEY = "release_type";
  private static final List<String> NAMES =
      List.of("spm", "scm", "os_version", "device", "city_id", "utdid", "exp_bucket", "page_id");

  private final KeyValue keyValue = KeyValue.of(",", "=", KEY);
  private String[] texts;
  private int next;

  /** Makes the texts. */
  @Setup
  public void write() {
    Random random = new Random(1);
    texts =
        random
            .ints(TEXTS, 0, 10)
            .mapToObj(i -> text(i == 0 ? "grey" : "base", random))
            .toArray(String[]::new);
  }

  private static String text(String releaseType, Random random) {
    List<String> pairs = new ArrayList<>(PAIRS);
    pairs.add(KEY + "=" + releaseType);
    while (pairs.size() < PAIRS) {
      String name = NAMES.get(pairs.size() % NAMES.size());
      pairs.add(
          String.format(Locale.ROOT, "%s%d=%05x", name, pairs.size(), random.nextInt(1 << 20)));
    }
    Collections.shuffle(pairs, random);
    return String.join(",", pairs);
  }

  private String nextText() {
    return texts[next++ & (TEXTS - 1)];
  }

  /** By scanning. */
  @Benchmark
  public @Nullable String extract() {
    return keyValue.extract(nextText());
  }

  /** By splitting into a map. */
  @Benchmark
  public @Nullable String split() {
    Map<String, String> values = new HashMap<>();
    for (String pair : nextText().split(",", -1)) {
      String[] both = pair.split("=", 2);
      if (both.length == 2) {
        values.putIfAbsent(both[0], both[1]);
      }
    }
    return values.get(KEY);
  }
}

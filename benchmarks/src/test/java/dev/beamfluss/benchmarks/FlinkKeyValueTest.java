package dev.beamfluss.benchmarks;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;

import dev.beamfluss.transforms.KeyValue;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.flink.table.data.binary.BinaryStringData;
import org.apache.flink.table.runtime.functions.SqlFunctionUtils;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;

/**
 * {@link KeyValue} beside the KEYVALUE that Flink carries. They agree on all texts and keys where
 * both delimiters are one byte of UTF-8, and where one is null or empty. With longer ones Flink
 * finds nothing, or what is not in the text.
 */
class FlinkKeyValueTest {
  private static final List<@Nullable String> DELIMITERS =
      Arrays.asList(",", "=", ";", ":", " ", "\\", "a", "", null);
  private static final List<@Nullable String> KEYS =
      Arrays.asList("a", "ab", "b", "a=", "=", "é", "键", "😀", "", null);
  private static final List<String> PIECES =
      List.of("a", "b", "ab", "é", "键", "😀", ",", "=", ";", ":", " ", "\\", "");

  private static @Nullable String flink(
      @Nullable String pairDelimiter,
      @Nullable String keyValueDelimiter,
      @Nullable String key,
      @Nullable String text) {
    return Objects.toString(
        SqlFunctionUtils.keyValue(
            BinaryStringData.fromString(text),
            BinaryStringData.fromString(pairDelimiter),
            BinaryStringData.fromString(keyValueDelimiter),
            BinaryStringData.fromString(key)),
        null);
  }

  @Test
  void bothGiveTheSameForDelimitersOfOneByteAndForNone() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 200_000; i++) {
      String pairDelimiter = one(DELIMITERS, random);
      String keyValueDelimiter = one(DELIMITERS, random);
      String key = one(KEYS, random);
      String text = random.nextInt(100) == 0 ? null : text(random, pairDelimiter, key);
      assertThat(
          String.join(" | ", pairDelimiter, keyValueDelimiter, key, text),
          KeyValue.of(pairDelimiter, keyValueDelimiter, key).extract(text),
          is(flink(pairDelimiter, keyValueDelimiter, key, text)));
    }
  }

  private static <T> T one(List<T> of, Random random) {
    return of.get(random.nextInt(of.size()));
  }

  private static String text(Random random, @Nullable String delimiter, @Nullable String key) {
    StringBuilder text = new StringBuilder();
    for (int pieces = random.nextInt(12); pieces > 0; pieces--) {
      text.append(
          switch (random.nextInt(4)) {
            case 0 -> Objects.toString(delimiter, "");
            case 1 -> Objects.toString(key, "");
            default -> one(PIECES, random);
          });
    }
    return text.toString();
  }

  /** Where it splits the delimiter in place of the pair. */
  @Test
  void longerDelimitersAreOursAlone() {
    assertThat(KeyValue.of(";;", "=", "k").extract("j=1;;k=2"), is("2"));
    assertThat(flink(";;", "=", "k", "j=1;;k=2"), nullValue());
    assertThat(KeyValue.of(",", "=>", "k").extract("j=>1,k=>2"), is("2"));
    assertThat(flink(",", "=>", "k", "j=>1,k=>2"), nullValue());
    assertThat(KeyValue.of(",", "、", "k").extract("j、1,k、2"), is("2"));
    assertThat(flink(",", "、", "k", "j、1,k、2"), nullValue());
    assertThat(KeyValue.of(",", "k v", "k").extract("anything"), nullValue());
    assertThat(flink(",", "k v", "k", "anything"), is("v"));
  }
}

package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.nullValue;

import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.beam.sdk.util.SerializableUtils;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class KeyValueTest {
  private static final List<String> DELIMITERS =
      List.of(",", "=", ";;", "=>", "--", ",=", "、", " ", "\\", "aba", "😀");
  private static final List<String> KEYS = List.of("a", "ab", "b", "a=", "-", "é", "a,b", "😀");
  private static final List<String> PIECES =
      List.of("a", "b", "ab", "é", "😀", ",", "=", ";", ">", "-", "、", " ", "\\", ";;", "=>", "--");

  /** The table of {@link KeyValue}, in its order. */
  static Stream<Arguments> cases() {
    return Stream.of(
        ofK("j=1,k=2", "2"),
        ofK("j=1", null),
        ofK(null, null),
        ofK("", null),
        ofK("k=1,k=2", "1"),
        ofK("k=,k=2", ""),
        ofK("k=", ""),
        ofK("k", null),
        ofK("k,k=2", "2"),
        ofK("k=1=2", "1=2"),
        ofK("k==", "="),
        ofK(",,k=1,", "1"),
        ofK("=1,k=2", "2"),
        ofK("k=1\\,j=2", "1\\"),
        ofK(" k=1,k =2,K=3,k= 4 ", " 4 "),
        ofK("ak=1,ka=2,k=3", "3"),
        ofK("k:1|j:2", null),
        Arguments.of(",", ",", "k", "k,1", null),
        Arguments.of(",", "=", "a=b", "a=b=1", null),
        Arguments.of(",", "=", "a,b", "a,b=1", null),
        Arguments.of(";;", "=>", "k", "k=>1;2;;j=>3", "1;2"),
        Arguments.of(";;", "=>", "j", "k=>1;2;;j=>3", "3"),
        Arguments.of(null, "=", "k", "k=1", null),
        Arguments.of(",", null, "k", "k=1", null),
        Arguments.of(",", "=", null, "k=1", null),
        Arguments.of(",", "=", "", "=1", null),
        Arguments.of("", "=", "k", "k=1", null),
        Arguments.of(",", "", "k", "k=1", null));
  }

  private static Arguments ofK(@Nullable String text, @Nullable String value) {
    return Arguments.of(",", "=", "k", text, value);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void theTableHolds(
      @Nullable String pairDelimiter,
      @Nullable String keyValueDelimiter,
      @Nullable String key,
      @Nullable String text,
      @Nullable String value) {
    KeyValue keyValue = KeyValue.of(pairDelimiter, keyValueDelimiter, key);
    assertThat(keyValue.extract(text), is(value));
    if (value != null) {
      assertThat(keyValue.matches(text, value), is(true));
    }
    assertThat(keyValue.matches(text, value + "x"), is(false));
    assertThat(keyValue.matches(text, "x"), is(false));
    assertThat(keyValue.matches(text, ""), is("".equals(value)));
  }

  /** The examples of both pages, and the one of the reference. */
  @Test
  void theDocumentedExamplesHold() {
    assertThat(KeyValue.of(";", "=", "k2").extract("k1=v1;k2=v2"), is("v2"));
    assertThat(KeyValue.of(null, "=", ":").extract("k1:v1|k2:v2"), nullValue());
    assertThat(KeyValue.of("|", "=", null).extract("k1:v1|k2:v2"), nullValue());
    assertThat(KeyValue.of("|", "=", ":").extract("k1:v1|k2:v2"), nullValue());
    assertThat(KeyValue.of(";", ":", "1").extract("0:1\\;1:2"), is("2"));
    assertThat(
        KeyValue.of("\\;", ":", "tf")
            .extract("\\;decreaseStore:1\\;xcard:1\\;tf:21910\\;cart:1\\;market:shoes\\;"),
        is("21910"));
    assertThat(
        KeyValue.of(",", "=", "release_type").matches("page=home,release_type=grey", "grey"),
        is(true));
  }

  @Test
  void randomTextsGiveWhatSplittingThemGives() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 200_000; i++) {
      String pairDelimiter = one(DELIMITERS, random);
      String keyValueDelimiter = one(DELIMITERS, random);
      String key = one(KEYS, random);
      StringBuilder built = new StringBuilder();
      for (int pieces = random.nextInt(12); pieces > 0; pieces--) {
        built.append(
            switch (random.nextInt(4)) {
              case 0 -> pairDelimiter;
              case 1 -> keyValueDelimiter;
              case 2 -> key;
              default -> one(PIECES, random);
            });
      }
      String text = built.toString();
      String expected = split(text, pairDelimiter, keyValueDelimiter, key);
      KeyValue keyValue = KeyValue.of(pairDelimiter, keyValueDelimiter, key);
      String what = String.join(" | ", pairDelimiter, keyValueDelimiter, key, text);
      assertThat(what, keyValue.extract(text), is(expected));
      String value = random.nextBoolean() && expected != null ? expected : one(PIECES, random);
      assertThat(what, keyValue.matches(text, value), is(value.equals(expected)));
    }
  }

  private static String one(List<String> of, Random random) {
    return of.get(random.nextInt(of.size()));
  }

  private static @Nullable String split(
      String text, String pairDelimiter, String keyValueDelimiter, String key) {
    for (String pair : text.split(Pattern.quote(pairDelimiter), -1)) {
      String[] both = pair.split(Pattern.quote(keyValueDelimiter), 2);
      if (both.length == 2 && both[0].equals(key)) {
        return both[1];
      }
    }
    return null;
  }

  @Test
  void itSurvivesBeingSent() {
    KeyValue sent = SerializableUtils.clone(KeyValue.of(",", "=", "k"));
    assertThat(sent.extract("j=1,k=2"), is("2"));
  }
}

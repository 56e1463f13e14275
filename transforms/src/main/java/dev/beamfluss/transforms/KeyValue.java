package dev.beamfluss.transforms;

import java.io.Serializable;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Finds the value of a key in a text of pairs, as {@code KEYVALUE(text, ',', '=', 'release_type')}
 * of Alibaba Cloud's Realtime Compute for Apache Flink does, which the reference's scenario 4 takes
 * its canary rows with. Nothing is made of the text but the value.
 *
 * <p>Texts are split into pairs at each pair delimiter, from left to right, and pairs into key and
 * value at their first key-value delimiter. What that means, for the delimiters {@code ','} and
 * {@code '='} and the key {@code k} where nothing else stands:
 *
 * <table>
 * <caption>Texts, what is found, and who says so</caption>
 * <tr><th>case</th><th>text</th><th>value</th><th>source</th></tr>
 * <tr><td>a key that is there</td><td>{@code j=1,k=2}</td><td>{@code 2}</td><td>R</td></tr>
 * <tr><td>a key that is not</td><td>{@code j=1}</td><td>null</td><td>R</td></tr>
 * <tr><td>no text</td><td>null</td><td>null</td><td>R</td></tr>
 * <tr><td>an empty text</td><td>{@code ""}</td><td>null</td><td>F</td></tr>
 * <tr><td>a key that repeats: the first</td><td>{@code k=1,k=2}</td><td>{@code 1}</td>
 *     <td>R</td></tr>
 * <tr><td>a value that is empty</td><td>{@code k=,k=2}</td><td>{@code ""}</td><td>F</td></tr>
 * <tr><td>no key-value delimiter: no pair</td><td>{@code k}</td><td>null</td><td>F</td></tr>
 * <tr><td>the same, and a pair later on</td><td>{@code k,k=2}</td><td>{@code 2}</td><td>F</td></tr>
 * <tr><td>more of them: the first counts</td><td>{@code k=1=2}</td><td>{@code 1=2}</td>
 *     <td>F; undefined in M</td></tr>
 * <tr><td>pairs that are empty</td><td>{@code ,,k=1,}</td><td>{@code 1}</td><td>M</td></tr>
 * <tr><td>a pair whose key is empty</td><td>{@code =1,k=2}</td><td>{@code 2}</td><td>F</td></tr>
 * <tr><td>nothing is escaped</td><td>{@code k=1\,j=2}</td><td>{@code 1\}</td><td>M</td></tr>
 * <tr><td>spaces and case count</td><td>{@code " k=1,k =2,K=3,k= 4 "}</td><td>{@code " 4 "}</td>
 *     <td>F</td></tr>
 * <tr><td>a part of a key is none</td><td>{@code ak=1,ka=2,k=3}</td><td>{@code 3}</td>
 *     <td>F</td></tr>
 * <tr><td>other delimiters than the text's</td><td>{@code k:1|j:2}</td><td>null</td><td>R</td></tr>
 * <tr><td>both delimiters the same</td><td>{@code k,1}</td><td>null</td><td>F</td></tr>
 * <tr><td>a delimiter in the key {@code a=b}</td><td>{@code a=b=1}</td><td>null</td><td>F</td></tr>
 * <tr><td>delimiters {@code ";;"}, {@code "=>"}: taken as a whole</td>
 *     <td>{@code k=>1;2;;j=>3}</td><td>{@code 1;2}</td><td>D</td></tr>
 * <tr><td>a delimiter or the key is null</td><td>any</td><td>null</td><td>R</td></tr>
 * <tr><td>the key is empty</td><td>{@code =1}</td><td>null</td><td>F</td></tr>
 * <tr><td>a delimiter is empty</td><td>any</td><td>null</td><td>F</td></tr>
 * </table>
 *
 * <ul>
 *   <li>R: <a
 *       href="https://www.alibabacloud.com/help/en/flink/realtime-flink/developer-reference/keyvalue">KEYVALUE
 *       of Realtime Compute for Apache Flink</a>.
 *   <li>M: <a href="https://www.alibabacloud.com/help/en/maxcompute/user-guide/keyvalue">KEYVALUE
 *       of MaxCompute</a>, where R is silent.
 *   <li>F: {@code SqlFunctionUtils.keyValue} of Apache Flink 1.19, where both are.
 *   <li>D: decided here. R does not say what a longer delimiter is, M calls delimiters strings,
 *       which this follows. F splits the delimiter in place of the pair as soon as one is more than
 *       a byte of UTF-8, and so finds nothing of use; MULTI_KEYVALUE of R takes each character of
 *       it for a delimiter of its own.
 * </ul>
 */
public final class KeyValue implements Serializable {
  private static final long serialVersionUID = 1L;

  private final String pairDelimiter;

  /** The key and the delimiter after it; null if no text can have the key. */
  private final @Nullable String start;

  private KeyValue(String pairDelimiter, @Nullable String start) {
    this.pairDelimiter = pairDelimiter;
    this.start = start;
  }

  /**
   * A function that finds the value of one key. With a null, or an empty text, it finds nothing, as
   * in SQL.
   */
  public static KeyValue of(
      @Nullable String pairDelimiter, @Nullable String keyValueDelimiter, @Nullable String key) {
    if (isEmpty(pairDelimiter) || isEmpty(keyValueDelimiter) || isEmpty(key)) {
      return new KeyValue("", null);
    }
    String start = key + keyValueDelimiter;
    // the first delimiter ends the key, wherever it begins
    boolean canBe = start.indexOf(keyValueDelimiter) == key.length();
    return new KeyValue(pairDelimiter, canBe ? start : null);
  }

  private static boolean isEmpty(@Nullable String text) {
    return text == null || text.isEmpty();
  }

  /** The value of the key, or null if the text has none. */
  public @Nullable String extract(@Nullable String text) {
    int from = valueStart(text);
    return from < 0 ? null : text.substring(from, valueEnd(text, from));
  }

  /** Whether the text has this value for the key: {@link #extract} without making the value. */
  public boolean matches(@Nullable String text, String value) {
    int from = valueStart(text);
    return from >= 0
        && valueEnd(text, from) - from == value.length()
        && text.startsWith(value, from);
  }

  /** Where the value begins, or -1. */
  private int valueStart(@Nullable String text) {
    if (text == null || start == null) {
      return -1;
    }
    int pair = 0;
    while (true) {
      int end = text.indexOf(pairDelimiter, pair);
      int value = pair + start.length();
      if (text.startsWith(start, pair) && (end < 0 || value <= end)) {
        return value;
      }
      if (end < 0) {
        return -1;
      }
      pair = end + pairDelimiter.length();
    }
  }

  private int valueEnd(String text, int from) {
    int end = text.indexOf(pairDelimiter, from);
    return end < 0 ? text.length() : end;
  }
}

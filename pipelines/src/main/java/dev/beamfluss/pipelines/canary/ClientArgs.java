package dev.beamfluss.pipelines.canary;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What a line has besides its columns, as {@code key=value,key=value} sorted by key. In keys and
 * values the characters that would end them, and '%' itself, are percent-encoded.
 */
final class ClientArgs {
  private final Map<String, String> own = new TreeMap<>();
  private final Map<String, String> others = new TreeMap<>();

  void clear() {
    own.clear();
    others.clear();
  }

  /** A field of what the client itself calls its args; keeps its key whatever others there are. */
  void addOwn(String key, String value) {
    add(own, key, value);
  }

  /** A field that no column takes. */
  void add(String key, String value) {
    add(others, key, value);
  }

  /**
   * Args that the client has put into a text already. Those without a '=', which are no pairs to
   * KEYVALUE, come last: so they do not take the key of one that is.
   */
  void addOwn(String pairs) {
    List<String> withoutValue = new ArrayList<>();
    for (String pair : pairs.split(",", -1)) {
      int equals = pair.indexOf('=');
      if (equals >= 0) {
        addOwn(pair.substring(0, equals), pair.substring(equals + 1));
      } else if (!pair.isEmpty()) {
        withoutValue.add(pair);
      }
    }
    withoutValue.forEach(key -> addOwn(key, ""));
  }

  /** With a number behind the key where there is another value of the same one. */
  private static void add(Map<String, String> to, String key, String value) {
    String free = key;
    for (int i = 2; ; i++) {
      String before = to.putIfAbsent(free, value);
      if (before == null || before.equals(value)) {
        return;
      }
      free = key + "#" + i;
    }
  }

  /** All of them, or null if there are none. */
  @Nullable String join() {
    others.forEach(this::addOwn);
    if (own.isEmpty()) {
      return null;
    }
    StringBuilder joined = new StringBuilder();
    own.forEach(
        (key, value) -> {
          encode(key, joined.append(joined.length() == 0 ? "" : ","));
          encode(value, joined.append('='));
        });
    return joined.toString();
  }

  private static void encode(String text, StringBuilder to) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '%' -> to.append("%25");
        case ',' -> to.append("%2C");
        case '=' -> to.append("%3D");
        case '\n' -> to.append("%0A");
        case '\r' -> to.append("%0D");
        default -> to.append(c);
      }
    }
  }
}

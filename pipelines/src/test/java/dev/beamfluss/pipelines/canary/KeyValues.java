package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.URLDecoder;
import java.util.LinkedHashMap;
import java.util.Map;

/** Reads args as {@code KEYVALUE(args, ',', '=', key)} does, and then decodes. */
final class KeyValues {
  private KeyValues() {}

  static Map<String, String> of(String args) {
    Map<String, String> result = new LinkedHashMap<>();
    for (String pair : args.split(",", -1)) {
      String[] both = pair.split("=", -1);
      if (both.length != 2 || result.put(decoded(both[0]), decoded(both[1])) != null) {
        throw new AssertionError("not one value of one key: " + pair + " in " + args);
      }
    }
    return result;
  }

  private static String decoded(String text) {
    return URLDecoder.decode(text.replace("+", "%2B"), UTF_8);
  }
}

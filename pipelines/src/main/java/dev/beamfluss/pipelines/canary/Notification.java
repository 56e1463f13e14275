package dev.beamfluss.pipelines.canary;

import static java.nio.charset.StandardCharsets.UTF_8;

/**
 * A state of an alert that somebody is told.
 *
 * @param alertId which alert
 * @param state its state, such as {@code FIRING}
 * @param version microseconds since 1970 at which the alert came to be as it is told
 * @param json the alert's whole row as a JSON object
 */
public record Notification(String alertId, String state, long version, String json) {

  /**
   * The same for the same state of the same alert, however often it is sent: {@code
   * alertId:state:version}. What is not visible ASCII, and '%', is percent-encoded.
   */
  public String idempotencyKey() {
    return visible(alertId) + ":" + visible(state) + ":" + version;
  }

  private static String visible(String text) {
    StringBuilder result = new StringBuilder(text.length());
    for (byte b : text.getBytes(UTF_8)) {
      if (b > ' ' && b < 0x7f && b != '%') {
        result.append((char) b);
      } else {
        result.append(String.format("%%%02X", b));
      }
    }
    return result.toString();
  }
}

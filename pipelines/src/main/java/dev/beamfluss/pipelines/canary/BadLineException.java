package dev.beamfluss.pipelines.canary;

/** A line is no row of the page log; the message says which column and value, and why. */
final class BadLineException extends Exception {
  private static final int SHOWN = 100;

  BadLineException(String message) {
    // one for each bad line, whose place in this code tells nothing
    super(message, null, false, false);
  }

  BadLineException(String column, String value, String reason) {
    this(String.format("column %s: '%s' %s", column, abbreviate(value, SHOWN), reason));
  }

  /** The beginning of a text, if it is longer than that. */
  static String abbreviate(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length) + "...";
  }
}

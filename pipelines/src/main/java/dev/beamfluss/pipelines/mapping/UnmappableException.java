package dev.beamfluss.pipelines.mapping;

/** A text is no row of the table; the message says which column and value, and why. */
public final class UnmappableException extends Exception {
  private static final int SHOWN = 100;

  /** With the whole message. */
  public UnmappableException(String message) {
    // one for each bad text, whose place in this code tells nothing
    super(message, null, false, false);
  }

  /** Of a value; the reason goes on after it. */
  public UnmappableException(String column, String value, String reason) {
    this(String.format("column %s: '%s' %s", column, abbreviate(value, SHOWN), reason));
  }

  /** The beginning of a text, if it is longer than that. */
  public static String abbreviate(String text, int length) {
    return text.length() <= length ? text : text.substring(0, length) + "...";
  }
}

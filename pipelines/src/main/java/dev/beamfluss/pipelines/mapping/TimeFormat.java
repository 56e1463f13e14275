package dev.beamfluss.pipelines.mapping;

import java.io.Serializable;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import org.checkerframework.checker.nullness.qual.Nullable;

/** How a time is written. What is finer than a millisecond is cut off. */
public final class TimeFormat implements Serializable {
  /** The formats that have names. */
  public static final String NAMES = "epoch-millis, epoch-seconds, iso-8601";

  private static final Instant FIRST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T23:59:59.999Z");
  private static final int MAX_SCALE = 20;
  private static final int MAX_DIGITS = 40;

  private enum Kind {
    MILLIS,
    SECONDS,
    ISO,
    PATTERN
  }

  private final Kind kind;
  private final String description;
  private final @Nullable String pattern;
  private final @Nullable ZoneId zone;
  private transient @Nullable DateTimeFormatter formatter;

  private TimeFormat(
      Kind kind, String description, @Nullable String pattern, @Nullable ZoneId zone) {
    this.kind = kind;
    this.description = description;
    this.pattern = pattern;
    this.zone = zone;
  }

  /** One of {@link #NAMES}. */
  static TimeFormat named(String name) {
    return switch (name) {
      case "epoch-millis" ->
          new TimeFormat(Kind.MILLIS, "number of milliseconds since 1970", null, null);
      case "epoch-seconds" ->
          new TimeFormat(Kind.SECONDS, "number of seconds since 1970", null, null);
      case "iso-8601" ->
          new TimeFormat(
              Kind.ISO,
              "time of ISO-8601 with an offset, such as 2026-11-26T09:30:00.123+08:00",
              null,
              null);
      default ->
          throw new IllegalArgumentException(
              String.format(
                  "'%s' is no format of times. Say one of %s as \"time\", or a \"pattern\" and its"
                      + " \"zone\".",
                  name, NAMES));
    };
  }

  /** A pattern of {@link DateTimeFormatter}; the zone is that of times without an offset. */
  static TimeFormat ofPattern(String pattern, ZoneId zone) {
    TimeFormat format =
        new TimeFormat(Kind.PATTERN, "time of the pattern " + pattern, pattern, zone);
    try {
      DateTimeFormatter formatter = format.formatter();
      var unused = Instant.from(formatter.parse(formatter.format(Instant.EPOCH)));
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "'%s' is no pattern of a date and a time: %s. Patterns are those of"
                  + " DateTimeFormatter, with uuuu for the year, such as 'uuuu-MM-dd HH:mm:ss.SSS'.",
              pattern, e.getMessage()),
          e);
    }
    return format;
  }

  /** A pattern for texts that are made of times, in a zone; need not have a time. */
  static TimeFormat forTexts(String pattern, ZoneId zone) {
    TimeFormat format =
        new TimeFormat(Kind.PATTERN, "text of the pattern " + pattern, pattern, zone);
    try {
      var unused = format.show(Instant.EPOCH);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "'%s' is no pattern of a date or time: %s. Patterns are those of DateTimeFormatter,"
                  + " such as 'uuuuMMdd'.",
              pattern, e.getMessage()),
          e);
    }
    return format;
  }

  /** The text of a time. */
  String show(Instant at) {
    return formatter().format(at);
  }

  private DateTimeFormatter formatter() {
    if (formatter == null) {
      formatter =
          pattern == null
              ? DateTimeFormatter.ISO_OFFSET_DATE_TIME
              // strict, or 30 February would be the 28th
              : DateTimeFormatter.ofPattern(pattern, Locale.ROOT)
                  .withResolverStyle(ResolverStyle.STRICT)
                  .withZone(zone);
    }
    return formatter;
  }

  /**
   * Reads a time.
   *
   * @throws IllegalArgumentException if it is none; the message goes on after the value
   */
  Instant parse(String text) {
    try {
      Instant at =
          switch (kind) {
            case MILLIS -> epoch(text, 0);
            case SECONDS -> epoch(text, 3);
            case ISO, PATTERN -> Instant.from(formatter().parse(text));
          };
      if (at.isBefore(FIRST) || at.isAfter(LAST)) {
        throw new IllegalArgumentException("is not within the years 1 to 9999, as a " + this);
      }
      return at.truncatedTo(ChronoUnit.MILLIS);
    } catch (DateTimeException | ArithmeticException | NumberFormatException e) {
      throw new IllegalArgumentException("is no " + this, e);
    }
  }

  private static Instant epoch(String text, int shift) {
    BigDecimal number = text.length() > MAX_DIGITS ? null : new BigDecimal(text);
    if (number == null || Math.abs((long) number.scale()) > MAX_SCALE) {
      throw new NumberFormatException();
    }
    return Instant.ofEpochMilli(
        number.movePointRight(shift).setScale(0, RoundingMode.FLOOR).longValueExact());
  }

  @Override
  public String toString() {
    return description;
  }
}

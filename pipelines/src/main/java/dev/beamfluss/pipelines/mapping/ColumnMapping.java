package dev.beamfluss.pipelines.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.Serializable;
import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where the value of a column comes from, and how it is read.
 *
 * @param column its name
 * @param type its type
 * @param index its place in the table
 * @param path names and array indexes from the top of an object, or empty for a constant
 * @param time of a time: how it is written
 * @param zone in which a time becomes a date, or a date and time
 * @param format of a text made of a time: how, or null
 * @param values what takes the place of certain values
 * @param otherwise the constant, or what takes the place of a value that is missing
 */
public record ColumnMapping(
    String column,
    ColumnType type,
    int index,
    List<String> path,
    @Nullable TimeFormat time,
    ZoneId zone,
    @Nullable TimeFormat format,
    Map<String, String> values,
    @Nullable String otherwise)
    implements Serializable {

  private static final int MAX_DIGITS = 400;

  /** The value where an object has none, or null. */
  @Nullable Object missing() {
    return otherwise == null ? null : convert(otherwise);
  }

  /**
   * The value of the column, or null if it is missing: null in the object, or an empty text where
   * the column is not of texts.
   *
   * @throws IllegalArgumentException if it is none of the column's type; the message goes on after
   *     the value
   */
  @Nullable Object convert(JsonNode value) {
    if (value.isNull()) {
      return null;
    }
    if (value.isContainerNode()) {
      if (type == ColumnType.STRING && time == null) {
        return value.toString();
      }
      throw new IllegalArgumentException("is an object or array; map one of its fields");
    }
    if (type == ColumnType.BIGINT && value.canConvertToLong() && values.isEmpty()) {
      // the shortest way, of what most values are
      if (value.isIntegralNumber()) {
        return value.longValue();
      }
    }
    String text = value.asText();
    String translated = values.getOrDefault(text, text);
    boolean isText = type == ColumnType.STRING && time == null;
    return translated.isEmpty() && !isText ? null : convert(translated);
  }

  /** The value that a text stands for. */
  Object convert(String text) {
    return switch (type) {
      case STRING -> time == null ? text : time(text);
      case BIGINT -> whole(text, Long.MIN_VALUE, Long.MAX_VALUE);
      case INT -> (int) whole(text, Integer.MIN_VALUE, Integer.MAX_VALUE);
      case SMALLINT -> (short) whole(text, Short.MIN_VALUE, Short.MAX_VALUE);
      case TINYINT -> (byte) whole(text, Byte.MIN_VALUE, Byte.MAX_VALUE);
      case DOUBLE -> fraction(text);
      case FLOAT -> smallFraction(text);
      case DECIMAL -> decimal(text);
      case BOOLEAN -> yesOrNo(text);
      case DATE -> time == null ? date(text) : time(text);
      case TIMESTAMP, TIMESTAMP_LTZ -> time(text);
    };
  }

  private Object time(String text) {
    if (time == null) {
      throw new IllegalStateException("Column " + column + " has no format of times");
    }
    Instant at = time.parse(text);
    return switch (type) {
      case TIMESTAMP -> LocalDateTime.ofInstant(at, zone);
      case DATE -> LocalDate.ofInstant(at, zone);
      case STRING -> format == null ? at.toString() : format.show(at);
      default -> at;
    };
  }

  private static LocalDate date(String text) {
    try {
      return LocalDate.parse(text);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("is no date such as 2026-11-26", e);
    }
  }

  private long whole(String text, long least, long most) {
    try {
      long number = decimal(text).longValueExact();
      if (number >= least && number <= most) {
        return number;
      }
    } catch (ArithmeticException e) {
      // below, as for what is too great
    }
    throw new IllegalArgumentException(
        String.format("is no whole number from %d to %d (%s)", least, most, type));
  }

  private static double fraction(String text) {
    double number = decimal(text).doubleValue();
    if (Double.isInfinite(number)) {
      throw new IllegalArgumentException("is too great for a DOUBLE");
    }
    return number;
  }

  private static float smallFraction(String text) {
    float number = decimal(text).floatValue();
    if (Float.isInfinite(number)) {
      throw new IllegalArgumentException("is too great for a FLOAT");
    }
    return number;
  }

  private static BigDecimal decimal(String text) {
    try {
      // the time it takes grows with the square of the length
      if (text.length() <= MAX_DIGITS) {
        return new BigDecimal(text);
      }
    } catch (NumberFormatException e) {
      // below, as for what is too long
    }
    throw new IllegalArgumentException("is no number");
  }

  private static boolean yesOrNo(String text) {
    return switch (text) {
      case "true", "1" -> true;
      case "false", "0" -> false;
      default ->
          throw new IllegalArgumentException(
              "is none of true, false, 1 and 0; translate it with \"values\"");
    };
  }
}

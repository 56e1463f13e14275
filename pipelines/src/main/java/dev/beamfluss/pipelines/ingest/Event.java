package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * One row of a shop's event log.
 *
 * <p>A null {@code userId}, {@code orderId}, {@code category} or {@code country} becomes the empty
 * string, which means that the source has none.
 *
 * @param line 1-based line number in the file, or a running number for a generated event; no part
 *     of what the event says
 * @param timestampMillis event time, milliseconds since 1970-01-01 UTC, from 0 up to the end of the
 *     year 9998
 * @param userId the user, empty where unknown
 * @param type what happened
 * @param itemId the product
 * @param orderId the order or invoice, empty where the source has none; a cancel carries a number
 *     of its own
 * @param price price of one unit, in the currency of the log; may be zero or negative in a source
 * @param category the product's category, may be empty
 * @param quantity units: 1 where the source does not say; negative on cancels
 * @param country country or channel, may be empty
 */
public record Event(
    long line,
    long timestampMillis,
    String userId,
    Type type,
    String itemId,
    String orderId,
    BigDecimal price,
    String category,
    int quantity,
    String country) {

  /** A later year would not fit the fixed width of the times written to the tables. */
  private static final long END_OF_TIME = Instant.parse("9999-01-01T00:00:00Z").toEpochMilli();

  /** What happened; written in lower case in a log. */
  public enum Type {
    /** A page was seen. */
    VIEW,
    /** An item was put into the cart. */
    CART,
    /** One line of an order. */
    ORDER,
    /** Units were given back, from whichever order they came. */
    CANCEL;

    private final String text = name().toLowerCase(Locale.ROOT);

    /** The name in a log: {@code view}, {@code cart}, {@code order} or {@code cancel}. */
    public String text() {
      return text;
    }

    /** The type of that name, or nothing where there is no such type. */
    public static Optional<Type> fromText(String text) {
      for (Type type : values()) {
        if (type.text.equals(text)) {
          return Optional.of(type);
        }
      }
      return Optional.empty();
    }
  }

  /**
   * Checks the event.
   *
   * @throws IllegalArgumentException if the time is outside its range
   */
  public Event {
    if (timestampMillis < 0 || timestampMillis >= END_OF_TIME) {
      throw new IllegalArgumentException(
          "event time " + timestampMillis + " is not within the years 1970 to 9998");
    }
    requireNonNull(type, "type");
    requireNonNull(itemId, "itemId");
    requireNonNull(price, "price");
    userId = orEmpty(userId);
    orderId = orEmpty(orderId);
    category = orEmpty(category);
    country = orEmpty(country);
  }

  /** Whether a user is known; blanks alone are no user. */
  public boolean hasUser() {
    return !userId.isBlank();
  }

  /** The same event with another number. */
  public Event withLine(long newLine) {
    return new Event(
        newLine,
        timestampMillis,
        userId,
        type,
        itemId,
        orderId,
        price,
        category,
        quantity,
        country);
  }

  /** The same event at another time, in milliseconds since 1970-01-01 UTC. */
  public Event withTimestampMillis(long newTimestampMillis) {
    return new Event(
        line,
        newTimestampMillis,
        userId,
        type,
        itemId,
        orderId,
        price,
        category,
        quantity,
        country);
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }
}

package dev.beamfluss.pipelines.ingest;

import java.math.BigDecimal;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Which column of a file holds what, and the conversion of a line to an event and back. */
final class EventColumns {

  static final List<String> MANDATORY =
      List.of("ts_ms", "user_id", "event", "item_id", "order_id", "price", "category");
  static final List<String> OPTIONAL = List.of("quantity", "country");

  /** Longer numbers are no prices, and exponents could ask for gigabytes of digits. */
  private static final int LONGEST_PRICE = 40;

  private final Map<String, Integer> positions;
  private final int width;

  private EventColumns(Map<String, Integer> positions, int width) {
    this.positions = positions;
    this.width = width;
  }

  /**
   * Finds the columns by name; columns with other names are ignored.
   *
   * @throws IllegalArgumentException if a mandatory column is missing or a name occurs twice
   */
  static EventColumns ofHeader(String header, Object file) {
    List<String> names = CsvLine.split(header);
    Map<String, Integer> positions = new HashMap<>();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i).strip();
      if (positions.put(name, i) != null) {
        throw new IllegalArgumentException(
            file + ": column '" + name + "' occurs twice in the header: " + header);
      }
    }
    for (String name : MANDATORY) {
      if (!positions.containsKey(name)) {
        throw new IllegalArgumentException(
            file + ": column '" + name + "' is missing in the header: " + header);
      }
    }
    return new EventColumns(positions, names.size());
  }

  static String header() {
    return String.join(",", MANDATORY) + "," + String.join(",", OPTIONAL);
  }

  /**
   * The event of a line.
   *
   * @throws IllegalArgumentException with the reason if the line is malformed
   */
  Event parse(long number, String line) {
    // The decoder puts this character where bytes are not UTF-8.
    if (line.indexOf('\uFFFD') >= 0) {
      throw new IllegalArgumentException("not valid UTF-8");
    }
    List<String> fields = CsvLine.split(line);
    if (fields.size() != width) {
      throw new IllegalArgumentException(fields.size() + " columns instead of " + width);
    }
    Event.Type type = type(field(fields, "event"));
    return new Event(
        number,
        timestamp(field(fields, "ts_ms")),
        field(fields, "user_id"),
        type,
        field(fields, "item_id"),
        field(fields, "order_id"),
        price(field(fields, "price")),
        field(fields, "category"),
        quantity(field(fields, "quantity"), type),
        field(fields, "country"));
  }

  /** The line with the columns of {@link #header()}. */
  static String format(Event event) {
    return CsvLine.join(
        List.of(
            Long.toString(event.timestampMillis()),
            event.userId(),
            event.type().text(),
            event.itemId(),
            event.orderId(),
            event.price().toPlainString(),
            event.category(),
            Integer.toString(event.quantity()),
            event.country()));
  }

  private String field(List<String> fields, String name) {
    Integer position = positions.get(name);
    return position == null ? "" : fields.get(position);
  }

  private static Event.Type type(String text) {
    return Event.Type.fromText(text)
        .orElseThrow(() -> new IllegalArgumentException("unknown event '" + text + "'"));
  }

  private static long timestamp(String text) {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("ts_ms '" + text + "' is not a whole number", e);
    }
  }

  private static int quantity(String text, Event.Type type) {
    if (text.isEmpty()) {
      return type == Event.Type.CANCEL ? -1 : 1;
    }
    try {
      return Integer.parseInt(text);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("quantity '" + text + "' is not a whole number", e);
    }
  }

  private static BigDecimal price(String text) {
    boolean plain =
        text.length() <= LONGEST_PRICE && text.indexOf('e') < 0 && text.indexOf('E') < 0;
    if (plain) {
      try {
        return new BigDecimal(text);
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException("price '" + text + "' is not a number", e);
      }
    }
    throw new IllegalArgumentException(
        "price is not a plain number of at most " + LONGEST_PRICE + " characters");
  }
}

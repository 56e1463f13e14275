package dev.beamfluss.pipelines.widetable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * A stream of what users do, with the columns of the wide tables that its job writes and nobody
 * else.
 */
public enum BehaviorStream {
  /** A product was shown. */
  EXPOSURES("exposure", "exp", "Exposure"),
  /** A user went on to a product that was shown. */
  CLICKS("click", "click", "Click"),
  /** A user came, by way of a product. */
  VISITS("page", "page", "Page View"),
  /** A product was put into the cart. */
  CARTS("cart", "cart", "Add-to-Cart"),
  /** A line of an order, which may be cancelled in part or whole. */
  ORDERS("order", "order", "Order Line");

  /** Of {@link #ORDERS}: how many different orders have a line that is not cancelled. */
  public static final String UNIQUE_ORDERS = "unique_order_cnt";

  /** Of {@link #ORDERS}: what the lines cost that are not cancelled. */
  public static final String GMV = "gmv";

  private final String noun;
  private final String prefix;
  private final String label;

  BehaviorStream(String noun, String prefix, String label) {
    this.noun = noun;
    this.prefix = prefix;
    this.label = label;
  }

  /** The name on command lines. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The table that events come in by. */
  public String log() {
    return noun + "_log";
  }

  /** The table of each event once, with its dimensions. */
  public String detail() {
    return noun + "_detail";
  }

  /** The column for how many events there were. */
  public String countColumn() {
    return prefix + "_cnt";
  }

  /** The column for how many different users there were. */
  public String usersColumn() {
    return prefix + "_uv";
  }

  /** The column for how many changes the stream's other columns have seen. */
  public String versionColumn() {
    return prefix + "_version";
  }

  /** The column for the time of the latest event. */
  public String timeColumn() {
    return prefix + "_time";
  }

  /** For people. */
  String label() {
    return label;
  }

  /** All columns of a wide table that the stream's job writes. */
  public List<String> columns() {
    List<String> columns = new ArrayList<>(List.of(countColumn(), usersColumn()));
    if (this == ORDERS) {
      columns.add(UNIQUE_ORDERS);
      columns.add(GMV);
    }
    columns.add(versionColumn());
    columns.add(timeColumn());
    return columns;
  }

  /**
   * The stream with this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public static BehaviorStream of(String id) {
    return Arrays.stream(values())
        .filter(stream -> stream.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    String.format("There is no stream '%s'; there are %s.", id, ids())));
  }

  static List<String> ids() {
    return Arrays.stream(values()).map(BehaviorStream::id).toList();
  }
}

package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.ItemRules;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What the wide tables of products and shops must hold after an event log, worked out in plain Java
 * from the log alone. It is what the pipeline is checked against, so it shares with the code that
 * feeds the tables only the stand-in for a catalogue, {@link ItemRules}.
 *
 * <p>Holds the whole log in memory.
 */
public final class WideTableAnswer {

  /** A row of a wide table. */
  public record Cell(String table, long id, String date, String hour) {}

  private static final String CART_ITEMS = "cart_items";
  private static final long UNKNOWN = -1;
  private static final long VISIT_ENDS_AFTER_MILLIS = 30 * 60 * 1_000;

  private static final class Line {
    final Event ordered;
    final String orderId;
    long units;

    Line(Event ordered, String orderId) {
      this.ordered = ordered;
      this.orderId = orderId;
      this.units = ordered.quantity();
    }

    boolean isMeantBy(Event cancel) {
      return units > 0
          && ordered.userId().equals(cancel.userId())
          && ordered.itemId().equals(cancel.itemId())
          && ordered.price().compareTo(cancel.price()) == 0;
    }
  }

  private final DateTimeFormatter date;
  private final DateTimeFormatter hour;
  private final Map<Cell, Map<String, Object>> cells = new HashMap<>();
  private final Map<List<Object>, Set<String>> distinct = new HashMap<>();
  private final Map<String, List<Line>> linesOfUser = new HashMap<>();
  private final Map<String, Long> latestViews = new HashMap<>();
  private final Map<Cell, Object> cartItems = new HashMap<>();
  private BigDecimal gmv = BigDecimal.ZERO;

  private WideTableAnswer(ZoneId zone) {
    this.date = DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT).withZone(zone);
    this.hour = DateTimeFormatter.ofPattern("HH", Locale.ROOT).withZone(zone);
  }

  /** The answer for a log in UTC whose repeated rows do not count. */
  public static WideTableAnswer of(Iterable<Event> log) {
    return of(log, ZoneOffset.UTC, false);
  }

  /**
   * The answer for a log.
   *
   * @param zone the time zone of days and hours
   * @param keepRepeatedRows whether rows that equal an earlier one count
   */
  public static WideTableAnswer of(Iterable<Event> log, ZoneId zone, boolean keepRepeatedRows) {
    WideTableAnswer answer = new WideTableAnswer(zone);
    Set<List<Object>> seen = new HashSet<>();
    int number = 0;
    for (Event event : log) {
      number++;
      boolean counts =
          event.hasUser()
              && (seen.add(EventColumns.of(event)) || keepRepeatedRows)
              && event.price().signum() > 0;
      if (counts) {
        answer.take(event, number);
      }
    }
    answer.linesOfUser.values().forEach(lines -> lines.forEach(answer::sell));
    answer.distinct.forEach(answer::putDistinct);
    return answer;
  }

  /** The columns by row of both tables, without the versions; what is 0 or null is left out. */
  public Map<Cell, Map<String, Object>> cells() {
    return Collections.unmodifiableMap(cells);
  }

  /** The same of the columns of some streams only. */
  public Map<Cell, Map<String, Object>> cellsOf(List<BehaviorStream> streams) {
    Map<Cell, Map<String, Object>> some = new HashMap<>();
    cells.forEach(
        (cell, columns) -> {
          Map<String, Object> kept = new TreeMap<>(columns);
          kept.keySet()
              .removeIf(column -> streams.stream().noneMatch(s -> s.columns().contains(column)));
          if (!kept.isEmpty()) {
            some.put(cell, kept);
          }
        });
    return some;
  }

  /** How many different items were put into a cart, by row of the table of shops that has any. */
  public Map<Cell, Object> cartItems() {
    return Collections.unmodifiableMap(cartItems);
  }

  /** What all orders cost together that are not cancelled. */
  public BigDecimal gmv() {
    return gmv;
  }

  private void take(Event event, int number) {
    switch (event.type()) {
      case VIEW -> {
        count(event, "exp");
        long at = event.timestampMillis();
        Long before = latestViews.get(event.userId());
        boolean visit = before == null || at - before > VISIT_ENDS_AFTER_MILLIS;
        latestViews.put(event.userId(), before == null ? at : Math.max(before, at));
        count(event, visit ? "page" : "click");
      }
      case CART -> {
        count(event, "cart");
        distinct(event, CART_ITEMS, event.itemId());
      }
      case ORDER -> {
        if (event.quantity() > 0) {
          String orderId = event.orderId().isEmpty() ? "made up " + number : event.orderId();
          linesOfUser
              .computeIfAbsent(event.userId(), user -> new ArrayList<>())
              .add(new Line(event, orderId));
          users(event, "order");
        }
      }
      case CANCEL -> cancel(event);
    }
  }

  private void cancel(Event event) {
    List<Line> lines = linesOfUser.getOrDefault(event.userId(), List.of());
    long left = -(long) event.quantity();
    for (int i = lines.size() - 1; i >= 0 && left > 0; i--) {
      Line line = lines.get(i);
      if (line.isMeantBy(event)) {
        long taken = Math.min(left, line.units);
        line.units -= taken;
        left -= taken;
      }
    }
  }

  private void count(Event event, String stream) {
    for (Cell cell : cellsOf(event)) {
      add(cell, stream + "_cnt", 1);
      columns(cell)
          .merge(
              stream + "_time",
              event.timestampMillis(),
              (one, other) -> Math.max((long) one, (long) other));
    }
    users(event, stream);
  }

  private void users(Event event, String stream) {
    distinct(event, stream + "_uv", event.userId());
  }

  private void sell(Line line) {
    if (line.units == 0) {
      return;
    }
    BigDecimal amount = line.ordered.price().multiply(BigDecimal.valueOf(line.units)).setScale(6);
    gmv = gmv.add(amount);
    for (Cell cell : cellsOf(line.ordered)) {
      add(cell, "order_cnt", 1);
      columns(cell)
          .merge("gmv", amount, (one, other) -> ((BigDecimal) one).add((BigDecimal) other));
    }
    distinct(line.ordered, "unique_order_cnt", line.orderId);
  }

  private void distinct(Event event, String column, String value) {
    for (Cell cell : cellsOf(event)) {
      distinct.computeIfAbsent(List.of(cell, column), key -> new HashSet<>()).add(value);
    }
  }

  private void putDistinct(List<Object> cellAndColumn, Set<String> values) {
    Cell cell = (Cell) cellAndColumn.get(0);
    String column = (String) cellAndColumn.get(1);
    if (!column.equals(CART_ITEMS)) {
      add(cell, column, values.size());
    } else if (cell.table().equals("shop_stat_wide")) {
      cartItems.put(cell, (long) values.size());
    }
  }

  private void add(Cell cell, String column, long more) {
    columns(cell).merge(column, more, (one, other) -> (long) one + (long) other);
  }

  private Map<String, Object> columns(Cell cell) {
    return cells.computeIfAbsent(cell, unused -> new TreeMap<>());
  }

  private List<Cell> cellsOf(Event event) {
    String item = event.itemId();
    boolean known = ItemRules.isKnown(item);
    Instant at = Instant.ofEpochMilli(event.timestampMillis());
    String day = date.format(at);
    String hh = hour.format(at);
    return List.of(
        new Cell("product_stat_wide", known ? ItemRules.productId(item) : UNKNOWN, day, hh),
        new Cell("shop_stat_wide", known ? ItemRules.shopId(item) : UNKNOWN, day, hh));
  }
}

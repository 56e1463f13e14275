package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.Event;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What {@code log_page_ord_detail_ri} must hold after an event log, worked out in plain Java from
 * the log alone: everything is grouped first, then computed. It is what pipelines are checked
 * against, so on purpose it shares no code with {@link dev.beamfluss.pipelines.ingest.IngestRules},
 * whose Javadoc has the rules of both.
 *
 * <p>The join is the reference's (scenario 1): visits LEFT JOIN orders on {@code user_id} and
 * {@code ds}. A visit without an order gives one row with an empty {@code order_id}, as a key
 * column cannot be null. An order without a visit on its day gives none.
 *
 * <p>Holds the whole log in memory.
 */
public final class AttributionAnswer {

  /** The sink table's key. */
  public record Key(String ds, String userId, String orderId) {}

  /**
   * The sink table's other columns.
   *
   * @param firstPageTime the user's first view of the day
   * @param orderTime time of the order, null where there is no order
   * @param pv number of the user's views of the day
   * @param payAmt amount of the order, null where there is no order
   * @param isMatched "1" if the order came at or after the first view, otherwise "0"
   */
  public record Row(
      String firstPageTime, String orderTime, long pv, String payAmt, String isMatched) {}

  /**
   * How many of a day's visitors bought, and for how much.
   *
   * @param visitors distinct users with a row
   * @param buyers distinct users with a row of {@code is_matched} "1"
   * @param orders rows of {@code is_matched} "1"
   * @param gmv sum of their amounts, with 6 decimal places
   */
  public record Conversion(long visitors, long buyers, long orders, BigDecimal gmv) {

    /** Buyers by visitors, from 0 to 1. */
    public double rate() {
      return (double) buyers / visitors;
    }
  }

  private final SortedMap<String, Conversion> conversions = new TreeMap<>();
  private final SortedMap<String, Long> rowsPerMatch = new TreeMap<>();
  private final Map<Key, Row> rows;
  private final long ordersDeleted;

  private AttributionAnswer(Map<Key, Row> rows, long ordersDeleted) {
    this.rows = Collections.unmodifiableMap(rows);
    this.ordersDeleted = ordersDeleted;
    summarize();
  }

  /** The answer for a log in UTC whose repeated rows do not count. */
  public static AttributionAnswer of(Iterable<Event> log) {
    return of(log, ZoneOffset.UTC, false);
  }

  /**
   * The answer for a log.
   *
   * @param zone the time zone of days and of written times
   * @param keepRepeatedRows whether rows that equal an earlier one count
   */
  public static AttributionAnswer of(Iterable<Event> log, ZoneId zone, boolean keepRepeatedRows) {
    Grouped grouped = new Grouped(zone);
    grouped.group(log, keepRepeatedRows);
    grouped.cancelAll();
    return new AttributionAnswer(grouped.join(), grouped.ordersDeleted());
  }

  /** The expected rows of the sink table. */
  public Map<Key, Row> rows() {
    return rows;
  }

  /** Orders of the log that had lines and have nothing left at its end, visited or not. */
  public long ordersDeleted() {
    return ordersDeleted;
  }

  /** Conversion by {@code ds}, for days with a visit. */
  public SortedMap<String, Conversion> conversions() {
    return Collections.unmodifiableSortedMap(conversions);
  }

  /** Number of rows by {@code is_matched}; a value without rows is not there. */
  public SortedMap<String, Long> rowsPerMatch() {
    return Collections.unmodifiableSortedMap(rowsPerMatch);
  }

  private void summarize() {
    Map<String, Set<String>> visitors = new HashMap<>();
    Map<String, Set<String>> buyers = new HashMap<>();
    Map<String, List<BigDecimal>> amounts = new HashMap<>();
    rows.forEach(
        (key, row) -> {
          rowsPerMatch.merge(row.isMatched, 1L, Long::sum);
          visitors.computeIfAbsent(key.ds, ds -> new HashSet<>()).add(key.userId);
          if (row.isMatched.equals("1")) {
            buyers.computeIfAbsent(key.ds, ds -> new HashSet<>()).add(key.userId);
            amounts
                .computeIfAbsent(key.ds, ds -> new ArrayList<>())
                .add(new BigDecimal(row.payAmt));
          }
        });
    visitors.forEach(
        (ds, users) -> {
          List<BigDecimal> ofDay = amounts.getOrDefault(ds, List.of());
          conversions.put(
              ds,
              new Conversion(
                  users.size(),
                  buyers.getOrDefault(ds, Set.of()).size(),
                  ofDay.size(),
                  ofDay.stream().reduce(new BigDecimal("0.000000"), BigDecimal::add)));
        });
  }

  /** The log by what belongs together. Lists are in the order of the log. */
  private static final class Grouped {

    private final ZoneId zone;
    private final Map<List<String>, List<Event>> viewsByUserAndDay = new HashMap<>();
    private final Map<List<String>, List<Line>> linesByUserAndOrder = new LinkedHashMap<>();
    private final Map<List<Object>, List<Line>> linesByWhatIsCancelled = new HashMap<>();

    Grouped(ZoneId zone) {
      this.zone = zone;
    }

    void group(Iterable<Event> log, boolean keepRepeatedRows) {
      Map<List<Object>, Integer> times = new HashMap<>();
      for (Event event : log) {
        int occurrence = times.merge(EventColumns.of(event), 1, Integer::sum);
        boolean counts = keepRepeatedRows || occurrence == 1;
        if (counts && event.hasUser() && event.price().compareTo(BigDecimal.ZERO) > 0) {
          place(event, occurrence);
        }
      }
    }

    private void place(Event event, int occurrence) {
      switch (event.type()) {
        case VIEW ->
            viewsByUserAndDay
                .computeIfAbsent(
                    List.of(event.userId(), day(event.timestampMillis())), k -> new ArrayList<>())
                .add(event);
        case ORDER -> {
          if (event.quantity() > 0) {
            Line line = new Line(event);
            linesByUserAndOrder
                .computeIfAbsent(
                    List.of(event.userId(), orderId(event, occurrence)), k -> new ArrayList<>())
                .add(line);
            sameGoods(event).add(line);
          }
        }
        case CANCEL -> {
          if (event.quantity() < 0) {
            sameGoods(event).add(new Line(event));
          }
        }
        case CART -> {}
      }
    }

    private List<Line> sameGoods(Event event) {
      return linesByWhatIsCancelled.computeIfAbsent(
          List.of(event.userId(), event.itemId(), event.price().stripTrailingZeros()),
          k -> new ArrayList<>());
    }

    void cancelAll() {
      for (List<Line> lines : linesByWhatIsCancelled.values()) {
        for (int i = 0; i < lines.size(); i++) {
          for (int j = i - 1; j >= 0 && lines.get(i).units < 0; j--) {
            Line earlier = lines.get(j);
            long taken = Math.max(0, Math.min(-lines.get(i).units, earlier.units));
            earlier.units -= taken;
            lines.get(i).units += taken;
          }
        }
      }
    }

    long ordersDeleted() {
      return linesByUserAndOrder.values().stream().filter(lines -> unitsOf(lines) == 0).count();
    }

    Map<Key, Row> join() {
      Map<List<String>, Map<String, List<Line>>> live = liveOrdersByUserAndDay();
      Map<Key, Row> joined = new HashMap<>();
      viewsByUserAndDay.forEach(
          (visit, views) -> {
            String userId = visit.get(0);
            String ds = visit.get(1);
            String first =
                time(views.stream().mapToLong(Event::timestampMillis).min().orElseThrow());
            Map<String, List<Line>> orders = live.getOrDefault(visit, Map.of());
            if (orders.isEmpty()) {
              joined.put(new Key(ds, userId, ""), new Row(first, null, views.size(), null, "0"));
            }
            orders.forEach(
                (orderId, lines) ->
                    joined.put(new Key(ds, userId, orderId), row(first, views.size(), lines)));
          });
      return joined;
    }

    private Row row(String first, long pv, List<Line> lines) {
      String ordered = time(lines.get(0).event.timestampMillis());
      // The reference compares the texts.
      String matched = ordered.compareTo(first) >= 0 ? "1" : "0";
      return new Row(first, ordered, pv, amountOf(lines), matched);
    }

    private Map<List<String>, Map<String, List<Line>>> liveOrdersByUserAndDay() {
      Map<List<String>, Map<String, List<Line>>> live = new HashMap<>();
      linesByUserAndOrder.forEach(
          (key, lines) -> {
            if (unitsOf(lines) > 0) {
              String ds = day(lines.get(0).event.timestampMillis());
              live.computeIfAbsent(List.of(key.get(0), ds), k -> new HashMap<>())
                  .put(key.get(1), lines);
            }
          });
      return live;
    }

    private String day(long millis) {
      return String.format(Locale.ROOT, "%1$tY%1$tm%1$td", at(millis));
    }

    private String time(long millis) {
      return String.format(Locale.ROOT, "%1$tY-%1$tm-%1$td %1$tH:%1$tM:%1$tS.%1$tL", at(millis));
    }

    private ZonedDateTime at(long millis) {
      return Instant.ofEpochMilli(millis).atZone(zone);
    }
  }

  /**
   * A row of the log and what is left of its units: of an order line above, of a cancel below 0.
   */
  private static final class Line {
    final Event event;
    long units;

    Line(Event event) {
      this.event = event;
      this.units = event.quantity();
    }
  }

  private static long unitsOf(List<Line> lines) {
    return lines.stream().mapToLong(line -> line.units).sum();
  }

  private static String amountOf(List<Line> lines) {
    BigDecimal sum =
        lines.stream()
            .map(line -> line.event.price().multiply(BigDecimal.valueOf(line.units)))
            .reduce(new BigDecimal("0.00"), BigDecimal::add);
    String text = sum.toPlainString();
    while (text.endsWith("0") && text.length() - text.indexOf('.') > 3) {
      text = text.substring(0, text.length() - 1);
    }
    return text;
  }

  private static String orderId(Event event, int occurrence) {
    if (!event.orderId().isEmpty()) {
      return event.orderId();
    }
    StringBuilder row = new StringBuilder();
    row.append(event.timestampMillis()).append('\u001f');
    row.append(event.userId()).append('\u001f');
    row.append("order").append('\u001f');
    row.append(event.itemId()).append('\u001f');
    row.append('\u001f');
    row.append(event.price().stripTrailingZeros().toPlainString()).append('\u001f');
    row.append(event.category()).append('\u001f');
    row.append(event.quantity()).append('\u001f');
    row.append(event.country());
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(row.toString().getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest, 0, 8) + "-" + occurrence;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}

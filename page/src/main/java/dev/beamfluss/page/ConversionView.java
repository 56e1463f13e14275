package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.math.BigDecimal;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Conversion and sales: of days as {@code conversion_ri} has them, and of the minutes of the newest
 * day by the result of the join, a visitor and buyer in the minute of the first page view, an order
 * in its own. Keeps some 150 bytes for each buyer of that day.
 */
final class ConversionView extends View {
  /** Enough for what is going on, and few enough to send once a second. */
  static final int MINUTES = 180;

  private static final int DAYS = 7;

  /** Up to the minute, of {@code yyyy-MM-dd HH:mm:ss} and what else has it in the same place. */
  private static final Pattern TIME = Pattern.compile("\\d{4}-\\d{2}-\\d{2}[T ](\\d{2}):(\\d{2})");

  private static final class Minute {
    private long visitors;
    private long buyers;
    private long orders;
    private BigDecimal gmv = BigDecimal.ZERO;
  }

  private record DayAndWindow(String day, int window) {}

  private final Map<Integer, Minute> minutes = new TreeMap<>();
  private final Map<String, Integer> matchedOfBuyers = new HashMap<>();
  private final TreeMap<DayAndWindow, Row> days =
      new TreeMap<>(
          Comparator.comparing(DayAndWindow::day)
              .reversed()
              .thenComparingInt(DayAndWindow::window));

  ConversionView() {
    super("attribution", "Conversion and sales");
  }

  @Override
  List<Source> sources() {
    return List.of(
        new Source(
            AttributionTables.DATABASE,
            AttributionTables.CONVERSIONS,
            List.of("ds", "window_days", "visitors", "buyers", "conversion_rate", "orders", "gmv")),
        new Source(
            AttributionTables.DATABASE,
            AttributionTables.VISITS,
            List.of("user_id", "first_page_time", "ds")),
        new Source(
            AttributionTables.DATABASE,
            AttributionTables.RESULTS,
            List.of("user_id", "first_page_time", "order_time", "pay_amt", "is_matched", "ds")));
  }

  @Override
  void clearDay() {
    minutes.clear();
    matchedOfBuyers.clear();
  }

  @Override
  void clearAllDays() {
    days.clear();
  }

  @Override
  void take(String table, RowChange change) {
    if (table.equals(AttributionTables.CONVERSIONS)) {
      if (isOfDay(table, change, "ds")) {
        takeDay(change);
      }
    } else if (isOfNewestDay(table, change, "ds")) {
      if (table.equals(AttributionTables.VISITS)) {
        at(table, change, "first_page_time").visitors += sign(change);
      } else if (Attribution.MATCHED.equals(change.row().getString("is_matched"))) {
        takeOrder(table, change);
      }
    }
  }

  private void takeDay(RowChange change) {
    DayAndWindow key =
        new DayAndWindow(text(change, "ds"), change.row().getInt32("window_days").intValue());
    if (change.kind().isPresentAfter()) {
      days.put(key, change.row());
      while (days.size() > 1 && daysKept() > DAYS) {
        days.pollLastEntry();
      }
    } else if (change.kind() == RowChange.Kind.DELETE) {
      days.remove(key);
    }
  }

  private int daysKept() {
    TreeSet<String> kept = new TreeSet<>();
    days.keySet().forEach(key -> kept.add(key.day()));
    return kept.size();
  }

  private void takeOrder(String table, RowChange change) {
    int sign = sign(change);
    Minute ofOrder = at(table, change, "order_time");
    ofOrder.orders += sign;
    ofOrder.gmv = ofOrder.gmv.add(BigDecimal.valueOf(sign).multiply(amount(table, change)));
    Minute ofVisit = at(table, change, "first_page_time");
    String buyer = text(change, "first_page_time") + '\n' + text(change, "user_id");
    int matched = matchedOfBuyers.merge(buyer, sign, Integer::sum);
    if (matched == 0) {
      matchedOfBuyers.remove(buyer);
      ofVisit.buyers--;
    } else if (matched == 1 && sign > 0) {
      ofVisit.buyers++;
    }
  }

  /** As in {@code conversion_ri}, an amount that is no number counts as 0. */
  private BigDecimal amount(String table, RowChange change) {
    String text = text(change, "pay_amt");
    if (text.matches("[+-]?\\d{1,20}(\\.\\d{0,20})?")) {
      return new BigDecimal(text);
    }
    refuse(table, change, "pay_amt", "an amount");
    return BigDecimal.ZERO;
  }

  private Minute at(String table, RowChange change, String column) {
    OptionalInt minute = minute(text(change, column));
    if (minute.isEmpty()) {
      refuse(table, change, column, "a time, yyyy-MM-dd HH:mm");
      return new Minute();
    }
    return minutes.computeIfAbsent(minute.getAsInt(), m -> new Minute());
  }

  private static OptionalInt minute(String time) {
    Matcher matcher = TIME.matcher(time);
    if (!matcher.lookingAt()) {
      return OptionalInt.empty();
    }
    int hour = Integer.parseInt(matcher.group(1));
    int minute = Integer.parseInt(matcher.group(2));
    return hour < 24 && minute < 60 ? OptionalInt.of(hour * 60 + minute) : OptionalInt.empty();
  }

  @Override
  void show(Panel panel) {
    if (!days.isEmpty()) {
      Row newest = days.firstEntry().getValue();
      panel.figure("Visitors, " + Panel.day(days.firstKey().day()), count(newest, "visitors"));
      panel.figure("Buyers", count(newest, "buyers"));
      panel.figure("Conversion rate", rate(newest));
      panel.figure("Matched orders", count(newest, "orders"));
      panel.figure("GMV", gmv(newest));
    }
    String shown = Panel.day(newestDay());
    Panel.Chart sales =
        panel.chart(
            "Sales by minute of the order",
            shown,
            List.of(new Panel.Line("GMV", "line", 2), new Panel.Line("Orders", "none", 0)));
    Panel.Chart conversion =
        panel.chart(
            "Conversion rate by minute of the first page view",
            shown,
            List.of(
                new Panel.Line("Conversion rate, %", "line", 1),
                new Panel.Line("Visitors", "none", 0),
                new Panel.Line("Buyers", "none", 0)));
    minutes.entrySet().stream()
        .skip(Math.max(0, minutes.size() - MINUTES))
        .forEach(
            entry -> {
              Minute minute = entry.getValue();
              sales.point(entry.getKey(), minute.gmv, minute.orders);
              conversion.point(
                  entry.getKey(),
                  minute.visitors == 0 ? null : 100.0 * minute.buyers / minute.visitors,
                  minute.visitors,
                  minute.buyers);
            });
    Panel.Table table =
        panel.table(
            "By day",
            Panel.Column.text("Day"),
            Panel.Column.number("Days to order in"),
            Panel.Column.number("Visitors"),
            Panel.Column.number("Buyers"),
            Panel.Column.number("Conversion rate"),
            Panel.Column.number("Orders"),
            Panel.Column.number("GMV"));
    days.forEach(
        (key, row) ->
            table.row(
                Panel.day(key.day()),
                key.window(),
                count(row, "visitors"),
                count(row, "buyers"),
                rate(row),
                count(row, "orders"),
                gmv(row)));
  }

  private static String count(Row row, String column) {
    Long value = row.getInt64(column);
    return value == null ? "-" : Panel.count(value);
  }

  private static String rate(Row row) {
    Double rate = row.getDouble("conversion_rate");
    return rate == null ? "-" : Panel.percent(rate);
  }

  private static String gmv(Row row) {
    @Nullable BigDecimal gmv = row.getDecimal("gmv");
    return gmv == null ? "-" : Panel.amount(gmv);
  }
}

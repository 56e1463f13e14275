package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.pipelines.widetable.BehaviorStream;
import dev.beamfluss.pipelines.widetable.StatGrain;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The products, or shops, that sell most on the newest day, all hours together, and how fresh each
 * stream's columns are. Keeps some 400 bytes for each product of that day.
 */
final class WideTableView extends View {
  private static final int TOP = 10;

  private static final class Totals {
    private final long id;
    private final Map<BehaviorStream, Long> counts = new EnumMap<>(BehaviorStream.class);
    private final Map<BehaviorStream, Instant> latest = new EnumMap<>(BehaviorStream.class);
    private long orders;
    private BigDecimal gmv = BigDecimal.ZERO;

    Totals(long id) {
      this.id = id;
    }

    private long count(BehaviorStream stream) {
      return counts.getOrDefault(stream, 0L);
    }
  }

  private final StatGrain grain;
  private final Map<Long, Totals> totals = new HashMap<>();
  private final Map<BehaviorStream, Instant> latest = new EnumMap<>(BehaviorStream.class);

  WideTableView(StatGrain grain) {
    super(grain.id() + "s", "Top " + grain.id() + "s");
    this.grain = grain;
  }

  @Override
  List<Source> sources() {
    List<String> columns = new ArrayList<>(List.of(grain.idColumn(), WideTableTables.DATE));
    for (BehaviorStream stream : BehaviorStream.values()) {
      columns.add(stream.countColumn());
      columns.add(stream.timeColumn());
    }
    columns.add(BehaviorStream.UNIQUE_ORDERS);
    columns.add(BehaviorStream.GMV);
    return List.of(new Source(WideTableTables.DATABASE, grain.table(), columns));
  }

  @Override
  void clearDay() {
    totals.clear();
    latest.clear();
  }

  @Override
  void take(String table, RowChange change) {
    if (!isOfNewestDay(table, change, WideTableTables.DATE)) {
      return;
    }
    long sign = sign(change);
    Totals of =
        totals.computeIfAbsent(change.row().getInt64(grain.idColumn()), id -> new Totals(id));
    for (BehaviorStream stream : BehaviorStream.values()) {
      of.counts.merge(stream, sign * count(change, stream.countColumn()), Long::sum);
      Instant time = change.row().getLogicalTypeValue(stream.timeColumn(), Instant.class);
      if (time != null && sign > 0) {
        of.latest.merge(stream, time, WideTableView::later);
        latest.merge(stream, time, WideTableView::later);
      }
    }
    of.orders += sign * count(change, BehaviorStream.UNIQUE_ORDERS);
    BigDecimal gmv = change.row().getDecimal(BehaviorStream.GMV);
    if (gmv != null) {
      of.gmv = of.gmv.add(BigDecimal.valueOf(sign).multiply(gmv));
    }
  }

  private static Instant later(Instant one, Instant other) {
    return one.isAfter(other) ? one : other;
  }

  @Override
  void show(Panel panel) {
    panel.figure(
        name(grain.id()) + "s with events, " + Panel.day(newestDay()), Panel.count(totals.size()));
    latest.forEach((stream, time) -> panel.figure("Latest of " + stream.id(), time));
    List<Totals> top =
        totals.values().stream()
            .sorted(
                Comparator.comparing((Totals of) -> of.gmv)
                    .thenComparing(of -> of.count(BehaviorStream.EXPOSURES))
                    .reversed()
                    .thenComparing(of -> of.id))
            .limit(TOP)
            .toList();
    List<Panel.Column> counts = new ArrayList<>(List.of(Panel.Column.text(name(grain.id()))));
    List<Panel.Column> times = new ArrayList<>(counts);
    counts.add(Panel.Column.number("GMV"));
    counts.add(Panel.Column.number("Orders"));
    for (BehaviorStream stream : BehaviorStream.values()) {
      String label = stream == BehaviorStream.ORDERS ? "Order lines" : name(stream.id());
      counts.add(Panel.Column.number(label));
      times.add(Panel.Column.number(label));
    }
    Panel.Table sold = panel.table("By sales", counts.toArray(Panel.Column[]::new));
    Panel.Table fresh =
        panel.table("Latest event in each column", times.toArray(Panel.Column[]::new));
    for (Totals of : top) {
      List<Object> numbers = new ArrayList<>();
      List<Object> ages = new ArrayList<>();
      String id = of.id == WideTableTables.UNKNOWN_ID ? WideTableTables.UNKNOWN : "" + of.id;
      numbers.add(id);
      ages.add(id);
      numbers.add(Panel.amount(of.gmv));
      numbers.add(Panel.count(of.orders));
      for (BehaviorStream stream : BehaviorStream.values()) {
        numbers.add(Panel.count(of.count(stream)));
        ages.add(of.latest.get(stream));
      }
      sold.row(numbers.toArray());
      fresh.row(ages.toArray());
    }
  }

  private static String name(String id) {
    return id.substring(0, 1).toUpperCase(Locale.ROOT) + id.substring(1);
  }
}

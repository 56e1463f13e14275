package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.pipelines.uv.Behavior;
import dev.beamfluss.pipelines.uv.UvTables;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.beam.sdk.values.Row;

/** Distinct users by the minute of the newest day and by day, and the funnel of the newest day. */
final class UvView extends View {
  private static final String MINUTES = "uv_minute";
  private static final String DAYS = "uv_day";
  private static final int DAYS_KEPT = 7;

  private static final Map<Behavior, String> NAMES =
      Map.of(
          Behavior.EXPOSURE, "Saw",
          Behavior.VISIT, "Came",
          Behavior.CLICK, "Clicked",
          Behavior.ORDER, "Ordered");

  private final TreeMap<Integer, Row> minutes = new TreeMap<>();
  private final TreeMap<String, Row> days = new TreeMap<>(Comparator.reverseOrder());

  UvView() {
    super("uv", "Distinct users");
  }

  @Override
  List<Source> sources() {
    List<String> ofMinute = new ArrayList<>(List.of("ds", "hh", "mm"));
    List<String> ofDay = new ArrayList<>(List.of("ds"));
    for (Behavior behavior : Behavior.values()) {
      ofMinute.add(behavior.countColumn());
      ofDay.add(behavior.countColumn());
    }
    ofDay.addAll(List.of("exp_page_uv", "page_click_uv", "click_ord_uv", "funnel_uv"));
    return List.of(
        new Source(UvTables.DATABASE, MINUTES, ofMinute),
        new Source(UvTables.DATABASE, DAYS, ofDay));
  }

  @Override
  void clearDay() {
    minutes.clear();
  }

  @Override
  void clearAllDays() {
    days.clear();
  }

  @Override
  void take(String table, RowChange change) {
    if (table.equals(DAYS)) {
      if (isOfDay(table, change, "ds")) {
        keep(days, text(change, "ds"), change);
        while (days.size() > DAYS_KEPT) {
          days.pollLastEntry();
        }
      }
    } else if (isOfNewestDay(table, change, "ds")) {
      OptionalInt hour = number(table, change, "hh", 24);
      OptionalInt minute = number(table, change, "mm", 60);
      if (hour.isPresent() && minute.isPresent()) {
        keep(minutes, hour.getAsInt() * 60 + minute.getAsInt(), change);
      }
    }
  }

  private static <K> void keep(Map<K, Row> rows, K key, RowChange change) {
    if (change.kind().isPresentAfter()) {
      rows.put(key, change.row());
    } else if (change.kind() == RowChange.Kind.DELETE) {
      rows.remove(key);
    }
  }

  @Override
  void show(Panel panel) {
    if (!days.isEmpty()) {
      Row newest = days.firstEntry().getValue();
      for (Behavior behavior : Behavior.values()) {
        panel.figure(
            NAMES.get(behavior) + ", " + Panel.day(days.firstKey()),
            Panel.count(count(newest, behavior.countColumn())));
      }
      long saw = count(newest, Behavior.EXPOSURE.countColumn());
      bar(panel, "Saw something", saw, saw);
      bar(panel, "Saw and came", count(newest, "exp_page_uv"), saw);
      bar(panel, "Came and clicked", count(newest, "page_click_uv"), saw);
      bar(panel, "Clicked and ordered", count(newest, "click_ord_uv"), saw);
      bar(panel, "All four", count(newest, "funnel_uv"), saw);
    }
    List<Panel.Line> lines = new ArrayList<>();
    List<Panel.Column> columns = new ArrayList<>(List.of(Panel.Column.text("Day")));
    for (Behavior behavior : Behavior.values()) {
      lines.add(new Panel.Line(NAMES.get(behavior), "line", 0));
      columns.add(Panel.Column.number(NAMES.get(behavior)));
    }
    Panel.Chart chart = panel.chart("Users by minute", Panel.day(newestDay()), lines);
    minutes.entrySet().stream()
        .skip(Math.max(0, minutes.size() - ConversionView.MINUTES))
        .forEach(entry -> chart.point(entry.getKey(), counts(entry.getValue())));
    Panel.Table table = panel.table("Users by day", columns.toArray(Panel.Column[]::new));
    days.forEach(
        (ds, row) -> {
          List<String> cells = new ArrayList<>(List.of(Panel.day(ds)));
          for (Number count : counts(row)) {
            cells.add(Panel.count(count.longValue()));
          }
          table.row(cells.toArray());
        });
  }

  private static void bar(Panel panel, String label, long users, long whole) {
    panel.bar(
        label,
        Panel.count(users) + " (" + Panel.percent(users, whole) + ")",
        whole == 0 ? 0 : (double) users / whole);
  }

  private static Number[] counts(Row row) {
    Behavior[] behaviors = Behavior.values();
    Number[] counts = new Number[behaviors.length];
    for (int i = 0; i < counts.length; i++) {
      counts[i] = count(row, behaviors[i].countColumn());
    }
    return counts;
  }

  private static long count(Row row, String column) {
    Long value = row.getInt64(column);
    return value == null ? 0 : value;
  }
}

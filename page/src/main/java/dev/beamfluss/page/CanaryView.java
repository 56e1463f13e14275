package dev.beamfluss.page;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.pipelines.canary.CanaryTables;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The canary release beside the baseline on the newest day, over all versions: rows of the log and
 * users by the minute, and the cells with most rows. And the alerts, with the numbers that explain
 * them.
 */
final class CanaryView extends View {
  private static final String BASE = "base";
  private static final String ALL = "ALL";
  private static final int CELLS_SHOWN = 15;
  private static final int CELLS_KEPT = 20_000;
  private static final int ALERTS_SHOWN = 20;
  private static final int ALERTS_KEPT = 1_000;

  private record Cell(String client, String page, String event) {
    static final Cell WHOLE = new Cell(ALL, ALL, ALL);
  }

  private static final class Releases {
    private long canary;
    private long base;
    private long canaryUsers;
    private long baseUsers;

    private void add(boolean isBase, long rows, long users) {
      if (isBase) {
        base += rows;
        baseUsers += users;
      } else {
        canary += rows;
        canaryUsers += users;
      }
    }
  }

  private final Map<Cell, Releases> cells = new HashMap<>();
  private final TreeMap<Integer, Releases> minutes = new TreeMap<>();
  private final Map<String, Row> alerts = new HashMap<>();
  private boolean tooManyCells;
  private boolean tooManyAlerts;

  CanaryView() {
    super("canary", "Canary release");
  }

  @Override
  List<Source> sources() {
    return List.of(
        new Source(
            CanaryTables.DATABASE,
            CanaryTables.COUNTS,
            List.of(
                "ds", "mm", "release_type", "client", "app_version", "page", "event", "pv", "uv")),
        new Source(
            CanaryTables.DATABASE,
            CanaryTables.ALERTS,
            List.of(
                "alert_id",
                "state",
                "direction",
                "client",
                "page",
                "network",
                "kind",
                "raised_at",
                "updated_at",
                "canary_events",
                "base_events",
                "canary_traffic",
                "base_traffic",
                "canary_rate",
                "base_rate",
                "rate_ratio",
                "log_evidence",
                "log_threshold")));
  }

  @Override
  void clearDay() {
    cells.clear();
    minutes.clear();
    tooManyCells = false;
  }

  @Override
  void clearAllDays() {
    alerts.clear();
    tooManyAlerts = false;
  }

  @Override
  void take(String table, RowChange change) {
    if (table.equals(CanaryTables.ALERTS)) {
      takeAlert(change);
    } else if (text(change, "app_version").equals(ALL) && isOfNewestDay(table, change, "ds")) {
      takeCount(table, change);
    }
  }

  private void takeCount(String table, RowChange change) {
    OptionalInt minute = minuteOfDay(table, change, "mm");
    if (minute.isEmpty()) {
      return;
    }
    Cell cell = new Cell(text(change, "client"), text(change, "page"), text(change, "event"));
    boolean isBase = text(change, "release_type").equals(BASE);
    long rows = sign(change) * count(change, "pv");
    if (!cells.containsKey(cell) && cells.size() >= CELLS_KEPT) {
      tooManyCells = true;
    } else {
      // the users of minutes cannot be added up
      cells.computeIfAbsent(cell, c -> new Releases()).add(isBase, rows, 0);
    }
    if (cell.equals(Cell.WHOLE)) {
      minutes
          .computeIfAbsent(minute.getAsInt(), m -> new Releases())
          .add(isBase, rows, sign(change) * count(change, "uv"));
    }
  }

  private void takeAlert(RowChange change) {
    String id = text(change, "alert_id");
    if (change.kind() == RowChange.Kind.DELETE) {
      alerts.remove(id);
    } else if (change.kind().isPresentAfter()) {
      alerts.put(id, change.row());
      if (alerts.size() > ALERTS_KEPT) {
        tooManyAlerts = true;
        alerts.values().stream()
            .max(byImportance())
            .ifPresent(least -> alerts.remove(least.getString("alert_id")));
      }
    }
  }

  /** Those that are raised first, of these the newest. */
  private static Comparator<Row> byImportance() {
    return Comparator.comparing((Row alert) -> !"RAISED".equals(alert.getString("state")))
        .thenComparing(alert -> time(alert, "updated_at"), Comparator.reverseOrder())
        .thenComparing(alert -> alert.getString("alert_id"));
  }

  private static Instant time(Row row, String column) {
    Instant time = row.getLogicalTypeValue(column, Instant.class);
    return time == null ? Instant.EPOCH : time;
  }

  @Override
  void show(Panel panel) {
    Releases whole = cells.getOrDefault(Cell.WHOLE, new Releases());
    long raised =
        alerts.values().stream().filter(row -> "RAISED".equals(row.getString("state"))).count();
    panel.figure("Alerts raised", Panel.count(raised));
    panel.figure("Rows of the canary, " + Panel.day(newestDay()), Panel.count(whole.canary));
    panel.figure("Rows of the baseline", Panel.count(whole.base));
    showAlerts(panel);
    Panel.Chart chart =
        panel.chart(
            "Rows by minute",
            Panel.day(newestDay()),
            List.of(
                new Panel.Line("Canary", "line", 0),
                new Panel.Line("Baseline", "dashed", 0),
                new Panel.Line("Canary users", "none", 0),
                new Panel.Line("Baseline users", "none", 0)));
    minutes.entrySet().stream()
        .skip(Math.max(0, minutes.size() - ConversionView.MINUTES))
        .forEach(
            entry -> {
              Releases of = entry.getValue();
              chart.point(entry.getKey(), of.canary, of.base, of.canaryUsers, of.baseUsers);
            });
    showCells(panel, whole);
    if (tooManyCells || tooManyAlerts) {
      panel.note(
          String.format(
              "More than this page keeps: of cells the first %d, of alerts the newest %d.",
              CELLS_KEPT, ALERTS_KEPT));
    }
  }

  private void showAlerts(Panel panel) {
    Panel.Table table =
        panel.table(
            alerts.size() > ALERTS_SHOWN
                ? String.format("Alerts, %d of %d", ALERTS_SHOWN, alerts.size())
                : "Alerts",
            Panel.Column.text("State"),
            Panel.Column.text("What"),
            Panel.Column.text("Where"),
            Panel.Column.number("Canary"),
            Panel.Column.number("Baseline"),
            Panel.Column.number("Ratio"),
            Panel.Column.number("Evidence, log"),
            Panel.Column.number("Raised"));
    alerts.values().stream()
        .sorted(byImportance())
        .limit(ALERTS_SHOWN)
        .forEach(
            alert ->
                table.row(
                    alert.getString("state"),
                    alert.getString("direction") + " of " + alert.getString("kind"),
                    where(alert),
                    rate(alert, "canary"),
                    rate(alert, "base"),
                    number(alert, "rate_ratio", 2),
                    number(alert, "log_evidence", 1)
                        + " (needs "
                        + number(alert, "log_threshold", 1)
                        + ")",
                    alert.getLogicalTypeValue("raised_at", Instant.class)));
  }

  private static String where(Row alert) {
    return "client "
        + alert.getString("client")
        + ", page "
        + alert.getString("page")
        + ", network "
        + alert.getString("network");
  }

  private static String rate(Row alert, String release) {
    return String.format(
        "%s: %s of %s",
        number(alert, release + "_rate", 4),
        count(alert, release + "_events"),
        count(alert, release + "_traffic"));
  }

  private static String count(Row row, String column) {
    Long value = row.getInt64(column);
    return value == null ? "-" : Panel.count(value);
  }

  private static String number(Row row, String column, int digits) {
    @Nullable Double value = row.getDouble(column);
    return value == null || !Double.isFinite(value) ? "-" : Panel.number(value, digits);
  }

  private void showCells(Panel panel, Releases whole) {
    Panel.Table table =
        panel.table(
            "Cells with most rows",
            Panel.Column.text("Client"),
            Panel.Column.text("Page"),
            Panel.Column.text("Event"),
            Panel.Column.number("Canary"),
            Panel.Column.number("of its rows"),
            Panel.Column.number("Baseline"),
            Panel.Column.number("of its rows"));
    cells.entrySet().stream()
        .filter(entry -> !entry.getKey().equals(Cell.WHOLE))
        .sorted(
            Comparator.comparing(
                    (Map.Entry<Cell, Releases> entry) ->
                        entry.getValue().canary + entry.getValue().base)
                .reversed()
                .thenComparing(entry -> entry.getKey().toString()))
        .limit(CELLS_SHOWN)
        .forEach(
            entry -> {
              Releases of = entry.getValue();
              table.row(
                  entry.getKey().client(),
                  entry.getKey().page(),
                  entry.getKey().event(),
                  Panel.count(of.canary),
                  Panel.percent(of.canary, whole.canary),
                  Panel.count(of.base),
                  Panel.percent(of.base, whole.base));
            });
  }
}

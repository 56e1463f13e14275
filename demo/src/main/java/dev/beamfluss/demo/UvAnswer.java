package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.uv.Behavior;
import dev.beamfluss.pipelines.uv.Grain;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * What the tables of distinct users must hold, by plain sets of users. It is what the pipeline is
 * checked against; the rules of behaviors are written out once more.
 */
public final class UvAnswer {
  private static final long VISIT_ENDS_AFTER_MILLIS = 30 * 60 * 1_000;

  /** By grain, key and behavior. */
  private final Map<Grain, Map<List<String>, Map<Behavior, Set<Object>>>> users = new HashMap<>();

  private final Map<String, Long> latestViews = new HashMap<>();

  /** Nothing has happened yet. */
  public UvAnswer(List<Grain> grains) {
    grains.forEach(grain -> users.put(grain, new HashMap<>()));
  }

  /**
   * A user did something.
   *
   * @param columns the values of the row that grains are by
   */
  public void add(Behavior behavior, Object user, Map<String, String> columns) {
    users.forEach(
        (grain, keys) ->
            keys.computeIfAbsent(
                    grain.columns().stream().map(columns::get).toList(),
                    unused -> new EnumMap<>(Behavior.class))
                .computeIfAbsent(behavior, unused -> new HashSet<>())
                .add(user));
  }

  /** Events of a log, those alone that count, happened: views and lines of orders. */
  public void addAll(List<Event> events, ZoneId zone) {
    for (Event event : events) {
      Map<String, String> columns = columns(event, zone);
      if (event.type() == Event.Type.ORDER && event.quantity() > 0) {
        add(Behavior.ORDER, event.userId(), columns);
      } else if (event.type() == Event.Type.VIEW) {
        Long before = latestViews.get(event.userId());
        boolean comes =
            before == null || event.timestampMillis() > before + VISIT_ENDS_AFTER_MILLIS;
        add(Behavior.EXPOSURE, event.userId(), columns);
        add(comes ? Behavior.VISIT : Behavior.CLICK, event.userId(), columns);
        if (before == null || before < event.timestampMillis()) {
          latestViews.put(event.userId(), event.timestampMillis());
        }
      }
    }
  }

  private static Map<String, String> columns(Event event, ZoneId zone) {
    ZonedDateTime at = Instant.ofEpochMilli(event.timestampMillis()).atZone(zone);
    Map<String, String> columns = new HashMap<>();
    columns.put("item_id", event.itemId());
    columns.put("category", event.category());
    columns.put("country", event.country());
    columns.put(
        "ds",
        String.format(
            Locale.ROOT, "%04d%02d%02d", at.getYear(), at.getMonthValue(), at.getDayOfMonth()));
    columns.put("hh", String.format(Locale.ROOT, "%02d", at.getHour()));
    columns.put("mm", String.format(Locale.ROOT, "%02d", at.getMinute()));
    return columns;
  }

  /** How many users did anything in a day. */
  public long usersOf(String ds) {
    Set<Object> all = new HashSet<>();
    users.forEach(
        (grain, keys) -> {
          if (grain.columns().equals(List.of("ds"))) {
            keys.getOrDefault(List.of(ds), Map.of()).values().forEach(all::addAll);
          }
        });
    return all.size();
  }

  /** By the table of counts, the rows it must hold. */
  public Map<String, Set<Map<String, Object>>> expected() {
    Map<String, Set<Map<String, Object>>> tables = new HashMap<>();
    users.forEach(
        (grain, keys) -> {
          Set<Map<String, Object>> rows = new HashSet<>();
          keys.forEach((key, behaviors) -> rows.add(row(grain, key, behaviors)));
          tables.put(grain.countTable(), rows);
        });
    return tables;
  }

  private static Map<String, Object> row(
      Grain grain, List<String> key, Map<Behavior, Set<Object>> users) {
    Map<String, Object> row = new HashMap<>();
    for (int i = 0; i < key.size(); i++) {
      row.put(grain.columns().get(i), key.get(i));
    }
    row.put("exp_uv", both(users, Behavior.EXPOSURE));
    row.put("page_uv", both(users, Behavior.VISIT));
    row.put("click_uv", both(users, Behavior.CLICK));
    row.put("ord_uv", both(users, Behavior.ORDER));
    row.put("exp_page_uv", both(users, Behavior.EXPOSURE, Behavior.VISIT));
    row.put("page_click_uv", both(users, Behavior.VISIT, Behavior.CLICK));
    row.put("click_ord_uv", both(users, Behavior.CLICK, Behavior.ORDER));
    row.put("page_ord_uv", both(users, Behavior.VISIT, Behavior.ORDER));
    row.put("funnel_uv", both(users, Behavior.values()));
    return row;
  }

  private static long both(Map<Behavior, Set<Object>> users, Behavior... behaviors) {
    Set<Object> common = new HashSet<>(users.getOrDefault(behaviors[0], Set.of()));
    for (Behavior behavior : behaviors) {
      common.retainAll(users.getOrDefault(behavior, Set.of()));
    }
    return common.size();
  }
}

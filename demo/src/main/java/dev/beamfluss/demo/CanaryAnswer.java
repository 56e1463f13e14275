package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.BehaviorRules;
import dev.beamfluss.pipelines.ingest.ClientRules;
import dev.beamfluss.pipelines.ingest.Event;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.fluss.row.TimestampLtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/** What the tables of canary monitoring must hold, by sets and sums of what was logged. */
public final class CanaryAnswer {
  /** Whether a cell of the counts keeps client, version, page and event. */
  private static final List<List<Boolean>> WITH_USERS =
      List.of(
          List.of(true, false, false, false),
          List.of(false, false, true, false),
          List.of(false, false, false, true),
          List.of(false, false, false, false));

  /** What monitoring looks at, of a row of the log. */
  public record Entry(
      String id,
      long millis,
      @Nullable String client,
      @Nullable String version,
      @Nullable String page,
      @Nullable String event,
      @Nullable Long user,
      @Nullable String network,
      @Nullable String args) {}

  /**
   * A row of the counts: what the columns besides the key are; users are null where not counted.
   */
  public record Count(Long views, @Nullable Long users, Long latestMillis) {}

  private final ZoneId zone;
  private final Map<List<String>, Long> views = new HashMap<>();
  private final Map<List<String>, Long> latest = new HashMap<>();
  private final Map<List<String>, Set<Long>> users = new HashMap<>();
  private final Map<String, Integer> greyIds = new TreeMap<>();
  private final Set<String> refused = new HashSet<>();

  /**
   * The answer for a log.
   *
   * @param countsTable the table of the counts, with its database, as errors name it
   * @param zone the time zone of the counts' day and minute
   */
  public CanaryAnswer(List<Entry> log, String countsTable, ZoneId zone) {
    this.zone = zone;
    log.forEach(entry -> add(entry, countsTable));
  }

  private void add(Entry entry, String countsTable) {
    if (isGrey(entry.args())) {
      greyIds.merge(entry.id(), 1, Integer::sum);
    }
    if (entry.event() == null) {
      refused.add("without a kind: " + entry.id());
    }
    List<String> key = key(entry);
    int reserved = key.indexOf("ALL");
    if (reserved >= 0) {
      String column =
          List.of("ds", "mm", "release_type", "client", "app_version", "page", "event")
              .get(reserved);
      refused.add(
          String.format(
              "Column %s is 'ALL', which stands for all of its values in table %s: %s",
              column, countsTable, key));
    } else {
      count(entry, key);
    }
  }

  private void count(Entry entry, List<String> key) {
    for (int set = 0; set < 16; set++) {
      List<Boolean> kept = new ArrayList<>();
      List<String> cell = new ArrayList<>(key.subList(0, 3));
      for (int dimension = 0; dimension < 4; dimension++) {
        kept.add((set >> dimension) % 2 == 1);
        cell.add(kept.get(dimension) ? key.get(3 + dimension) : "ALL");
      }
      views.merge(cell, 1L, Long::sum);
      latest.merge(cell, entry.millis(), Long::max);
      if (entry.user() != null && WITH_USERS.contains(kept)) {
        users.computeIfAbsent(cell, unused -> new HashSet<>()).add(entry.user());
      }
    }
  }

  private List<String> key(Entry entry) {
    LocalDateTime time = LocalDateTime.ofInstant(Instant.ofEpochMilli(entry.millis()), zone);
    return Arrays.asList(
        String.format(
            Locale.ROOT,
            "%04d%02d%02d",
            time.getYear(),
            time.getMonthValue(),
            time.getDayOfMonth()),
        String.format(Locale.ROOT, "%02d%02d", time.getHour(), time.getMinute()),
        isGrey(entry.args()) ? "grey" : "base",
        orUnknown(entry.client()),
        orUnknown(entry.version()),
        orUnknown(entry.page()),
        orUnknown(entry.event()));
  }

  private static String orUnknown(@Nullable String value) {
    return value == null ? "unknown" : value;
  }

  /** The first pair with that key counts; what has no '=' is none. */
  public static boolean isGrey(@Nullable String args) {
    for (String pair : args == null ? new String[0] : args.split(",")) {
      String[] parts = pair.split("=", 2);
      if (parts.length == 2 && parts[0].equals("release_type")) {
        return parts[1].equals("grey");
      }
    }
    return false;
  }

  /** By day, minute, release, client, version, page and event. */
  public Map<List<String>, Count> counts() {
    Map<List<String>, Count> counts = new HashMap<>();
    views.forEach(
        (cell, count) -> {
          Set<Long> ofCell = users.get(cell);
          Long visitors = ofCell == null ? null : Long.valueOf(ofCell.size());
          counts.put(cell, new Count(count, visitors, latest.get(cell)));
        });
    return counts;
  }

  /** The rows of the table of counts, in the form of {@link #counts()}. */
  public static Map<List<String>, Count> counts(Set<Map<String, Object>> rows) {
    Map<List<String>, Count> counts = new HashMap<>();
    for (Map<String, Object> row : rows) {
      List<String> cell =
          Stream.of("ds", "mm", "release_type", "client", "app_version", "page", "event")
              .map(column -> (String) row.get(column))
              .toList();
      TimestampLtz latest = (TimestampLtz) row.get("latest_time");
      counts.put(
          cell,
          new Count(
              (Long) row.get("pv"),
              (Long) row.get("uv"),
              latest == null ? null : latest.getEpochMillisecond()));
    }
    return counts;
  }

  /** The rows of the canary release, and how often they are there. */
  public Map<String, Integer> greyIds() {
    return greyIds;
  }

  /** Why rows are refused. */
  public Set<String> refused() {
    return refused;
  }

  /** What clients log of events that count, by {@link ClientRules}. */
  static List<Entry> entries(List<Event> events, @Nullable Instant brokenFrom) {
    List<Entry> entries = new ArrayList<>();
    int number = 0;
    for (Event event : events) {
      String id = "entry " + number++;
      boolean broken =
          brokenFrom != null && !Instant.ofEpochMilli(event.timestampMillis()).isBefore(brokenFrom);
      switch (event.type()) {
        case VIEW -> {
          entries.add(entry(event, id, "page_view"));
          if (ClientRules.fails(event, broken)) {
            entries.add(entry(event, id + " error", "api_error"));
          }
        }
        case CART -> entries.add(entry(event, id, "item_click"));
        case ORDER -> {
          if (event.quantity() > 0) {
            entries.add(entry(event, id, "order_submit"));
          }
        }
        case CANCEL -> {}
      }
    }
    return entries;
  }

  private static Entry entry(Event event, String id, String kind) {
    boolean canary = ClientRules.isCanary(event);
    return new Entry(
        id,
        event.timestampMillis(),
        ClientRules.client(event),
        canary ? "8.3.0" : "8.2.0",
        ClientRules.page(event),
        kind,
        BehaviorRules.userId(event),
        ClientRules.network(event),
        "release_type=" + (canary ? "grey" : "base"));
  }
}

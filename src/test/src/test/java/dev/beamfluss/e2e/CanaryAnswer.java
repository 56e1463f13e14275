package dev.beamfluss.e2e;

import java.time.Instant;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What the tables of scenario 4 must hold, by sets and sums of what was logged. */
final class CanaryAnswer {
  /** Whether a cell of the counts keeps client, version, page and event. */
  private static final List<List<Boolean>> WITH_USERS =
      List.of(
          List.of(true, false, false, false),
          List.of(false, false, true, false),
          List.of(false, false, false, true),
          List.of(false, false, false, false));

  private final Map<List<String>, Long> views = new HashMap<>();
  private final Map<List<String>, Long> latest = new HashMap<>();
  private final Map<List<String>, Set<Long>> users = new HashMap<>();
  private final Map<String, Integer> greyIds = new TreeMap<>();
  private final Set<String> refused = new HashSet<>();

  CanaryAnswer(List<CanaryData.Entry> log, String countsTable) {
    log.forEach(entry -> add(entry, countsTable));
  }

  /**
   * A row of the counts: what the columns besides the key are; users are null where not counted.
   */
  record Count(Long views, Long users, Long latestMillis) {}

  private void add(CanaryData.Entry entry, String countsTable) {
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

  private void count(CanaryData.Entry entry, List<String> key) {
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

  private static List<String> key(CanaryData.Entry entry) {
    LocalDateTime time =
        LocalDateTime.ofInstant(Instant.ofEpochMilli(entry.millis()), CanaryData.ZONE);
    return Arrays.asList(
        String.format("%04d%02d%02d", time.getYear(), time.getMonthValue(), time.getDayOfMonth()),
        String.format("%02d%02d", time.getHour(), time.getMinute()),
        isGrey(entry.args()) ? "grey" : "base",
        orUnknown(entry.client()),
        orUnknown(entry.version()),
        orUnknown(entry.page()),
        orUnknown(entry.event()));
  }

  private static String orUnknown(String value) {
    return value == null ? "unknown" : value;
  }

  /** The first pair with that key counts; what has no '=' is none. */
  static boolean isGrey(String args) {
    for (String pair : args == null ? new String[0] : args.split(",")) {
      String[] parts = pair.split("=", 2);
      if (parts.length == 2 && parts[0].equals("release_type")) {
        return parts[1].equals("grey");
      }
    }
    return false;
  }

  /** By day, minute, release, client, version, page and event. */
  Map<List<String>, Count> counts() {
    Map<List<String>, Count> counts = new HashMap<>();
    views.forEach(
        (cell, count) -> {
          Set<Long> ofCell = users.get(cell);
          Long visitors = ofCell == null ? null : Long.valueOf(ofCell.size());
          counts.put(cell, new Count(count, visitors, latest.get(cell)));
        });
    return counts;
  }

  /** The rows of the canary release, and how often they are there. */
  Map<String, Integer> greyIds() {
    return greyIds;
  }

  /** Why rows are refused. */
  Set<String> refused() {
    return refused;
  }
}

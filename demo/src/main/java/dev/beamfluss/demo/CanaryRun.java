package dev.beamfluss.demo;

import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.canary.Canary;
import dev.beamfluss.pipelines.canary.CanaryOptions;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.ingest.ClientRules;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.checkerframework.checker.nullness.qual.MonotonicNonNull;

/**
 * Counts of the canary release beside the others', its rows, and alerts. In the second half of the
 * events the canary is broken on one page of one client; an alert of anything else is wrong.
 */
final class CanaryRun extends ScenarioRun {
  /** Broken views of which an alert has to come; as a rule it comes of half of them. */
  private static final int ENOUGH = 100;

  private static final List<String> KEY =
      List.of("ds", "mm", "release_type", "client", "app_version", "page", "event");

  private final List<Map<String, Object>> expectedCounts = new ArrayList<>();
  private final Set<List<Object>> expectedDetails = new HashSet<>();
  private final long brokenViews;
  private @MonotonicNonNull TableContents counts;
  private @MonotonicNonNull TableContents details;
  private @MonotonicNonNull TableContents alerts;

  CanaryRun(Traffic traffic, String[] flags) {
    super(Scenario.CANARY, traffic, flags);
    List<CanaryAnswer.Entry> log =
        CanaryAnswer.entries(
            Traffic.counting(traffic.events(), traffic.rules().keepRepeatedRows()),
            traffic.rules().brokenFrom());
    new CanaryAnswer(log, CanaryTables.COUNTS, traffic.zone())
        .counts()
        .forEach((cell, count) -> expectedCounts.add(row(cell, count)));
    long broken = 0;
    for (CanaryAnswer.Entry entry : log) {
      if (CanaryAnswer.isGrey(entry.args())) {
        expectedDetails.add(
            Arrays.asList(
                entry.millis(), entry.client(), entry.page(), entry.event(), entry.user()));
        boolean isBroken =
            ClientRules.BROKEN_CLIENT.equals(entry.client())
                && ClientRules.BROKEN_PAGE.equals(entry.page())
                && "page_view".equals(entry.event())
                && traffic.rules().brokenFrom() != null
                && entry.millis() >= traffic.rules().brokenFrom().toEpochMilli();
        broken += isBroken ? 1 : 0;
      }
    }
    this.brokenViews = broken;
  }

  private static Map<String, Object> row(List<String> cell, CanaryAnswer.Count count) {
    Map<String, Object> row = new HashMap<>();
    for (int i = 0; i < KEY.size(); i++) {
      row.put(KEY.get(i), cell.get(i));
    }
    row.put("pv", count.views());
    row.put("uv", count.users());
    row.put("latest_time", count.latestMillis());
    return row;
  }

  @Override
  List<TableDefinition> tables(TableOptions options) {
    return CanaryTables.definitions(options);
  }

  @Override
  Pipeline pipeline(String bootstrapServers) {
    CanaryOptions options = options(CanaryOptions.class, bootstrapServers);
    options.setPartitionDiscoveryMillis(DISCOVERY_MILLIS);
    options.setZone(traffic().zone().getId());
    options.setAllowedLatenessMinutes(
        Math.max(options.getAllowedLatenessMinutes(), 60 * hoursOld()));
    Pipeline pipeline = Pipeline.create(options);
    Canary.apply(pipeline, options);
    return pipeline;
  }

  @Override
  void watch(String bootstrapServers) {
    for (TableDefinition table : tables(TableOptions.defaults())) {
      switch (table.name()) {
        case CanaryTables.COUNTS ->
            counts = new TableContents(bootstrapServers, table, Set.of("pv_version"));
        case CanaryTables.DETAIL -> details = new TableContents(bootstrapServers, table, Set.of());
        case CanaryTables.ALERTS -> alerts = new TableContents(bootstrapServers, table, Set.of());
        default -> {}
      }
    }
  }

  @Override
  long rows() {
    return (long) counts.size() + details.size() + alerts.size();
  }

  @Override
  long changes() {
    return counts.changes() + details.changes() + alerts.changes();
  }

  @Override
  long lastChange() {
    return Math.max(counts.lastChange(), Math.max(details.lastChange(), alerts.lastChange()));
  }

  @Override
  void checkWatch() {
    counts.check();
    details.check();
    alerts.check();
  }

  @Override
  boolean isRight() {
    return details.size() >= expectedDetails.size()
        && counts.holds(expectedCounts)
        && foundDetails().equals(expectedDetails)
        && alertsAreRight();
  }

  /** A row may be there twice after a failure. */
  private Set<List<Object>> foundDetails() {
    Set<List<Object>> found = new HashSet<>();
    for (Map<String, Object> row : details.rows()) {
      found.add(
          Arrays.asList(
              row.get("event_time"),
              row.get("client"),
              row.get("page"),
              row.get("event"),
              row.get("user_id")));
    }
    return found;
  }

  private boolean alertsAreRight() {
    List<Map<String, Object>> raised = alerts.rows();
    return raised.stream().allMatch(CanaryRun::isOfWhatIsBroken)
        && (brokenViews < ENOUGH || !raised.isEmpty());
  }

  private static boolean isOfWhatIsBroken(Map<String, Object> alert) {
    return is(alert.get("client"), ClientRules.BROKEN_CLIENT)
        && is(alert.get("page"), ClientRules.BROKEN_PAGE)
        && "api_error".equals(alert.get("kind"));
  }

  /** A cell may be of all values of a column. */
  private static boolean is(Object column, String value) {
    return "".equals(column) || value.equals(column);
  }

  @Override
  Verdict verdict(boolean right) {
    boolean verified = right && !expectedCounts.isEmpty();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("rows", rows());
    figures.put("rows_of_counts", counts.size());
    figures.put("rows_of_counts_expected", expectedCounts.size());
    figures.put("canary_rows", details.size());
    figures.put("changes_out", changes());
    figures.put("alerts", alerts.size());
    List<String> lines = new ArrayList<>();
    lines.add("release   events   views   errors");
    releases()
        .forEach(
            (release, kinds) ->
                lines.add(
                    line(
                        "%-7s %,8d %,7d  %,7d",
                        release,
                        kinds.values().stream().mapToLong(Long::longValue).sum(),
                        kinds.getOrDefault("page_view", 0L),
                        kinds.getOrDefault("api_error", 0L))));
    lines.add(
        line(
            "broken: page %s of client %s in the canary, in the second half (%,d views); alerts:",
            ClientRules.BROKEN_PAGE, ClientRules.BROKEN_CLIENT, brokenViews));
    alerts.rows().forEach(alert -> lines.add(alertLine(alert)));
    if (alerts.size() == 0) {
      lines.add(
          brokenViews < ENOUGH
              ? "  none, which so few broken views need not give"
              : "  none, though there should be one");
    }
    if (!verified) {
      lines.addAll(differences(CanaryTables.COUNTS, counts, expectedCounts));
      lines.add(
          line(
              "%s has %,d different rows, should have %,d",
              CanaryTables.DETAIL, foundDetails().size(), expectedDetails.size()));
    }
    return new Verdict(
        verified,
        lines,
        line(
            "%,d cells of counts, %,d rows of the canary, %d alerts of what is broken alone",
            counts.size(), expectedDetails.size(), alerts.size()),
        figures);
  }

  /** By release and kind of event, what the counts say. */
  private Map<String, Map<String, Long>> releases() {
    Map<String, Map<String, Long>> releases = new TreeMap<>();
    for (Map<String, Object> row : counts.rows()) {
      boolean byKindAlone =
          List.of("client", "app_version", "page").stream()
                  .allMatch(column -> "ALL".equals(row.get(column)))
              && !"ALL".equals(row.get("event"));
      if (byKindAlone) {
        releases
            .computeIfAbsent((String) row.get("release_type"), unused -> new TreeMap<>())
            .merge((String) row.get("event"), (Long) row.get("pv"), Long::sum);
      }
    }
    return releases;
  }

  private static String alertLine(Map<String, Object> alert) {
    return line(
        "  %s %s client=%s page=%s network=%s: canary %d of %d, others %d of %d, %.1f times",
        alert.get("state"),
        alert.get("direction"),
        any(alert.get("client")),
        any(alert.get("page")),
        any(alert.get("network")),
        alert.get("canary_events"),
        alert.get("canary_traffic"),
        alert.get("base_events"),
        alert.get("base_traffic"),
        alert.get("rate_ratio"));
  }

  private static Object any(Object column) {
    return "".equals(column) ? "any" : column;
  }

  @Override
  void closeWatch() {
    for (TableContents table : Arrays.asList(counts, details, alerts)) {
      if (table != null) {
        table.close();
      }
    }
  }
}

package dev.beamfluss.demo;

import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.widetable.WideTable;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.checkerframework.checker.nullness.qual.MonotonicNonNull;

/**
 * All five streams into the wide tables of products and shops, in one job. The tables are not
 * partitioned where the log has too many days.
 */
final class WideTableRun extends ScenarioRun {
  private static final int SHOPS_SHOWN = 5;
  private static final int DIFFERENCES_SHOWN = 3;

  private final WideTableAnswer answer;
  private @MonotonicNonNull WideTableWatch watch;

  WideTableRun(Traffic traffic, String[] flags) {
    super(Scenario.WIDETABLE, traffic, flags);
    this.answer =
        WideTableAnswer.of(traffic.events(), traffic.zone(), traffic.rules().keepRepeatedRows());
  }

  @Override
  List<TableDefinition> tables(TableOptions options) {
    return WideTableTables.definitions(options);
  }

  @Override
  boolean takesAnyNumberOfDays() {
    return true;
  }

  @Override
  Pipeline pipeline(String bootstrapServers) {
    WideTableOptions options = options(WideTableOptions.class, bootstrapServers);
    if (options.getStream() != null) {
      throw new IllegalArgumentException(
          "--stream cannot be named here: every column is compared, and takes its stream. Leave it"
              + " out.");
    }
    options.setPartitionDiscoveryMillis(DISCOVERY_MILLIS);
    options.setAllowedLatenessHours(Math.max(options.getAllowedLatenessHours(), hoursOld()));
    Pipeline pipeline = Pipeline.create(options);
    WideTable.apply(pipeline, options);
    return pipeline;
  }

  @Override
  void watch(String bootstrapServers) {
    watch = new WideTableWatch(bootstrapServers, "");
  }

  @Override
  long rows() {
    return watch.rows();
  }

  @Override
  long changes() {
    return watch.resultChanges();
  }

  @Override
  long lastChange() {
    return watch.lastChange();
  }

  @Override
  void checkWatch() {
    watch.check();
  }

  @Override
  boolean isRight() {
    return watch.holds(answer.cells());
  }

  @Override
  Verdict verdict(boolean right) {
    Map<WideTableAnswer.Cell, Map<String, Object>> found = watch.cells();
    boolean verified = right && !found.isEmpty();
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("rows", found.size());
    figures.put("rows_expected", answer.cells().size());
    figures.put("cells", cells(found));
    figures.put("gmv", sales(found));
    figures.put("gmv_expected", answer.gmv());
    figures.put("changes_out", watch.resultChanges());
    List<String> lines = new ArrayList<>(topShops(found));
    lines.add(
        line("sales of all shops %,.2f, by the events alone %,.2f", sales(found), answer.gmv()));
    if (!verified) {
      lines.addAll(differences(found, answer.cells()));
    }
    return new Verdict(
        verified, lines, line("%,d cells of %,d rows", cells(found), found.size()), figures);
  }

  private static long cells(Map<WideTableAnswer.Cell, Map<String, Object>> rows) {
    return rows.values().stream().mapToLong(Map::size).sum();
  }

  private static BigDecimal sales(Map<WideTableAnswer.Cell, Map<String, Object>> rows) {
    return rows.entrySet().stream()
        .filter(row -> isShop(row.getKey()))
        .map(row -> gmv(row.getValue()))
        .reduce(BigDecimal.ZERO, BigDecimal::add);
  }

  private static BigDecimal gmv(Map<String, Object> columns) {
    return (BigDecimal) columns.getOrDefault("gmv", BigDecimal.ZERO);
  }

  private static long count(Map<String, Object> columns, String column) {
    return (Long) columns.getOrDefault(column, 0L);
  }

  private static boolean isShop(WideTableAnswer.Cell cell) {
    return cell.table().equals("shop_stat_wide");
  }

  private static List<String> topShops(Map<WideTableAnswer.Cell, Map<String, Object>> found) {
    List<String> lines = new ArrayList<>();
    String last =
        found.keySet().stream()
            .filter(WideTableRun::isShop)
            .map(WideTableRun::time)
            .max(Comparator.naturalOrder())
            .orElse("");
    lines.add("top shops of the last hour (" + last + ")");
    lines.add("shop           seen   users  visits  clicks   carts  orders           sales");
    found.entrySet().stream()
        .filter(row -> isShop(row.getKey()) && time(row.getKey()).equals(last))
        .sorted(
            Comparator.comparing(
                    (Map.Entry<WideTableAnswer.Cell, Map<String, Object>> row) ->
                        gmv(row.getValue()))
                .thenComparing(row -> count(row.getValue(), "exp_cnt"))
                .reversed()
                .thenComparing(row -> row.getKey().id()))
        .limit(SHOPS_SHOWN)
        .forEach(row -> lines.add(shop(row.getKey(), row.getValue())));
    return lines;
  }

  private static String shop(WideTableAnswer.Cell cell, Map<String, Object> columns) {
    return line(
        "%-10s %,8d %,7d %,7d %,7d %,7d %,7d  %,14.2f",
        shop(cell),
        count(columns, "exp_cnt"),
        count(columns, "exp_uv"),
        count(columns, "page_cnt"),
        count(columns, "click_cnt"),
        count(columns, "cart_cnt"),
        count(columns, "unique_order_cnt"),
        gmv(columns));
  }

  private static String shop(WideTableAnswer.Cell cell) {
    return cell.id() == WideTableTables.UNKNOWN_ID
        ? WideTableTables.UNKNOWN
        : Long.toString(cell.id());
  }

  private static String time(WideTableAnswer.Cell cell) {
    return cell.date() + " " + cell.hour() + ":00";
  }

  private static List<String> differences(
      Map<WideTableAnswer.Cell, Map<String, Object>> found,
      Map<WideTableAnswer.Cell, Map<String, Object>> expected) {
    Set<WideTableAnswer.Cell> all = new HashSet<>(expected.keySet());
    all.addAll(found.keySet());
    List<WideTableAnswer.Cell> different =
        all.stream()
            .filter(
                cell ->
                    !found
                        .getOrDefault(cell, Map.of())
                        .equals(expected.getOrDefault(cell, Map.of())))
            .toList();
    List<String> lines = new ArrayList<>();
    lines.add(line("%,d of %,d rows differ", different.size(), all.size()));
    different.stream()
        .limit(DIFFERENCES_SHOWN)
        .forEach(
            cell ->
                lines.add(
                    "  "
                        + cell
                        + ": expected "
                        + expected.get(cell)
                        + ", found "
                        + found.get(cell)));
    return lines;
  }

  @Override
  void closeWatch() {
    if (watch != null) {
      watch.close();
    }
  }
}

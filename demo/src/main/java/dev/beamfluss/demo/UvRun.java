package dev.beamfluss.demo;

import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.uv.Grain;
import dev.beamfluss.pipelines.uv.GrainOptions;
import dev.beamfluss.pipelines.uv.Uv;
import dev.beamfluss.pipelines.uv.UvOptions;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.transforms.BitmapType;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/** Distinct users of each minute, hour and day, by bitmaps. */
final class UvRun extends ScenarioRun {
  private static final String DAYS = "uv_day";
  private static final List<String> FUNNEL =
      List.of("exp_uv", "page_uv", "click_uv", "ord_uv", "funnel_uv");

  private final List<Grain> grains;
  private final Map<String, Set<Map<String, Object>>> expected;
  private final Map<String, TableContents> found = new TreeMap<>();

  UvRun(Traffic traffic, String[] flags) {
    super(Scenario.UV, traffic, flags);
    this.grains = GrainOptions.grains(PipelineOptionsFactory.fromArgs(flags).as(UvOptions.class));
    UvAnswer answer = new UvAnswer(grains);
    answer.addAll(
        Traffic.counting(traffic.events(), traffic.rules().keepRepeatedRows()), traffic.zone());
    this.expected = answer.expected();
  }

  @Override
  List<TableDefinition> tables(TableOptions options) {
    return UvTables.definitions(options, grains, BitmapType.RBM32);
  }

  @Override
  Pipeline pipeline(String bootstrapServers) {
    UvOptions options = options(UvOptions.class, bootstrapServers);
    options.setPartitionDiscoveryMillis(DISCOVERY_MILLIS);
    Pipeline pipeline = Pipeline.create(options);
    Uv.apply(pipeline, options);
    return pipeline;
  }

  @Override
  void watch(String bootstrapServers) {
    for (TableDefinition table : tables(TableOptions.defaults())) {
      if (expected.containsKey(table.name())) {
        found.put(table.name(), new TableContents(bootstrapServers, table, Set.of()));
      }
    }
  }

  @Override
  long rows() {
    return found.values().stream().mapToLong(TableContents::size).sum();
  }

  @Override
  long changes() {
    return found.values().stream().mapToLong(TableContents::changes).sum();
  }

  @Override
  long lastChange() {
    return found.values().stream().mapToLong(TableContents::lastChange).max().orElse(0);
  }

  @Override
  void checkWatch() {
    found.values().forEach(TableContents::check);
  }

  @Override
  boolean isRight() {
    return found.entrySet().stream()
        .allMatch(table -> table.getValue().holds(expected.get(table.getKey())));
  }

  @Override
  Verdict verdict(boolean right) {
    boolean verified = right && rows() > 0;
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("rows", rows());
    figures.put("rows_expected", expected.values().stream().mapToLong(Set::size).sum());
    figures.put("changes_out", changes());
    List<String> lines = new ArrayList<>();
    if (found.containsKey(DAYS)) {
      Map<String, Map<String, Object>> days = new TreeMap<>();
      lines.add("day          saw   visited   clicked   ordered   all four");
      found.get(DAYS).rows().stream()
          .sorted(Comparator.comparing(row -> (String) row.get("ds")))
          .forEach(
              row -> {
                Map<String, Object> funnel = new LinkedHashMap<>();
                FUNNEL.forEach(column -> funnel.put(column, row.get(column)));
                days.put((String) row.get("ds"), funnel);
                lines.add(
                    line(
                        "%s %,7d  %,8d  %,8d  %,8d  %,9d",
                        row.get("ds"),
                        row.get("exp_uv"),
                        row.get("page_uv"),
                        row.get("click_uv"),
                        row.get("ord_uv"),
                        row.get("funnel_uv")));
              });
      figures.put("users_per_day", days);
    }
    if (!verified) {
      found.forEach(
          (table, contents) -> lines.addAll(differences(table, contents, expected.get(table))));
    }
    return new Verdict(
        verified, lines, line("%,d rows of %,d tables", rows(), found.size()), figures);
  }

  @Override
  void closeWatch() {
    found.values().forEach(TableContents::close);
  }
}

package dev.beamfluss.pipelines;

import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.uv.GrainOptions;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * The scenarios of the reference, in its order. Each has a database of its own, as two of them have
 * a table {@code log_page_ri}, one with and one without a primary key.
 */
public enum Scenario {
  /** Order attribution. */
  ATTRIBUTION,
  /** The wide table of products and stores. */
  WIDETABLE,
  /** The forecast of orders. */
  FORECAST,
  /** Watching canary releases. */
  CANARY,
  /** Unique visitors. */
  UV;

  /** The name on command lines; with the prefix, also the name of the database. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The scenario's tables.
   *
   * @throws IllegalArgumentException for an option that makes no sense
   */
  public List<TableDefinition> tables(CreateTablesOptions flags) {
    TableOptions options = CreateTablesOptions.tableOptions(flags);
    return switch (this) {
      case ATTRIBUTION -> AttributionTables.definitions(options);
      case WIDETABLE -> WideTableTables.definitions(options);
      case FORECAST -> ForecastTables.definitions(options);
      case CANARY -> CanaryTables.definitions(options);
      case UV -> UvTables.definitions(options, GrainOptions.grains(flags), flags.getUvBitmapType());
    };
  }

  /**
   * The scenario with this name.
   *
   * @throws IllegalArgumentException if there is none; the message lists those there are
   */
  public static Scenario of(String id) {
    return Arrays.stream(values())
        .filter(scenario -> scenario.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Unknown scenario '"
                        + id
                        + "'; there are "
                        + Arrays.stream(values()).map(Scenario::id).toList()));
  }
}

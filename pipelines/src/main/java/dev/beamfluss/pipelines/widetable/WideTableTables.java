package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** The table of scenario 2. */
public final class WideTableTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "widetable";

  /** Counts by shop, day and hour; every job writes its own columns. */
  public static final String SHOP_STATISTICS = "shop_stat_wide";

  private WideTableTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(shopStatistics(options));
  }

  private static TableDefinition shopStatistics(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("shop_id", DataTypes.BIGINT().copy(false))
            .column("stat_date", DataTypes.STRING().copy(false))
            .column("stat_hour", DataTypes.STRING().copy(false))
            .column("exp_cnt", DataTypes.BIGINT())
            .withComment("Exposure Count")
            .column("page_cnt", DataTypes.BIGINT())
            .withComment("Page View Count")
            .primaryKey("shop_id", "stat_date", "stat_hour")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .distributedBy(options.bucketNum(), "shop_id")
            .properties(options.properties(Map.of()))
            .build();
    return new TableDefinition(options.database(DATABASE), SHOP_STATISTICS, descriptor);
  }
}

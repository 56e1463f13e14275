package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** The tables of scenario 3. */
public final class ForecastTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "forecast";

  /** Orders so far, by minute and source. */
  public static final String ORDERS = "order_dtm";

  /** Orders so far and the estimate for the day, by minute and source. */
  public static final String FORECASTS = "order_forecast_mm";

  private ForecastTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(orders(options), forecasts(options));
  }

  private static TableDefinition orders(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("ds", DataTypes.STRING())
            .withComment("Day Partition")
            .column("mm", DataTypes.STRING())
            .withComment("Minute")
            .column("order_source", DataTypes.STRING())
            .withComment("Order Source")
            .column("order_cnt", DataTypes.BIGINT())
            .withComment("Order Count")
            .primaryKey("ds", "mm", "order_source")
            .build();
    Map<String, String> properties = commonProperties(options);
    // so that a past day can be computed again; not in the reference
    properties.put("table.datalake.enabled", "true");
    properties.put("table.datalake.freshness", "3min");
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Real-time Order Minute-Accumulation Stream")
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "mm", "order_source")
            .properties(options.properties(properties))
            .build();
    return new TableDefinition(options.database(DATABASE), ORDERS, descriptor);
  }

  private static TableDefinition forecasts(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("ds", DataTypes.STRING())
            .withComment("Date Partition (Format: yyyymmdd)")
            .column("mm", DataTypes.STRING())
            .withComment("Minute (Format: HH:mm or HHmm)")
            .column("order_source", DataTypes.STRING())
            .withComment("Order Source")
            .column("cumulative_order_cnt", DataTypes.BIGINT())
            .withComment("Cumulative Order Count up to the current minute")
            .column("forecast_daily_order_cnt", DataTypes.STRING())
            .withComment("Predicted Total Daily Order Volume (24h) based on historical ratios")
            .primaryKey("ds", "mm", "order_source")
            .build();
    Map<String, String> properties = commonProperties(options);
    properties.put("table.datalake.enabled", "true");
    properties.put("table.datalake.freshness", "30s");
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Order Forecast Stream")
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "mm", "order_source")
            .properties(options.properties(properties))
            .build();
    return new TableDefinition(options.database(DATABASE), FORECASTS, descriptor);
  }

  private static Map<String, String> commonProperties(TableOptions options) {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("table.auto-partition.enabled", "true");
    properties.put("table.auto-partition.time-unit", "day");
    properties.put("table.auto-partition.key", "ds");
    properties.put("table.auto-partition.num-precreate", "0");
    properties.put("table.auto-partition.num-retention", "2");
    properties.put("table.replication.factor", String.valueOf(options.replicationFactor()));
    properties.put("table.log.arrow.compression.type", "zstd");
    return properties;
  }
}

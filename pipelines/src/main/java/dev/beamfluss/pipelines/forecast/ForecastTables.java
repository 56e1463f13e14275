package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/** The tables of scenario 3. */
public final class ForecastTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "forecast";

  /** Orders so far, by minute and source. */
  public static final String ORDERS = "order_dtm";

  /** Orders so far and the estimate for the day, by minute and source. */
  public static final String FORECASTS = "order_forecast_mm";

  /** Lines of orders, each once as it was placed. */
  public static final String ORDER_LINES = "order_log";

  /** What past days were like, by channel: the newest alone. */
  public static final String BASELINES = "order_mm_his_kv";

  /** The same as a table of Paimon, with a partition for each day. */
  public static final String BASELINES_OF_DAYS = "order_mm_his_str";

  static final String TIME = "event_time";
  static final String DAY = "ds";
  static final String MINUTE = "mm";
  static final String SOURCE = "order_source";
  static final String ORDER = "order_id";
  static final String AMOUNT = "amount";
  static final String COUNT = "order_cnt";
  static final String GMV = "order_gmv";

  /** How many lines a row is made of: what tells the newer of two rows. */
  static final String VERSION = "order_version";

  static final String CHANNEL = "channel_id";
  static final String RATIO_FEATURE = "minute_ratio_feat";
  static final String GMV_FEATURE = "minute_gmv_feat";

  /** Digits behind the point of amounts. */
  public static final int SCALE = 6;

  private static final DataType SUM = DataTypes.DECIMAL(38, SCALE);

  private ForecastTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(
        orders(options),
        forecasts(options),
        orderLines(options),
        baselines(options),
        DeadLetters.definition(DATABASE, options));
  }

  /** The first row of a line stays: cancellations, and lines that come again, change nothing. */
  private static TableDefinition orderLines(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("line_id", DataTypes.STRING())
            .column(ORDER, DataTypes.STRING())
            .column(SOURCE, DataTypes.STRING())
            .column(AMOUNT, DataTypes.DECIMAL(18, SCALE))
            .withComment("What the line cost when it was placed")
            .column(TIME, DataTypes.TIMESTAMP_LTZ(3))
            .column(DAY, DataTypes.STRING())
            .withComment("Date partition yyyyMMdd")
            .primaryKey("line_id", DAY)
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Lines of Orders as They Were Placed")
            .partitionedBy(DAY)
            .distributedBy(options.bucketNum(), "line_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.time-unit", "day",
                        "table.auto-partition.key", DAY,
                        "table.merge-engine", "first_row")))
            .build();
    return new TableDefinition(options.database(DATABASE), ORDER_LINES, descriptor);
  }

  private static TableDefinition baselines(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column(DAY, DataTypes.STRING())
            .withComment("Day for which it was made")
            .column(CHANNEL, DataTypes.STRING())
            .column(RATIO_FEATURE, DataTypes.STRING())
            .withComment("Baseline of orders")
            .column(GMV_FEATURE, DataTypes.STRING())
            .withComment("Baseline of GMV")
            .primaryKey(CHANNEL)
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Historical Baseline by Channel")
            .distributedBy(options.bucketNum(), CHANNEL)
            .properties(options.properties(Map.of()))
            .build();
    return new TableDefinition(options.database(DATABASE), BASELINES, descriptor);
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
            .column(GMV, SUM)
            .withComment("Sales until the end of the minute")
            .column(VERSION, DataTypes.BIGINT())
            .withComment("Lines of orders that the row is made of")
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
            .column("forecast_low", DataTypes.STRING())
            .withComment("Low end of its interval")
            .column("forecast_high", DataTypes.STRING())
            .withComment("High end of its interval")
            .column("cumulative_gmv", SUM)
            .withComment("Sales until the end of the minute")
            .column("forecast_daily_gmv", SUM)
            .withComment("Predicted sales of the day")
            .column("forecast_gmv_low", SUM)
            .withComment("Low end of its interval")
            .column("forecast_gmv_high", SUM)
            .withComment("High end of its interval")
            .column("model", DataTypes.STRING())
            .withComment("Name of the model")
            .column("baseline_ds", DataTypes.STRING())
            .withComment("Day of the baseline; null where the source has none")
            .column(VERSION, DataTypes.BIGINT())
            .withComment("Lines of orders that the row is made of")
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
    // an older row never takes the place of a newer one, whatever is replayed
    properties.put("table.merge-engine", "versioned");
    properties.put("table.merge-engine.versioned.ver-column", VERSION);
    return properties;
  }
}

package dev.beamfluss.pipelines.uv;

import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** The tables of scenario 5. */
public final class UvTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "uv";

  /** User ids and the numbers that stand for them in bitmaps. */
  public static final String USER_MAPPING = "user_mapping_table";

  /** Way A: a bitmap of users by minute and shard, merged by the tablet servers. */
  public static final String AGGREGATE = "ads_uv_agg";

  /**
   * Way B: a row for each user, day and shard, tiered to the lake and counted there. Its DDL does
   * not say how many buckets it has, so that is the cluster's {@code default.bucket.number}.
   */
  public static final String DETAIL = "ads_uv_detail";

  private UvTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(userMapping(options), aggregate(options), detail(options));
  }

  private static TableDefinition userMapping(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("user_id", DataTypes.BIGINT())
            .withComment("Original User ID")
            .column("uid_int64", DataTypes.BIGINT())
            .withComment("Auto-incremented Globally Unique Integer ID")
            .column("update_time", DataTypes.TIMESTAMP(3))
            .withComment("Update Time")
            .primaryKey("user_id")
            .enableAutoIncrement("uid_int64")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .distributedBy(options.bucketNum(), "user_id")
            .properties(options.properties(Map.of("table.log.arrow.compression.type", "zstd")))
            .build();
    return new TableDefinition(options.database(DATABASE), USER_MAPPING, descriptor);
  }

  private static TableDefinition aggregate(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("ds", DataTypes.STRING())
            .withComment("Date partition yyyyMMdd")
            .column("hh", DataTypes.STRING())
            .withComment("Hour HH")
            .column("mm", DataTypes.STRING())
            .withComment("Minute mm")
            .column("shard_id", DataTypes.INT())
            .withComment("Shard ID")
            .column("uv_bitmap", DataTypes.BYTES(), AggFunctions.RBM32())
            .withComment("Minute-level user bitmap")
            .primaryKey("ds", "hh", "mm", "shard_id")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "shard_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.merge-engine", "aggregation",
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.time-unit", "day",
                        "table.auto-partition.key", "ds")))
            .build();
    return new TableDefinition(options.database(DATABASE), AGGREGATE, descriptor);
  }

  private static TableDefinition detail(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("ds", DataTypes.STRING())
            .column("shard_id", DataTypes.INT())
            .column("uid_int32", DataTypes.INT())
            .primaryKey("ds", "shard_id", "uid_int32")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .properties(
                options.properties(
                    Map.of(
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "10s")))
            .build();
    return new TableDefinition(options.database(DATABASE), DETAIL, descriptor);
  }
}

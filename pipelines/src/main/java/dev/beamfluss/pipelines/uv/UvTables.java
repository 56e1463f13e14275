package dev.beamfluss.pipelines.uv;

import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.transforms.BitmapType;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/** The tables of scenario 5. */
public final class UvTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "uv";

  /** User ids and the numbers that stand for them in bitmaps. */
  public static final String USER_MAPPING = "user_mapping_table";

  /** Option A: bitmaps of users by minute and shard, merged by the tablet servers. */
  public static final String AGGREGATE = "ads_uv_agg";

  /** Option B: a row for each user and whatever is counted, tiered to the lake. */
  public static final String DETAIL = "ads_uv_detail";

  /** The shard of users, in the key of the tables above. */
  public static final String SHARD_COLUMN = "shard_id";

  /** In {@link #DETAIL}: which {@link Behavior} it was. */
  static final String BEHAVIOR_COLUMN = "behavior";

  private static final Map<String, DataType> DIMENSIONS =
      Map.of(
          "ds", DataTypes.STRING(),
          "hh", DataTypes.STRING(),
          "mm", DataTypes.STRING(),
          "item_id", DataTypes.STRING(),
          "category", DataTypes.STRING(),
          "country", DataTypes.STRING());

  private UvTables() {}

  /** All tables of the scenario, for the grains {@link Grain#DEFAULTS} in 32 bits. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return definitions(options, Grain.of(List.of(Grain.DEFAULTS.split(",", -1))), BitmapType.RBM32);
  }

  /**
   * All tables of the scenario.
   *
   * @param grains for what users are counted
   * @param type of the bitmaps
   * @throws IllegalArgumentException if a grain has a column that the logs do not have
   */
  public static List<TableDefinition> definitions(
      TableOptions options, List<Grain> grains, BitmapType type) {
    List<TableDefinition> tables = new ArrayList<>();
    for (Behavior behavior : Behavior.values()) {
      tables.add(log(options, behavior));
    }
    tables.add(userMapping(options, DATABASE));
    for (Grain grain : grains) {
      tables.add(bitmaps(options, grain, type));
      tables.add(counts(options, grain));
    }
    tables.add(detail(options, grains, type));
    tables.add(DeadLetters.definition(DATABASE, options));
    return tables;
  }

  private static TableDefinition log(TableOptions options, Behavior behavior) {
    Schema schema =
        Schema.newBuilder()
            .column("user_id", DataTypes.BIGINT())
            .column("event_time", DataTypes.TIMESTAMP_LTZ(3))
            .column("item_id", DataTypes.STRING())
            .column("category", DataTypes.STRING())
            .column("country", DataTypes.STRING())
            .column("ds", DataTypes.STRING())
            .withComment("Date partition yyyyMMdd")
            .column("hh", DataTypes.STRING())
            .withComment("Hour HH")
            .column("mm", DataTypes.STRING())
            .withComment("Minute mm")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .partitionedBy("ds")
            .distributedBy(options.bucketNum())
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.time-unit", "day",
                        "table.auto-partition.key", "ds",
                        "table.log.ttl", options.logTtl(),
                        "table.log.arrow.compression.type", "zstd")))
            .build();
    return new TableDefinition(options.database(DATABASE), behavior.log(), descriptor);
  }

  /** {@link #USER_MAPPING} in the database of a scenario. */
  public static TableDefinition userMapping(TableOptions options, String database) {
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
    return new TableDefinition(options.database(database), USER_MAPPING, descriptor);
  }

  private static TableDefinition bitmaps(TableOptions options, Grain grain, BitmapType type) {
    Schema.Builder schema = Schema.newBuilder();
    keyColumns(schema, grain.columns());
    for (Behavior behavior : Behavior.values()) {
      schema.column(
          behavior.bitmapColumn(),
          DataTypes.BYTES(),
          type == BitmapType.RBM32 ? AggFunctions.RBM32() : AggFunctions.RBM64());
      if (behavior == Behavior.EXPOSURE && grain.bitmapTable().equals(AGGREGATE)) {
        schema.withComment("Minute-level user bitmap");
      }
    }
    List<String> key = new ArrayList<>(grain.columns());
    key.add(SHARD_COLUMN);
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema.primaryKey(key).build())
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), SHARD_COLUMN)
            .properties(
                options.properties(
                    Map.of(
                        "table.merge-engine", "aggregation",
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.time-unit", "day",
                        "table.auto-partition.key", "ds")))
            .build();
    return new TableDefinition(options.database(DATABASE), grain.bitmapTable(), descriptor);
  }

  private static TableDefinition counts(TableOptions options, Grain grain) {
    Schema.Builder schema = Schema.newBuilder();
    grain.columns().forEach(column -> schema.column(column, dimension(column)));
    for (Behavior behavior : Behavior.values()) {
      schema.column(behavior.countColumn(), DataTypes.BIGINT());
    }
    Behavior.overlaps().forEach(both -> schema.column(both.countColumn(), DataTypes.BIGINT()));
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema.primaryKey(grain.columns()).build())
            .distributedBy(options.bucketNum())
            .properties(options.properties(Map.of()))
            .build();
    return new TableDefinition(options.database(DATABASE), grain.countTable(), descriptor);
  }

  private static TableDefinition detail(TableOptions options, List<Grain> grains, BitmapType type) {
    List<String> key = new ArrayList<>(detailColumns(grains));
    Schema.Builder schema = Schema.newBuilder();
    key.forEach(column -> schema.column(column, dimension(column)));
    schema.column(BEHAVIOR_COLUMN, DataTypes.STRING()).column(SHARD_COLUMN, DataTypes.INT());
    String user = userColumn(type);
    schema.column(user, type == BitmapType.RBM32 ? DataTypes.INT() : DataTypes.BIGINT());
    key.addAll(List.of(BEHAVIOR_COLUMN, SHARD_COLUMN, user));
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema.primaryKey(key).build())
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), SHARD_COLUMN)
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.time-unit", "day",
                        "table.auto-partition.key", "ds",
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "10s")))
            .build();
    return new TableDefinition(options.database(DATABASE), DETAIL, descriptor);
  }

  /** What the rows of {@link #DETAIL} are told apart by, besides behavior and user. */
  static Set<String> detailColumns(List<Grain> grains) {
    Set<String> columns = new LinkedHashSet<>();
    grains.forEach(grain -> columns.addAll(grain.columns()));
    return columns;
  }

  /** In {@link #DETAIL}: what a user is in the shard. */
  static String userColumn(BitmapType type) {
    return type == BitmapType.RBM32 ? "uid_int32" : "uid_int64";
  }

  private static void keyColumns(Schema.Builder schema, List<String> columns) {
    Map<String, String> comments =
        Map.of("ds", "Date partition yyyyMMdd", "hh", "Hour HH", "mm", "Minute mm");
    for (String column : columns) {
      schema.column(column, dimension(column));
      if (comments.containsKey(column)) {
        schema.withComment(comments.get(column));
      }
    }
    schema.column(SHARD_COLUMN, DataTypes.INT()).withComment("Shard ID");
  }

  private static DataType dimension(String column) {
    DataType type = DIMENSIONS.get(column);
    if (type == null) {
      throw new IllegalArgumentException(
          String.format(
              "The behavior logs have no column %s to count users by; they have %s.",
              column, new TreeSet<>(DIMENSIONS.keySet())));
    }
    return type;
  }
}

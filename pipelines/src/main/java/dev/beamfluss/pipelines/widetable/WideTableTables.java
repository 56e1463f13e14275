package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.uv.UvTables;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.AggFunctions;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/**
 * The tables of scenario 2: of each stream, its events as they come in and each of them once with
 * its dimensions; the dimensions; users as bitmaps; and the two wide tables.
 */
public final class WideTableTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "widetable";

  /** What is known of items: changed by the streams of products, of prices and of stocks. */
  public static final String ITEMS = "dim_item";

  /** In {@link #ITEMS} and the details. */
  public static final List<String> DIMENSIONS =
      List.of("product_id", "shop_id", "category", "price");

  /** The id of the product and the shop of items that {@link #ITEMS} does not have. */
  public static final long UNKNOWN_ID = -1;

  /** The category of items that {@link #ITEMS} does not have. */
  public static final String UNKNOWN = "unknown";

  /** The day of an event, {@code yyyyMMdd}. */
  public static final String DATE = "stat_date";

  /** The hour of an event, {@code HH}. */
  public static final String HOUR = "stat_hour";

  /** When an event happened. */
  public static final String TIME = "event_time";

  /** In the tables of bitmaps. */
  static final String USERS = "users";

  /** In the key of the tables of bitmaps. */
  static final String SHARD = "shard_id";

  /** Digits behind the point of amounts and prices. */
  public static final int SCALE = 6;

  private static final DataType AMOUNT = DataTypes.DECIMAL(18, SCALE);
  private static final DataType GMV = DataTypes.DECIMAL(38, SCALE);

  private WideTableTables() {}

  /** The column that tells the events of a stream apart on a day. */
  public static String eventId(BehaviorStream stream) {
    return stream == BehaviorStream.ORDERS ? "line_id" : "event_id";
  }

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    List<TableDefinition> tables = new ArrayList<>();
    tables.add(items(options));
    tables.add(UvTables.userMapping(options, DATABASE));
    for (BehaviorStream stream : BehaviorStream.values()) {
      tables.add(log(options, stream));
      tables.add(detail(options, stream));
      for (StatGrain grain : StatGrain.values()) {
        tables.add(users(options, stream, grain));
      }
    }
    for (StatGrain grain : StatGrain.values()) {
      tables.add(statistics(options, grain));
    }
    tables.add(DeadLetters.definition(DATABASE, options));
    return tables;
  }

  private static TableDefinition items(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("item_id", DataTypes.STRING())
            .column("product_id", DataTypes.BIGINT())
            .column("shop_id", DataTypes.BIGINT())
            .column("category", DataTypes.STRING())
            .column("price", AMOUNT)
            .withComment("Latest price of one")
            .column("inventory", DataTypes.BIGINT())
            .withComment("How many are left; below zero if more were sold than there were")
            .primaryKey("item_id")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Dimensions of Items")
            .distributedBy(options.bucketNum(), "item_id")
            .properties(options.properties(Map.of()))
            .build();
    return new TableDefinition(options.database(DATABASE), ITEMS, descriptor);
  }

  /** Events of behaviors are a log, in which one may be twice; lines of orders change. */
  private static TableDefinition log(TableOptions options, BehaviorStream stream) {
    Schema.Builder schema = Schema.newBuilder();
    events(schema, stream, false);
    TableDescriptor.Builder table =
        TableDescriptor.builder()
            .partitionedBy(DATE)
            .properties(
                options.properties(
                    daily(
                        Map.of(
                            "table.log.ttl",
                            options.logTtl(),
                            "table.datalake.enabled",
                            "true",
                            "table.datalake.freshness",
                            "3min"))));
    if (stream == BehaviorStream.ORDERS) {
      table
          .schema(schema.primaryKey(eventId(stream), DATE).build())
          .distributedBy(options.bucketNum(), eventId(stream));
    } else {
      table.schema(schema.build()).distributedBy(options.bucketNum());
    }
    return new TableDefinition(options.database(DATABASE), stream.log(), table.build());
  }

  /**
   * The dimensions are those that were found first: a change of the dimensions moves no event that
   * was counted. So are lines of orders, of which there is never more than there was.
   */
  private static TableDefinition detail(TableOptions options, BehaviorStream stream) {
    boolean changes = stream == BehaviorStream.ORDERS;
    Schema.Builder schema = Schema.newBuilder();
    events(schema, stream, true);
    dimension(schema, changes, "product_id", DataTypes.BIGINT());
    dimension(schema, changes, "shop_id", DataTypes.BIGINT());
    dimension(schema, changes, "category", DataTypes.STRING());
    dimension(schema, changes, "price", AMOUNT);
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema.primaryKey(eventId(stream), DATE).build())
            .partitionedBy(DATE)
            .distributedBy(options.bucketNum(), eventId(stream))
            .properties(
                options.properties(
                    daily(
                        Map.of(
                            "table.merge-engine",
                            changes ? "aggregation" : "first_row",
                            "table.datalake.enabled",
                            "true",
                            "table.datalake.freshness",
                            "3min"))))
            .build();
    return new TableDefinition(options.database(DATABASE), stream.detail(), descriptor);
  }

  private static void events(Schema.Builder schema, BehaviorStream stream, boolean merged) {
    schema
        .column(eventId(stream), DataTypes.STRING())
        .column("user_id", DataTypes.BIGINT())
        .column("item_id", DataTypes.STRING())
        .column(TIME, DataTypes.TIMESTAMP_LTZ(3))
        .column(DATE, DataTypes.STRING())
        .withComment("Date partition yyyyMMdd")
        .column(HOUR, DataTypes.STRING())
        .withComment("Hour HH");
    if (stream != BehaviorStream.ORDERS) {
      return;
    }
    schema.column("order_id", DataTypes.STRING());
    if (merged) {
      schema
          .column("quantity", DataTypes.INT(), AggFunctions.MIN())
          .column("amount", AMOUNT, AggFunctions.MIN());
    } else {
      schema
          .column("quantity", DataTypes.INT())
          .withComment("Units that are not cancelled; 0 where all are")
          .column("amount", AMOUNT)
          .withComment("What these cost");
    }
  }

  private static void dimension(
      Schema.Builder schema, boolean merged, String column, DataType type) {
    if (merged) {
      schema.column(column, type, AggFunctions.FIRST_VALUE());
    } else {
      schema.column(column, type);
    }
  }

  /** A table for each stream, so that none waits for, or wakes, another. */
  private static TableDefinition users(
      TableOptions options, BehaviorStream stream, StatGrain grain) {
    Schema schema =
        Schema.newBuilder()
            .column(grain.idColumn(), DataTypes.BIGINT())
            .column(DATE, DataTypes.STRING())
            .withComment("Date partition yyyyMMdd")
            .column(HOUR, DataTypes.STRING())
            .withComment("Hour HH")
            .column(SHARD, DataTypes.INT())
            .column(USERS, DataTypes.BYTES(), AggFunctions.RBM32())
            .primaryKey(grain.idColumn(), DATE, HOUR, SHARD)
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .partitionedBy(DATE)
            .distributedBy(options.bucketNum(), grain.idColumn())
            .properties(options.properties(daily(Map.of("table.merge-engine", "aggregation"))))
            .build();
    return new TableDefinition(options.database(DATABASE), grain.usersTable(stream), descriptor);
  }

  private static TableDefinition statistics(TableOptions options, StatGrain grain) {
    Schema.Builder schema = Schema.newBuilder();
    schema
        .column(grain.idColumn(), DataTypes.BIGINT().copy(false))
        .column(DATE, DataTypes.STRING().copy(false))
        .column(HOUR, DataTypes.STRING().copy(false));
    // the reference's columns come first
    count(schema, BehaviorStream.EXPOSURES);
    count(schema, BehaviorStream.VISITS);
    count(schema, BehaviorStream.CLICKS);
    count(schema, BehaviorStream.CARTS);
    count(schema, BehaviorStream.ORDERS);
    for (BehaviorStream stream : BehaviorStream.values()) {
      String label = stream.label();
      schema.column(stream.usersColumn(), DataTypes.BIGINT()).withComment(label + " Users");
      if (stream == BehaviorStream.ORDERS) {
        schema
            .column(BehaviorStream.UNIQUE_ORDERS, DataTypes.BIGINT())
            .withComment("Orders that are not cancelled")
            .column(BehaviorStream.GMV, GMV)
            .withComment("Sales without what was cancelled");
      }
      schema
          .column(stream.versionColumn(), DataTypes.BIGINT())
          .withComment("Changes in the columns of " + stream.id())
          .column(stream.timeColumn(), DataTypes.TIMESTAMP_LTZ(3))
          .withComment("Latest event in the columns of " + stream.id());
    }
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema.primaryKey(grain.key()).build())
            .distributedBy(options.bucketNum(), grain.idColumn())
            .properties(
                options.properties(
                    Map.of(
                        // for the check of the day after; not in the reference's DDL
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "3min")))
            .build();
    return TableDefinition.growing(options.database(DATABASE), grain.table(), descriptor);
  }

  private static void count(Schema.Builder schema, BehaviorStream stream) {
    schema.column(stream.countColumn(), DataTypes.BIGINT()).withComment(stream.label() + " Count");
  }

  private static Map<String, String> daily(Map<String, String> more) {
    Map<String, String> properties = new LinkedHashMap<>(more);
    properties.put("table.auto-partition.enabled", "true");
    properties.put("table.auto-partition.time-unit", "day");
    properties.put("table.auto-partition.key", DATE);
    return properties;
  }
}

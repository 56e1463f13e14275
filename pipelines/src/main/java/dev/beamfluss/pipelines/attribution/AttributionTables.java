package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.List;
import java.util.Map;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.types.DataTypes;

/** The tables of scenario 1. */
public final class AttributionTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "attribution";

  /** Orders, the right side of the join. */
  public static final String ORDERS = "order_ri";

  /** First visit and number of visits, a user and day; the left side of the join. */
  public static final String VISITS = "log_page_ri";

  /** Visits with their orders. */
  public static final String RESULTS = "log_page_ord_detail_ri";

  /** Visits with their orders of the same and later days; the result of a window of days. */
  public static final String RESULTS_OF_WINDOW = "log_page_ord_window_ri";

  /** What the users with a matched order bought, a user and day; behind {@link #CONVERSIONS}. */
  public static final String BUYERS = "buyer_ri";

  /** Conversion rate and sales, a day. */
  public static final String CONVERSIONS = "conversion_ri";

  private AttributionTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(
        orders(options),
        visits(options),
        results(options),
        resultsOfWindow(options),
        buyers(options),
        conversions(options),
        DeadLetters.definition(DATABASE, options));
  }

  private static TableDefinition orders(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("order_id", DataTypes.STRING())
            .column("user_id", DataTypes.STRING())
            .column("order_time", DataTypes.STRING())
            .column("pay_amt", DataTypes.STRING())
            .column("ds", DataTypes.STRING())
            .primaryKey("user_id", "ds", "order_id")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "user_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.key", "ds",
                        // so that a past day can be computed again; not in the reference
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "3min")))
            .build();
    return new TableDefinition(options.database(DATABASE), ORDERS, descriptor);
  }

  private static TableDefinition visits(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("user_id", DataTypes.STRING())
            .column("first_page_time", DataTypes.STRING())
            .column("pv", DataTypes.BIGINT())
            .column("ds", DataTypes.STRING())
            .primaryKey("user_id", "ds")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "user_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.key", "ds",
                        // so that a past day can be computed again; not in the reference
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "3min")))
            .build();
    return new TableDefinition(options.database(DATABASE), VISITS, descriptor);
  }

  private static TableDefinition results(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("user_id", DataTypes.STRING())
            .withComment("User ID")
            .column("order_id", DataTypes.STRING())
            .withComment("Order ID")
            .column("first_page_time", DataTypes.STRING())
            .withComment("First Visit Time")
            .column("order_time", DataTypes.STRING())
            .withComment("Order Placement Time")
            .column("pv", DataTypes.BIGINT())
            .withComment("Page Views (Visit Count)")
            .column("pay_amt", DataTypes.STRING())
            .withComment("Payment Amount")
            .column("is_matched", DataTypes.STRING())
            .withComment("Match Status")
            .column("ds", DataTypes.STRING())
            .withComment("Date Partition")
            .primaryKey("user_id", "order_id", "ds")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Attribution Result Table")
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "user_id", "order_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.key", "ds",
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "3min")))
            .build();
    return new TableDefinition(options.database(DATABASE), RESULTS, descriptor);
  }

  /**
   * Keyed by the days of both the visit and the order. Its bucket key lets another join look it up.
   */
  private static TableDefinition resultsOfWindow(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("user_id", DataTypes.STRING())
            .withComment("User ID")
            .column("order_id", DataTypes.STRING())
            .withComment("Order ID")
            .column("first_page_time", DataTypes.STRING())
            .withComment("First Visit Time")
            .column("order_time", DataTypes.STRING())
            .withComment("Order Placement Time")
            .column("pv", DataTypes.BIGINT())
            .withComment("Page Views (Visit Count)")
            .column("pay_amt", DataTypes.STRING())
            .withComment("Payment Amount")
            .column("is_matched", DataTypes.STRING())
            .withComment("Match Status")
            .column("order_ds", DataTypes.STRING())
            .withComment("Date of the Order")
            .column("ds", DataTypes.STRING())
            .withComment("Date of the Visit, Partition")
            .primaryKey("user_id", "ds", "order_ds", "order_id")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Attribution Result Table of a Window of Days")
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "user_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.key", "ds",
                        "table.datalake.enabled", "true",
                        "table.datalake.freshness", "3min")))
            .build();
    return new TableDefinition(options.database(DATABASE), RESULTS_OF_WINDOW, descriptor);
  }

  private static TableDefinition buyers(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("user_id", DataTypes.STRING())
            .column("ds", DataTypes.STRING())
            .column("window_days", DataTypes.INT())
            .column("orders", DataTypes.BIGINT())
            .column("gmv", DataTypes.DECIMAL(38, PayAmount.SCALE))
            .column("unreadable_amts", DataTypes.BIGINT())
            .primaryKey("user_id", "ds", "window_days")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Users with a matched order")
            .partitionedBy("ds")
            .distributedBy(options.bucketNum(), "user_id")
            .properties(
                options.properties(
                    Map.of(
                        "table.auto-partition.enabled", "true",
                        "table.auto-partition.key", "ds")))
            .build();
    return new TableDefinition(options.database(DATABASE), BUYERS, descriptor);
  }

  private static TableDefinition conversions(TableOptions options) {
    Schema schema =
        Schema.newBuilder()
            .column("ds", DataTypes.STRING())
            .withComment("Date of the visits")
            .column("window_days", DataTypes.INT())
            .withComment("Days within which an order counts")
            .column("visitors", DataTypes.BIGINT())
            .withComment("Users who visited")
            .column("buyers", DataTypes.BIGINT())
            .withComment("Of these, users with a matched order")
            .column("conversion_rate", DataTypes.DOUBLE())
            .withComment("Buyers by visitors, from 0 to 1")
            .column("orders", DataTypes.BIGINT())
            .withComment("Matched orders")
            .column("gmv", DataTypes.DECIMAL(38, PayAmount.SCALE))
            .withComment("What they cost together")
            .column("unreadable_amts", DataTypes.BIGINT())
            .withComment("Of these orders, those whose amount is no number and counts as 0")
            .primaryKey("ds", "window_days")
            .build();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .comment("Conversion rate and sales, a day")
            .distributedBy(1, "ds")
            .properties(options.properties(Map.of()))
            .build();
    return new TableDefinition(options.database(DATABASE), CONVERSIONS, descriptor);
  }
}

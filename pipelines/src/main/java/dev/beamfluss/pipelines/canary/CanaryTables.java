package dev.beamfluss.pipelines.canary;

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

/** The tables of scenario 4. */
public final class CanaryTables {

  /** The scenario's database, before any prefix. */
  public static final String DATABASE = "canary";

  /** What the clients log, without a key. */
  public static final String PAGE_VIEWS = "log_page_ri";

  /** The rows of the canary release, without a key. */
  public static final String DETAIL = "ads_gray_monitoring_ri";

  /** Counts by the minute. */
  public static final String COUNTS = "ads_gray_monitoring_permm_ri";

  /** Users of cells of the counts, as bitmaps. */
  public static final String USERS = "gray_uv_agg";

  /** Where the canary release differs, by {@code alert_id}. */
  public static final String ALERTS = "alerts";

  static final String MINUTE = "mm";
  static final String RELEASE = "release_type";

  /** What the counts are by, besides the release. */
  static final List<String> DIMENSIONS = List.of("client", "app_version", "page", "event");

  /** What alerts compare: without the version, which tells the releases apart. */
  static final List<String> COMPARED = List.of("client", "page", "network");

  static final String VIEWS = "pv";
  static final String VISITORS = "uv";
  static final String VERSION = "pv_version";
  static final String LATEST = "latest_time";
  static final String SHARD = "shard_id";
  static final String BITMAP = "users";

  private CanaryTables() {}

  /** All tables of the scenario. */
  public static List<TableDefinition> definitions(TableOptions options) {
    return List.of(
        pageViews(options),
        detail(options),
        counts(options),
        users(options),
        UvTables.userMapping(options, DATABASE),
        alerts(options),
        DeadLetters.definition(DATABASE, options));
  }

  /** What the counts are by, after the day and the minute. */
  static List<String> countedBy() {
    List<String> columns = new ArrayList<>(List.of(RELEASE));
    columns.addAll(DIMENSIONS);
    return columns;
  }

  private static TableDefinition pageViews(TableOptions options) {
    Map<String, String> properties = daily();
    properties.put("table.auto-partition.num-precreate", "0");
    properties.put("table.auto-partition.num-retention", "1");
    properties.put("table.log.ttl", options.logTtl());
    properties.put("table.replication.factor", String.valueOf(options.replicationFactor()));
    properties.put("table.log.arrow.compression.type", "zstd");
    properties.put("table.datalake.enabled", "true");
    properties.put("table.datalake.freshness", "3min");
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(PageLogColumns.flussSchema())
            .comment("Page View Log Stream")
            .partitionedBy(PageLogColumns.DS)
            .distributedBy(options.bucketNum())
            .properties(options.properties(properties))
            .build();
    return new TableDefinition(options.database(DATABASE), PAGE_VIEWS, descriptor);
  }

  private static TableDefinition detail(TableOptions options) {
    Schema.Builder schema = Schema.newBuilder();
    Schema log = PageLogColumns.flussSchema();
    for (Schema.Column column : log.getColumns()) {
      if (PageLogColumns.core().contains(column.getName())) {
        schema.column(column.getName(), column.getDataType());
      }
    }
    return table(
        options,
        DETAIL,
        TableDescriptor.builder()
            .schema(schema.build())
            .comment("Rows of the canary release")
            .partitionedBy(PageLogColumns.DS)
            .distributedBy(options.bucketNum())
            .properties(options.properties(daily())));
  }

  private static TableDefinition counts(TableOptions options) {
    Schema.Builder schema = key();
    schema
        .column(VIEWS, DataTypes.BIGINT())
        .withComment("Rows of the log")
        .column(VISITORS, DataTypes.BIGINT())
        .withComment("Different users, of the combinations that --uvSets names")
        .column(VERSION, DataTypes.BIGINT())
        .withComment("Changes in pv")
        .column(LATEST, DataTypes.TIMESTAMP_LTZ(3))
        .withComment("Latest row in pv")
        .primaryKey(keyColumns());
    return table(
        options,
        COUNTS,
        TableDescriptor.builder()
            .schema(schema.build())
            .comment("Counts of both releases by the minute; ALL is for all values of a column")
            .partitionedBy(PageLogColumns.DS)
            .distributedBy(options.bucketNum())
            .properties(options.properties(daily())));
  }

  private static TableDefinition users(TableOptions options) {
    List<String> columns = keyColumns();
    columns.add(SHARD);
    Schema schema =
        key()
            .column(SHARD, DataTypes.INT())
            .column(BITMAP, DataTypes.BYTES(), AggFunctions.RBM32())
            .primaryKey(columns)
            .build();
    Map<String, String> properties = daily();
    properties.put("table.merge-engine", "aggregation");
    return table(
        options,
        USERS,
        TableDescriptor.builder()
            .schema(schema)
            .comment("Users by the minute")
            .partitionedBy(PageLogColumns.DS)
            .distributedBy(options.bucketNum())
            .properties(options.properties(properties)));
  }

  private static Schema.Builder key() {
    Schema.Builder schema = Schema.newBuilder();
    schema
        .column(PageLogColumns.DS, DataTypes.STRING())
        .withComment("Date partition yyyyMMdd")
        .column(MINUTE, DataTypes.STRING())
        .withComment("Minute HHmm");
    countedBy().forEach(column -> schema.column(column, DataTypes.STRING()));
    return schema;
  }

  private static List<String> keyColumns() {
    List<String> columns = new ArrayList<>(List.of(PageLogColumns.DS, MINUTE));
    columns.addAll(countedBy());
    return columns;
  }

  private static TableDefinition alerts(TableOptions options) {
    DataType text = DataTypes.STRING();
    DataType time = DataTypes.TIMESTAMP_LTZ(3);
    Schema.Builder schema =
        Schema.newBuilder()
            .column("alert_id", text)
            .column("state", text)
            .withComment("RAISED, CLEARED or EXPIRED")
            .column("direction", text)
            .withComment("RATE_UP, RATE_DOWN or SILENT");
    COMPARED.forEach(column -> schema.column(column, text));
    schema
        .column("kind", text)
        .withComment("Of event")
        .column("raised_at", time)
        .column("updated_at", time)
        .column("cleared_at", time)
        .column("evidence_since", time)
        .column("canary_events", DataTypes.BIGINT())
        .column("base_events", DataTypes.BIGINT())
        .column("canary_traffic", DataTypes.BIGINT())
        .column("base_traffic", DataTypes.BIGINT())
        .column("canary_rate", DataTypes.DOUBLE())
        .column("base_rate", DataTypes.DOUBLE())
        .column("rate_ratio", DataTypes.DOUBLE())
        .column("log_evidence", DataTypes.DOUBLE())
        .column("log_threshold", DataTypes.DOUBLE())
        .column("hypotheses", DataTypes.INT())
        .primaryKey("alert_id");
    return table(
        options,
        ALERTS,
        TableDescriptor.builder()
            .schema(schema.build())
            .comment("Where the canary release differs from the others")
            .distributedBy(1)
            .properties(options.properties(Map.of())));
  }

  private static TableDefinition table(
      TableOptions options, String name, TableDescriptor.Builder table) {
    return new TableDefinition(options.database(DATABASE), name, table.build());
  }

  private static Map<String, String> daily() {
    Map<String, String> properties = new LinkedHashMap<>();
    properties.put("table.auto-partition.enabled", "true");
    properties.put("table.auto-partition.time-unit", "day");
    properties.put("table.auto-partition.key", PageLogColumns.DS);
    return properties;
  }
}

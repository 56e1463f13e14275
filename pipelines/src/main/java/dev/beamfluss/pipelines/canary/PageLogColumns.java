package dev.beamfluss.pipelines.canary;

import static dev.beamfluss.pipelines.canary.PageLogColumns.Type.BIGINT;
import static dev.beamfluss.pipelines.canary.PageLogColumns.Type.BOOLEAN;
import static dev.beamfluss.pipelines.canary.PageLogColumns.Type.DOUBLE;
import static dev.beamfluss.pipelines.canary.PageLogColumns.Type.INT;
import static dev.beamfluss.pipelines.canary.PageLogColumns.Type.STRING;
import static dev.beamfluss.pipelines.canary.PageLogColumns.Type.TIMESTAMP_LTZ;

import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/**
 * The columns of the page log {@link CanaryTables#PAGE_VIEWS}, which the reference leaves out but
 * for their number: the telemetry of the clients of a commerce app. Monitoring reads {@link #core}
 * of them, and {@link #ARGS} where it filters by what only some clients send.
 */
public final class PageLogColumns {

  /** What a client sends besides: {@code key=value,key=value}, see {@link MapClientLines}. */
  public static final String ARGS = "args";

  /** The day of the event in the zone of its client's mapping, {@code yyyyMMdd}. */
  public static final String DS = "ds";

  static final String EVENT_TIME = "event_time";
  static final String CLIENT = "client";

  /** The types that occur, by their names in Fluss. */
  public enum Type {
    /** Text. */
    STRING,
    /** Whole numbers of 64 bits. */
    BIGINT,
    /** Whole numbers of 32 bits. */
    INT,
    /** Numbers with a fraction. */
    DOUBLE,
    /** Yes or no. */
    BOOLEAN,
    /** Points in time, to the millisecond. */
    TIMESTAMP_LTZ;

    private FieldType beam() {
      return switch (this) {
        case STRING -> FieldType.STRING;
        case BIGINT -> FieldType.INT64;
        case INT -> FieldType.INT32;
        case DOUBLE -> FieldType.DOUBLE;
        case BOOLEAN -> FieldType.BOOLEAN;
        case TIMESTAMP_LTZ -> FieldType.logicalType(SqlTypes.TIMESTAMP);
      };
    }

    private DataType fluss() {
      return switch (this) {
        case STRING -> DataTypes.STRING();
        case BIGINT -> DataTypes.BIGINT();
        case INT -> DataTypes.INT();
        case DOUBLE -> DataTypes.DOUBLE();
        case BOOLEAN -> DataTypes.BOOLEAN();
        case TIMESTAMP_LTZ -> DataTypes.TIMESTAMP_LTZ(3);
      };
    }
  }

  /**
   * A column, which may be null.
   *
   * @param name its name
   * @param type its type
   * @param isCore whether monitoring reads it
   */
  public record Column(String name, Type type, boolean isCore) {}

  /** All columns in the order of the table. */
  public static final List<Column> ALL =
      List.of(
          core("event_id", STRING),
          core(EVENT_TIME, TIMESTAMP_LTZ),
          core(CLIENT, STRING),
          core("app_version", STRING),
          core("release", STRING),
          core("page", STRING),
          core("event", STRING),
          core("module", STRING),
          core("user_id", BIGINT),
          core("session_id", STRING),
          core("device_id", STRING),
          core("device_model", STRING),
          core("os_name", STRING),
          core("os_version", STRING),
          core("network", STRING),
          core("province", STRING),
          core("city", STRING),
          core("channel", STRING),
          core("scene", STRING),
          core("shop_id", BIGINT),
          core("item_id", BIGINT),
          core("order_id", STRING),
          core("position", INT),
          core("duration_ms", BIGINT),
          core("api", STRING),
          core("http_status", INT),
          core("error_code", STRING),
          core("success", BOOLEAN),
          core("receive_time", TIMESTAMP_LTZ),
          // the page and how one came there
          other("page_url", STRING),
          other("page_title", STRING),
          other("page_path", STRING),
          other("referrer_page", STRING),
          other("referrer_event", STRING),
          other("referrer_url", STRING),
          other("entry_page", STRING),
          other("page_depth", INT),
          other("element_id", STRING),
          other("element_text", STRING),
          // what it belongs to in the logs of the servers
          other("trace_id", STRING),
          other("span_id", STRING),
          other("request_id", STRING),
          other("sequence_no", BIGINT),
          // the app
          other("app_build", STRING),
          other("sdk_version", STRING),
          other("package_name", STRING),
          other("install_time", TIMESTAMP_LTZ),
          other("first_open", BOOLEAN),
          other("launch_type", STRING),
          // the device
          other("device_brand", STRING),
          other("cpu_abi", STRING),
          other("memory_mb", INT),
          other("storage_free_mb", BIGINT),
          other("battery_percent", INT),
          other("low_power", BOOLEAN),
          other("language", STRING),
          other("time_zone", STRING),
          // the screen
          other("screen_width", INT),
          other("screen_height", INT),
          other("screen_density", DOUBLE),
          other("viewport_width", INT),
          other("viewport_height", INT),
          other("scroll_depth", DOUBLE),
          other("orientation", STRING),
          // the browser
          other("browser_name", STRING),
          other("browser_version", STRING),
          other("user_agent", STRING),
          // network and place
          other("carrier", STRING),
          other("ip", STRING),
          other("isp", STRING),
          other("signal_level", INT),
          other("country", STRING),
          other("district", STRING),
          other("longitude", DOUBLE),
          other("latitude", DOUBLE),
          // marketing
          other("campaign_id", STRING),
          other("ad_id", STRING),
          other("coupon_id", STRING),
          other("push_id", STRING),
          other("utm_source", STRING),
          other("utm_medium", STRING),
          // experiments and search
          other("experiment_ids", STRING),
          other("experiment_group", STRING),
          other("algorithm_id", STRING),
          other("search_keyword", STRING),
          // how fast it was
          other("dns_ms", INT),
          other("connect_ms", INT),
          other("first_byte_ms", INT),
          other("first_paint_ms", INT),
          other("interactive_ms", INT),
          other("fps", DOUBLE),
          other("error_message", STRING),
          other(ARGS, STRING),
          core(DS, STRING));

  private static final Schema SCHEMA = beamSchema();

  private PageLogColumns() {}

  /** The rows of the table. */
  public static Schema schema() {
    return SCHEMA;
  }

  /** The names of the columns that monitoring reads, a third of all. */
  public static List<String> core() {
    return ALL.stream().filter(Column::isCore).map(Column::name).toList();
  }

  /** The columns as the table is created with them. */
  static org.apache.fluss.metadata.Schema flussSchema() {
    org.apache.fluss.metadata.Schema.Builder schema = org.apache.fluss.metadata.Schema.newBuilder();
    ALL.forEach(column -> schema.column(column.name(), column.type().fluss()));
    return schema.build();
  }

  private static Schema beamSchema() {
    List<Schema.Field> fields = new ArrayList<>(ALL.size());
    ALL.forEach(column -> fields.add(Schema.Field.nullable(column.name(), column.type().beam())));
    return Schema.builder().addFields(fields).build();
  }

  private static Column core(String name, Type type) {
    return new Column(name, type, true);
  }

  private static Column other(String name, Type type) {
    return new Column(name, type, false);
  }
}

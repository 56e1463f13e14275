package dev.beamfluss.pipelines.mapping;

import com.fasterxml.jackson.databind.JsonNode;
import dev.beamfluss.io.fluss.FlussTable;
import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneId;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.schemas.Schema;

/**
 * How JSON objects become rows of a table, column by column, declared in JSON:
 *
 * <pre>{@code
 * {
 *   "zone": "Asia/Shanghai",
 *   "others": "ignore",
 *   "columns": {
 *     "order_id": "order.id",
 *     "user_id": "/user/id",
 *     "order_time": {"path": "ts", "time": "epoch-millis"},
 *     "ds": {"path": "ts", "time": "epoch-millis", "format": "uuuuMMdd"},
 *     "status": {"path": "state", "values": {"1": "paid"}, "default": "new"},
 *     "source": {"constant": "app"}
 *   }
 * }
 * }</pre>
 *
 * <p>A column has a path or a constant; a text stands for its path: names with dots between them,
 * {@code biz.items[0].id}, or a JSON pointer, {@code /biz/items/0/id}. Times have a {@code time} of
 * {@value TimeFormat#NAMES}, or a {@code pattern} of {@link java.time.format.DateTimeFormatter} and
 * the {@code zone} of times without an offset. A TIMESTAMP_LTZ is such a time; a TIMESTAMP and a
 * DATE are what calendar and clock show then in the mapping's {@code zone}, and a STRING with a
 * {@code format} is that as a text. A DATE without a time is one of ISO-8601. {@code values} takes
 * the place of values before anything else is done with them, and {@code default} that of missing
 * ones.
 *
 * <p>Fields that no column takes make an object no row, unless {@code others} is {@code ignore}: so
 * nothing is lost that nobody decided to leave out. Of a log table, columns that are not named are
 * null; of a KV table, they stay as they are.
 */
public final class RecordMapping implements Serializable {
  private static final Set<String> KEYS = Set.of("zone", "others", "columns");

  private final String table;
  private final Schema schema;
  private final List<ColumnMapping> columns;
  private final Set<String> needed;
  private final boolean ignoresOthers;

  private RecordMapping(
      String table,
      Schema schema,
      List<ColumnMapping> columns,
      Set<String> needed,
      boolean ignoresOthers) {
    this.table = table;
    this.needed = needed;
    this.schema = schema;
    this.columns = columns;
    this.ignoresOthers = ignoresOthers;
  }

  /**
   * Of a file, for a table.
   *
   * @throws IllegalArgumentException if it cannot be read, or is wrong
   */
  public static RecordMapping ofFile(Path file, FlussTable table) {
    try {
      return parse(Files.readString(file), table);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          String.format("Cannot read the mapping of table %s from %s: %s", table.path(), file, e),
          e);
    }
  }

  /**
   * Of a text, for a table.
   *
   * @throws IllegalArgumentException for whatever in it is not understood, or is not in the table;
   *     the message names table, column and value
   */
  public static RecordMapping parse(String json, FlussTable table) {
    MappingParser parser =
        new MappingParser("table " + table.path(), table.schema(), table.autoIncrementColumns());
    JsonNode mapping = parser.object(json, KEYS);
    ZoneId zone = parser.zone(mapping, "zone");
    List<ColumnMapping> columns = parser.columns(mapping, zone);
    String others = mapping.has("others") ? parser.text(mapping, "others") : "refuse";
    if (!others.equals("refuse") && !others.equals("ignore")) {
      throw parser.wrong(
          String.format("\"others\" is what is done: refuse or ignore, not '%s'", others));
    }
    RecordMapping result =
        new RecordMapping(
            table.path(), table.schema(), columns, needed(table), others.equals("ignore"));
    for (String column : result.needed) {
      boolean isMapped = result.mappedColumns().contains(column);
      boolean isOfEachRow = !table.isKeyed() || isKey(table, column);
      if (!isMapped && isOfEachRow) {
        throw parser.wrong(
            String.format(
                "does not say where column %s comes from, which the table needs for each row",
                column));
      }
    }
    return result;
  }

  private static boolean isKey(FlussTable table, String column) {
    return table.primaryKey().contains(column) || table.partitionColumns().contains(column);
  }

  /** Columns that are never null: those of keys and partitions even where their type may be. */
  private static Set<String> needed(FlussTable table) {
    Set<String> needed = new HashSet<>();
    for (Schema.Field field : table.schema().getFields()) {
      if (isKey(table, field.getName()) || !field.getType().getNullable()) {
        needed.add(field.getName());
      }
    }
    return needed;
  }

  /** The columns that are named. */
  public List<String> mappedColumns() {
    return columns.stream().map(ColumnMapping::column).toList();
  }

  /** That of the rows: all columns of the table. */
  public Schema schema() {
    return schema;
  }

  /** {@code database.table}. */
  public String table() {
    return table;
  }

  List<ColumnMapping> columns() {
    return columns;
  }

  /** Those that take no null. */
  Set<String> needed() {
    return needed;
  }

  boolean ignoresOthers() {
    return ignoresOthers;
  }

  /** Makes rows; one for each thread. */
  public RowMapper mapper() {
    return new RowMapper(this);
  }

  @Override
  public String toString() {
    return "mapping of table " + table + " " + mappedColumns();
  }
}

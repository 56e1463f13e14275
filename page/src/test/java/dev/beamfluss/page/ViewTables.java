package dev.beamfluss.page;

import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;
import org.apache.fluss.types.DecimalType;
import org.apache.fluss.types.RowType;

/** Tables of the scenarios, written by Fluss's own client. */
final class ViewTables {
  static final String DAY = "20261123";

  private final String bootstrapServers;
  private final String prefix;
  private final Connection connection;
  private final Map<TablePath, Table> tables = new HashMap<>();
  private final Map<TablePath, UpsertWriter> writers = new HashMap<>();

  ViewTables(String bootstrapServers, String prefix) {
    this.bootstrapServers = bootstrapServers;
    this.prefix = prefix;
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", bootstrapServers);
    configuration.setString("client.writer.batch-timeout", "1ms");
    this.connection = ConnectionFactory.createConnection(configuration);
  }

  /** Creates the tables of a scenario, with a partition for {@link #DAY} where they have any. */
  void create(Function<TableOptions, List<TableDefinition>> definitions, String... names)
      throws Exception {
    TableOptions options =
        TableOptions.defaults().withBucketNum(1).withNumRetention(-1).withDatabasePrefix(prefix);
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      for (TableDefinition table : definitions.apply(options)) {
        if (List.of(names).contains(table.name())) {
          creator.create(table);
          List<String> keys = table.descriptor().getPartitionKeys();
          if (!keys.isEmpty()) {
            connection
                .getAdmin()
                .createPartition(table.path(), new PartitionSpec(Map.of(keys.get(0), DAY)), true)
                .get(30, TimeUnit.SECONDS);
          }
        }
      }
    }
  }

  /** Adds columns of texts where a table does not have them. */
  void addTexts(String database, String table, String... columns) {
    try (TableCreator creator = TableCreator.connect(bootstrapServers)) {
      for (String column : columns) {
        creator.addColumns(
            TablePath.of(prefix + database, table), Map.of(column, DataTypes.STRING()));
      }
    }
  }

  /** Writes a row: names of columns and their values; other columns are null. */
  void upsert(String database, String table, Object... namesAndValues) throws Exception {
    TablePath path = TablePath.of(prefix + database, table);
    Table opened = tables.computeIfAbsent(path, connection::getTable);
    UpsertWriter writer = writers.computeIfAbsent(path, p -> opened.newUpsert().createWriter());
    writer.upsert(row(opened, namesAndValues)).get(30, TimeUnit.SECONDS);
  }

  void delete(String database, String table, Object... namesAndValues) throws Exception {
    TablePath path = TablePath.of(prefix + database, table);
    Table opened = tables.get(path);
    writers.get(path).delete(row(opened, namesAndValues)).get(30, TimeUnit.SECONDS);
  }

  private static GenericRow row(Table table, Object... namesAndValues) {
    RowType type = table.getTableInfo().getRowType();
    GenericRow row = new GenericRow(type.getFieldCount());
    List<String> unknown = new ArrayList<>();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      int field = type.getFieldIndex((String) namesAndValues[i]);
      if (field < 0) {
        unknown.add((String) namesAndValues[i]);
      } else {
        row.setField(field, value(type.getTypeAt(field), namesAndValues[i + 1]));
      }
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException("No columns " + unknown);
    }
    return row;
  }

  private static Object value(DataType type, Object value) {
    if (value instanceof java.math.BigDecimal amount) {
      DecimalType decimal = (DecimalType) type;
      return Decimal.fromBigDecimal(
          amount.setScale(decimal.getScale()), decimal.getPrecision(), decimal.getScale());
    } else if (value instanceof java.time.Instant time) {
      return TimestampLtz.fromInstant(time);
    }
    return value instanceof String text ? BinaryString.fromString(text) : value;
  }

  void close() throws Exception {
    connection.close();
  }
}

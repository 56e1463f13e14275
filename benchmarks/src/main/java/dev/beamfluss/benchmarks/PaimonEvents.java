package dev.beamfluss.benchmarks;

import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.Decimal;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.options.Options;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.sink.BatchTableCommit;
import org.apache.paimon.table.sink.BatchTableWrite;
import org.apache.paimon.table.sink.BatchWriteBuilder;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;

/** The columns and rows of {@link EventTable} in a Paimon table. */
final class PaimonEvents {
  private static final String DATABASE = "bench";
  private static final int PRECISION = 10;
  private static final int SCALE = 2;
  private static final int MILLIS = 3;

  /** How the table keeps its rows. */
  enum Kind {
    /** Without keys and buckets. */
    APPEND,
    /** In buckets by the first column. */
    BUCKETS,
    /** The first column is the primary key; whoever writes does not merge files. */
    KEYED
  }

  private final Map<String, String> catalog;
  private final String name;
  private final int columns;
  private final Kind kind;

  PaimonEvents(Map<String, String> catalog, String name, int columns, Kind kind) {
    this.catalog = Map.copyOf(catalog);
    this.name = name;
    this.columns = columns;
    this.kind = kind;
  }

  Map<String, String> catalog() {
    return catalog;
  }

  String path() {
    return DATABASE + "." + name;
  }

  static List<String> firstColumns(int number) {
    return IntStream.range(0, number).mapToObj(i -> "c" + i).toList();
  }

  /** The sample of a kind of column tells its type. */
  private static DataType type(Object sample) {
    if (sample instanceof String) {
      return DataTypes.STRING();
    } else if (sample instanceof BigDecimal) {
      return DataTypes.DECIMAL(PRECISION, SCALE);
    } else if (sample instanceof LocalDateTime) {
      return DataTypes.TIMESTAMP(MILLIS);
    }
    return DataTypes.BIGINT();
  }

  private static Object toPaimon(Object value) {
    if (value instanceof String text) {
      return BinaryString.fromString(text);
    } else if (value instanceof BigDecimal number) {
      return Decimal.fromBigDecimal(number, PRECISION, SCALE);
    } else if (value instanceof LocalDateTime time) {
      return Timestamp.fromLocalDateTime(time);
    }
    return value;
  }

  void create() throws Exception {
    Schema.Builder schema = Schema.newBuilder();
    for (int i = 0; i < columns; i++) {
      schema.column("c" + i, type(EventColumn.at(i).make().apply(new Random(i))));
    }
    if (kind != Kind.APPEND) {
      schema.option("bucket", "" + EventTable.BUCKETS).option("bucket-key", "c0");
    }
    if (kind == Kind.KEYED) {
      schema.primaryKey("c0").option("write-only", "true");
    }
    Catalog open = CatalogFactory.createCatalog(CatalogContext.create(Options.fromMap(catalog)));
    try {
      open.createDatabase(DATABASE, true);
      open.createTable(Identifier.create(DATABASE, name), schema.build(), false);
    } finally {
      open.close();
    }
  }

  void drop() throws Exception {
    Catalog open = CatalogFactory.createCatalog(CatalogContext.create(Options.fromMap(catalog)));
    try {
      open.dropTable(Identifier.create(DATABASE, name), false);
    } finally {
      open.close();
    }
  }

  Table open() throws Exception {
    Catalog open = CatalogFactory.createCatalog(CatalogContext.create(Options.fromMap(catalog)));
    try {
      return open.getTable(Identifier.create(DATABASE, name));
    } finally {
      open.close();
    }
  }

  /** Writes rows of random values, in one commit. */
  @SuppressWarnings("try") // an interrupted close ends the measurement, as it should
  void fill(long rows) throws Exception {
    Random random = new Random(columns);
    BatchWriteBuilder builder = open().newBatchWriteBuilder();
    try (BatchTableWrite write = builder.newWrite();
        BatchTableCommit commit = builder.newCommit()) {
      for (long i = 0; i < rows; i++) {
        write.write(row(random));
      }
      commit.commit(write.prepareCommit());
    }
  }

  private GenericRow row(Random random) {
    GenericRow row = new GenericRow(columns);
    for (int i = 0; i < columns; i++) {
      row.setField(i, toPaimon(EventColumn.at(i).make().apply(random)));
    }
    return row;
  }

  /** The row of a number. */
  static GenericRow paimon(EventRows rows, long number) {
    Object[] values = rows.values(number);
    GenericRow row = new GenericRow(values.length);
    row.setField(0, rows.firstColumn(number));
    for (int i = 1; i < values.length; i++) {
      row.setField(i, toPaimon(values[i]));
    }
    return row;
  }

  /** The values that the connector's rows hold, of the first columns. */
  static Row decode(InternalRow row, org.apache.beam.sdk.schemas.Schema schema) {
    Object[] values = new Object[schema.getFieldCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.isNullAt(i) ? null : value(row, i);
    }
    return Row.withSchema(schema).attachValues(new ArrayList<>(Arrays.asList(values)));
  }

  /** The kinds of columns come by turns, as {@link EventColumn#at} has them. */
  private static Object value(InternalRow row, int i) {
    return switch (i % 5) {
      case 0 -> row.getLong(i);
      case 2 -> row.getDecimal(i, PRECISION, SCALE).toBigDecimal();
      case 3 -> row.getTimestamp(i, MILLIS).toLocalDateTime();
      default -> row.getString(i).toString();
    };
  }
}

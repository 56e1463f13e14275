package dev.beamfluss.benchmarks;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.row.TimestampNtz;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/** A log table of some columns, about 20 bytes each, and rows for it. */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class EventTable {
  static final int BUCKETS = 4;

  /** So many columns make about 200 bytes, or 600. */
  static final int NARROW = 10;

  static final int WIDE = 30;

  /** So many rows are written before their acknowledgements are awaited. */
  private static final int WRITE_ROWS = 100_000;

  /** How long the cluster may take for their acknowledgements. */
  private static final int WRITE_SECONDS = 60;

  @FunctionalInterface
  private interface Decoder {
    Object decode(InternalRow row, int position);
  }

  private record Column(DataType type, Function<Random, Object> make, Decoder decoder) {}

  /** The kinds of column, which come by turns. */
  private static final List<Column> KINDS =
      List.of(
          new Column(DataTypes.BIGINT(), Random::nextLong, InternalRow::getLong),
          new Column(
              DataTypes.STRING(),
              random ->
                  BinaryString.fromString("item-" + Long.toString(random.nextLong() >>> 1, 36)),
              (row, i) -> row.getString(i).toString()),
          new Column(
              DataTypes.DECIMAL(10, 2),
              random ->
                  Decimal.fromBigDecimal(BigDecimal.valueOf(random.nextInt(1_000_000), 2), 10, 2),
              (row, i) -> row.getDecimal(i, 10, 2).toBigDecimal()),
          new Column(
              DataTypes.TIMESTAMP(3),
              random -> TimestampNtz.fromMillis(1_750_000_000_000L + random.nextInt()),
              (row, i) -> row.getTimestampNtz(i, 3).toLocalDateTime()),
          new Column(
              DataTypes.STRING(),
              random ->
                  BinaryString.fromString(
                      "https://shop.example/p/" + Long.toHexString(random.nextLong()) + "?from=s"),
              (row, i) -> row.getString(i).toString()));

  private final TablePath path;
  private final List<Column> columns;

  EventTable(String name, int columns) {
    this.path = TablePath.of("bench", name);
    this.columns = IntStream.range(0, columns).mapToObj(i -> KINDS.get(i % KINDS.size())).toList();
  }

  TablePath path() {
    return path;
  }

  List<String> firstColumns(int number) {
    return IntStream.range(0, number).mapToObj(i -> "c" + i).toList();
  }

  int columns() {
    return columns.size();
  }

  void create(Connection connection) throws Exception {
    Schema.Builder schema = Schema.newBuilder();
    for (int i = 0; i < columns.size(); i++) {
      schema.column("c" + i, columns.get(i).type());
    }
    connection.getAdmin().createDatabase("bench", DatabaseDescriptor.EMPTY, true).get();
    connection
        .getAdmin()
        .createTable(
            path,
            TableDescriptor.builder()
                .schema(schema.build())
                .distributedBy(BUCKETS)
                .property("table.log.arrow.compression.type", "zstd")
                .build(),
            false)
        .get();
  }

  void fill(Connection connection, long rows) throws Exception {
    Random random = new Random(columns.size());
    try (Table table = connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      List<CompletableFuture<?>> written = new ArrayList<>();
      for (long i = 1; i <= rows; i++) {
        written.add(writer.append(row(random)));
        if (i == rows || i % WRITE_ROWS == 0) {
          writer.flush();
          CompletableFuture.allOf(written.toArray(CompletableFuture[]::new))
              .get(WRITE_SECONDS, TimeUnit.SECONDS);
          written.clear();
        }
      }
    }
  }

  GenericRow row(Random random) {
    GenericRow row = new GenericRow(columns.size());
    for (int i = 0; i < columns.size(); i++) {
      row.setField(i, columns.get(i).make().apply(random));
    }
    return row;
  }

  /** The Beam row of the first columns, as the connector makes it too. */
  Row decode(InternalRow row, org.apache.beam.sdk.schemas.Schema schema) {
    Object[] values = new Object[schema.getFieldCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.isNullAt(i) ? null : columns.get(i).decoder().decode(row, i);
    }
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }
}

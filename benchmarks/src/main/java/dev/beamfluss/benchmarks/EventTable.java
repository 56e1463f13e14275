package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.LongFunction;
import java.util.stream.IntStream;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.admin.OffsetSpec;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.TableWriter;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.RowType;

/** A log or KV table of some columns, about 20 bytes each, and rows for it. */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class EventTable {
  static final int BUCKETS = 4;
  static final String DATABASE = "bench";

  /** So many columns make about 200 bytes, or 600. */
  static final int NARROW = 10;

  static final int WIDE = 30;

  /** So many rows are written before their acknowledgements are awaited. */
  private static final int WRITE_ROWS = 100_000;

  /** How long the cluster may take for their acknowledgements. */
  private static final int WRITE_SECONDS = 60;

  /** How long the leaders of a new table may take. */
  private static final int LEADER_SECONDS = 20;

  private final TablePath path;
  private final int columns;
  private final int keyColumns;

  /** A log table. */
  EventTable(String name, int columns) {
    this(name, columns, 0);
  }

  private EventTable(String name, int columns, int keyColumns) {
    this.path = TablePath.of(DATABASE, name);
    this.columns = columns;
    this.keyColumns = keyColumns;
  }

  /**
   * A KV table.
   *
   * @param keyColumns so many of the first columns are its primary key; the first alone decides of
   *     a row's bucket
   */
  static EventTable keyed(String name, int columns, int keyColumns) {
    return new EventTable(name, columns, keyColumns);
  }

  TablePath path() {
    return path;
  }

  List<String> firstColumns(int number) {
    return IntStream.range(0, number).mapToObj(i -> "c" + i).toList();
  }

  int columns() {
    return columns;
  }

  boolean isKeyed() {
    return keyColumns > 0;
  }

  /** Whether the first column is only a part of the primary key. */
  boolean hasPrefix() {
    return keyColumns > 1;
  }

  RowType rowType() {
    return schema().getRowType();
  }

  private Schema schema() {
    Schema.Builder schema = Schema.newBuilder();
    for (int i = 0; i < columns; i++) {
      schema.column("c" + i, EventColumn.at(i).type().copy(i >= keyColumns));
    }
    if (isKeyed()) {
      schema.primaryKey(firstColumns(keyColumns));
    }
    return schema.build();
  }

  /** Returns once its leaders answer, so that nobody's first row has to wait for their election. */
  void create(Connection connection) throws Exception {
    create(connection, Map.of());
  }

  /** The same with more properties. */
  void create(Connection connection, Map<String, String> properties) throws Exception {
    create(connection, path, schema(), isKeyed() ? firstColumns(1) : List.of(), properties);
  }

  /** Any table, like those. */
  static void create(
      Connection connection,
      TablePath path,
      Schema schema,
      List<String> bucketKey,
      Map<String, String> properties)
      throws Exception {
    Admin admin = connection.getAdmin();
    admin.createDatabase(DATABASE, DatabaseDescriptor.EMPTY, true).get();
    TableDescriptor descriptor =
        TableDescriptor.builder()
            .schema(schema)
            .distributedBy(BUCKETS, bucketKey)
            .property("table.log.arrow.compression.type", "zstd")
            .properties(properties)
            .build();
    admin.createTable(path, descriptor, false).get();
    awaitLeaders(admin, path);
  }

  private static void awaitLeaders(Admin admin, TablePath path) throws Exception {
    List<Integer> buckets = IntStream.range(0, BUCKETS).boxed().toList();
    long start = System.nanoTime();
    while (true) {
      try {
        var unused =
            admin
                .listOffsets(path, buckets, new OffsetSpec.LatestSpec())
                .all()
                .get(WRITE_SECONDS, TimeUnit.SECONDS);
        return;
      } catch (ExecutionException | FlussRuntimeException e) {
        if (System.nanoTime() - start > TimeUnit.SECONDS.toNanos(LEADER_SECONDS)) {
          throw e;
        }
        TimeUnit.MILLISECONDS.sleep(10);
      }
    }
  }

  void drop(Connection connection) throws Exception {
    connection.getAdmin().dropTable(path, false).get();
  }

  /** Appends rows of random values. */
  void fill(Connection connection, long rows) throws Exception {
    Random random = new Random(columns);
    try (Table table = connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      fill(rows, i -> writer.append(row(random)), writer);
    }
  }

  /** Upserts the rows of these numbers. */
  void fill(Connection connection, EventRows numbered, long rows) throws Exception {
    fill(connection, rows, i -> numbered.fluss(i, columns));
  }

  /** Upserts so many rows, made of the numbers from 0 on. */
  void fill(Connection connection, long rows, LongFunction<GenericRow> make) throws Exception {
    upsert(connection, path, rows, make);
  }

  /** Upserts so many rows, made of the numbers from 0 on, into a table. */
  static void upsert(
      Connection connection, TablePath path, long rows, LongFunction<GenericRow> make)
      throws Exception {
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().createWriter();
      fill(rows, i -> writer.upsert(make.apply(i)), writer);
    }
  }

  /** The same of some columns; the rows have all, and nobody looks at the others. */
  static void upsert(
      Connection connection,
      TablePath path,
      String[] columns,
      long rows,
      LongFunction<GenericRow> make)
      throws Exception {
    try (Table table = connection.getTable(path)) {
      UpsertWriter writer = table.newUpsert().partialUpdate(columns).createWriter();
      fill(rows, i -> writer.upsert(make.apply(i)), writer);
    }
  }

  /** Appends so many rows, made of the numbers from 0 on, to a log table. */
  static void append(
      Connection connection, TablePath path, long rows, LongFunction<GenericRow> make)
      throws Exception {
    try (Table table = connection.getTable(path)) {
      AppendWriter writer = table.newAppend().createWriter();
      fill(rows, i -> writer.append(make.apply(i)), writer);
    }
  }

  private static void fill(long rows, LongFunction<CompletableFuture<?>> write, TableWriter writer)
      throws Exception {
    List<CompletableFuture<?>> written = new ArrayList<>();
    for (long i = 0; i < rows; i++) {
      written.add(write.apply(i));
      if (i == rows - 1 || written.size() == WRITE_ROWS) {
        writer.flush();
        CompletableFuture.allOf(written.toArray(CompletableFuture[]::new))
            .get(WRITE_SECONDS, TimeUnit.SECONDS);
        written.clear();
      }
    }
  }

  GenericRow row(Random random) {
    GenericRow row = new GenericRow(columns);
    for (int i = 0; i < columns; i++) {
      EventColumn column = EventColumn.at(i);
      row.setField(i, column.toFluss().apply(column.make().apply(random)));
    }
    return row;
  }

  /** The Beam row of the first columns, as the connector makes it too. */
  Row decode(InternalRow row, org.apache.beam.sdk.schemas.Schema schema) {
    Object[] values = new Object[schema.getFieldCount()];
    for (int i = 0; i < values.length; i++) {
      values[i] = row.isNullAt(i) ? null : EventColumn.at(i).decode().decode(row, i);
    }
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }
}

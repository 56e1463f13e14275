package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypes;

/** Tables that the tests share the shape of, created in a database of the test's own. */
final class TestTables {
  static final org.apache.beam.sdk.schemas.Schema ORDER =
      org.apache.beam.sdk.schemas.Schema.builder()
          .addStringField("user_id")
          .addStringField("order_id")
          .addNullableField("amount", FieldType.INT64)
          .build();

  static final org.apache.beam.sdk.schemas.Schema DAILY_ORDER =
      org.apache.beam.sdk.schemas.Schema.builder()
          .addStringField("user_id")
          .addStringField("order_id")
          .addStringField("ds")
          .addNullableField("amount", FieldType.INT64)
          .build();

  private TestTables() {}

  /** KV, key (user_id, order_id), bucket key user_id. */
  static String orders(FlussExtension fluss, int buckets) {
    return create(fluss, "orders", ordersDescriptor(buckets));
  }

  static TableDescriptor ordersDescriptor(int buckets) {
    return TableDescriptor.builder()
        .schema(
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .column("amount", DataTypes.BIGINT())
                .primaryKey("user_id", "order_id")
                .build())
        .distributedBy(buckets, "user_id")
        .build();
  }

  /** KV, key (user_id, ds, order_id), bucket key user_id, a partition a day, none ever dropped. */
  static String dailyOrders(FlussExtension fluss, int buckets) {
    return create(fluss, "daily_orders", dailyOrdersDescriptor(buckets));
  }

  static TableDescriptor dailyOrdersDescriptor(int buckets) {
    return TableDescriptor.builder()
        .schema(
            Schema.newBuilder()
                .column("user_id", DataTypes.STRING())
                .column("order_id", DataTypes.STRING())
                .column("ds", DataTypes.STRING())
                .column("amount", DataTypes.BIGINT())
                .primaryKey("user_id", "ds", "order_id")
                .build())
        .distributedBy(buckets, "user_id")
        .partitionedBy("ds")
        .property("table.auto-partition.enabled", "true")
        .property("table.auto-partition.key", "ds")
        .property("table.auto-partition.time-unit", "DAY")
        .property("table.auto-partition.num-precreate", "0")
        .property("table.auto-partition.num-retention", "-1")
        .build();
  }

  /** Log, one column n. */
  static String numbers(FlussExtension fluss, int buckets) {
    return create(fluss, "numbers", numbersDescriptor(buckets));
  }

  static TableDescriptor numbersDescriptor(int buckets) {
    return TableDescriptor.builder()
        .schema(
            Schema.newBuilder()
                .column("n", DataTypes.BIGINT().copy(false))
                .column("text", DataTypes.STRING())
                .build())
        .distributedBy(buckets)
        .build();
  }

  static String create(FlussExtension fluss, String name, TableDescriptor descriptor) {
    return create(fluss, TablePath.of(fluss.newDatabase(), name), descriptor);
  }

  static String create(FlussExtension fluss, TablePath path, TableDescriptor descriptor) {
    FlussCluster cluster = cluster(fluss);
    try (Connections.Lease lease = Connections.lease(cluster, "test")) {
      Waiting.get(
          lease.connection().getAdmin().createTable(path, descriptor, false),
          Duration.ofSeconds(30),
          cluster,
          "create " + path);
    }
    return path.toString();
  }

  static void drop(FlussTable table) {
    try (Connections.Lease lease = Connections.lease(table.cluster(), "test")) {
      Waiting.get(
          lease.connection().getAdmin().dropTable(table.tablePath(), false),
          Duration.ofSeconds(30),
          table.cluster(),
          "drop " + table.path());
    }
  }

  static void dropPartition(FlussExtension fluss, String table, String column, String value) {
    FlussTable described = cluster(fluss).describe(table);
    try (Connections.Lease lease = Connections.lease(described.cluster(), "test")) {
      Waiting.get(
          lease
              .connection()
              .getAdmin()
              .dropPartition(
                  described.tablePath(), new PartitionSpec(Map.of(column, value)), false),
          Duration.ofSeconds(30),
          described.cluster(),
          "drop a partition of " + table);
    }
  }

  /**
   * What a table holds, by a bounded read: of a KV table the row of each key, of a log all rows.
   */
  static List<Row> contents(FlussExtension fluss, String table) {
    return rows(FlussIO.readContents().from(cluster(fluss), table).withAllColumns());
  }

  /** All that a bounded read gives. */
  static List<Row> rows(FlussIO.ReadContents read) {
    return rows(read, PipelineOptionsFactory.create());
  }

  static List<Row> rows(FlussIO.ReadContents read, PipelineOptions options) {
    Collected<Row> collected = new Collected<>();
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply(read).apply(collected);
    pipeline.run().waitUntilFinish();
    return collected.soFar();
  }

  /** The values of {@link #contents}, as texts. */
  static List<String> contentsAsText(FlussExtension fluss, String table) {
    return contents(fluss, table).stream().map(row -> row.getValues().toString()).toList();
  }

  static void addColumn(FlussExtension fluss, String table, String name, DataType type) {
    FlussTable described = cluster(fluss).describe(table);
    try (Connections.Lease lease = Connections.lease(described.cluster(), "test")) {
      Waiting.get(
          lease
              .connection()
              .getAdmin()
              .alterTable(
                  described.tablePath(),
                  List.of(
                      TableChange.addColumn(name, type, null, TableChange.ColumnPosition.last())),
                  false),
          Duration.ofSeconds(30),
          described.cluster(),
          "add column " + name + " to " + table);
    }
  }

  static FlussCluster cluster(FlussExtension fluss) {
    return FlussCluster.at(fluss.bootstrapServers());
  }

  static void write(FlussExtension fluss, String table, List<RowChange> changes) {
    write(cluster(fluss).describe(table), changes);
  }

  static void write(FlussTable table, List<RowChange> changes) {
    try (TableWriter writer = TableWriter.open(table, table.schema())) {
      changes.forEach(writer::write);
      writer.flush();
    }
  }

  static Row order(String user, String order, long amount) {
    return Row.withSchema(ORDER).addValues(user, order, amount).build();
  }
}

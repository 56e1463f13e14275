package dev.beamfluss.transforms;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.FlussExtension;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.PartitionSpec;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataTypes;

/** The tables of the joins under test, in a database of the test's own. */
final class JoinTables {
  private final FlussExtension fluss;
  private final Connection connection;
  private final String database;

  JoinTables(FlussExtension fluss, Connection connection) {
    this.fluss = fluss;
    this.connection = connection;
    this.database = fluss.newDatabase();
  }

  /** For all tests of a class, as it takes seconds to close. */
  static Connection connect(FlussExtension fluss) {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    configuration.setString("client.scanner.log.fetch.wait-max-time", "5ms");
    return ConnectionFactory.createConnection(configuration);
  }

  /**
   * Many clients with nothing to do are open here at once, each of which looks for work as often as
   * it may wait: hundreds of them, a thousand times a second, leave a machine no time for the join.
   */
  FlussCluster cluster() {
    return FlussCluster.at(fluss.bootstrapServers())
        .withProperty("client.scanner.log.fetch.wait-max-time", "500ms")
        .withProperty("client.writer.batch-timeout", "10ms")
        .withProperty("client.lookup.batch-timeout", "10ms");
  }

  /** Key (user_id, ds). */
  String visits() {
    return daily("visits", visitColumns().primaryKey("user_id", "ds"), 2);
  }

  static Schema.Builder visitColumns() {
    return Schema.newBuilder()
        .column("user_id", DataTypes.STRING())
        .column("ds", DataTypes.STRING())
        .column("first_page_time", DataTypes.STRING())
        .column("pv", DataTypes.BIGINT());
  }

  /** Key (user_id, ds, order_id), found by the prefix (user_id, ds). */
  String orders() {
    return daily("orders", orderColumns().primaryKey("user_id", "ds", "order_id"), 3);
  }

  static Schema.Builder orderColumns() {
    return Schema.newBuilder()
        .column("user_id", DataTypes.STRING())
        .column("ds", DataTypes.STRING())
        .column("order_id", DataTypes.STRING())
        .column("order_time", DataTypes.STRING())
        .column("pay_amt", DataTypes.BIGINT());
  }

  String sink() {
    return daily("attributed", sinkColumns().primaryKey("user_id", "ds", "order_id"), 2);
  }

  static Schema.Builder sinkColumns() {
    return visitColumns()
        .column("order_id", DataTypes.STRING())
        .column("order_time", DataTypes.STRING())
        .column("pay_amt", DataTypes.BIGINT())
        .column("is_matched", DataTypes.STRING());
  }

  /** A partition a day, made by its first row; found by user_id and ds. */
  String daily(String name, Schema.Builder schema, int buckets) {
    return create(
        name,
        TableDescriptor.builder()
            .schema(schema.build())
            .distributedBy(buckets, "user_id")
            .partitionedBy("ds")
            .property("table.auto-partition.enabled", "true")
            .property("table.auto-partition.key", "ds")
            .property("table.auto-partition.time-unit", "DAY")
            .property("table.auto-partition.num-precreate", "0")
            .property("table.auto-partition.num-retention", "-1")
            .build());
  }

  String create(String name, TableDescriptor descriptor) {
    TablePath path = TablePath.of(database, name);
    try {
      connection.getAdmin().createTable(path, descriptor, false).get(30, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while creating " + path, e);
    } catch (Exception e) {
      throw new IllegalStateException("Could not create " + path, e);
    }
    return path.toString();
  }

  /** Drops the partition of a day. */
  void dropPartition(String table, String day) throws Exception {
    int dot = table.indexOf('.');
    connection
        .getAdmin()
        .dropPartition(
            TablePath.of(table.substring(0, dot), table.substring(dot + 1)),
            new PartitionSpec(Map.of("ds", day)),
            false)
        .get(30, TimeUnit.SECONDS);
  }

  /** Drops all of them: a server keeps files of each bucket open. */
  void drop() throws Exception {
    connection.getAdmin().dropDatabase(database, false, true).get(1, TimeUnit.MINUTES);
  }

  TailedTable tail(String table) {
    return tail(table, row -> {});
  }

  /**
   * @param changed is given each row that is inserted or updated
   */
  TailedTable tail(String table, Consumer<List<Object>> changed) {
    return new TailedTable(connection, table, changed);
  }
}

package dev.beamfluss.pipelines.tables;

import static java.util.Objects.requireNonNull;

import dev.beamfluss.io.fluss.FlussCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.exception.InvalidTableException;
import org.apache.fluss.metadata.DatabaseDescriptor;
import org.apache.fluss.metadata.Schema;
import org.apache.fluss.metadata.TableChange;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataType;

/**
 * Creates databases and tables on a Fluss cluster, and adds columns to tables. What is there
 * already stays as it is, and is compared with what was asked for; so creating the same again is
 * harmless.
 *
 * <p>Every step waits at most 30 seconds for the cluster and otherwise throws {@link
 * IllegalStateException}; its message names the cluster and the table. Not thread-safe.
 */
public final class TableCreator implements AutoCloseable {

  /** What {@link #create} found. */
  public enum Outcome {
    /** The table was not there and is now. */
    CREATED,
    /** The table was there, the same as wanted. */
    EXISTED
  }

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final String bootstrapServers;
  private final Connection connection;
  private final Admin admin;

  private TableCreator(String bootstrapServers, Connection connection) {
    this.bootstrapServers = bootstrapServers;
    this.connection = connection;
    this.admin = connection.getAdmin();
  }

  /**
   * Connects to a cluster.
   *
   * @param bootstrapServers addresses of its servers, {@code host:port,host:port}
   * @throws IllegalStateException if none answers within 30 seconds
   */
  public static TableCreator connect(String bootstrapServers) {
    requireNonNull(bootstrapServers, "bootstrapServers");
    return connect(bootstrapServers, Map.of());
  }

  /** As {@link #connect(String)}, with the cluster's properties of the client. */
  public static TableCreator connect(FlussCluster cluster) {
    return connect(cluster.bootstrapServers(), cluster.resolvedProperties());
  }

  private static TableCreator connect(String bootstrapServers, Map<String, String> properties) {
    Configuration configuration = new Configuration();
    properties.forEach(configuration::setString);
    configuration.setString(ConfigOptions.BOOTSTRAP_SERVERS.key(), bootstrapServers);
    // The client's constructor waits for the network, for how long depends on its retries.
    FutureTask<TableCreator> connecting =
        new FutureTask<>(
            () ->
                new TableCreator(
                    bootstrapServers, ConnectionFactory.createConnection(configuration)));
    Thread thread = new Thread(connecting, "fluss-connect");
    thread.setDaemon(true);
    thread.start();
    return await(connecting, bootstrapServers, "be connected to");
  }

  /**
   * Creates a table, and its database if need be.
   *
   * @return whether the table was created or existed
   * @throws IllegalStateException if the table exists with other columns (beyond those that it may
   *     have got since, {@link TableDefinition#grows}), keys or options (the message lists every
   *     difference), if it is a lake table and the cluster has no lake (the message says what to
   *     set), or if the cluster refuses or does not answer within 30 seconds
   */
  public Outcome create(TableDefinition table) {
    TablePath path = table.path();
    await(
        admin.createDatabase(table.database(), DatabaseDescriptor.EMPTY, true),
        "create database " + table.database() + " for table " + table);
    // Asked first: "create if not exists" fails for a lake table that exists and has rows in the
    // lake.
    Outcome outcome = Outcome.EXISTED;
    if (!await(admin.tableExists(path), "say whether there is a table " + table)) {
      createNew(table);
      outcome = Outcome.CREATED;
    }
    // Also after creating: another process may have been first.
    TableInfo existing = await(admin.getTableInfo(path), "describe table " + table);
    List<String> differences = TableDifferences.between(table, existing.toTableDescriptor());
    if (!differences.isEmpty()) {
      throw new IllegalStateException(
          "Table "
              + table
              + " exists on Fluss cluster "
              + bootstrapServers
              + " but is another: "
              + String.join("; ", differences)
              + ". Drop or alter it, choose the same options, or use another --databasePrefix.");
    }
    return outcome;
  }

  private void createNew(TableDefinition table) {
    try {
      await(admin.createTable(table.path(), table.descriptor(), true), "create table " + table);
    } catch (IllegalStateException e) {
      if (isLakeTable(table.descriptor())
          && e.getCause() instanceof InvalidTableException refusal
          && String.valueOf(refusal.getMessage()).contains("doesn't enable datalake")) {
        throw new IllegalStateException(
            "Table "
                + table
                + " is a lake table, and Fluss cluster "
                + bootstrapServers
                + " has no lake. Set the server properties datalake.format=paimon,"
                + " datalake.paimon.metastore=filesystem and datalake.paimon.warehouse=DIR (or"
                + " those of another Paimon catalog) and restart the servers, or create the tables"
                + " with --lake=false, without their lake side.",
            e);
      }
      throw e;
    }
  }

  /**
   * Adds columns that a table does not have, while it is in use: they come last, and are null in
   * the rows that are there.
   *
   * @param columns their types by name
   * @throws IllegalArgumentException if the table has one of another type; nothing is added then
   * @throws IllegalStateException if the cluster refuses, or does not answer within 30 seconds
   */
  public void addColumns(TablePath table, Map<String, DataType> columns) {
    Schema schema = schema(table);
    List<TableChange> changes = new ArrayList<>();
    columns.forEach(
        (name, type) -> {
          if (!schema.getColumnNames().contains(name)) {
            changes.add(TableChange.addColumn(name, type, null, TableChange.ColumnPosition.last()));
            return;
          }
          DataType found = schema.getColumn(name).getDataType();
          if (!found.equals(type)) {
            throw new IllegalArgumentException(
                String.format(
                    "Column %s of table %s is %s, and %s is needed. Name another column.",
                    name, table, found, type));
          }
        });
    if (!changes.isEmpty()) {
      await(admin.alterTable(table, changes, false), "add columns to table " + table);
    }
  }

  /**
   * The type of a column of a table.
   *
   * @throws IllegalArgumentException if there is no such column
   * @throws IllegalStateException if the cluster does not answer within 30 seconds
   */
  public DataType typeOf(TablePath table, String column) {
    Schema schema = schema(table);
    if (!schema.getColumnNames().contains(column)) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no column %s. Its columns are %s.",
              table, column, schema.getColumnNames()));
    }
    return schema.getColumn(column).getDataType();
  }

  private Schema schema(TablePath table) {
    return await(admin.getTableInfo(table), "describe table " + table).getSchema();
  }

  private static boolean isLakeTable(TableDescriptor descriptor) {
    return Boolean.parseBoolean(
        descriptor.getProperties().get(ConfigOptions.TABLE_DATALAKE_ENABLED.key()));
  }

  /** Disconnects from the cluster; takes up to two seconds. */
  @Override
  public void close() {
    try {
      connection.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      throw new IllegalStateException(
          "Could not disconnect from Fluss cluster " + bootstrapServers, e);
    }
  }

  private <T> T await(CompletableFuture<T> answer, String what) {
    return await(answer, bootstrapServers, what);
  }

  private static <T> T await(Future<T> answer, String cluster, String what) {
    String failure = "Fluss cluster " + cluster + " could not " + what;
    try {
      return answer.get(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      answer.cancel(true);
      throw new IllegalStateException(
          failure + ": no answer within " + TIMEOUT.toSeconds() + " s", e);
    } catch (ExecutionException e) {
      throw new IllegalStateException(failure + ": " + e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(failure + ": interrupted", e);
    }
  }
}

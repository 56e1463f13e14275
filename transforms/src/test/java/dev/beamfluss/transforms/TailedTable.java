package dev.beamfluss.transforms;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TableBucket;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypeRoot;
import org.apache.fluss.types.DecimalType;

/**
 * What a KV table holds, by following its changelog with the plain Fluss client: an answer that
 * owes nothing to the code under test. Columns may be STRING, BIGINT and DECIMAL.
 */
final class TailedTable implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(10);

  private final Admin admin;
  private final Table table;
  private final TableInfo info;
  private final TablePath path;
  private final LogScanner scanner;
  private final Set<Long> partitions = new HashSet<>();
  private boolean subscribed;
  private final Map<String, List<Object>> rows = new TreeMap<>();

  private final Consumer<List<Object>> changed;

  TailedTable(Connection connection, String table, Consumer<List<Object>> changed) {
    this.changed = changed;
    this.admin = connection.getAdmin();
    this.path =
        TablePath.of(
            table.substring(0, table.indexOf('.')), table.substring(table.indexOf('.') + 1));
    this.table = connection.getTable(path);
    this.info = this.table.getTableInfo();
    this.scanner = this.table.newScan().createLogScanner();
  }

  /** The rows as lists of their values, by key; as new as what has come until now. */
  Map<String, List<Object>> contents() throws Exception {
    if (!info.isPartitioned() && !subscribed) {
      for (int bucket = 0; bucket < info.getNumBuckets(); bucket++) {
        scanner.subscribeFromBeginning(bucket);
      }
      subscribed = true;
    }
    for (PartitionInfo partition : partitions()) {
      if (partitions.add(partition.getPartitionId())) {
        for (int bucket = 0; bucket < info.getNumBuckets(); bucket++) {
          scanner.subscribeFromBeginning(partition.getPartitionId(), bucket);
        }
        subscribed = true;
      }
    }
    if (subscribed) {
      ScanRecords polled = scanner.poll(POLL);
      for (TableBucket bucket : polled.buckets()) {
        polled.records(bucket).forEach(this::apply);
      }
    }
    return new TreeMap<>(rows);
  }

  private List<PartitionInfo> partitions() throws Exception {
    return info.isPartitioned()
        ? admin.listPartitionInfos(path).get(30, TimeUnit.SECONDS)
        : List.of();
  }

  private void apply(ScanRecord record) {
    List<Object> values = values(record.getRow());
    List<Object> key = new ArrayList<>();
    for (int index : info.getSchema().getPrimaryKeyIndexes()) {
      key.add(values.get(index));
    }
    switch (record.getChangeType()) {
      case APPEND_ONLY, INSERT, UPDATE_AFTER -> {
        rows.put(key.toString(), values);
        changed.accept(values);
      }
      case DELETE -> rows.remove(key.toString());
      case UPDATE_BEFORE -> {}
    }
  }

  private List<Object> values(InternalRow row) {
    List<Object> values = new ArrayList<>();
    for (int i = 0; i < info.getRowType().getFieldCount(); i++) {
      values.add(row.isNullAt(i) ? null : value(row, i, info.getRowType().getTypeAt(i)));
    }
    return values;
  }

  private static Object value(InternalRow row, int column, DataType type) {
    if (type instanceof DecimalType decimal) {
      return row.getDecimal(column, decimal.getPrecision(), decimal.getScale()).toBigDecimal();
    }
    return type.is(DataTypeRoot.STRING)
        ? row.getString(column).toString()
        : (Object) row.getLong(column);
  }

  @Override
  public void close() {
    try {
      scanner.close();
      table.close();
    } catch (Exception e) {
      throw new IllegalStateException("Could not close the scanner of " + path, e);
    }
  }
}

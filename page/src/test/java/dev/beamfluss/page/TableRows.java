package dev.beamfluss.page;

import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.scanner.log.ScanRecords;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.InternalRow;

/** What a KV table of one bucket holds, by Fluss's own client and none of our code. */
@SuppressWarnings("try") // an interrupt while closing fails the test
final class TableRows implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);

  private final Connection connection;
  private final Table table;
  private final LogScanner scanner;
  private final TableInfo info;
  private final Set<Long> partitions = new HashSet<>();
  private final Map<List<Object>, Map<String, Object>> rows = new HashMap<>();

  TableRows(Connection connection, String database, String name) {
    this.connection = connection;
    this.table = connection.getTable(TablePath.of(database, name));
    this.info = table.getTableInfo();
    this.scanner = table.newScan().createLogScanner();
    if (!info.isPartitioned()) {
      scanner.subscribe(0, LogScanner.EARLIEST_OFFSET);
    }
  }

  /** By column, after a look at what has changed. */
  Collection<Map<String, Object>> now() throws Exception {
    if (info.isPartitioned()) {
      for (PartitionInfo partition :
          connection.getAdmin().listPartitionInfos(info.getTablePath()).get(30, TimeUnit.SECONDS)) {
        if (partitions.add(partition.getPartitionId())) {
          scanner.subscribe(partition.getPartitionId(), 0, LogScanner.EARLIEST_OFFSET);
        }
      }
    }
    if (info.isPartitioned() && partitions.isEmpty()) {
      return List.of();
    }
    ScanRecords records;
    do {
      records = scanner.poll(POLL);
      for (ScanRecord record : records) {
        take(record);
      }
    } while (!records.isEmpty());
    return rows.values();
  }

  private void take(ScanRecord record) {
    if (record.getChangeType() == ChangeType.UPDATE_BEFORE) {
      return;
    }
    Map<String, Object> row = new LinkedHashMap<>();
    List<String> columns = info.getRowType().getFieldNames();
    for (int i = 0; i < columns.size(); i++) {
      row.put(columns.get(i), value(record.getRow(), i));
    }
    List<Object> key = info.getPrimaryKeys().stream().map(row::get).toList();
    if (record.getChangeType() == ChangeType.DELETE) {
      rows.remove(key);
    } else {
      rows.put(key, row);
    }
  }

  private Object value(InternalRow row, int column) {
    Object value =
        InternalRow.createFieldGetter(info.getRowType().getTypeAt(column), column)
            .getFieldOrNull(row);
    if (value instanceof BinaryString) {
      return value.toString();
    }
    return value instanceof Decimal decimal ? decimal.toBigDecimal() : value;
  }

  @Override
  public void close() throws Exception {
    scanner.close();
    table.close();
  }
}

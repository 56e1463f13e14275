package dev.beamfluss.local;

import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.metadata.PartitionInfo;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.InternalRow;

/**
 * What a table holds, from its log and by Fluss's own client, without any code of the connectors:
 * what their tests compare with. Its whole log must still be there. Not safe for several threads.
 */
@SuppressWarnings("try") // an interrupt while closing fails the test
public final class TableMirror implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);

  private final Admin admin;
  private final Table table;
  private final LogScanner scanner;
  private final TableInfo info;
  private final Set<Long> subscribed = new HashSet<>();
  private final Map<List<Object>, Map<String, Object>> rows = new HashMap<>();

  /** Begins with the earliest record of each bucket; partitions may come later. */
  public TableMirror(Connection connection, TablePath path) {
    this.admin = connection.getAdmin();
    this.table = connection.getTable(path);
    this.info = this.table.getTableInfo();
    this.scanner = this.table.newScan().createLogScanner();
    if (!info.isPartitioned()) {
      for (int bucket = 0; bucket < info.getNumBuckets(); bucket++) {
        scanner.subscribe(bucket, LogScanner.EARLIEST_OFFSET);
      }
    }
  }

  /** The rows by column, after a look at what has changed; values are Java's. */
  public Set<Map<String, Object>> rows() throws Exception {
    return new HashSet<>(rowsAndRepeats());
  }

  /** The same where a row of a log may be there twice. */
  public List<Map<String, Object>> rowsAndRepeats() throws Exception {
    if (info.isPartitioned()) {
      for (PartitionInfo partition :
          admin.listPartitionInfos(info.getTablePath()).get(30, TimeUnit.SECONDS)) {
        if (subscribed.add(partition.getPartitionId())) {
          for (int bucket = 0; bucket < info.getNumBuckets(); bucket++) {
            scanner.subscribe(partition.getPartitionId(), bucket, LogScanner.EARLIEST_OFFSET);
          }
        }
      }
    }
    boolean more = !info.isPartitioned() || !subscribed.isEmpty();
    while (more) {
      more = false;
      for (ScanRecord record : scanner.poll(POLL)) {
        more = true;
        apply(record);
      }
    }
    return List.copyOf(rows.values());
  }

  private void apply(ScanRecord record) {
    if (record.getChangeType() == ChangeType.UPDATE_BEFORE) {
      return;
    }
    Map<String, Object> row = new LinkedHashMap<>();
    List<String> columns = info.getRowType().getFieldNames();
    for (int i = 0; i < columns.size(); i++) {
      row.put(columns.get(i), value(record.getRow(), i));
    }
    List<Object> key =
        info.hasPrimaryKey()
            ? info.getPrimaryKeys().stream().map(row::get).toList()
            : List.of(rows.size());
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

package dev.beamfluss.e2e;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertResult;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;

/** Writes a table by Fluss's own client, rows being their values by column. */
@SuppressWarnings("try") // an interrupt while closing fails the test
final class PlantedRows implements AutoCloseable {
  private final Table table;
  private final UpsertWriter writer;

  PlantedRows(Connection connection, TablePath path) {
    this.table = connection.getTable(path);
    this.writer = table.newUpsert().createWriter();
  }

  /** Returns once all are there. */
  void putAll(Iterable<Map<String, Object>> rows) throws Exception {
    List<CompletableFuture<UpsertResult>> written = new ArrayList<>();
    for (Map<String, Object> row : rows) {
      written.add(writer.upsert(encoded(row)));
    }
    writer.flush();
    for (CompletableFuture<UpsertResult> row : written) {
      row.get(60, TimeUnit.SECONDS);
    }
  }

  void put(Map<String, Object> row) throws Exception {
    writer.upsert(encoded(row)).get(60, TimeUnit.SECONDS);
  }

  void remove(Map<String, Object> row) throws Exception {
    writer.delete(encoded(row)).get(60, TimeUnit.SECONDS);
  }

  private GenericRow encoded(Map<String, Object> values) {
    TableInfo info = table.getTableInfo();
    GenericRow row = new GenericRow(info.getRowType().getFieldCount());
    List<String> columns = info.getRowType().getFieldNames();
    for (int i = 0; i < columns.size(); i++) {
      Object value = values.get(columns.get(i));
      row.setField(i, value instanceof String text ? BinaryString.fromString(text) : value);
    }
    return row;
  }

  @Override
  public void close() throws Exception {
    table.close();
  }
}

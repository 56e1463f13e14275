package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.TableWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;

/** What an update of some columns of a wide row sends, and of the whole row. */
final class ColumnBytes {
  private static final String DATE = "20260301";

  private final FlussCluster metered;
  private final long updates;

  /**
   * @param metered whose clients report their bytes to {@link WireBytes}
   */
  ColumnBytes(FlussCluster metered, long updates) {
    this.metered = metered;
    this.updates = updates;
  }

  /** Bytes an update, of the columns that change. */
  double measurePartial(String table) {
    FlussTable wide = metered.describe(ColumnsTables.path(table).toString());
    return measure(wide, ColumnsTables.UPDATED, true);
  }

  /** Bytes an update, of all columns. */
  double measureWhole(String table) {
    FlussTable wide = metered.describe(ColumnsTables.path(table).toString());
    List<String> columns = new ArrayList<>(wide.schema().getFieldNames());
    columns.removeAll(ColumnsTables.KEY);
    return measure(wide, columns, false);
  }

  private double measure(FlussTable wide, List<String> columns, boolean partial) {
    Schema.Builder builder = Schema.builder();
    ColumnsTables.KEY.forEach(column -> builder.addField(wide.schema().getField(column)));
    columns.forEach(column -> builder.addField(wide.schema().getField(column)));
    Schema schema = builder.build();
    WireBytes.reset();
    try (TableWriter writer =
        partial ? TableWriter.openPartial(wide, schema) : TableWriter.open(wide, schema)) {
      for (long i = 0; i < updates; i++) {
        List<Object> values = new ArrayList<>(schema.getFieldCount());
        values.add(i % ColumnsTables.SHOPS);
        values.add(DATE);
        values.add("09");
        for (String column : columns) {
          // of the usual size of a count; the others of the row are of sales
          values.add(column.startsWith("c") ? i * 31 % 1_000_000 : null);
        }
        writer.upsert(Row.withSchema(schema).attachValues(values));
      }
      writer.flush();
    }
    return (double) WireBytes.sent() / updates;
  }
}

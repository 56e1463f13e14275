package dev.beamfluss.io.paimon;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.io.DataFileMeta;
import org.apache.paimon.manifest.ManifestEntry;
import org.apache.paimon.reader.RecordReader;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.source.ReadBuilder;

/** What tables hold, by Paimon's own reader. */
final class Contents {
  private Contents() {}

  static List<Row> of(Table table) throws Exception {
    List<Row> rows = new ArrayList<>();
    RowDecoder decoder = new RowDecoder(table.rowType());
    ReadBuilder read = table.newReadBuilder();
    try (RecordReader<InternalRow> reader =
        read.newRead().createReader(read.newScan().plan().splits())) {
      reader.forEachRemaining(row -> rows.add(decoder.decode(row)));
    }
    return rows;
  }

  /** The names of the data files of the latest snapshot. */
  static Set<String> files(Table table) {
    Set<String> names = new TreeSet<>();
    for (ManifestEntry entry : ((FileStoreTable) table).store().newScan().plan().files()) {
      names.add(entry.file().fileName());
    }
    return names;
  }

  static List<Integer> levels(Table table) {
    return ((FileStoreTable) table)
        .store().newScan().plan().files().stream()
            .map(ManifestEntry::file)
            .map(DataFileMeta::level)
            .toList();
  }
}

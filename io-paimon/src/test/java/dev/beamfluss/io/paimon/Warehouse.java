package dev.beamfluss.io.paimon;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.disk.IOManager;
import org.apache.paimon.options.ExpireConfig;
import org.apache.paimon.options.Options;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.schema.SchemaChange;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;
import org.apache.paimon.table.sink.BatchTableCommit;
import org.apache.paimon.table.sink.BatchTableWrite;
import org.apache.paimon.table.sink.BatchWriteBuilder;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.RowType;

/** Real tables in a directory, made and filled by Paimon itself. */
final class Warehouse {
  static final String DATABASE = "shop";

  private final Path directory;
  private final String address;

  Warehouse(Path directory) {
    this(directory, directory.toUri().toString());
  }

  private Warehouse(Path directory, String address) {
    this.directory = directory;
    this.address = address;
  }

  /** The same, with files that fail when {@link FragileFiles} is told so for the name. */
  Warehouse fragile(String name) {
    return new Warehouse(
        directory, FragileFiles.SCHEME + "://" + name + directory.toUri().getRawPath());
  }

  Map<String, String> catalog() {
    return Map.of("warehouse", address);
  }

  /** The names of the data files in a table's directory that no snapshot of it refers to. */
  Set<String> unreferenced(String path) throws IOException {
    FileStoreTable table = (FileStoreTable) table(path);
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(Path.of(table.location().toUri().getPath()))) {
      files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("data-"))
          .forEach(names::add);
    }
    table
        .snapshotManager()
        .snapshots()
        .forEachRemaining(
            snapshot ->
                table.store().newScan().withSnapshot(snapshot).plan().files().stream()
                    .map(entry -> entry.file().fileName())
                    .forEach(names::remove));
    return names;
  }

  static Schema.Builder columns(Map<String, DataType> types) {
    Schema.Builder schema = Schema.newBuilder();
    types.forEach(schema::column);
    return schema;
  }

  String create(String name, Schema schema) throws Exception {
    try (Closing closing = new Closing()) {
      closing.catalog.createDatabase(DATABASE, true);
      closing.catalog.createTable(Identifier.create(DATABASE, name), schema, false);
    }
    return DATABASE + "." + name;
  }

  void addColumn(String path, String column, DataType type) throws Exception {
    try (Closing closing = new Closing()) {
      closing.catalog.alterTable(
          Identifier.fromString(path), SchemaChange.addColumn(column, type), false);
    }
  }

  Table table(String path) {
    return PaimonTable.load(catalog(), path);
  }

  RowType type(String path) {
    return table(path).rowType();
  }

  void write(String path, List<? extends InternalRow> rows) throws Exception {
    write(table(path).newBatchWriteBuilder(), rows);
  }

  /** In place of all that the table holds. */
  void overwrite(String path, List<? extends InternalRow> rows) throws Exception {
    write(table(path).newBatchWriteBuilder().withOverwrite(), rows);
  }

  @SuppressWarnings("try") // closing may be interrupted, which ends the test as it should
  private void write(BatchWriteBuilder builder, List<? extends InternalRow> rows) throws Exception {
    try (BatchTableWrite write = builder.newWrite();
        BatchTableCommit commit = builder.newCommit()) {
      write.withIOManager(IOManager.create(directory.resolve("spilled").toString()));
      for (InternalRow row : rows) {
        write.write(row);
      }
      commit.commit(write.prepareCommit());
    }
  }

  void writeEncoded(String path, List<Row> rows) throws Exception {
    RowEncoder encoder = new RowEncoder(path, type(path), rows.get(0).getSchema());
    write(path, rows.stream().map(encoder::encode).toList());
  }

  /** Keeps only so many snapshots, whatever their age. */
  void expire(String path, int kept) {
    table(path)
        .newExpireSnapshots()
        .config(
            ExpireConfig.builder()
                .snapshotRetainMax(kept)
                .snapshotRetainMin(kept)
                .snapshotTimeRetain(Duration.ZERO)
                .build())
        .expire();
  }

  private final class Closing implements AutoCloseable {
    final Catalog catalog =
        CatalogFactory.createCatalog(
            CatalogContext.create(Options.fromMap(catalog())), Warehouse.class.getClassLoader());

    @Override
    public void close() {
      try {
        catalog.close();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}

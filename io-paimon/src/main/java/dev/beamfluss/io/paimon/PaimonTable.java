package dev.beamfluss.io.paimon;

import static java.util.stream.Collectors.joining;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.paimon.catalog.Catalog;
import org.apache.paimon.catalog.CatalogContext;
import org.apache.paimon.catalog.CatalogFactory;
import org.apache.paimon.catalog.Identifier;
import org.apache.paimon.options.Options;
import org.apache.paimon.table.Table;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Finds tables in catalogs, and says what there is instead of those that are missing. */
final class PaimonTable {
  private static final Logger LOG = LoggerFactory.getLogger(PaimonTable.class);
  private static final int SHOWN_NAMES = 20;

  private PaimonTable() {}

  /**
   * @param path {@code database.table}
   * @throws IllegalArgumentException if there is no such catalog, database or table
   */
  static Table load(Map<String, String> catalogProperties, String path) {
    Identifier table = identifier(path);
    Catalog catalog = open(catalogProperties);
    try {
      return find(catalog, table, describe(catalogProperties));
    } finally {
      close(catalog);
    }
  }

  static Identifier identifier(String path) {
    String[] names = path.split("\\.", -1);
    if (names.length != 2 || names[0].isEmpty() || names[1].isEmpty()) {
      throw new IllegalArgumentException(
          String.format("'%s' is not a table path. Give it as database.table.", path));
    }
    return Identifier.create(names[0], names[1]);
  }

  static void close(Catalog catalog) {
    try {
      catalog.close();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (Exception e) {
      // the answer is there, and the table has a catalog of its own where it needs one
      LOG.warn("Could not close a Paimon catalog", e);
    }
  }

  static Catalog open(Map<String, String> properties) {
    try {
      return CatalogFactory.createCatalog(
          CatalogContext.create(Options.fromMap(properties)), PaimonTable.class.getClassLoader());
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "Cannot open the Paimon catalog %s: %s. Check its properties; they are those of"
                  + " Paimon's CREATE CATALOG, such as 'warehouse' and 'metastore'.",
              describe(properties), e.getMessage()),
          e);
    }
  }

  private static Table find(Catalog catalog, Identifier table, String where) {
    String database = table.getDatabaseName();
    try {
      return catalog.getTable(table);
    } catch (Catalog.TableNotExistException e) {
      List<String> databases = catalog.listDatabases();
      if (!databases.contains(database)) {
        throw new IllegalArgumentException(
            String.format(
                "Database %s does not exist in the Paimon catalog %s, only the databases %s. Check"
                    + " the name and the warehouse.",
                database, where, some(databases)),
            e);
      }
      try {
        throw new IllegalArgumentException(
            String.format(
                "Table %s does not exist in the Paimon catalog %s. Database %s has the tables %s."
                    + " Check the name, or create the table first.",
                table.getFullName(), where, database, some(catalog.listTables(database))),
            e);
      } catch (Catalog.DatabaseNotExistException vanished) {
        throw new IllegalArgumentException(
            String.format("Database %s does not exist in the Paimon catalog %s", database, where),
            vanished);
      }
    }
  }

  private static String some(List<String> names) {
    return names.stream().sorted().limit(SHOWN_NAMES).collect(joining(", ", "[", "]"));
  }

  static void requireColumns(Table table, List<String> columns) {
    List<String> existing = table.rowType().getFieldNames();
    if (columns.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Name at least one column of table %s. Its columns are %s.",
              table.fullName(), existing));
    }
    for (String column : columns) {
      if (!existing.contains(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has no column %s to read. Its columns are %s.",
                table.fullName(), column, existing));
      }
    }
    if (new HashSet<>(columns).size() < columns.size()) {
      throw new IllegalArgumentException(
          String.format("A column is named twice for table %s: %s", table.fullName(), columns));
    }
  }

  /**
   * The warehouse and the names of the other properties, as values may be secrets. A user in the
   * warehouse's address is not shown either.
   */
  static String describe(Map<String, String> catalogProperties) {
    TreeSet<String> others = new TreeSet<>(catalogProperties.keySet());
    others.remove("warehouse");
    String warehouse = catalogProperties.get("warehouse");
    return (warehouse == null ? "" : warehouse.replaceFirst("//[^/@]*@", "//") + " ") + others;
  }
}

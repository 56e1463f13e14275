package dev.beamfluss.pipelines.tables;

import static java.util.Objects.requireNonNull;

import java.util.HashMap;
import java.util.Map;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;

/**
 * A Fluss table that can be created.
 *
 * @param database the database it lives in
 * @param name its name there
 * @param descriptor its schema, keys and options
 * @param grows whether a table that has further columns, which may be null, is still this one:
 *     columns are added to a wide table while it is in use
 */
public record TableDefinition(
    String database, String name, TableDescriptor descriptor, boolean grows) {

  /** A table that has these columns only. */
  public TableDefinition(String database, String name, TableDescriptor descriptor) {
    this(database, name, descriptor, false);
  }

  /** A table that may have further columns. */
  public static TableDefinition growing(String database, String name, TableDescriptor descriptor) {
    return new TableDefinition(database, name, descriptor, true);
  }

  /** Checks that nothing is missing. */
  public TableDefinition {
    requireNonNull(database, "database");
    requireNonNull(name, "name");
    requireNonNull(descriptor, "descriptor");
  }

  /**
   * The same with one partition for all, for logs of more days than a small cluster has room for.
   */
  public TableDefinition withoutPartitions() {
    Map<String, String> properties = new HashMap<>(descriptor.getProperties());
    properties.keySet().removeIf(property -> property.startsWith("table.auto-partition."));
    return new TableDefinition(
        database,
        name,
        TableDescriptor.builder(descriptor.withProperties(properties)).partitionedBy().build(),
        grows);
  }

  /** Database and name as Fluss's client wants them. */
  public TablePath path() {
    return TablePath.of(database, name);
  }

  @Override
  public String toString() {
    return database + "." + name;
  }
}

package dev.beamfluss.pipelines.tables;

import static java.util.Objects.requireNonNull;

import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;

/**
 * A Fluss table that can be created.
 *
 * @param database the database it lives in
 * @param name its name there
 * @param descriptor its schema, keys and options
 */
public record TableDefinition(String database, String name, TableDescriptor descriptor) {

  /** Checks that nothing is missing. */
  public TableDefinition {
    requireNonNull(database, "database");
    requireNonNull(name, "name");
    requireNonNull(descriptor, "descriptor");
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

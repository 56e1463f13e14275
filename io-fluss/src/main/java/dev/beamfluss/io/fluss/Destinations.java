package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.util.Optional;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.SerializableFunction;

/** Which table each element goes to. */
sealed interface Destinations<T> extends Serializable {

  /** The table that is written to for certain, to be opened before the first element. */
  Optional<String> eager();

  /**
   * Names the table of an element.
   *
   * @throws IllegalArgumentException if it has none
   */
  String tableOf(T element);

  /**
   * Opens a writer to a table.
   *
   * @throws IllegalArgumentException if there is no such table, or it cannot take the rows
   */
  TableWriter open(String table);

  /** All go to one table. */
  record One<T>(FlussTable table, WriteSpec spec, Schema schema) implements Destinations<T> {
    @Override
    public Optional<String> eager() {
      return Optional.of(table.path());
    }

    @Override
    public String tableOf(T element) {
      return table.path();
    }

    @Override
    public TableWriter open(String path) {
      return TableWriter.open(table, spec, schema);
    }
  }

  /** A function tells. */
  record Dynamic<T>(
      FlussCluster cluster,
      SerializableFunction<T, String> table,
      boolean onlyKeyed,
      WriteSpec spec,
      Schema schema)
      implements Destinations<T> {
    @Override
    public Optional<String> eager() {
      return Optional.empty();
    }

    @Override
    public String tableOf(T element) {
      String path = table.apply(element);
      if (path == null) {
        throw new IllegalArgumentException("The destination function names no table for the row");
      }
      return path;
    }

    @Override
    public TableWriter open(String path) {
      FlussTable described = cluster.describe(path);
      if (onlyKeyed) {
        described.requireKeyed("take changes");
        spec.checkDeletes(described);
      }
      return TableWriter.open(described, spec, schema);
    }
  }
}

package dev.beamfluss.io.paimon;

import java.io.Serializable;
import java.time.Instant;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;

/** Which snapshot of a table a bounded read reads. */
sealed interface SnapshotVersion extends Serializable {

  /**
   * The table as it was then, its columns too.
   *
   * @throws IllegalArgumentException if there is no such snapshot
   */
  Table of(Table table);

  /** The newest there is. */
  record Latest() implements SnapshotVersion {
    @Override
    public Table of(Table table) {
      return table;
    }

    @Override
    public String toString() {
      return "latest";
    }
  }

  /** That with the number. */
  record Id(long id) implements SnapshotVersion {
    @Override
    public FileStoreTable of(Table table) {
      return Snapshots.of(table, "withSnapshot(" + id + ")").at(id);
    }

    @Override
    public String toString() {
      return "snapshot " + id;
    }
  }

  /** That with the tag, which keeps it from expiring. */
  record Tag(String name) implements SnapshotVersion {
    @Override
    public FileStoreTable of(Table table) {
      return Snapshots.of(table, "withTag(" + name + ")").atTag(name);
    }

    @Override
    public String toString() {
      return "tag " + name;
    }
  }

  /** The newest that was there at a time. */
  record Time(Instant time) implements SnapshotVersion {
    @Override
    public FileStoreTable of(Table table) {
      return Snapshots.of(table, "withTimestamp(" + time + ")").at(time);
    }

    @Override
    public String toString() {
      return time.toString();
    }
  }
}

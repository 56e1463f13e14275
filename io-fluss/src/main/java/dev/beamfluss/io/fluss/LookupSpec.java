package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import java.io.Serializable;
import java.time.Duration;
import java.util.List;
import org.apache.fluss.types.DataField;
import org.checkerframework.checker.nullness.qual.Nullable;

/** How a lookup was asked to go about it; everything but the table, the key and the columns. */
@AutoValue
abstract class LookupSpec implements Serializable {
  static final int MAX_IN_FLIGHT = 5_000;

  abstract @Nullable LookupCache cache();

  abstract int maxInFlight();

  abstract Duration timeout();

  abstract boolean insertsMissing();

  static Builder builder() {
    return new AutoValue_LookupSpec.Builder()
        .setMaxInFlight(MAX_IN_FLIGHT)
        .setTimeout(WriteSpec.TIMEOUT)
        .setInsertsMissing(false);
  }

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setCache(LookupCache cache);

    abstract Builder setMaxInFlight(int maxInFlight);

    abstract Builder setTimeout(Duration timeout);

    abstract Builder setInsertsMissing(boolean insertsMissing);

    abstract LookupSpec build();
  }

  /**
   * Finds, before anything runs, why a table cannot be looked up so.
   *
   * @throws IllegalArgumentException if it cannot
   */
  void check(FlussTable table, List<String> by) {
    FlussTable.LookupKind kind = table.lookupKind(by);
    if (!insertsMissing()) {
      return;
    }
    if (kind != FlussTable.LookupKind.PRIMARY_KEY) {
      throw new IllegalArgumentException(
          String.format(
              "A row of table %s can only be inserted by its whole primary key %s, not by %s.",
              table.path(), table.primaryKey(), by));
    }
    if (!table.partitionColumns().isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "A lookup cannot insert rows into table %s, which is partitioned by %s: servers of"
                  + " Fluss 0.9.1 misread the key there. Leave out insertIfNotExists(), or use a"
                  + " table without partitions.",
              table.path(), table.partitionColumns()));
    }
    List<String> required =
        table.rowType().getFields().stream()
            .filter(field -> !field.getType().isNullable())
            .map(DataField::getName)
            .filter(name -> !table.primaryKey().contains(name))
            .filter(name -> !table.autoIncrementColumns().contains(name))
            .toList();
    if (!required.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "A lookup cannot insert rows into table %s, as its columns %s are NOT NULL and a new"
                  + " row has its primary key only.",
              table.path(), required));
    }
  }
}

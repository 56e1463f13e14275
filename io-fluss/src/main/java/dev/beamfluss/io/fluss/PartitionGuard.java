package dev.beamfluss.io.fluss;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.client.table.getter.PartitionGetter;
import org.apache.fluss.exception.InvalidPartitionException;
import org.apache.fluss.exception.PartitionNotExistException;
import org.apache.fluss.metadata.ResolvedPartitionSpec;
import org.apache.fluss.row.InternalRow;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Sees to it that a row's partition is there before the client is given the row. The client would
 * create any partition it is told to, 'not-a-day' too; would fail everything else it holds where
 * the creation fails; and would send rows before the new partition has a leader.
 */
final class PartitionGuard {
  private static final long RETRY_NANOS = 20_000_000;

  private final FlussTable table;
  private final Admin admin;
  private final PartitionGetter partitions;
  private final int[] fields;
  private final @Nullable DateTimeFormatter format;
  private final boolean createMissing;
  private final Set<String> known = new HashSet<>();
  private final @Nullable Object[] last;

  private PartitionGuard(FlussTable table, Schema input, Admin admin, boolean createMissing) {
    this.table = table;
    this.admin = admin;
    this.partitions = new PartitionGetter(table.rowType(), table.partitionColumns());
    this.fields = table.partitionColumns().stream().mapToInt(input::indexOf).toArray();
    this.format = table.autoPartitionColumn() == null ? null : format(table);
    this.createMissing = createMissing;
    this.last = new Object[fields.length];
  }

  /** The guard of a table, or null where it has no partitions. */
  static @Nullable PartitionGuard of(FlussTable table, Schema input, OpenTable open) {
    if (table.partitionColumns().isEmpty()) {
      return null;
    }
    String property = "client.writer.dynamic-create-partition.enabled";
    boolean createMissing =
        Boolean.parseBoolean(table.cluster().resolvedProperties().getOrDefault(property, "true"));
    return new PartitionGuard(table, input, open.admin(), createMissing);
  }

  private static DateTimeFormatter format(FlussTable table) {
    String pattern =
        switch (table.partitionTimeUnit()) {
          case YEAR -> "uuuu";
          case QUARTER -> "uuuuQ";
          case MONTH -> "uuuuMM";
          case DAY -> "uuuuMMdd";
          case HOUR -> "uuuuMMddHH";
        };
    return DateTimeFormatter.ofPattern(pattern, Locale.ROOT)
        .withResolverStyle(ResolverStyle.STRICT);
  }

  /**
   * Makes sure of the partition of a row to upsert or append.
   *
   * @throws IllegalArgumentException if there cannot be such a partition, or there is none and the
   *     client is told not to create any
   */
  void require(Row row, InternalRow encoded) {
    if (isSameAsLast(row)) {
      return;
    }
    String partition = partition(row, encoded);
    if (!known.contains(partition)) {
      if (!exists(partition)) {
        create(row, partition);
      }
      awaitLeaders(partition);
      known.add(partition);
    }
    remember(row);
  }

  /** Whether the partition of a row to delete is there; where it is not, nor is the row. */
  boolean has(Row row, InternalRow encoded) {
    if (isSameAsLast(row)) {
      return true;
    }
    String partition = partition(row, encoded);
    if (!known.contains(partition)) {
      if (!exists(partition)) {
        return false;
      }
      awaitLeaders(partition);
      known.add(partition);
    }
    remember(row);
    return true;
  }

  private boolean isSameAsLast(Row row) {
    for (int i = 0; i < fields.length; i++) {
      if (last[i] == null || !Objects.equals(last[i], row.getValue(fields[i]))) {
        return false;
      }
    }
    return true;
  }

  private void remember(Row row) {
    for (int i = 0; i < fields.length; i++) {
      last[i] = row.getValue(fields[i]);
    }
  }

  private String partition(Row row, InternalRow encoded) {
    checkTime(row);
    checkPresent(row);
    return partitions.getPartition(encoded);
  }

  /** The client itself would end the writer of all rows. */
  private void checkPresent(Row row) {
    for (int i = 0; i < fields.length; i++) {
      if (row.getValue(fields[i]) == null) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s of table %s is null, and a row's partition must be known: %s",
                table.partitionColumns().get(i), table.path(), row.getValues()));
      }
    }
  }

  private void checkTime(Row row) {
    if (format == null) {
      return;
    }
    String column = table.autoPartitionColumn();
    Object value = row.getValue(fields[table.partitionColumns().indexOf(column)]);
    try {
      format.parse(String.valueOf(value));
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          String.format(
              "'%s' in column %s is no partition of table %s, which is partitioned by %s (such as"
                  + " %s).",
              value,
              column,
              table.path(),
              table.partitionTimeUnit(),
              format.format(LocalDateTime.of(2025, 1, 31, 23, 0))),
          e);
    }
  }

  private boolean exists(String partition) {
    List<Partition> all =
        Waiting.ask(
            () -> Partition.list(table, admin),
            table.cluster(),
            "list the partitions of table " + table.path());
    return all.stream().anyMatch(p -> partition.equals(p.name()));
  }

  private void create(Row row, String partition) {
    if (!createMissing) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no partition %s and the client is told not to create any"
                  + " (client.writer.dynamic-create-partition.enabled): %s",
              table.path(), partition, row.getValues()));
    }
    ResolvedPartitionSpec spec =
        ResolvedPartitionSpec.fromPartitionName(table.partitionColumns(), partition);
    try {
      Waiting.ask(
          () -> admin.createPartition(table.tablePath(), spec.toPartitionSpec(), true),
          table.cluster(),
          "create partition " + partition + " of table " + table.path());
    } catch (CompletionException e) {
      if (e.getCause() instanceof InvalidPartitionException) {
        throw new IllegalArgumentException(e.getMessage(), e.getCause());
      }
      throw e;
    }
  }

  private void awaitLeaders(String partition) {
    List<Integer> buckets = IntStream.range(0, table.buckets()).boxed().toList();
    long deadline = System.nanoTime() + Waiting.METADATA_PATIENCE.toNanos();
    while (true) {
      try {
        new Partition(BucketId.NO_PARTITION, partition)
            .offsets(table, admin, buckets, Position.latest());
        return;
      } catch (RuntimeException e) {
        boolean notKnownYet =
            e instanceof PartitionNotExistException
                || e.getCause() instanceof PartitionNotExistException;
        if (!notKnownYet || System.nanoTime() > deadline) {
          throw e;
        }
        LockSupport.parkNanos(RETRY_NANOS);
      }
    }
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.Upsert;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.row.GenericRow;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Writes to a table from inside a {@code DoFn}, or from plain Java: appends to a log table, upserts
 * and deletes in a KV table. {@link FlussIO#write()} is the transform on top of it.
 *
 * <p>{@link #write} only hands the change to the client; {@link #flush} returns once the cluster
 * has acknowledged all of them, and throws if it refused one. Changes of one key are applied in the
 * order of the calls.
 *
 * <p>Not thread-safe: one a thread, opened in {@code @Setup}, closed in {@code @Teardown}.
 */
public final class TableWriter implements AutoCloseable {
  /** How long {@link #flush} waits for the cluster by default. */
  public static final Duration PATIENCE = WriteSpec.TIMEOUT;

  private final FlussTable table;
  private final WriteSpec spec;
  private final OpenTable open;
  private final @Nullable AppendWriter appends;
  private final @Nullable UpsertWriter upserts;
  private final RowEncoder rows;
  private final @Nullable RowEncoder keys;
  private final @Nullable PartitionGuard partitions;
  private final Acknowledgements acknowledgements = new Acknowledgements();

  private TableWriter(FlussTable table, WriteSpec spec, Schema input) {
    List<String> columns = spec.targets(table);
    this.table = table;
    this.spec = spec;
    this.rows = RowEncoder.forTable(table, columns, input);
    this.keys =
        table.isKeyed()
            ? new RowEncoder(table.path(), table.rowType(), table.primaryKey(), input)
            : null;
    // writers of different columns must not share a connection: they would share its accumulator
    this.open =
        new OpenTable(
            spec.forClient(table), "write " + table.path() + " " + new TreeSet<>(columns));
    this.partitions = PartitionGuard.of(table, input, open);
    if (table.isKeyed()) {
      Upsert upsert = open.table().newUpsert();
      boolean whole = columns.size() == table.schema().getFieldCount();
      this.upserts =
          (whole ? upsert : upsert.partialUpdate(columns.toArray(String[]::new))).createWriter();
      this.appends = null;
    } else {
      this.appends = open.table().newAppend().createWriter();
      this.upserts = null;
    }
  }

  /**
   * Opens a writer of whole rows.
   *
   * @param input the schema of the rows to come: the table's columns by name, in any order
   * @throws IllegalArgumentException if a column is missing, unknown, or of another type
   */
  public static TableWriter open(FlussTable table, Schema input) {
    return open(table, WriteSpec.builder().build(), input);
  }

  static TableWriter open(FlussTable table, WriteSpec spec, Schema input) {
    spec.check(table, input);
    return new TableWriter(table, spec, input);
  }

  /**
   * Hands a change to the client: an insert or update-after is an upsert (an append in a log
   * table), a delete deletes by key, an update-before is nothing.
   *
   * @throws IllegalArgumentException if this row can never be written: a null in a NOT NULL column,
   *     a value too large for its column, a partition value that is not of the table's time unit, a
   *     delete in a log table. Nothing was sent then.
   */
  public void write(RowChange change) {
    switch (change.kind()) {
      case UPDATE_BEFORE -> {}
      case DELETE -> handleDelete(change.row());
      case INSERT, UPDATE_AFTER -> upsert(change.row());
    }
  }

  private void handleDelete(Row row) {
    switch (spec.deletes()) {
      case APPLY -> delete(row);
      case IGNORE -> {}
      case REFUSE ->
          throw new IllegalArgumentException(
              String.format(
                  "A delete came for table %s, which this write refuses: %s",
                  table.path(), row.getValues()));
    }
  }

  /** Upserts a row by its key, or appends it to a log table; see {@link #write}. */
  public void upsert(Row row) {
    GenericRow encoded = rows.encode(row);
    if (partitions != null) {
      partitions.require(row, encoded);
    }
    acknowledgements.expect(upserts != null ? upserts.upsert(encoded) : appends.append(encoded));
  }

  /**
   * Deletes the row of this row's key, if there is one; only the key columns matter. Where its
   * partition does not exist, there is nothing to delete and nothing is sent.
   */
  public void delete(Row row) {
    if (keys == null) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s is a log table: rows can be appended to it, not deleted: %s",
              table.path(), row.getValues()));
    }
    GenericRow encoded = keys.encode(row);
    if (partitions == null || partitions.has(row, encoded)) {
      acknowledgements.expect(upserts.delete(encoded));
    }
  }

  /**
   * Waits until the cluster has acknowledged every change written so far.
   *
   * @return how many were acknowledged since the last flush
   * @throws FlussUnreachableException if it has not within {@link #PATIENCE}, or the time that the
   *     write was told; the changes may or may not be written then
   * @throws IllegalStateException if it refused a change, with its reason
   */
  public long flush() {
    return acknowledgements.await(table, spec.timeout());
  }

  @Override
  public void close() {
    open.close();
  }

  /** Counts answers instead of keeping a future a row. */
  private static final class Acknowledgements {
    private long sent;
    private long answered;
    private @Nullable Throwable failure;

    void expect(CompletableFuture<?> future) {
      synchronized (this) {
        sent++;
      }
      var unused = future.whenComplete((result, error) -> answer(error));
    }

    private synchronized void answer(@Nullable Throwable error) {
      answered++;
      if (error != null && failure == null) {
        failure = error;
      }
      if (answered == sent) {
        notifyAll();
      }
    }

    synchronized long await(FlussTable table, Duration patience) {
      long deadline = System.nanoTime() + patience.toNanos();
      while (answered < sent) {
        long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (left <= 0) {
          throw new FlussUnreachableException(
              String.format(
                  "Fluss cluster at %s acknowledged %d of %d changes to table %s within %d s. Check"
                      + " that the tablet servers that lead its buckets run.",
                  table.cluster(), answered, sent, table.path(), patience.toSeconds()),
              failure);
        }
        try {
          wait(left);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new FlussUnreachableException(
              "Interrupted while writing to table " + table.path(), e);
        }
      }
      long done = sent;
      Throwable refused = failure;
      sent = 0;
      answered = 0;
      failure = null;
      if (refused != null) {
        throw new IllegalStateException(
            String.format(
                "Fluss cluster at %s refused a change to table %s: %s",
                table.cluster(), table.path(), Waiting.rootMessage(refused)),
            Waiting.unwrap(refused));
      }
      return done;
    }
  }
}

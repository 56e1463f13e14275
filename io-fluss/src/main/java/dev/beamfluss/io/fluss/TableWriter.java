package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.io.EOFException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.client.table.writer.Upsert;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.config.ConfigOptions;
import org.apache.fluss.config.MemorySize;
import org.apache.fluss.exception.FlussRuntimeException;
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

  private TableWriter(FlussTable described, WriteSpec spec, Schema input) {
    this.spec = spec;
    this.open = openShared(described, spec);
    this.table = open.current();
    List<String> columns = spec.targets(described);
    this.rows = RowEncoder.forTable(table, columns, input);
    this.keys =
        table.isKeyed()
            ? new RowEncoder(table.path(), table.rowType(), table.primaryKey(), input)
            : null;
    this.partitions = PartitionGuard.of(table, input, open);
    if (table.isKeyed()) {
      Upsert upsert = open.table().newUpsert();
      boolean whole = spec.columns() == null && table.autoIncrementColumns().isEmpty();
      this.upserts =
          (whole ? upsert : upsert.partialUpdate(inOrder(columns, table))).createWriter();
      this.appends = null;
    } else {
      this.appends = open.table().newAppend().createWriter();
      this.upserts = null;
    }
  }

  /**
   * Writers that share a connection share its batches, and a batch holds rows of one set of columns
   * and one version of the table's columns: with others the client fails.
   */
  private static OpenTable openShared(FlussTable table, WriteSpec spec) {
    String purpose =
        "write "
            + table.path()
            + (spec.columns() == null ? "" : " " + List.of(inOrder(spec.columns(), table)));
    int schemaId = table.schemaId();
    while (true) {
      OpenTable open = new OpenTable(spec.forClient(table), purpose + " as of " + schemaId);
      int current = open.current().schemaId();
      if (current == schemaId) {
        return open;
      }
      open.close();
      schemaId = current;
    }
  }

  private static String[] inOrder(List<String> columns, FlussTable table) {
    return columns.stream()
        .sorted(Comparator.comparingInt(table.schema()::indexOf))
        .toArray(String[]::new);
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

  /**
   * Opens a writer of some columns of a KV table, which leaves the others as they are.
   *
   * @param input the schema of the rows to come: the primary key's columns and those to write
   * @throws IllegalArgumentException if a column is unknown, or of another type, or the table takes
   *     no partial updates
   */
  public static TableWriter openPartial(FlussTable table, Schema input) {
    return open(table, WriteSpec.builder().setColumns(input.getFieldNames()).build(), input);
  }

  static TableWriter open(FlussTable table, WriteSpec spec, Schema input) {
    spec.check(table, input);
    return new TableWriter(table, spec, input);
  }

  /**
   * Hands a change to the client: an insert or update-after is an upsert (an append in a log
   * table), a delete deletes by key, an update-before is nothing.
   *
   * @return whether there was anything to send
   * @throws IllegalArgumentException if this row can never be written: a null in a NOT NULL column,
   *     a value too large for its column, a partition value that is not of the table's time unit, a
   *     delete in a log table, a row larger than the client's buffer. Nothing was sent then.
   * @throws FlussUnreachableException if the client's buffer stays full, as the cluster
   *     acknowledges nothing
   */
  public boolean write(RowChange change) {
    return switch (change.kind()) {
      case UPDATE_BEFORE -> false;
      case DELETE -> handleDelete(change.row());
      case INSERT, UPDATE_AFTER -> {
        upsert(change.row());
        yield true;
      }
    };
  }

  private boolean handleDelete(Row row) {
    return switch (spec.deletes()) {
      case APPLY -> delete(row);
      case IGNORE -> false;
      case REFUSE ->
          throw new IllegalArgumentException(
              String.format(
                  "A delete came for table %s, which this write refuses: %s",
                  table.path(), row.getValues()));
    };
  }

  /** Upserts a row by its key, or appends it to a log table; see {@link #write}. */
  public void upsert(Row row) {
    GenericRow encoded = rows.encode(row);
    if (partitions != null) {
      partitions.require(row, encoded);
    }
    try {
      acknowledgements.expect(upserts != null ? upserts.upsert(encoded) : appends.append(encoded));
    } catch (FlussRuntimeException e) {
      throw notTaken(row, e);
    }
  }

  /** What the client says where its buffer has no room for a row, now or ever. */
  private RuntimeException notTaken(Row row, FlussRuntimeException e) {
    if (!(e.getCause() instanceof EOFException)) {
      return e;
    }
    MemorySize buffer =
        Connections.configuration(table.cluster())
            .get(ConfigOptions.CLIENT_WRITER_BUFFER_MEMORY_SIZE);
    if (String.valueOf(e.getCause().getMessage()).startsWith("Allocation request cannot be")) {
      return new IllegalArgumentException(
          String.format(
              "A row of table %s is larger than the client's buffer of %s"
                  + " (client.writer.buffer.memory-size): %s",
              table.path(), buffer, beginning(row)),
          e);
    }
    return new FlussUnreachableException(
        String.format(
            "Fluss cluster at %s left the client's buffer of %s full of unacknowledged changes to"
                + " table %s. %s",
            table.cluster(), buffer, table.path(), checkServers()),
        e);
  }

  private static String beginning(Row row) {
    String text = row.getValues().toString();
    return text.length() > 200 ? text.substring(0, 200) + "..." : text;
  }

  private String checkServers() {
    return "Check that the tablet servers that lead its buckets run and can be reached: "
        + open.leaders()
        + ".";
  }

  /**
   * Deletes the row of this row's key, if there is one; only the key columns matter. Where its
   * partition does not exist, there is nothing to delete and nothing is sent.
   *
   * @return whether there was anything to send
   */
  public boolean delete(Row row) {
    if (keys == null) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s is a log table: rows can be appended to it, not deleted: %s",
              table.path(), row.getValues()));
    }
    GenericRow encoded = keys.encode(row);
    if (partitions != null && !partitions.has(row, encoded)) {
      return false;
    }
    try {
      acknowledgements.expect(upserts.delete(encoded));
    } catch (FlussRuntimeException e) {
      throw notTaken(row, e);
    }
    return true;
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
    return acknowledgements.awaitAll();
  }

  @Override
  public void close() {
    open.close();
  }

  /**
   * What was sent and not seen answered yet. Only looked at by the thread that writes: a callback
   * for each row would cost as much as the rest of handing it to the client.
   */
  private final class Acknowledgements {
    private static final int MOST_OUTSTANDING = 100_000;

    private final ArrayDeque<CompletableFuture<?>> outstanding = new ArrayDeque<>();
    private long sent;
    private @Nullable Throwable failure;

    void expect(CompletableFuture<?> answer) {
      outstanding.add(answer);
      sent++;
      while (!outstanding.isEmpty() && outstanding.peek().isDone()) {
        take();
      }
      if (outstanding.size() > MOST_OUTSTANDING) {
        await(deadline());
      }
    }

    private void take() {
      CompletableFuture<?> answer = outstanding.remove();
      if (failure == null && answer.isCompletedExceptionally()) {
        failure = answer.handle((result, error) -> error).join();
      }
    }

    private long deadline() {
      return System.nanoTime() + spec.timeout().toNanos();
    }

    /** Waits for the first of those that are not answered. */
    private void await(long deadline) {
      try {
        var unused = outstanding.peek().get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      } catch (ExecutionException e) {
        // taken for a failure below
      } catch (TimeoutException e) {
        throw new FlussUnreachableException(
            String.format(
                "Fluss cluster at %s acknowledged %d of %d changes to table %s within %.0f s. %s",
                table.cluster(),
                sent - outstanding.stream().filter(answer -> !answer.isDone()).count(),
                sent,
                table.path(),
                Math.ceil(spec.timeout().toMillis() / 1000.0),
                checkServers()),
            failure);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new FlussUnreachableException(
            "Interrupted while writing to table " + table.path(), e);
      }
      take();
    }

    long awaitAll() {
      long deadline = deadline();
      while (!outstanding.isEmpty()) {
        if (outstanding.peek().isDone()) {
          take();
        } else {
          await(deadline);
        }
      }
      long done = sent;
      Throwable refused = failure;
      sent = 0;
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

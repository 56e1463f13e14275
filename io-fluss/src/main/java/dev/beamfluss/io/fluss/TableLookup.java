package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.lookup.Lookup;
import org.apache.fluss.client.lookup.LookupResult;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.row.InternalRow;

/**
 * Looks rows up in a KV table from inside a {@code DoFn}: by primary key or by prefix, whichever
 * the columns are. {@link FlussIO#lookup()} is the transform on top of it.
 *
 * <p>The answer is the table's content at some moment between the call and the answer: at least as
 * new as any change that a log reader has seen before the call, as a leader applies a change to its
 * store before it shows it to log readers.
 *
 * <p>Not thread-safe: one a thread, opened in {@code @Setup}, closed in {@code @Teardown}. Answers
 * come on a client thread. The same key is never in flight twice; a second call gets the first
 * one's answer. The client retries for ever: wait with a bound, {@link TableWriter#PATIENCE} for
 * one.
 */
public final class TableLookup implements AutoCloseable {
  private final FlussTable table;
  private final OpenTable open;
  private final Lookuper lookuper;
  private final RowEncoder keyEncoder;
  private final RowDecoder decoder;
  private final ConcurrentMap<Row, CompletableFuture<List<Row>>> inFlight =
      new ConcurrentHashMap<>();

  private TableLookup(
      FlussTable table, List<String> keyColumns, Schema keySchema, List<String> columns) {
    this.table = table;
    boolean byPrimaryKey = table.lookupKind(keyColumns) == FlussTable.LookupKind.PRIMARY_KEY;
    List<String> ordered = byPrimaryKey ? table.primaryKey() : table.prefixColumns();
    this.keyEncoder = new RowEncoder(table.path(), table.rowType(), ordered, keySchema);
    this.open = new OpenTable(table, "lookup");
    Lookup lookup = open.table().newLookup();
    this.lookuper = (byPrimaryKey ? lookup : lookup.lookupBy(ordered)).createLookuper();
    this.decoder = new RowDecoder(open.table().getTableInfo().getRowType(), columns);
  }

  /**
   * Opens a lookup.
   *
   * @param keyColumns the primary key, or the bucket key and the partition columns, in any order
   * @param keySchema the schema of the keys to come; must have the key columns, may have more
   * @param columns the columns wanted of each row; the server sends whole rows all the same, but
   *     only these are decoded
   * @throws IllegalArgumentException if the table cannot be looked up by these columns
   */
  public static TableLookup open(
      FlussTable table, List<String> keyColumns, Schema keySchema, List<String> columns) {
    return new TableLookup(table, keyColumns, keySchema, columns);
  }

  /** The schema of the rows found. */
  public Schema schema() {
    return decoder.schema();
  }

  /**
   * The rows of a key, none where there are none or where the key's partition does not exist. Rows
   * of a prefix come in the order of their keys as bytes.
   *
   * @throws IllegalArgumentException (at once) if a key column is null or does not fit its type
   */
  public CompletableFuture<List<Row>> lookup(Row key) {
    CompletableFuture<List<Row>> running = inFlight.get(key);
    if (running != null) {
      return running;
    }
    InternalRow encoded = keyEncoder.encodePacked(key);
    CompletableFuture<List<Row>> answer = new CompletableFuture<>();
    inFlight.put(key, answer);
    var unused =
        send(encoded)
            .whenComplete(
                (found, error) -> {
                  inFlight.remove(key);
                  if (error != null) {
                    answer.completeExceptionally(failure(error));
                    return;
                  }
                  try {
                    List<Row> rows = new ArrayList<>();
                    for (InternalRow row : found.getRowList()) {
                      rows.add(decoder.decode(row));
                    }
                    answer.complete(rows);
                  } catch (RuntimeException e) {
                    answer.completeExceptionally(failure(e));
                  }
                });
    return answer;
  }

  /** The client asks for a partition's id in the calling thread and throws where that fails. */
  private CompletableFuture<LookupResult> send(InternalRow key) {
    try {
      return lookuper.lookup(key);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /**
   * Waits for an answer.
   *
   * @throws FlussUnreachableException if it does not come within {@link TableWriter#PATIENCE}
   */
  public List<Row> await(CompletableFuture<List<Row>> answer) {
    return Waiting.get(
        answer, TableWriter.PATIENCE, table.cluster(), "answer a lookup in table " + table.path());
  }

  private CompletionException failure(Throwable error) {
    return new CompletionException(
        String.format(
            "Lookup in table %s on %s failed: %s",
            table.path(), table.cluster(), Waiting.rootMessage(error)),
        Waiting.unwrap(error));
  }

  @Override
  public void close() {
    open.close();
  }
}

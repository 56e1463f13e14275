package dev.beamfluss.io.fluss;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
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
import org.apache.fluss.exception.RetriableException;
import org.apache.fluss.row.InternalRow;
import org.checkerframework.checker.nullness.qual.Nullable;

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
 * one's answer. The client retries for ever: wait with a bound, {@link #await} for one.
 */
public final class TableLookup implements AutoCloseable {
  /** A key that a lookup of this JVM may be inserting: two in one request can block each other. */
  private record Insert(String cluster, String table, List<Object> key) {}

  private static final ConcurrentMap<Insert, CompletableFuture<?>> INSERTS =
      new ConcurrentHashMap<>();

  private final FlussTable table;
  private final LookupSpec spec;
  private final OpenTable open;
  private final Lookuper lookuper;
  private final RowEncoder keyEncoder;
  private final int[] keyFields;
  private final RowDecoder decoder;
  private final @Nullable Cache<List<Object>, List<Row>> cache;
  private final ConcurrentMap<List<Object>, CompletableFuture<List<Row>>> inFlight =
      new ConcurrentHashMap<>();

  private TableLookup(
      FlussTable table,
      List<String> keyColumns,
      Schema keySchema,
      List<String> columns,
      LookupSpec spec) {
    this.table = table;
    this.spec = spec;
    boolean byPrimaryKey = table.lookupKind(keyColumns) == FlussTable.LookupKind.PRIMARY_KEY;
    List<String> ordered = byPrimaryKey ? table.primaryKey() : table.prefixColumns();
    this.keyEncoder = new RowEncoder(table.path(), table.rowType(), ordered, keySchema);
    this.keyFields = ordered.stream().mapToInt(keySchema::indexOf).toArray();
    this.cache = spec.cache() == null ? null : cache(spec.cache());
    this.open = new OpenTable(table, "lookup");
    Lookup lookup = open.table().newLookup();
    if (!byPrimaryKey) {
      lookup = lookup.lookupBy(ordered);
    }
    if (spec.insertsMissing()) {
      lookup = lookup.enableInsertIfNotExists();
    }
    this.lookuper = lookup.createLookuper();
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
    return open(table, keyColumns, keySchema, columns, LookupSpec.builder().build());
  }

  static TableLookup open(
      FlussTable table,
      List<String> keyColumns,
      Schema keySchema,
      List<String> columns,
      LookupSpec spec) {
    spec.check(table, keyColumns);
    return new TableLookup(table, keyColumns, keySchema, columns, spec);
  }

  private static Cache<List<Object>, List<Row>> cache(LookupCache wanted) {
    Caffeine<List<Object>, List<Row>> cache =
        Caffeine.newBuilder()
            .maximumWeight(wanted.maxRows())
            .weigher((List<Object> key, List<Row> rows) -> Math.max(1, rows.size()))
            .executor(Runnable::run);
    Duration afterWrite = wanted.expireAfterWrite();
    if (afterWrite != null) {
      cache = cache.expireAfterWrite(afterWrite);
    }
    Duration afterAccess = wanted.expireAfterAccess();
    if (afterAccess != null) {
      cache = cache.expireAfterAccess(afterAccess);
    }
    return cache.build();
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
    List<Object> values = keyOf(key);
    if (cache != null) {
      List<Row> known = cache.getIfPresent(values);
      if (known != null) {
        return CompletableFuture.completedFuture(known);
      }
    }
    CompletableFuture<List<Row>> running = inFlight.get(values);
    if (running != null) {
      return running;
    }
    InternalRow encoded = keyEncoder.encodePacked(key);
    CompletableFuture<List<Row>> answer = new CompletableFuture<>();
    if (spec.insertsMissing()) {
      awaitOtherInsert(
          new Insert(table.cluster().bootstrapServers(), table.path(), values), answer);
    }
    inFlight.put(values, answer);
    var unused =
        send(encoded)
            .whenComplete(
                (found, error) -> {
                  inFlight.remove(values);
                  if (error != null) {
                    answer.completeExceptionally(failure(error));
                    return;
                  }
                  try {
                    answer.complete(keep(values, decode(found)));
                  } catch (RuntimeException e) {
                    answer.completeExceptionally(failure(e));
                  }
                });
    return answer;
  }

  private List<Object> keyOf(Row key) {
    Object[] values = new Object[keyFields.length];
    for (int i = 0; i < values.length; i++) {
      Object value = key.getValue(keyFields[i]);
      values[i] = value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
    }
    return Arrays.asList(values);
  }

  /** Takes the key for itself once no other lookup of this JVM has it in flight. */
  private void awaitOtherInsert(Insert insert, CompletableFuture<List<Row>> answer) {
    long deadline = System.nanoTime() + spec.timeout().toNanos();
    CompletableFuture<?> other = INSERTS.putIfAbsent(insert, answer);
    while (other != null) {
      Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
      Waiting.get(
          other.handle((rows, error) -> true),
          left,
          table.cluster(),
          "answer another lookup of the same key in table " + table.path());
      other = INSERTS.putIfAbsent(insert, answer);
    }
    var unused = answer.whenComplete((rows, error) -> INSERTS.remove(insert, answer));
  }

  private List<Row> decode(LookupResult found) {
    List<Row> rows = new ArrayList<>();
    for (InternalRow row : found.getRowList()) {
      rows.add(decoder.decode(row));
    }
    return rows;
  }

  private List<Row> keep(List<Object> key, List<Row> rows) {
    if (cache != null && (!rows.isEmpty() || spec.cache().cacheMissingKey())) {
      cache.put(key, rows);
    }
    return rows;
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
   * @throws FlussUnreachableException if it does not come within {@link TableWriter#PATIENCE}, or
   *     the time that the lookup was told
   */
  public List<Row> await(CompletableFuture<List<Row>> answer) {
    return await(answer, spec.timeout());
  }

  private List<Row> await(CompletableFuture<List<Row>> answer, Duration patience) {
    return Waiting.get(
        answer, patience, table.cluster(), "answer a lookup in table " + table.path());
  }

  /** As {@link #await}, asking again where what failed may pass: a leader has moved. */
  List<Row> await(Row key, CompletableFuture<List<Row>> first) {
    long deadline = System.nanoTime() + spec.timeout().toNanos();
    CompletableFuture<List<Row>> answer = first;
    while (true) {
      try {
        return await(answer, Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      } catch (CompletionException e) {
        if (!(Waiting.unwrap(e) instanceof RetriableException) || System.nanoTime() > deadline) {
          throw e;
        }
        Waiting.pause();
        answer = lookup(key);
      }
    }
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

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
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
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Looks rows up in a KV table from inside a {@code DoFn}: by primary key or by prefix, whichever
 * the columns are. {@link FlussIO#lookup()} is the transform on top of it.
 *
 * <p>The answer is the table's content at some moment between the call and the answer: at least as
 * new as any change that a log reader has seen before the call, as a leader applies a change to its
 * store before it shows it to log readers. Where the same key is in flight already, the call gets
 * the answer of the first call, and the moment may be any since that. So no key is ever in flight
 * twice.
 *
 * <p>Not thread-safe: one a thread, opened in {@code @Setup}, closed in {@code @Teardown}. Answers
 * come on a thread of the client, which must not be blocked. The client retries for ever: wait with
 * a bound, {@link #await} for one.
 */
public final class TableLookup implements AutoCloseable {
  private static final CompletableFuture<LookupResult> NOTHING =
      CompletableFuture.completedFuture(new LookupResult(List.of()));

  private final FlussTable table;
  private final LookupSpec spec;
  private final String question;
  private final OpenTable open;
  private final Lookuper lookuper;
  private final RowEncoder keyEncoder;
  private final int[] keyFields;
  private final RowDecoder decoder;
  private final @Nullable LookupPartitions partitions;
  private final SharedCaches.@Nullable Lease cache;
  private final @Nullable SharedInserts inserts;
  private final ConcurrentMap<LookupKey, CompletableFuture<List<Row>>> inFlight =
      new ConcurrentHashMap<>();

  private long requests;
  private long cacheHits;
  private long errors;

  private TableLookup(
      FlussTable table,
      List<String> keyColumns,
      Schema keySchema,
      List<String> columns,
      LookupSpec spec) {
    this.table = table;
    this.spec = spec;
    this.question = "answer a lookup in table " + table.path();
    boolean byPrimaryKey = table.lookupKind(keyColumns) == FlussTable.LookupKind.PRIMARY_KEY;
    List<String> ordered = byPrimaryKey ? table.primaryKey() : table.prefixColumns();
    this.keyEncoder = new RowEncoder(table.path(), table.rowType(), ordered, keySchema);
    this.keyFields = ordered.stream().mapToInt(keySchema::indexOf).toArray();
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
    this.partitions =
        table.partitionColumns().isEmpty() ? null : new LookupPartitions(table, open, ordered);
    this.inserts = spec.insertsMissing() ? new SharedInserts(table) : null;
    this.cache = spec.cache() == null ? null : SharedCaches.lease(table, ordered, columns, spec);
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
    LookupKey values = LookupKey.of(key, keyFields);
    if (cache != null) {
      List<Row> known = cache.get(values);
      if (known != null) {
        cacheHits++;
        return CompletableFuture.completedFuture(known);
      }
    }
    CompletableFuture<List<Row>> running = inFlight.get(values);
    if (running != null) {
      return running;
    }
    GenericRow encoded = keyEncoder.encodePacked(key);
    CompletableFuture<List<Row>> answer = new CompletableFuture<>();
    inFlight.put(values, answer);
    var unusedRemoval = answer.whenComplete((rows, error) -> inFlight.remove(values, answer));
    var unused =
        request(encoded)
            .whenComplete(
                (found, error) -> {
                  if (error != null) {
                    answer.completeExceptionally(failure(error));
                    return;
                  }
                  try {
                    answer.complete(keep(values, decode(found)));
                  } catch (Throwable e) {
                    answer.completeExceptionally(failure(e));
                  }
                });
    return answer;
  }

  /** What the cache has for a key, or null where it has nothing or there is none. */
  @Nullable List<Row> known(Row key) {
    if (cache == null) {
      return null;
    }
    List<Row> known = cache.get(LookupKey.of(key, keyFields));
    if (known != null) {
      cacheHits++;
    }
    return known;
  }

  /**
   * As {@link #lookup}, for waiting.
   *
   * @throws IllegalArgumentException if a key column is null or does not fit its type
   */
  public Pending ask(Row key) {
    long called = System.nanoTime();
    return new Pending(this, key, lookup(key), called);
  }

  /** A lookup that was asked. */
  public static final class Pending {
    private final TableLookup lookup;
    private final Row key;
    private final CompletableFuture<List<Row>> answer;
    private final long called;

    private Pending(TableLookup lookup, Row key, CompletableFuture<List<Row>> answer, long called) {
      this.lookup = lookup;
      this.key = key;
      this.answer = answer;
      this.called = called;
    }

    /** What is looked up. */
    public Row key() {
      return key;
    }

    /** Whether there is an answer, which may be an error, already. */
    public boolean isDone() {
      return answer.isDone();
    }

    /**
     * The rows found. Waits for them, asking again where what failed may pass: a leader has moved.
     *
     * @throws FlussUnreachableException if no answer comes within {@link TableWriter#PATIENCE}, or
     *     the time that the lookup was told
     */
    public List<Row> rows() {
      return lookup.await(key, answer, called);
    }
  }

  private CompletableFuture<LookupResult> request(GenericRow key) {
    if (inserts == null) {
      return send(key);
    }
    return inserts.share(key, () -> send(key));
  }

  /** The client asks for a partition's id in the calling thread and throws where that fails. */
  private CompletableFuture<LookupResult> send(InternalRow key) {
    requests++;
    try {
      return partitions != null && partitions.isKnownToBeMissing(key)
          ? NOTHING
          : lookuper.lookup(key);
    } catch (RuntimeException e) {
      return partitions != null && !partitions.canExist(key)
          ? NOTHING
          : CompletableFuture.failedFuture(e);
    }
  }

  private List<Row> decode(LookupResult found) {
    List<InternalRow> encoded = found.getRowList();
    if (encoded.isEmpty()) {
      return List.of();
    }
    List<Row> rows = new ArrayList<>(encoded.size());
    // one result may answer lookups of several threads, and its rows keep state while being read
    synchronized (found) {
      for (InternalRow row : encoded) {
        rows.add(decoder.decode(row));
      }
    }
    return Collections.unmodifiableList(rows);
  }

  private List<Row> keep(LookupKey key, List<Row> rows) {
    if (cache != null && (!rows.isEmpty() || spec.cache().cacheMissingKey())) {
      cache.put(key, rows);
    }
    return rows;
  }

  /**
   * Waits for an answer.
   *
   * @throws FlussUnreachableException if it does not come within {@link TableWriter#PATIENCE}
   */
  public List<Row> await(CompletableFuture<List<Row>> answer) {
    return isThere(answer) ? answer.join() : await(answer, spec.timeout());
  }

  private static boolean isThere(CompletableFuture<?> answer) {
    return answer.isDone() && !answer.isCompletedExceptionally();
  }

  private List<Row> await(CompletableFuture<List<Row>> answer, Duration patience) {
    return Waiting.get(answer, patience, table.cluster(), question);
  }

  /**
   * As {@link #await}, asking again where what failed may pass.
   *
   * @param key of the lookup
   * @param first its answer
   * @param called when the lookup was called, by {@link System#nanoTime()}: its time runs from then
   */
  List<Row> await(Row key, CompletableFuture<List<Row>> first, long called) {
    if (isThere(first)) {
      return first.join();
    }
    long deadline = called + spec.timeout().toNanos();
    CompletableFuture<List<Row>> answer = first;
    while (true) {
      try {
        if (partitions != null) {
          partitions.await(keyEncoder.encodePacked(key), answer, deadline);
        }
        return await(answer, Duration.ofNanos(Math.max(1, deadline - System.nanoTime())));
      } catch (CompletionException e) {
        errors++;
        if (!Waiting.mayPass(e) || System.nanoTime() > deadline) {
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

  /** How many lookups were sent to the cluster: neither kept in the cache nor in flight already. */
  long requests() {
    return requests;
  }

  /** How many lookups the cache answered. */
  long cacheHits() {
    return cacheHits;
  }

  /** How many answers were errors, asked again or not. */
  long errors() {
    return errors;
  }

  @Override
  public void close() {
    if (inserts != null) {
      inserts.close();
    }
    if (cache != null) {
      cache.close();
    }
    open.close();
  }
}

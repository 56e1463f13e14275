package dev.beamfluss.io.fluss;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.function.Supplier;
import org.apache.fluss.client.lookup.LookupResult;
import org.apache.fluss.exception.RetriableException;
import org.apache.fluss.row.GenericRow;

/**
 * The lookups of a connection that may insert a row, so that it has one of a key in flight at a
 * time: two in one request may hang (apache/fluss#2874), and leave updates that change nothing in
 * the changelog. Nobody waits here: the second gets the first one's answer.
 */
final class SharedInserts implements AutoCloseable {
  private record Insert(FlussCluster cluster, long table, GenericRow key) {}

  private static final ConcurrentMap<Insert, CompletableFuture<LookupResult>> RUNNING =
      new ConcurrentHashMap<>();

  private final FlussTable table;
  private final ConcurrentMap<Insert, CompletableFuture<LookupResult>> own =
      new ConcurrentHashMap<>();

  SharedInserts(FlussTable table) {
    this.table = table;
  }

  /**
   * The answer of the lookup of this key that runs, or else of the one that is started by this.
   *
   * @param lookup fails its future, and does not throw
   */
  CompletableFuture<LookupResult> share(
      GenericRow key, Supplier<CompletableFuture<LookupResult>> lookup) {
    Insert insert = new Insert(table.cluster(), table.tableId(), key);
    CompletableFuture<LookupResult> answer = new CompletableFuture<>();
    CompletableFuture<LookupResult> running = RUNNING.putIfAbsent(insert, answer);
    if (running != null) {
      return running;
    }
    own.put(insert, answer);
    try {
      var unused =
          lookup
              .get()
              .whenComplete(
                  (found, error) -> {
                    end(insert, answer);
                    if (error == null) {
                      answer.complete(found);
                    } else {
                      answer.completeExceptionally(error);
                    }
                  });
    } catch (Throwable e) {
      end(insert, answer);
      answer.completeExceptionally(e);
      throw e;
    }
    return answer;
  }

  private void end(Insert insert, CompletableFuture<LookupResult> answer) {
    RUNNING.remove(insert, answer);
    own.remove(insert, answer);
  }

  /**
   * Gives up what has no answer yet: a client that is closed never gives one, and would leave those
   * without who ask for the same keys after it.
   */
  @Override
  public void close() {
    own.forEach(
        (insert, answer) -> {
          end(insert, answer);
          answer.completeExceptionally(new GivenUpException());
        });
  }

  /** Who shared the lookup asks for himself. */
  private static final class GivenUpException extends RetriableException {
    GivenUpException() {
      super("the lookup that was to answer this one as well was closed");
    }
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Supplier;

/** Bounded waits: the Fluss client retries for ever by itself. */
final class Waiting {
  /** How long the cluster may take to answer while a pipeline is built or a reader opened. */
  static final Duration METADATA_PATIENCE = Duration.ofSeconds(20);

  private Waiting() {}

  static <T> T get(
      CompletableFuture<T> future, Duration patience, FlussCluster cluster, String what) {
    try {
      return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new FlussUnreachableException(
          String.format(
              "Fluss cluster at %s did not %s within %d s. Check that its servers run and that"
                  + " this machine reaches them.",
              cluster, what, patience.toSeconds()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new FlussUnreachableException(
          String.format("Interrupted while Fluss cluster at %s was to %s.", cluster, what), e);
    } catch (ExecutionException e) {
      throw new CompletionException(
          String.format("Fluss cluster at %s failed to %s: %s", cluster, what, rootMessage(e)),
          unwrap(e));
    }
  }

  /**
   * Runs a client call that blocks without bound of its own on a thread that may be left behind.
   */
  static <T> T call(Supplier<T> call, Duration patience, FlussCluster cluster, String what) {
    CompletableFuture<T> result = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                result.complete(call.get());
              } catch (RuntimeException | Error e) {
                result.completeExceptionally(e);
              }
            },
            "fluss-call-" + what.replace(' ', '-'));
    thread.setDaemon(true);
    thread.start();
    return get(result, patience, cluster, what);
  }

  static Throwable unwrap(Throwable t) {
    Throwable cause = t;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  static String rootMessage(Throwable t) {
    Throwable cause = unwrap(t);
    return cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
  }
}

package dev.beamfluss.io.fluss;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.apache.fluss.exception.ApiException;
import org.apache.fluss.exception.FlussRuntimeException;
import org.apache.fluss.exception.RetriableException;

/** Bounded waits: the Fluss client retries for ever by itself. */
final class Waiting {
  /** How long the cluster may take to answer while a pipeline is built or a reader opened. */
  static final Duration METADATA_PATIENCE = Duration.ofSeconds(20);

  private static final Duration RETRY_INTERVAL = Duration.ofMillis(50);

  private Waiting() {}

  static <T> T get(
      CompletableFuture<T> future, Duration patience, FlussCluster cluster, String what) {
    try {
      return future.get(patience.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      throw new FlussUnreachableException(
          String.format(
              "Fluss cluster at %s did not %s within %.0f s. Check that its servers run and that"
                  + " this machine reaches them.",
              cluster, what, Math.ceil(patience.toMillis() / 1000.0)),
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
   * As {@link #get}, asking again while the cluster is not ready: the leaders of a table or a
   * partition made a moment ago are not known yet, or the server that was asked has just stopped.
   */
  static <T> T ask(Supplier<CompletableFuture<T>> question, FlussCluster cluster, String what) {
    return ask(question, METADATA_PATIENCE, cluster, what);
  }

  static <T> T ask(
      Supplier<CompletableFuture<T>> question,
      Duration patience,
      FlussCluster cluster,
      String what) {
    return ask(question, Waiting::mayPass, patience, cluster, what);
  }

  static <T> T ask(
      Supplier<CompletableFuture<T>> question,
      Predicate<Throwable> mayPass,
      Duration patience,
      FlussCluster cluster,
      String what) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (true) {
      Duration left = Duration.ofNanos(Math.max(1_000_000, deadline - System.nanoTime()));
      try {
        return get(question.get(), left, cluster, what);
      } catch (CompletionException | FlussRuntimeException e) {
        if (!mayPass.test(e) || System.nanoTime() > deadline) {
          throw e;
        }
      }
      pause();
    }
  }

  /**
   * Whether asking again may help. What servers say tells by its class; the client's own errors,
   * such as of leaders not known yet, have none.
   */
  static boolean mayPass(Throwable error) {
    boolean ofClient = false;
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof ApiException) {
        return cause instanceof RetriableException;
      }
      ofClient |= cause instanceof FlussRuntimeException;
    }
    return ofClient;
  }

  /** Between two attempts. */
  static void pause() {
    LockSupport.parkNanos(RETRY_INTERVAL.toNanos());
  }

  /** As {@link #get}, for a client call that blocks; without bound of its own if it likes. */
  static <T> T call(Supplier<T> call, Duration patience, FlussCluster cluster, String what) {
    return get(onThreadOfItsOwn(call, what), patience, cluster, what);
  }

  /** As {@link #ask}, for a client call that blocks. */
  static <T> T askBlocking(Supplier<T> call, FlussCluster cluster, String what) {
    return ask(() -> onThreadOfItsOwn(call, what), cluster, what);
  }

  /** The thread may be left behind, blocked. */
  private static <T> CompletableFuture<T> onThreadOfItsOwn(Supplier<T> call, String what) {
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
    return result;
  }

  static Throwable unwrap(Throwable t) {
    Throwable cause = t;
    while ((cause instanceof ExecutionException || cause instanceof CompletionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /** What failed and, as the client wraps its errors in ones that say little, what caused it. */
  static String rootMessage(Throwable t) {
    Throwable cause = unwrap(t);
    Throwable root = cause;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root == cause ? message(cause) : message(cause) + ": " + message(root);
  }

  private static String message(Throwable t) {
    return t.getMessage() == null ? t.getClass().getSimpleName() : t.getMessage();
  }
}

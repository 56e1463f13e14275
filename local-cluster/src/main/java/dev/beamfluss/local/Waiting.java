package dev.beamfluss.local;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waits for what servers do. */
final class Waiting {
  private static final long POLL_MILLIS = 10;

  private Waiting() {}

  /**
   * Returns once the condition holds.
   *
   * @param whatIsWrong for the message, asked once the time is over
   * @throws IllegalStateException if it does not hold in time, or the thread is interrupted
   */
  static void until(BooleanSupplier condition, Duration patience, Supplier<String> whatIsWrong) {
    long deadline = System.nanoTime() + patience.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "After " + patience.toSeconds() + " s: " + whatIsWrong.get());
      }
      try {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException("Interrupted while waiting for servers", e);
      }
    }
  }
}

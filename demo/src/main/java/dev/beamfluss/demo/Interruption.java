package dev.beamfluss.demo;

import dev.beamfluss.local.LocalFluss;
import java.time.Duration;

/**
 * Ctrl-C: the cluster is closed and its directory deleted, for which it has a few seconds; then the
 * JVM ends, whatever else is running. After the demo came to its end by itself there is nothing
 * left to close.
 */
final class Interruption {
  private static final Duration PATIENCE = Duration.ofSeconds(8);

  private static volatile boolean begun;

  private Interruption() {}

  static boolean hasBegun() {
    return begun;
  }

  static void closes(LocalFluss fluss) {
    Runtime.getRuntime().addShutdownHook(new Thread(() -> close(fluss), "demo-interrupted"));
  }

  private static void close(LocalFluss fluss) {
    begun = true;
    Thread closing = new Thread(fluss::close, "demo-close");
    closing.setDaemon(true);
    closing.start();
    try {
      closing.join(PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}

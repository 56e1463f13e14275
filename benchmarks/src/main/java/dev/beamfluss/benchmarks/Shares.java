package dev.beamfluss.benchmarks;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Work on numbers that is shared out to threads. */
final class Shares {
  /** Does one thread's share. */
  @FunctionalInterface
  interface Work {
    void run(long from, long to) throws Exception;
  }

  private Shares() {}

  static void run(int threads, long number, Work work) throws Exception {
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      List<Future<?>> shares = new ArrayList<>();
      for (int i = 0; i < threads; i++) {
        long from = number * i / threads;
        long to = number * (i + 1) / threads;
        shares.add(
            executor.submit(
                () -> {
                  work.run(from, to);
                  return null;
                }));
      }
      for (Future<?> share : shares) {
        share.get();
      }
    } finally {
      executor.shutdownNow();
    }
  }
}

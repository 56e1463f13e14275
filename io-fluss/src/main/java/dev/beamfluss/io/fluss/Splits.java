package dev.beamfluss.io.fluss;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToLongFunction;

/** Shares of work of about equal size. */
final class Splits {
  /** A guess: the cluster tells how many rows there are, not how large they are. */
  static final long BYTES_PER_ROW = 100;

  /**
   * What a bounded reader keeps to read when a runner asks it for the rest. The direct runner does
   * so at once, holds in memory what a reader gives, and begins with the rest when that is done.
   */
  static final long MAX_ROWS = 100_000;

  private Splits() {}

  /** At most as many shares as there are items, and enough that each has the desired bytes. */
  static <T> List<List<T>> balance(
      List<T> items, ToLongFunction<T> rows, long desiredBundleSizeBytes) {
    long bytes = items.stream().mapToLong(rows).sum() * BYTES_PER_ROW;
    int number =
        (int) Math.max(1, Math.min(items.size(), bytes / Math.max(1, desiredBundleSizeBytes)));
    List<List<T>> shares = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      shares.add(new ArrayList<>());
    }
    long[] sizes = new long[number];
    items.stream()
        .sorted(Comparator.comparingLong(rows).reversed())
        .forEach(
            item -> {
              int smallest = 0;
              for (int i = 1; i < number; i++) {
                smallest = sizes[i] < sizes[smallest] ? i : smallest;
              }
              shares.get(smallest).add(item);
              sizes[smallest] += rows.applyAsLong(item);
            });
    return shares;
  }
}

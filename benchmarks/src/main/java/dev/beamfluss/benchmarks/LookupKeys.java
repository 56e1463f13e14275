package dev.beamfluss.benchmarks;

import java.io.Serializable;

/**
 * Keys of {@link EventRows} in a random order, which is the same each time.
 *
 * @param keys how many there are, all equally likely
 * @param hotKeys so many of them get nine tenths of the lookups besides; 0 for none
 */
record LookupKeys(long keys, long hotKeys) implements Serializable {
  private static final int TENTHS = 10;

  static LookupKeys uniform(long keys) {
    return new LookupKeys(keys, 0);
  }

  static LookupKeys skewed(long keys, long hotKeys) {
    return new LookupKeys(keys, hotKeys);
  }

  /** The key of the lookup with this number. */
  long at(long number) {
    long random = mix(EventRows.key(number + 1));
    boolean hot = hotKeys > 0 && Math.floorMod(random, TENTHS) > 0;
    return EventRows.key(Math.floorMod(random >> Byte.SIZE, hot ? hotKeys : keys));
  }

  /** The finalizer of SplitMix64: its results for 0, 1, 2 and so on pass for random. */
  private static long mix(long number) {
    long mixed = (number ^ (number >>> 30)) * 0xBF58476D1CE4E5B9L;
    mixed = (mixed ^ (mixed >>> 27)) * 0x94D049BB133111EBL;
    return mixed ^ (mixed >>> 31);
  }
}

package dev.beamfluss.transforms;

import java.io.Serializable;

/**
 * Spreads dense ids over shards, and packs those of a shard: id {@code i} belongs to shard {@code i
 * mod N} and is the value {@code i / N} there, so that the ids of a shard are dense again and fit
 * into fewer bits. N is a power of two, as in the reference (scenario 5, "Sharded Parallelism" and
 * "32-Bit ID Compression").
 *
 * <p>The shards are disjoint: how many ids there are in all is the sum of how many each has.
 *
 * <p>The number of shards is part of what is written: tables that were filled with one N cannot be
 * read, or filled further, with another.
 */
public final class IdShards implements Serializable {
  private static final long serialVersionUID = 1L;

  private final int shards;
  private final BitmapType type;
  private final long maxValue;

  private IdShards(int shards, BitmapType type, long maxValue) {
    this.shards = shards;
    this.type = type;
    this.maxValue = maxValue;
  }

  /**
   * So many shards with bitmaps of a type.
   *
   * @param shards a power of two, 1 for none
   * @throws IllegalArgumentException if it is not
   */
  public static IdShards of(int shards, BitmapType type) {
    if (Integer.bitCount(shards) != 1 || shards < 1) {
      throw new IllegalArgumentException(
          String.format("The number of shards must be a power of two, not %d.", shards));
    }
    return new IdShards(shards, type, type.maxValue());
  }

  /**
   * The same, refusing values beyond 2,147,483,647: where they are kept in a column of type INT, or
   * read by StarRocks' {@code TO_BITMAP} of one.
   */
  public IdShards withIntValues() {
    return new IdShards(shards, type, Math.min(maxValue, Integer.MAX_VALUE));
  }

  /** Whether no value is beyond 2,147,483,647. */
  public boolean hasIntValues() {
    return maxValue <= Integer.MAX_VALUE;
  }

  /** How many shards there are. */
  public int shards() {
    return shards;
  }

  /** What holds the values of a shard. */
  public BitmapType type() {
    return type;
  }

  /** The shard of an id, from 0 on. */
  public int shardOf(long id) {
    return (int) (id & (shards - 1));
  }

  /**
   * What an id is in its shard.
   *
   * @throws IllegalArgumentException if the id is negative, or too great for the shard's values
   */
  public long valueOf(long id) {
    if (id < 0) {
      throw new IllegalArgumentException(
          String.format("Id %d is negative; ids count from 0 or 1 on.", id));
    }
    long value = id / shards;
    if (value > maxValue) {
      throw new IllegalArgumentException(
          String.format(
              "Id %d is value %d of shard %d of %d, and values end at %d. Use %s, for which the"
                  + " tables must be filled anew.",
              id,
              value,
              shardOf(id),
              shards,
              maxValue,
              type == BitmapType.RBM64 && maxValue == type.maxValue()
                  ? "more shards"
                  : "more shards, or BitmapType.RBM64 (and columns that hold it)"));
    }
    return value;
  }

  /** The id that is a value of a shard. */
  public long idOf(int shard, long value) {
    return Math.addExact(Math.multiplyExact(value, shards), shard);
  }

  @Override
  public String toString() {
    return shards + " shards of " + type;
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.transforms.BitmapType;
import dev.beamfluss.transforms.IdBitmap;
import dev.beamfluss.transforms.IdShards;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * Adds the same users to bitmaps of 32 and of 64 bits. Public, with fields that can be set, as JMH
 * asks for it; {@link UvBitmaps} runs it.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class BitmapAdds {
  /** Of so many ids, one is of a user that is added. */
  private static final int IDS_OF_USER = 10;

  private static final int SHARDS = 16;

  /** How many users are added. */
  @Param("500000")
  public int users;

  /** What to add them to. */
  @Param({"RBM32", "RBM64"})
  public BitmapType type;

  private IdShards shards;
  private long[] ids;

  /** Chooses the users: uniform over dense ids, in a random order. */
  @Setup
  public void choose() {
    shards = IdShards.of(type == BitmapType.RBM32 ? SHARDS : 1, type);
    ids = new Random(1).longs(0, (long) IDS_OF_USER * users).distinct().limit(users).toArray();
  }

  /** Adds all of them to empty bitmaps. */
  @Benchmark
  public IdBitmap[] add() {
    IdBitmap[] bitmaps = new IdBitmap[shards.shards()];
    for (int i = 0; i < bitmaps.length; i++) {
      bitmaps[i] = IdBitmap.empty(type);
    }
    for (long id : ids) {
      bitmaps[shards.shardOf(id)].add(shards.valueOf(id));
    }
    return bitmaps;
  }

  /** How many bytes the bitmaps of all of them have. */
  static long bytes(BitmapType type, int users) {
    BitmapAdds adds = new BitmapAdds();
    adds.type = type;
    adds.users = users;
    adds.choose();
    long bytes = 0;
    for (IdBitmap bitmap : adds.add()) {
      bytes += bitmap.toBytes().length;
    }
    return bytes;
  }
}

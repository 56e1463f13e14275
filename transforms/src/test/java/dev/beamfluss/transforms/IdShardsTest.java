package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class IdShardsTest {
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 64, 1 << 30})
  void anIdIsAValueOfOneShard(int number) {
    IdShards shards = IdShards.of(number, BitmapType.RBM64);
    for (long id : new long[] {0, 1, 63, 64, 65, 4_294_967_296L, Long.MAX_VALUE}) {
      assertThat(shards.idOf(shards.shardOf(id), shards.valueOf(id)), is(id));
      assertThat((long) shards.shardOf(id), is(id % number));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 3, 48, Integer.MIN_VALUE})
  void theirNumberIsAPowerOfTwo(int number) {
    Exception e =
        assertThrows(IllegalArgumentException.class, () -> IdShards.of(number, BitmapType.RBM32));
    assertThat(e.getMessage(), containsString("power of two, not " + number));
  }

  @Test
  void anIdThatDoesNotFitIsRefused() {
    IdShards narrow = IdShards.of(16, BitmapType.RBM32);
    assertThat(narrow.valueOf(16L * 0xFFFF_FFFFL), equalTo(0xFFFF_FFFFL));
    assertRefused(narrow, 16L << 32, "value 4294967296 of shard 0 of 16");
    assertRefused(narrow, 16L << 32, "BitmapType.RBM64");

    IdShards ints = narrow.withIntValues();
    assertThat(ints.valueOf(16L * Integer.MAX_VALUE + 15), equalTo((long) Integer.MAX_VALUE));
    assertRefused(ints, 16L << 31, "values end at 2147483647");

    assertRefused(narrow, -1, "Id -1 is negative");
  }

  private static void assertRefused(IdShards shards, long id, String part) {
    Exception e = assertThrows(IllegalArgumentException.class, () -> shards.valueOf(id));
    assertThat(e.getMessage(), containsString(part));
  }
}

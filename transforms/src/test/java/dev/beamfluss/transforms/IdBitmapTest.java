package dev.beamfluss.transforms;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.instanceOf;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.NavigableSet;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.testing.CombineFnTester;
import org.apache.beam.sdk.transforms.Combine;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.fluss.server.utils.RoaringBitmapUtils;
import org.apache.fluss.shaded.org.roaringbitmap.RoaringBitmap;
import org.apache.fluss.shaded.org.roaringbitmap.longlong.Roaring64Bitmap;
import org.apache.paimon.utils.RoaringBitmap32;
import org.apache.paimon.utils.RoaringBitmap64;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class IdBitmapTest {
  private final long seed = ThreadLocalRandom.current().nextLong();
  private final Random random = new Random(seed);

  IdBitmapTest() {
    System.err.println("seed " + seed);
  }

  /** Some alone, some in rows, some in crowds: arrays, runs and bitmaps inside. */
  private NavigableSet<Long> numbers(BitmapType type, int about) {
    TreeSet<Long> numbers = new TreeSet<>();
    while (numbers.size() < about) {
      long from = random.nextLong(type.maxValue()) >>> random.nextInt(30);
      int more = random.nextInt(3);
      int length = more == 0 ? 1 : random.nextInt(more == 1 ? 300 : 70_000);
      for (int i = 0; i < length && from + i <= type.maxValue(); i += more) {
        numbers.add(from + i);
        if (more == 0) {
          break;
        }
      }
    }
    numbers.add(0L);
    numbers.add(type.maxValue());
    return numbers;
  }

  private static IdBitmap of(BitmapType type, Iterable<Long> numbers) {
    IdBitmap bitmap = IdBitmap.empty(type);
    numbers.forEach(bitmap::add);
    return bitmap;
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void isASetOfNumbers(BitmapType type) {
    NavigableSet<Long> some = numbers(type, 10_000);
    NavigableSet<Long> others = numbers(type, 10_000);
    others.addAll(new ArrayList<>(some).subList(0, some.size() / 2));
    TreeSet<Long> both = new TreeSet<>(some);
    both.retainAll(others);
    TreeSet<Long> all = new TreeSet<>(some);
    all.addAll(others);

    IdBitmap one = of(type, some);
    IdBitmap other = of(type, others);
    assertThat(one.cardinality(), is((long) some.size()));
    assertThat(one.cardinalityOfBoth(other), is((long) both.size()));
    assertThat(other.cardinalityOfBoth(one), is((long) both.size()));
    assertThat(one.and(other), equalTo(of(type, both)));
    TreeSet<Long> few = new TreeSet<>(new ArrayList<>(both).subList(0, both.size() / 2));
    assertThat(
        IdBitmap.cardinalityOfAll(List.of(one, of(type, few), other)), is((long) few.size()));
    assertThat(IdBitmap.cardinalityOfAll(List.of(one)), is((long) some.size()));
    assertThat(IdBitmap.cardinalityOfAll(Arrays.asList(one, null)), is(0L));
    assertThat(IdBitmap.cardinalityOfAll(Arrays.asList(null, one, other)), is(0L));
    List<Long> shown = new ArrayList<>();
    one.forEach(shown::add);
    assertThat(shown, is(new ArrayList<>(some)));
    one.or(other);
    assertThat(one, equalTo(of(type, all)));
    assertThat(one.hashCode(), equalTo(of(type, all).hashCode()));
    assertThat(all.stream().allMatch(one::contains), is(true));
    assertThat(one.contains(-1), is(false));
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void anUnionTakesNothingFromTheOther(BitmapType type) {
    NavigableSet<Long> some = numbers(type, 5_000);
    NavigableSet<Long> others = numbers(type, 5_000);
    IdBitmap other = of(type, others);
    IdBitmap one = IdBitmap.empty(type);
    one.or(other);
    some.forEach(one::add);
    assertThat("added to the union only", other, equalTo(of(type, others)));
    TreeSet<Long> all = new TreeSet<>(some);
    all.addAll(others);
    numbers(type, 5_000).forEach(other::add);
    assertThat("added to the other only", one, equalTo(of(type, all)));
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void itsCoderAndItsBytesKeepIt(BitmapType type) throws Exception {
    for (IdBitmap bitmap : List.of(IdBitmap.empty(type), of(type, numbers(type, 10_000)))) {
      assertThat(IdBitmap.fromBytes(type, bitmap.toBytes()), equalTo(bitmap));
      CoderProperties.coderDecodeEncodeEqual(IdBitmap.coder(), bitmap);
    }
    SerializableUtils.ensureSerializable(IdBitmap.coder());
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void combinesInAnyOrder(BitmapType type) {
    List<Long> numbers = new ArrayList<>(numbers(type, 40));
    numbers.addAll(numbers.subList(0, 10));
    Combine.CombineFn<Long, IdBitmap, IdBitmap> combine = IdBitmap.combineFn(type);
    CombineFnTester.testCombineFn(
        combine, numbers.subList(0, 30), of(type, numbers.subList(0, 30)));
    CombineFnTester.testCombineFn(combine, List.of(), IdBitmap.empty(type));
  }

  @Test
  void flussReadsAndWritesTheSameBytes() throws Exception {
    IdBitmap narrow = of(BitmapType.RBM32, numbers(BitmapType.RBM32, 50_000));
    RoaringBitmap read = new RoaringBitmap();
    RoaringBitmapUtils.deserializeRoaringBitmap32(read, narrow.toBytes());
    assertThat(read.getLongCardinality(), is(narrow.cardinality()));
    assertThat(RoaringBitmapUtils.serializeRoaringBitmap32(read), equalTo(narrow.toBytes()));

    IdBitmap wide = of(BitmapType.RBM64, numbers(BitmapType.RBM64, 50_000));
    Roaring64Bitmap read64 = new Roaring64Bitmap();
    RoaringBitmapUtils.deserializeRoaringBitmap64(read64, wide.toBytes());
    assertThat(read64.getLongCardinality(), is(wide.cardinality()));
    assertThat(
        IdBitmap.fromBytes(BitmapType.RBM64, RoaringBitmapUtils.serializeRoaringBitmap64(read64)),
        equalTo(wide));
  }

  @Test
  void paimonReadsAndWritesTheSameBytes() throws Exception {
    IdBitmap narrow = of(BitmapType.RBM32, numbers(BitmapType.RBM32, 50_000));
    RoaringBitmap32 read = new RoaringBitmap32();
    read.deserialize(java.nio.ByteBuffer.wrap(narrow.toBytes()));
    assertThat(read.getCardinality(), is(narrow.cardinality()));
    assertThat(IdBitmap.fromBytes(BitmapType.RBM32, read.serialize()), equalTo(narrow));

    IdBitmap wide = of(BitmapType.RBM64, numbers(BitmapType.RBM64, 50_000));
    RoaringBitmap64 read64 = new RoaringBitmap64();
    read64.deserialize(wide.toBytes());
    assertThat(IdBitmap.fromBytes(BitmapType.RBM64, read64.serialize()), equalTo(wide));
  }

  /** The reference: 32 bits save more than half of what 64 take. */
  @Test
  void denseNumbersAreSmall() {
    TreeSet<Long> sparse = new TreeSet<>();
    while (sparse.size() < 20_000) {
      sparse.add((long) random.nextInt(100_000));
    }
    assertThat(of(BitmapType.RBM32, sparse).toBytes().length, lessThan(20_000));
  }

  @Test
  void whatItCannotHoldIsRefused() {
    IdBitmap narrow = IdBitmap.empty(BitmapType.RBM32);
    for (long value : new long[] {-1, 1L << 32}) {
      Exception e = assertThrows(IllegalArgumentException.class, () -> narrow.add(value));
      assertThat(e.getMessage(), containsString("from 0 to 4294967295, not " + value));
    }
    assertThat(narrow.contains(1L << 32), is(false));
    assertThrows(IllegalArgumentException.class, () -> narrow.or(IdBitmap.empty(BitmapType.RBM64)));
    assertThrows(
        IllegalArgumentException.class,
        () -> narrow.cardinalityOfBoth(IdBitmap.empty(BitmapType.RBM64)));
  }

  @ParameterizedTest
  @EnumSource(BitmapType.class)
  void bytesThatAreNoBitmapAreRefused(BitmapType type) {
    for (byte[] bytes : new byte[][] {{}, {1}, "no bitmap at all".getBytes(US_ASCII)}) {
      Exception e =
          assertThrows(IllegalArgumentException.class, () -> IdBitmap.fromBytes(type, bytes));
      assertThat(e.getMessage(), containsString(bytes.length + " bytes are no bitmap"));
      assertThat(e.getCause(), instanceOf(Exception.class));
    }
  }
}

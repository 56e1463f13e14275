package dev.beamfluss.transforms;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.transforms.Combine;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.roaringbitmap.IntConsumer;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/**
 * A set of numbers from 0 on, of a {@link BitmapType}, as a RoaringBitmap. Mutable and not
 * thread-safe.
 *
 * <p>Its bytes are those that the types {@code rbm32} and {@code rbm64} of Fluss and Paimon have;
 * those of 32 bits are the portable format of <a
 * href="https://github.com/RoaringBitmap/RoaringFormatSpec">RoaringBitmap</a>, which other engines
 * read, too.
 */
public abstract class IdBitmap {

  private IdBitmap() {}

  /** An empty one. */
  public static IdBitmap empty(BitmapType type) {
    return switch (type) {
      case RBM32 -> new Of32(new RoaringBitmap());
      case RBM64 -> new Of64(new Roaring64Bitmap());
    };
  }

  /**
   * Made of bytes, which are copied.
   *
   * @throws IllegalArgumentException if they are no bitmap of the type
   */
  public static IdBitmap fromBytes(BitmapType type, byte[] bytes) {
    try {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      switch (type) {
        case RBM32 -> {
          RoaringBitmap bitmap = new RoaringBitmap();
          bitmap.deserialize(buffer);
          return new Of32(bitmap);
        }
        case RBM64 -> {
          Roaring64Bitmap bitmap = new Roaring64Bitmap();
          bitmap.deserialize(buffer);
          return new Of64(bitmap);
        }
      }
      throw new AssertionError(type);
    } catch (IOException | RuntimeException e) {
      throw new IllegalArgumentException(
          String.format("%d bytes are no bitmap of type %s: %s", bytes.length, type, e), e);
    }
  }

  /** Combines numbers into the bitmap of all of them. */
  public static Combine.CombineFn<Long, IdBitmap, IdBitmap> combineFn(BitmapType type) {
    return new IdBitmapFn(type);
  }

  /** For bitmaps of any type. Not deterministic: equal bitmaps may have other bytes. */
  public static Coder<IdBitmap> coder() {
    return IdBitmapCoder.INSTANCE;
  }

  /**
   * How many numbers all of some bitmaps of one type have; null is an empty one.
   *
   * @param bitmaps at least one, which all stay as they are
   */
  public static long cardinalityOfAll(List<@Nullable IdBitmap> bitmaps) {
    @Nullable IdBitmap common = bitmaps.get(0);
    for (int i = 1; common != null && i < bitmaps.size(); i++) {
      @Nullable IdBitmap next = bitmaps.get(i);
      if (next != null && i == bitmaps.size() - 1) {
        return common.cardinalityOfBoth(next);
      }
      common = next == null ? null : common.and(next);
    }
    return common == null ? 0 : common.cardinality();
  }

  /** What it can hold, and the format of its bytes. */
  public abstract BitmapType type();

  /**
   * Adds a number, unless it is there.
   *
   * @throws IllegalArgumentException if it is negative or beyond {@link BitmapType#maxValue}
   */
  public abstract void add(long value);

  /** Whether it has a number. */
  public abstract boolean contains(long value);

  /** Adds what another of the same type has, which stays as it is. */
  public abstract void or(IdBitmap other);

  /** How many numbers it has. */
  public abstract long cardinality();

  /** How many numbers both have. */
  public abstract long cardinalityOfBoth(IdBitmap other);

  /** A new one with the numbers that both have. */
  public abstract IdBitmap and(IdBitmap other);

  /** Shows its numbers, from the least on. */
  public abstract void forEach(LongConsumer consumer);

  /** About how many bytes {@link #toBytes} has. */
  abstract long bytes();

  /** Looks for runs, which take less memory and fewer bytes. */
  abstract void compact();

  /** Its bytes, with runs where these are shorter. */
  public abstract byte[] toBytes();

  final long checked(long value) {
    if (value < 0 || value > type().maxValue()) {
      throw new IllegalArgumentException(
          String.format(
              "A bitmap of type %s holds values from 0 to %d, not %d.",
              type(), type().maxValue(), value));
    }
    return value;
  }

  private static IllegalArgumentException otherType(IdBitmap one, IdBitmap other) {
    return new IllegalArgumentException(
        String.format(
            "A bitmap of type %s cannot be combined with one of type %s.",
            one.type(), other.type()));
  }

  private static final class Of32 extends IdBitmap {
    private final RoaringBitmap bitmap;

    Of32(RoaringBitmap bitmap) {
      this.bitmap = bitmap;
    }

    private static RoaringBitmap of(IdBitmap one, IdBitmap other) {
      if (other instanceof Of32 same) {
        return same.bitmap;
      }
      throw otherType(one, other);
    }

    @Override
    public BitmapType type() {
      return BitmapType.RBM32;
    }

    @Override
    public void add(long value) {
      bitmap.add((int) checked(value));
    }

    @Override
    public boolean contains(long value) {
      return value >= 0 && value <= type().maxValue() && bitmap.contains((int) value);
    }

    @Override
    public void or(IdBitmap other) {
      bitmap.or(of(this, other));
    }

    @Override
    public long cardinality() {
      return bitmap.getLongCardinality();
    }

    @Override
    public long cardinalityOfBoth(IdBitmap other) {
      RoaringBitmap that = of(this, other);
      // the library counts what both have as an int
      return bitmap.getLongCardinality() <= Integer.MAX_VALUE
          ? RoaringBitmap.andCardinality(bitmap, that)
          : RoaringBitmap.and(bitmap, that).getLongCardinality();
    }

    @Override
    public IdBitmap and(IdBitmap other) {
      return new Of32(RoaringBitmap.and(bitmap, of(this, other)));
    }

    @Override
    public void forEach(LongConsumer consumer) {
      bitmap.forEach((IntConsumer) value -> consumer.accept(Integer.toUnsignedLong(value)));
    }

    @Override
    long bytes() {
      return bitmap.getLongSizeInBytes();
    }

    @Override
    void compact() {
      bitmap.runOptimize();
    }

    @Override
    public byte[] toBytes() {
      bitmap.runOptimize();
      ByteBuffer buffer = ByteBuffer.allocate(bitmap.serializedSizeInBytes());
      bitmap.serialize(buffer);
      return buffer.array();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Of32 that && bitmap.equals(that.bitmap);
    }

    @Override
    public int hashCode() {
      return bitmap.hashCode();
    }
  }

  private static final class Of64 extends IdBitmap {
    private final Roaring64Bitmap bitmap;

    Of64(Roaring64Bitmap bitmap) {
      this.bitmap = bitmap;
    }

    private static Roaring64Bitmap of(IdBitmap one, IdBitmap other) {
      if (other instanceof Of64 same) {
        return same.bitmap;
      }
      throw otherType(one, other);
    }

    @Override
    public BitmapType type() {
      return BitmapType.RBM64;
    }

    @Override
    public void add(long value) {
      bitmap.addLong(checked(value));
    }

    @Override
    public boolean contains(long value) {
      return value >= 0 && bitmap.contains(value);
    }

    @Override
    public void or(IdBitmap other) {
      bitmap.or(of(this, other));
    }

    @Override
    public long cardinality() {
      return bitmap.getLongCardinality();
    }

    @Override
    public long cardinalityOfBoth(IdBitmap other) {
      return Roaring64Bitmap.and(bitmap, of(this, other)).getLongCardinality();
    }

    @Override
    public IdBitmap and(IdBitmap other) {
      return new Of64(Roaring64Bitmap.and(bitmap, of(this, other)));
    }

    @Override
    public void forEach(LongConsumer consumer) {
      bitmap.forEach(consumer::accept);
    }

    @Override
    long bytes() {
      return bitmap.getLongSizeInBytes();
    }

    @Override
    void compact() {
      bitmap.runOptimize();
    }

    @Override
    public byte[] toBytes() {
      bitmap.runOptimize();
      try (ByteArrayOutputStream bytes = new ByteArrayOutputStream();
          DataOutputStream data = new DataOutputStream(bytes)) {
        bitmap.serialize(data);
        return bytes.toByteArray();
      } catch (IOException e) {
        throw new UncheckedIOException("Memory cannot be written", e);
      }
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Of64 that && bitmap.equals(that.bitmap);
    }

    @Override
    public int hashCode() {
      return bitmap.hashCode();
    }
  }

  @Override
  public abstract boolean equals(@Nullable Object other);

  @Override
  public abstract int hashCode();

  @Override
  public String toString() {
    return type() + " of " + cardinality();
  }
}

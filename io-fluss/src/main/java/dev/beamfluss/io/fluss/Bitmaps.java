package dev.beamfluss.io.fluss;

import java.io.ByteArrayInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.apache.fluss.metadata.AggFunctionType;
import org.roaringbitmap.RoaringBitmap;
import org.roaringbitmap.longlong.Roaring64Bitmap;

/** The bitmaps that rbm32 and rbm64 columns hold, in the formats that the server reads. */
final class Bitmaps {
  private Bitmaps() {}

  /**
   * Checks that bytes are a bitmap.
   *
   * @throws IllegalArgumentException if they are not
   */
  static void check(String table, String column, AggFunctionType function, byte[] bytes) {
    boolean small = function == AggFunctionType.RBM32;
    String problem;
    try {
      long read = small ? read32(bytes) : read64(bytes);
      problem = read == bytes.length ? null : "it ends after " + read + " of them";
    } catch (IOException | RuntimeException e) {
      problem = String.valueOf(e.getMessage());
    }
    if (problem != null) {
      throw new IllegalArgumentException(
          String.format(
              "Column %s of table %s takes a serialized %s, and these %d bytes are none: %s.",
              column, table, small ? "RoaringBitmap" : "Roaring64Bitmap", bytes.length, problem));
    }
  }

  private static long read32(byte[] bytes) throws IOException {
    RoaringBitmap bitmap = new RoaringBitmap();
    bitmap.deserialize(ByteBuffer.wrap(bytes));
    return bitmap.serializedSizeInBytes();
  }

  private static long read64(byte[] bytes) throws IOException {
    Roaring64Bitmap bitmap = new Roaring64Bitmap();
    ByteArrayInputStream in = new ByteArrayInputStream(bytes);
    bitmap.deserialize(new DataInputStream(in));
    return (long) bytes.length - in.available();
  }
}

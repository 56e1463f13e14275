package dev.beamfluss.transforms;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.beam.sdk.coders.ByteArrayCoder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.coders.CustomCoder;

/** The type as a byte, then the bytes of the bitmap with their length. */
final class IdBitmapCoder extends CustomCoder<IdBitmap> {
  private static final long serialVersionUID = 1L;
  private static final ByteArrayCoder BYTES = ByteArrayCoder.of();
  private static final int WIDTH_32 = 32;
  private static final int WIDTH_64 = 64;

  static final IdBitmapCoder INSTANCE = new IdBitmapCoder();

  private IdBitmapCoder() {}

  @Override
  public void encode(IdBitmap bitmap, OutputStream out) throws IOException {
    out.write(
        switch (bitmap.type()) {
          case RBM32 -> WIDTH_32;
          case RBM64 -> WIDTH_64;
        });
    BYTES.encode(bitmap.toBytes(), out);
  }

  @Override
  public IdBitmap decode(InputStream in) throws IOException {
    int width = in.read();
    BitmapType type =
        switch (width) {
          case WIDTH_32 -> BitmapType.RBM32;
          case WIDTH_64 -> BitmapType.RBM64;
          default -> throw new CoderException("No bitmap begins with " + width);
        };
    return IdBitmap.fromBytes(type, BYTES.decode(in));
  }

  @Override
  public void verifyDeterministic() throws NonDeterministicException {
    throw new NonDeterministicException(
        this, "A bitmap has other bytes after other additions, where its containers differ.");
  }

  @Override
  public boolean consistentWithEquals() {
    return false;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof IdBitmapCoder;
  }

  @Override
  public int hashCode() {
    return IdBitmapCoder.class.hashCode();
  }
}

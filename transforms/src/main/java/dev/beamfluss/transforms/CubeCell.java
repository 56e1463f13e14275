package dev.beamfluss.transforms;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CustomCoder;
import org.apache.beam.sdk.coders.NullableCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.util.VarInt;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A cell of a cube: a value of each dimension, or null where the dimension is rolled up. */
final class CubeCell {
  static final Coder<CubeCell> CODER = new CellCoder();

  private final @Nullable String[] values;
  private final int hash;

  private CubeCell(@Nullable String[] values) {
    this.values = values;
    this.hash = Arrays.hashCode(values);
  }

  static CubeCell of(@Nullable String... values) {
    return new CubeCell(values.clone());
  }

  /** Keeps the dimensions that are set in the bits of a number. */
  CubeCell rollUp(int kept) {
    @Nullable String[] rolledUp = new String[values.length];
    for (int i = 0; i < values.length; i++) {
      rolledUp[i] = (kept & (1 << i)) == 0 ? null : values[i];
    }
    return new CubeCell(rolledUp);
  }

  boolean isTotal() {
    for (String value : values) {
      if (value != null) {
        return false;
      }
    }
    return true;
  }

  List<@Nullable String> values() {
    return Arrays.asList(values);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CubeCell that
        && hash == that.hash
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return Arrays.toString(values);
  }

  private static final class CellCoder extends CustomCoder<CubeCell> {
    private static final long serialVersionUID = 1L;
    private static final Coder<String> VALUE = NullableCoder.of(StringUtf8Coder.of());

    @Override
    public void encode(CubeCell cell, OutputStream out) throws IOException {
      VarInt.encode(cell.values.length, out);
      for (String value : cell.values) {
        VALUE.encode(value, out);
      }
    }

    @Override
    public CubeCell decode(InputStream in) throws IOException {
      @Nullable String[] values = new String[VarInt.decodeInt(in)];
      for (int i = 0; i < values.length; i++) {
        values[i] = VALUE.decode(in);
      }
      return new CubeCell(values);
    }

    /** The key of a map in state: equal cells have equal bytes. */
    @Override
    public void verifyDeterministic() {}

    @Override
    public boolean consistentWithEquals() {
      return true;
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof CellCoder;
    }

    @Override
    public int hashCode() {
      return CellCoder.class.hashCode();
    }
  }
}

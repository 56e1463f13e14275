package dev.beamfluss.transforms;

import java.util.Arrays;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Values of columns, equal if the values are, byte arrays by their bytes; hashed once. */
final class Values {
  private final @Nullable Object[] values;
  private final int hash;

  private Values(@Nullable Object[] values) {
    this.values = values;
    this.hash = Arrays.deepHashCode(values);
  }

  static Values of(@Nullable Object... values) {
    return new Values(values);
  }

  /** The values of a row from one position to before another. */
  static Values of(Row row, int from, int to) {
    @Nullable Object[] values = new Object[to - from];
    for (int i = from; i < to; i++) {
      values[i - from] = row.getValue(i);
    }
    return new Values(values);
  }

  /** The values of a row at some positions. */
  static Values of(Row row, int[] positions) {
    @Nullable Object[] values = new Object[positions.length];
    for (int i = 0; i < positions.length; i++) {
      values[i] = row.getValue(positions[i]);
    }
    return new Values(values);
  }

  static Values of(Row row) {
    return of(row, 0, row.getFieldCount());
  }

  Row toRow(Schema schema) {
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }

  @Nullable Object get(int position) {
    return values[position];
  }

  /** The same with another value at some positions. */
  Values with(int[] positions, Object value) {
    if (positions.length == 0) {
      return this;
    }
    @Nullable Object[] changed = values.clone();
    for (int position : positions) {
      changed[position] = value;
    }
    return new Values(changed);
  }

  /** One of so many parts, as evenly as may be. */
  int shard(int shards) {
    // hash codes of similar strings differ in few bits
    int mixed = (hash ^ (hash >>> 16)) * 0x85ebca6b;
    return Math.floorMod(mixed ^ (mixed >>> 13), shards);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    if (this == other) {
      return true;
    }
    if (!(other instanceof Values that)
        || hash != that.hash
        || values.length != that.values.length) {
      return false;
    }
    for (int i = 0; i < values.length; i++) {
      if (!equal(values[i], that.values[i])) {
        return false;
      }
    }
    return true;
  }

  /** {@link java.util.Objects#deepEquals} looks for every kind of array first. */
  private static boolean equal(@Nullable Object one, @Nullable Object other) {
    if (one instanceof byte[] bytes) {
      return other instanceof byte[] others && Arrays.equals(bytes, others);
    }
    return one == other || (one != null && one.equals(other));
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    return Arrays.deepToString(values);
  }
}

package dev.beamfluss.io.fluss;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.apache.beam.sdk.values.Row;

/** The values of a row's key columns: what tells one lookup from another, many times a second. */
final class LookupKey {
  private final Object[] values;
  private final int hash;

  private LookupKey(Object[] values) {
    this.values = values;
    this.hash = Arrays.hashCode(values);
  }

  static LookupKey of(Row row, int[] fields) {
    Object[] values = new Object[fields.length];
    for (int i = 0; i < values.length; i++) {
      Object value = row.getValue(fields[i]);
      values[i] = value instanceof byte[] bytes ? ByteBuffer.wrap(bytes) : value;
    }
    return new LookupKey(values);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof LookupKey key && hash == key.hash && Arrays.equals(values, key.values);
  }

  @Override
  public int hashCode() {
    return hash;
  }
}

package dev.beamfluss.io.fluss;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.Serializable;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.RandomAccess;
import org.apache.fluss.memory.MemorySegment;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.Decimal;
import org.apache.fluss.row.TimestampLtz;
import org.apache.fluss.row.TimestampNtz;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * A row's values, of which some are still as the client gave them and are converted when first
 * asked for: a step that reads 3 of 30 columns pays for 3. Only conversions that cannot fail are
 * put off.
 *
 * <p>Safe for concurrent use: two threads may convert the same value, to equal immutable results.
 */
final class LateValues extends AbstractList<@Nullable Object>
    implements RandomAccess, Serializable {

  /** A string that is not decoded yet; smaller than a {@link String}, and than the client's own. */
  private static final class Utf8 {
    private final byte[] bytes;

    private Utf8(byte[] bytes) {
      this.bytes = bytes;
    }
  }

  private final @Nullable Object[] values;

  /** Takes the array over; nobody else may write to it. */
  LateValues(@Nullable Object[] values) {
    this.values = values;
  }

  /** A value to put off the conversion of. */
  static Object of(BinaryString string) {
    MemorySegment[] segments = string.getSegments();
    byte[] bytes = segments.length == 1 ? segments[0].getHeapMemory() : null;
    return bytes != null && string.getOffset() == 0 && bytes.length == string.getSizeInBytes()
        ? new Utf8(bytes)
        : toString(string);
  }

  @Override
  public @Nullable Object get(int i) {
    Object value = values[i];
    Object converted = value;
    if (value instanceof Utf8 string) {
      converted = new String(string.bytes, UTF_8);
    } else if (value instanceof TimestampNtz timestamp) {
      converted = timestamp.toLocalDateTime();
    } else if (value instanceof Decimal decimal) {
      converted = decimal.toBigDecimal();
    } else if (value instanceof TimestampLtz timestamp) {
      converted = timestamp.toInstant();
    }
    if (converted != value) {
      values[i] = converted;
    }
    return converted;
  }

  @Override
  public int size() {
    return values.length;
  }

  /** The JDK's decoder is several times as fast as the client's own. */
  static String toString(BinaryString string) {
    MemorySegment[] segments = string.getSegments();
    byte[] bytes = segments.length == 1 ? segments[0].getHeapMemory() : null;
    return bytes == null
        ? string.toString()
        : new String(bytes, string.getOffset(), string.getSizeInBytes(), UTF_8);
  }

  /** As it goes over a wire: all converted, in a list that every JVM knows. */
  private Object writeReplace() {
    return Arrays.asList(toArray());
  }
}

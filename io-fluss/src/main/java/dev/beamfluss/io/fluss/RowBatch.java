package dev.beamfluss.io.fluss;

import dev.beamfluss.changes.RowChange;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The rows of one bucket that one poll gave, in log order: the element of the sources, so that the
 * runner's work an element is paid once a poll, not once a row.
 *
 * <p>Immutable. It is encoded once at most, and decoded when its rows are first asked for: to check
 * that nobody changes an element, the direct runner encodes and decodes each a dozen times.
 */
final class RowBatch {

  /**
   * What is in it.
   *
   * @param rows the rows
   * @param kinds each row's kind, or null where all are inserts (log tables)
   * @param timestamps each row's event time in milliseconds since the epoch
   * @param unreadable what was among them and cannot be read
   */
  @SuppressWarnings("ArrayRecordComponent") // a hot path; equals and hashCode compare the contents
  record Contents(
      List<Row> rows,
      RowChange.Kind @Nullable [] kinds,
      long[] timestamps,
      List<UnreadableRow> unreadable) {

    @Override
    public boolean equals(Object other) {
      return other instanceof Contents that
          && rows.equals(that.rows)
          && Arrays.equals(kinds, that.kinds)
          && Arrays.equals(timestamps, that.timestamps)
          && unreadable.equals(that.unreadable);
    }

    @Override
    public int hashCode() {
      return Objects.hash(rows, Arrays.hashCode(kinds), Arrays.hashCode(timestamps), unreadable);
    }
  }

  /** Decodes, or encodes, at most once each. */
  interface Codec {
    byte[] encode(Contents contents);

    Contents decode(byte[] encoded);
  }

  private final @Nullable Codec codec;
  private volatile @Nullable Contents contents;
  private volatile byte @Nullable [] encoded;

  RowBatch(List<Row> rows, RowChange.Kind @Nullable [] kinds, long[] timestamps) {
    this(rows, kinds, timestamps, List.of());
  }

  RowBatch(
      List<Row> rows,
      RowChange.Kind @Nullable [] kinds,
      long[] timestamps,
      List<UnreadableRow> unreadable) {
    this.codec = null;
    this.contents = new Contents(rows, kinds, timestamps, unreadable);
  }

  private RowBatch(byte[] encoded, Codec codec) {
    this.codec = codec;
    this.encoded = encoded;
  }

  /** Takes the bytes over. */
  static RowBatch ofEncoded(byte[] encoded, Codec codec) {
    return new RowBatch(encoded, codec);
  }

  /** Nobody may write to what is returned. */
  byte[] encoded(Codec with) {
    byte[] bytes = encoded;
    if (bytes == null) {
      bytes = with.encode(contents());
      encoded = bytes;
    }
    return bytes;
  }

  private Contents contents() {
    Contents known = contents;
    if (known == null) {
      known = Objects.requireNonNull(codec).decode(Objects.requireNonNull(encoded));
      contents = known;
    }
    return known;
  }

  List<Row> rows() {
    return contents().rows();
  }

  RowChange.Kind @Nullable [] kinds() {
    return contents().kinds();
  }

  long[] timestamps() {
    return contents().timestamps();
  }

  List<UnreadableRow> unreadable() {
    return contents().unreadable();
  }

  RowChange.Kind kind(int i) {
    RowChange.Kind[] kinds = kinds();
    return kinds == null ? RowChange.Kind.INSERT : kinds[i];
  }

  int size() {
    return rows().size();
  }

  boolean isEmpty() {
    return rows().isEmpty() && unreadable().isEmpty();
  }

  /** The least of the timestamps. */
  long minTimestamp(long ofNone) {
    return Arrays.stream(timestamps()).min().orElse(ofNone);
  }

  /** The greatest of the timestamps. */
  long maxTimestamp(long ofNone) {
    return Arrays.stream(timestamps()).max().orElse(ofNone);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof RowBatch that && contents().equals(that.contents());
  }

  @Override
  public int hashCode() {
    return contents().hashCode();
  }

  @Override
  public String toString() {
    return "RowBatch of " + size();
  }
}

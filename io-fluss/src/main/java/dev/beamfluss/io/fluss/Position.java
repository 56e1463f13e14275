package dev.beamfluss.io.fluss;

import java.io.Serializable;
import java.time.Instant;
import java.util.Locale;
import java.util.Objects;
import org.checkerframework.checker.nullness.qual.Nullable;

/** A place in every bucket's log: where a read starts, or where a bounded read ends. */
public final class Position implements Serializable {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  enum Kind {
    FULL,
    EARLIEST,
    LATEST,
    TIMESTAMP
  }

  private static final Position FULL = new Position(Kind.FULL, null);
  private static final Position EARLIEST = new Position(Kind.EARLIEST, null);
  private static final Position LATEST = new Position(Kind.LATEST, null);

  private final Kind kind;
  private final @Nullable Instant timestamp;

  private Position(Kind kind, @Nullable Instant timestamp) {
    this.kind = kind;
    this.timestamp = timestamp;
  }

  /**
   * All that the table holds: of a KV table, the latest snapshot of each bucket and then its
   * changelog from exactly where the snapshot ends; of a log table, the same as {@link
   * #earliest()}. A bucket that has no snapshot yet is read from the beginning of its changelog.
   * Only a start; a bounded read cannot stop here.
   */
  public static Position full() {
    return FULL;
  }

  /** The oldest row that the cluster still has ({@code table.log.ttl} decides). */
  public static Position earliest() {
    return EARLIEST;
  }

  /**
   * The end of the log: where a bounded read stops, as it is when the pipeline is built; where an
   * unbounded read starts, as it is when the read first runs.
   */
  public static Position latest() {
    return LATEST;
  }

  /**
   * The first row that the cluster stored at or after the given time, which must be past when the
   * pipeline is built.
   */
  public static Position timestamp(Instant timestamp) {
    return new Position(Kind.TIMESTAMP, Objects.requireNonNull(timestamp));
  }

  /**
   * Checks that the cluster can be asked for it: it knows no offset of a time to come.
   *
   * @param method what was given it
   */
  void check(String method) {
    if (kind == Kind.TIMESTAMP && timestamp().isAfter(Instant.now())) {
      throw new IllegalArgumentException(
          String.format(
              "%s(%s): that time is yet to come. Give one that is past, or Position.latest().",
              method, timestamp));
    }
  }

  Kind kind() {
    return kind;
  }

  Instant timestamp() {
    return Objects.requireNonNull(timestamp);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Position that
        && kind == that.kind
        && Objects.equals(timestamp, that.timestamp);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, timestamp);
  }

  @Override
  public String toString() {
    return kind == Kind.TIMESTAMP
        ? String.valueOf(timestamp)
        : kind.name().toLowerCase(Locale.ROOT);
  }
}

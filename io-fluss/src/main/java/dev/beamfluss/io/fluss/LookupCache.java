package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import java.io.Serializable;
import java.time.Duration;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Answers of a lookup that a worker keeps, so that a key that comes again is not asked for again.
 * What is kept may be as old as the expiry after write says; without one, it is never asked for
 * again while it is there. By default nothing expires, and missing keys are kept. The names are
 * those of Flink's lookup options, which Fluss's own connector takes.
 *
 * <p>A worker's JVM has one cache for all its lookups of the same cluster and client properties,
 * table, key, columns and cache options, so its memory is that of {@link #ofMaxRows} rows for each
 * of these. It is dropped when the last of these lookups is closed.
 *
 * <p>A lookup that {@linkplain FlussIO.LookupRows#insertIfNotExists inserts} has no missing keys to
 * keep. What the server fills in never changes, so there an id is never stale.
 */
@AutoValue
public abstract class LookupCache implements Serializable {
  abstract long maxRows();

  abstract @Nullable Duration expireAfterWrite();

  abstract @Nullable Duration expireAfterAccess();

  abstract boolean cacheMissingKey();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setMaxRows(long maxRows);

    abstract Builder setExpireAfterWrite(Duration time);

    abstract Builder setExpireAfterAccess(Duration time);

    abstract Builder setCacheMissingKey(boolean cacheMissingKey);

    abstract LookupCache build();
  }

  /**
   * Keeps so many rows, a key without rows counting as one: those that were asked for most and last
   * ({@code lookup.partial-cache.max-rows}).
   */
  public static LookupCache ofMaxRows(long maxRows) {
    if (maxRows <= 0) {
      throw new IllegalArgumentException("ofMaxRows(" + maxRows + "): give a number above zero.");
    }
    return new AutoValue_LookupCache.Builder().setMaxRows(maxRows).setCacheMissingKey(true).build();
  }

  /** Forgets an answer so long after it came ({@code lookup.partial-cache.expire-after-write}). */
  public LookupCache expireAfterWrite(Duration time) {
    return toBuilder().setExpireAfterWrite(positive(time, "expireAfterWrite")).build();
  }

  /**
   * Forgets an answer that nobody asked for so long ({@code
   * lookup.partial-cache.expire-after-access}).
   */
  public LookupCache expireAfterAccess(Duration time) {
    return toBuilder().setExpireAfterAccess(positive(time, "expireAfterAccess")).build();
  }

  /**
   * Whether to keep that a key has no rows: yes by default ({@code
   * lookup.partial-cache.cache-missing-key}).
   */
  public LookupCache cacheMissingKey(boolean cacheMissingKey) {
    return toBuilder().setCacheMissingKey(cacheMissingKey).build();
  }

  private static Duration positive(Duration time, String method) {
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException(
          String.format("%s(%s): give a time longer than zero.", method, time));
    }
    return time;
  }
}

package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * How {@link IngestRules} read a log.
 *
 * @param zone the time zone of days and of written times; default UTC
 * @param keepRepeatedRows whether a row that equals an earlier one in every column counts again;
 *     default false
 * @param brokenFrom from when on the canary release is broken, see {@link ClientRules}; default
 *     null, never
 */
public record IngestOptions(ZoneId zone, boolean keepRepeatedRows, @Nullable Instant brokenFrom) {

  /** Checks the options. */
  public IngestOptions {
    requireNonNull(zone, "zone");
  }

  /** UTC, repeated rows dropped, nothing broken. */
  public static IngestOptions defaults() {
    return new IngestOptions(ZoneOffset.UTC, false, null);
  }

  /** Days and written times in another zone. */
  public IngestOptions withZone(ZoneId newZone) {
    return new IngestOptions(newZone, keepRepeatedRows, brokenFrom);
  }

  /** Repeated rows kept or dropped. */
  public IngestOptions withKeepRepeatedRows(boolean keep) {
    return new IngestOptions(zone, keep, brokenFrom);
  }

  /** The canary release broken from an event time on. */
  public IngestOptions withBrokenFrom(Instant from) {
    return new IngestOptions(zone, keepRepeatedRows, requireNonNull(from, "from"));
  }
}

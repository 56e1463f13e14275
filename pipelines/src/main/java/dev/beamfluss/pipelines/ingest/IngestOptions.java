package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * How {@link IngestRules} read a log.
 *
 * @param zone the time zone of days and of written times; default UTC
 * @param keepRepeatedRows whether a row that equals an earlier one in every column counts again;
 *     default false
 */
public record IngestOptions(ZoneId zone, boolean keepRepeatedRows) {

  /** Checks the options. */
  public IngestOptions {
    requireNonNull(zone, "zone");
  }

  /** UTC, repeated rows dropped. */
  public static IngestOptions defaults() {
    return new IngestOptions(ZoneOffset.UTC, false);
  }

  /** Days and written times in another zone. */
  public IngestOptions withZone(ZoneId newZone) {
    return new IngestOptions(newZone, keepRepeatedRows);
  }

  /** Repeated rows kept or dropped. */
  public IngestOptions withKeepRepeatedRows(boolean keep) {
    return new IngestOptions(zone, keep);
  }
}

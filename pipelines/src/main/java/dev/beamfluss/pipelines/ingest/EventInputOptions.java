package dev.beamfluss.pipelines.ingest;

import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneId;
import org.apache.beam.sdk.options.Default;
import org.apache.beam.sdk.options.Description;
import org.apache.beam.sdk.options.PipelineOptions;
import org.checkerframework.checker.nullness.qual.Nullable;

/** The flags that say which events to take. */
public interface EventInputOptions extends PipelineOptions {

  /** The log. */
  @Description("An event log (CSV, may be gzipped). Default: generated events")
  String getEvents();

  /** Sets {@link #getEvents}. */
  void setEvents(String value);

  /** How many days. */
  @Description("Take the last N days of the log, or generate N. Default: all, or 2 generated")
  Integer getDays();

  /** Sets {@link #getDays}. */
  void setDays(Integer value);

  /** Whether the log is moved to today. */
  @Description(
      "Move the log by whole days so that its last day is today, as tables may drop partitions of"
          + " past days. Default: true")
  @Default.Boolean(true)
  boolean getShiftToToday();

  /** Sets {@link #getShiftToToday}. */
  void setShiftToToday(boolean value);

  /** The zone of the days. */
  @Description("Time zone of ds and of the times written. Default: UTC")
  @Default.String("UTC")
  String getZone();

  /** Sets {@link #getZone}. */
  void setZone(String value);

  /** The seed. */
  @Description("Seed of generated events and of synthetic visits. Default: 1")
  @Default.Long(1)
  long getSeed();

  /** Sets {@link #getSeed}. */
  void setSeed(long value);

  /** Whether repeated rows count. */
  @Description("Keep rows that are equal in every column instead of dropping them. Default: false")
  @Default.Boolean(false)
  boolean getKeepRepeatedRows();

  /** Sets {@link #getKeepRepeatedRows}. */
  void setKeepRepeatedRows(boolean value);

  /** The zone that the flags name. */
  static ZoneId zone(EventInputOptions options) {
    try {
      return ZoneId.of(options.getZone());
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "--zone=" + options.getZone() + " is no time zone. Give one such as Asia/Shanghai.", e);
    }
  }

  /** The rules that the flags ask for. */
  static IngestOptions rules(EventInputOptions options) {
    return IngestOptions.defaults()
        .withZone(zone(options))
        .withKeepRepeatedRows(options.getKeepRepeatedRows());
  }

  /** The events that the flags ask for. */
  static EventInput input(EventInputOptions options) throws IOException {
    return input(
        options, options.getDays(), GeneratorOptions.defaults(), LocalDate.now(zone(options)));
  }

  /**
   * The same of another number of days, which end on another day than today.
   *
   * @param days how many, all of a log or as many as the generator says where null
   * @param generated what is generated, besides its seed, zone and days, where the flags name no
   *     log
   * @param lastDay the day that is the last, if the flags let a log be moved
   */
  static EventInput input(
      EventInputOptions options,
      @Nullable Integer days,
      GeneratorOptions generated,
      LocalDate lastDay)
      throws IOException {
    ZoneId zone = zone(options);
    if (options.getDays() != null && options.getDays() < 1) {
      throw new IllegalArgumentException("--days=" + options.getDays() + " must be at least 1.");
    }
    if (options.getEvents() != null) {
      return EventInput.file(
          Path.of(options.getEvents()),
          zone,
          days,
          options.getShiftToToday() ? lastDay : null,
          options.getSeed());
    }
    GeneratorOptions generator =
        generated.withSeed(options.getSeed()).withZone(zone).withLastDay(lastDay);
    return EventInput.generated(days == null ? generator : generator.withDays(days));
  }
}

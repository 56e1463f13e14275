package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Iterator;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Event times in one time zone: how the tables write them, and which days of a log are used.
 *
 * <p>Days begin and end at midnight of the zone. Where its clocks go back, the hour that happens
 * twice is written twice, so for that hour the order of the texts is not that of the events; UTC
 * has no such hour.
 */
public final class EventTime {

  private final ZoneId zone;
  private final DateTimeFormatter time;
  private final DateTimeFormatter ds;

  private EventTime(ZoneId zone) {
    this.zone = requireNonNull(zone, "zone");
    this.time = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss.SSS", Locale.ROOT).withZone(zone);
    this.ds = DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT).withZone(zone);
  }

  /** Event times as clocks of this zone show them. */
  public static EventTime in(ZoneId zone) {
    return new EventTime(zone);
  }

  /** {@code yyyy-MM-dd HH:mm:ss.SSS}: always 23 characters, so texts sort as times do. */
  public String format(long timestampMillis) {
    return time.format(Instant.ofEpochMilli(timestampMillis));
  }

  /** The day as the tables' partition column has it, {@code yyyyMMdd}. */
  public String ds(long timestampMillis) {
    return ds.format(Instant.ofEpochMilli(timestampMillis));
  }

  /** The day of a time given in milliseconds since 1970-01-01 UTC. */
  public LocalDate day(long timestampMillis) {
    return Instant.ofEpochMilli(timestampMillis).atZone(zone).toLocalDate();
  }

  /** The latest day of a log, or nothing if it is empty. Reads the events to their end. */
  public Optional<LocalDate> lastDay(Iterator<Event> events) {
    long last = -1;
    while (events.hasNext()) {
      last = Math.max(last, events.next().timestampMillis());
    }
    return last < 0 ? Optional.empty() : Optional.of(day(last));
  }

  /**
   * Only the last days of a log, lazily. Days are days of the calendar: one without events counts.
   *
   * @param days how many days to keep, at least 1
   * @param lastDay the log's last day, see {@link #lastDay}
   * @param outside told about each event that is left out
   * @throws IllegalArgumentException if days is less than 1
   */
  public Iterator<Event> withDays(
      int days, LocalDate lastDay, Iterator<Event> events, Consumer<Event> outside) {
    if (days < 1) {
      throw new IllegalArgumentException("days is " + days + ", it must be at least 1");
    }
    long from = startOf(lastDay.minusDays(days - 1L));
    long until = startOf(lastDay.plusDays(1));
    return new LookaheadIterator<>() {
      @Override
      Event computeNext() {
        while (events.hasNext()) {
          Event event = events.next();
          if (event.timestampMillis() >= from && event.timestampMillis() < until) {
            return event;
          }
          outside.accept(event);
        }
        return null;
      }
    };
  }

  /**
   * Moves a log by whole days, lazily, so that {@code lastDay} becomes {@code target}. The time of
   * day stays what clocks of the zone show, except for times that a change of clocks skips.
   */
  public Iterator<Event> shift(LocalDate lastDay, LocalDate target, Iterator<Event> events) {
    long days = ChronoUnit.DAYS.between(lastDay, target);
    return new LookaheadIterator<>() {
      @Override
      Event computeNext() {
        return events.hasNext() ? shifted(events.next(), days) : null;
      }
    };
  }

  /**
   * Moves a log so that its last day becomes today, see {@link #shift}. Today is the day of the
   * zone at the time of the call.
   */
  public Iterator<Event> shiftToToday(LocalDate lastDay, Iterator<Event> events) {
    return shift(lastDay, LocalDate.now(zone), events);
  }

  /** The first millisecond of a day. */
  long startOf(LocalDate day) {
    return day.atStartOfDay(zone).toInstant().toEpochMilli();
  }

  private Event shifted(Event event, long days) {
    Instant at = Instant.ofEpochMilli(event.timestampMillis());
    return event.withTimestampMillis(at.atZone(zone).plusDays(days).toInstant().toEpochMilli());
  }
}

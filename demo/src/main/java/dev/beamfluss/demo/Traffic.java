package dev.beamfluss.demo;

import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.ingest.EventInputOptions;
import dev.beamfluss.pipelines.ingest.EventTime;
import dev.beamfluss.pipelines.ingest.GeneratorOptions;
import dev.beamfluss.pipelines.ingest.IngestCounts;
import dev.beamfluss.pipelines.ingest.IngestCounts.Outcome;
import dev.beamfluss.pipelines.ingest.IngestOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The events of a demo, all in memory, and those of the days before, of which forecasts learn. A
 * log of which all days are taken has none before. The last day is yesterday, unless a log is not
 * to be moved.
 *
 * @param description what it is, for people
 * @param past the events of at most {@link #PAST_DAYS} days before
 * @param events those that come in, in the order of the log
 * @param unread what was not even handed to the tables' rules
 */
record Traffic(
    String description,
    List<Event> past,
    List<Event> events,
    IngestCounts unread,
    IngestOptions rules) {

  /** From how many days before forecasts learn. */
  static final int PAST_DAYS = 28;

  /** As few as suit so few users: each event of a new item waits until the item is in its table. */
  private static final int PRODUCTS = 200;

  private static final int SHOPS = 20;

  /** Reads or generates what the flags name. */
  static Traffic read(DemoOptions options, PrintStream err) throws IOException {
    if (options.getUsers() < 1) {
      throw new IllegalArgumentException("--users=" + options.getUsers() + " must be at least 1.");
    }
    GeneratorOptions generated =
        GeneratorOptions.defaults()
            .withUsers(options.getUsers())
            .withActiveUsersPerDay((options.getUsers() + 1) / 2)
            .withShops(SHOPS)
            .withProducts(PRODUCTS);
    // of a log all days, unless the flags say how many
    @Nullable Integer days =
        options.getDays() == null && options.getEvents() == null
            ? Integer.valueOf(generated.days())
            : options.getDays();
    EventInput input =
        EventInputOptions.input(
            options,
            days == null ? null : days + PAST_DAYS,
            generated,
            // a whole day: of today, minutes that are still to come are not written
            LocalDate.now(EventInputOptions.zone(options)).minusDays(1));
    IngestCounts unread = new IngestCounts();
    List<Event> all = new ArrayList<>();
    Iterator<Event> read =
        input.open(
            line -> {
              unread.add(Outcome.MALFORMED_LINE);
              err.println(line.toTabSeparated());
            },
            event -> unread.add(Outcome.OUTSIDE_DAYS));
    read.forEachRemaining(all::add);
    IngestOptions rules = EventInputOptions.rules(options);
    EventTime time = EventTime.in(rules.zone());
    LocalDate from =
        time.lastDay(all.iterator())
            .filter(last -> days != null)
            .map(last -> last.minusDays(days - 1L))
            .orElse(LocalDate.MIN);
    List<Event> past = new ArrayList<>();
    List<Event> events = new ArrayList<>();
    all.forEach(
        event -> (time.day(event.timestampMillis()).isBefore(from) ? past : events).add(event));
    return new Traffic(
        input.description() + (past.isEmpty() ? "" : ", the first of them as history"),
        past,
        events,
        unread,
        events.isEmpty() ? rules : rules.withBrokenFrom(middle(events)));
  }

  private static Instant middle(List<Event> events) {
    return Instant.ofEpochMilli(events.get(events.size() / 2).timestampMillis());
  }

  ZoneId zone() {
    return rules.zone();
  }

  /** When the first event was, in milliseconds since 1970. */
  long firstMillis() {
    return events.stream()
        .mapToLong(Event::timestampMillis)
        .min()
        .orElseGet(System::currentTimeMillis);
  }

  /** From the first event to the last. */
  long spanMillis() {
    return events.isEmpty()
        ? 0
        : events.get(events.size() - 1).timestampMillis() - events.get(0).timestampMillis();
  }

  /** The days that come in, each a partition of most tables. */
  long days() {
    EventTime time = EventTime.in(zone());
    return events.stream().map(event -> time.day(event.timestampMillis())).distinct().count();
  }

  /** The last day that comes in. */
  LocalDate lastDay() {
    return EventTime.in(zone()).lastDay(events.iterator()).orElse(LocalDate.EPOCH);
  }

  /**
   * The events that count, as {@code IngestRules} say: with a user, a price above zero, and once.
   */
  static List<Event> counting(List<Event> events, boolean keepRepeatedRows) {
    List<Event> counting = new ArrayList<>();
    Set<List<Object>> seen = new HashSet<>();
    for (Event event : events) {
      if (event.hasUser()
          && (seen.add(EventColumns.of(event)) || keepRepeatedRows)
          && event.price().signum() > 0) {
        counting.add(event);
      }
    }
    return counting;
  }
}

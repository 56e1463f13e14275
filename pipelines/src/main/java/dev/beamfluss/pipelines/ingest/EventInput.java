package dev.beamfluss.pipelines.ingest;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneId;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Consumer;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Where events come from: a log in a file, or the generator where there is none. Both give the same
 * events each time they are opened.
 *
 * <p>A file may be cut to its last days and moved by whole days so that its last day becomes
 * another: tables drop partitions that are too old. A log without visits gets synthetic ones, and
 * {@link #description} says so.
 */
public final class EventInput {

  /** Opens an input; what the reading finds wrong goes to the two consumers. */
  @FunctionalInterface
  private interface Opener {
    Iterator<Event> open(Consumer<RejectedLine> rejected, Consumer<Event> outside)
        throws IOException;
  }

  private final String description;
  private final Opener opener;

  private EventInput(String description, Opener opener) {
    this.description = description;
    this.opener = opener;
  }

  /** Generated events. */
  public static EventInput generated(GeneratorOptions options) {
    return new EventInput(
        "generated events, seed " + options.seed() + ", " + options.days() + " days",
        (rejected, outside) -> EventGenerator.with(options).iterator());
  }

  /**
   * The events of a file.
   *
   * @param days how many of its last days to take, all where null
   * @param lastDay what its last day is moved to; it stays where it is where null
   * @throws IOException if the file cannot be read
   * @throws IllegalArgumentException if there is no such file, it is no event log, or has no event
   */
  public static EventInput file(
      Path file, ZoneId zone, @Nullable Integer days, @Nullable LocalDate lastDay, long seed)
      throws IOException {
    if (!Files.isReadable(file)) {
      throw new IllegalArgumentException("There is no readable event log " + file + ".");
    }
    EventTime time = EventTime.in(zone);
    EventLog log = EventLog.at(file);
    Optional<LocalDate> last;
    try (EventLogReader reader = log.open(line -> {})) {
      last = time.lastDay(reader);
    }
    LocalDate from =
        last.orElseThrow(
            () -> new IllegalArgumentException("Event log " + file + " has no event."));
    LocalDate to = lastDay == null ? from : lastDay;
    Opener real =
        (rejected, outside) -> {
          Iterator<Event> events = time.shift(from, to, log.open(rejected));
          return days == null ? events : time.withDays(days, to, events, outside);
        };
    SyntheticVisits visits =
        SyntheticVisits.scan(
            real.open(line -> {}, event -> {}),
            VisitOptions.defaults().withSeed(seed).withZone(zone));
    String description =
        file.getFileName()
            + (days == null ? "" : ", last " + days + " days")
            + (to.equals(from) ? "" : ", moved by whole days so that " + from + " is " + to);
    if (!visits.areNeeded()) {
      return new EventInput(description, real);
    }
    return new EventInput(
        description + ", synthetic visits (the log has none; seed " + seed + ")",
        (rejected, outside) -> visits.mergeInto(real.open(rejected, outside)));
  }

  /** What it is, for people. */
  public String description() {
    return description;
  }

  /**
   * The events in the order they arrive, one at a time.
   *
   * @param rejected told about each malformed line; reading goes on
   * @param outside told about each event of a day that is not asked for
   */
  public Iterator<Event> open(Consumer<RejectedLine> rejected, Consumer<Event> outside)
      throws IOException {
    return opener.open(rejected, outside);
  }
}

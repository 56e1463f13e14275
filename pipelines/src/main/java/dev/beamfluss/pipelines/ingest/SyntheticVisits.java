package dev.beamfluss.pipelines.ingest;

import java.time.LocalDate;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * Makes up the visits of a log that has orders but no {@code view} event, so that its orders can be
 * attributed to something. Whoever shows results of such a log has to say that its visits are
 * synthetic, see {@link #areNeeded()}.
 *
 * <p>Two passes: {@link #scan} notes the first order of each user and day, {@link #mergeInto} adds
 * views to a second reading of the same log. Memory: one entry a buyer and day, and the views of
 * one day. Made views carry an item and a price of the day's orders; invented visitors are called
 * {@code visitor-1} and so on. Views are numbered from 1, regardless of the file's line numbers.
 */
public final class SyntheticVisits {

  private final VisitOptions options;
  private final EventTime time;
  private final TreeMap<LocalDate, Map<String, Event>> firstOrders = new TreeMap<>();
  private boolean viewSeen;

  private SyntheticVisits(VisitOptions options) {
    this.options = options;
    this.time = EventTime.in(options.zone());
  }

  /** The first pass. Stops at the first view, as then nothing has to be made up. */
  public static SyntheticVisits scan(Iterator<Event> log, VisitOptions options) {
    SyntheticVisits visits = new SyntheticVisits(options);
    while (log.hasNext() && !visits.viewSeen) {
      visits.note(log.next());
    }
    return visits;
  }

  /** Whether the log has no view, so that {@link #mergeInto} adds some. */
  public boolean areNeeded() {
    return !viewSeen;
  }

  /**
   * The second pass: the log with views put in by their time, lazily. A log in order of time stays
   * in order; of others, no two events change places. If no visits are needed it is the log itself.
   */
  public Iterator<Event> mergeInto(Iterator<Event> log) {
    if (viewSeen) {
      return log;
    }
    LookaheadIterator<Event> events = LookaheadIterator.over(log);
    LookaheadIterator<Event> views = LookaheadIterator.over(views());
    return new LookaheadIterator<>() {
      @Override
      Event computeNext() {
        if (!views.hasNext()) {
          return events.hasNext() ? events.next() : null;
        }
        boolean viewIsNext =
            !events.hasNext() || views.peek().timestampMillis() <= events.peek().timestampMillis();
        return viewIsNext ? views.next() : events.next();
      }
    };
  }

  private void note(Event event) {
    viewSeen = event.type() == Event.Type.VIEW;
    boolean counts = event.hasUser() && event.quantity() > 0 && event.price().signum() > 0;
    if (event.type() == Event.Type.ORDER && counts) {
      firstOrders
          .computeIfAbsent(time.day(event.timestampMillis()), day -> new TreeMap<>())
          .merge(event.userId(), event, SyntheticVisits::earlier);
    }
  }

  private static Event earlier(Event a, Event b) {
    return b.timestampMillis() < a.timestampMillis() ? b : a;
  }

  private Iterator<Event> views() {
    Iterator<Map.Entry<LocalDate, Map<String, Event>>> days = firstOrders.entrySet().iterator();
    return new LookaheadIterator<>() {
      private Iterator<Event> today = Collections.emptyIterator();
      private long made;

      @Override
      Event computeNext() {
        while (!today.hasNext() && days.hasNext()) {
          Map.Entry<LocalDate, Map<String, Event>> next = days.next();
          today = new VisitDay(options, time, next.getKey()).views(next.getValue()).iterator();
        }
        return today.hasNext() ? today.next().withLine(++made) : null;
      }
    };
  }
}

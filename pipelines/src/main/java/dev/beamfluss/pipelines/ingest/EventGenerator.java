package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.util.Iterator;

/**
 * Makes the event log of a shop that does not exist, for demos and tests.
 *
 * <p>It has what real logs have: busy hours, products that sell and products that do not, visits
 * without orders, several orders a user and day, orders of many lines, orders before the first
 * visit or without one, full, partial, too large, wrong and next-day cancels, events that arrive
 * late or twice, and rows without a user, without an order id or with price zero.
 *
 * <p>Equal options make equal events. Events come in the order of arrival, numbered from 1, and are
 * made an hour ahead of what is read: memory holds an hour of events and the cancels still to come.
 * What would happen after the last day is left out.
 */
public final class EventGenerator implements Iterable<Event> {

  private final GeneratorOptions options;

  private EventGenerator(GeneratorOptions options) {
    this.options = requireNonNull(options, "options");
    // Not checked by the options, so that they can be set in any order.
    if (options.activeUsersPerDay() > options.users()) {
      throw new IllegalArgumentException(
          "activeUsersPerDay "
              + options.activeUsersPerDay()
              + " is more than users "
              + options.users());
    }
  }

  /**
   * A generator of one log, which can be iterated any number of times.
   *
   * @throws IllegalArgumentException if more users are to be active on a day than there are
   */
  public static EventGenerator with(GeneratorOptions options) {
    return new EventGenerator(options);
  }

  @Override
  public Iterator<Event> iterator() {
    return new GeneratedEvents(options);
  }
}

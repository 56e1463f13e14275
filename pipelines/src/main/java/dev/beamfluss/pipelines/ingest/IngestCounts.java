package dev.beamfluss.pipelines.ingest;

import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/**
 * What became of a log. Each row of the input is counted under exactly one {@link Outcome}, so that
 * {@link #rows()} is the number of rows read; what the rows did is counted as {@link Effect}s. Not
 * thread-safe.
 */
public final class IngestCounts {

  /** What became of one row. */
  public enum Outcome {
    /** A view that counts. */
    VIEW("view counted"),
    /** A cart event. */
    CART("cart event"),
    /** A line that is part of an order. */
    ORDER_LINE("order line added"),
    /** A cancel of which every unit was found. */
    CANCEL_MATCHED("cancel matched"),
    /** A cancel of which some units were found. */
    CANCEL_PARTLY_MATCHED("cancel matched in part"),
    /** A cancel of which no unit was found. */
    CANCEL_UNMATCHED("cancel unmatched"),
    /** Dropped: no user. */
    NO_USER("dropped: no user"),
    /** Dropped: equal to an earlier row. */
    REPEATED_ROW("dropped: repeated row"),
    /** Dropped: price zero or less. */
    PRICE_NOT_POSITIVE("dropped: price <= 0"),
    /** Rejected: an order that is not of positive, or a cancel that is not of negative quantity. */
    BAD_QUANTITY("rejected: quantity"),
    /** Rejected by {@link EventLog}; counted by who reads the log. */
    MALFORMED_LINE("rejected: malformed line"),
    /** Left out by {@link EventTime#withDays}; counted by who reads the log. */
    OUTSIDE_DAYS("left out: other day");

    private final String label;

    Outcome(String label) {
      this.label = label;
    }
  }

  /** What rows did. */
  public enum Effect {
    /** Orders seen for the first time. */
    ORDERS_OPENED("orders opened"),
    /** Orders without anything left; counted again if they get a line and lose it. */
    ORDERS_DELETED("orders deleted"),
    /** Deleted orders that got a new line. */
    ORDERS_REVIVED("deleted orders with a new line"),
    /** Visits, one a user and day. */
    VISITS_OPENED("visits opened"),
    /** Order ids made for order lines that had none. */
    ORDER_IDS_MADE("order ids made"),
    /** Units taken off orders by cancels. */
    UNITS_CANCELLED("units cancelled"),
    /** Units of cancels for which no order line was found. */
    UNITS_UNMATCHED("units of cancels unmatched"),
    /** Calls of {@link IngestRules.Sink#upsertOrder}. */
    ORDER_UPSERTS("order upserts"),
    /** Calls of {@link IngestRules.Sink#upsertVisit}. */
    VISIT_UPSERTS("visit upserts");

    private final String label;

    Effect(String label) {
      this.label = label;
    }
  }

  private final Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
  private final Map<Effect, Long> effects = new EnumMap<>(Effect.class);

  /** Counts one row. */
  public void add(Outcome outcome) {
    outcomes.merge(outcome, 1L, Long::sum);
  }

  /** Adds what another has counted. */
  public void addAll(IngestCounts other) {
    other.outcomes.forEach((outcome, times) -> outcomes.merge(outcome, times, Long::sum));
    other.effects.forEach((effect, times) -> effects.merge(effect, times, Long::sum));
  }

  void add(Effect effect, long times) {
    effects.merge(effect, times, Long::sum);
  }

  /** How many rows had this outcome. */
  public long get(Outcome outcome) {
    return outcomes.getOrDefault(outcome, 0L);
  }

  /** How often this happened. */
  public long get(Effect effect) {
    return effects.getOrDefault(effect, 0L);
  }

  /** The sum of all outcomes: the number of rows of the input. */
  public long rows() {
    return outcomes.values().stream().mapToLong(Long::longValue).sum();
  }

  /** A table for people: every outcome, their sum, every effect. */
  @Override
  public String toString() {
    StringBuilder table = new StringBuilder();
    for (Outcome outcome : Outcome.values()) {
      line(table, outcome.label, get(outcome));
    }
    line(table, "= rows", rows());
    for (Effect effect : Effect.values()) {
      line(table, effect.label, get(effect));
    }
    return table.toString();
  }

  private static void line(StringBuilder table, String label, long count) {
    table.append(String.format(Locale.ROOT, "%-32s %,12d%n", label, count));
  }
}

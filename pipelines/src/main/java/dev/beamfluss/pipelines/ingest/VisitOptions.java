package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * Which visits {@link SyntheticVisits} makes. Shares are from 0 to 1 and of the buyers of a day;
 * who is in neither share gets no visit.
 *
 * @param seed equal logs and options make equal visits; default 1
 * @param zone the time zone of days; default UTC
 * @param beforeShare buyers who visit before their first order of the day; default 0.85
 * @param afterShare buyers whose first visit comes after it; default 0.08
 * @param visitorsPerBuyer visitors without an order, for each buyer of the day; default 2
 */
public record VisitOptions(
    long seed, ZoneId zone, double beforeShare, double afterShare, double visitorsPerBuyer) {

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException if a share is negative or they sum up to more than 1
   */
  public VisitOptions {
    requireNonNull(zone, "zone");
    if (!(beforeShare >= 0 && afterShare >= 0 && beforeShare + afterShare <= 1)) {
      throw new IllegalArgumentException(
          "beforeShare " + beforeShare + " and afterShare " + afterShare + " are no shares of 1");
    }
    if (!(visitorsPerBuyer >= 0 && visitorsPerBuyer <= 1_000)) {
      throw new IllegalArgumentException("visitorsPerBuyer is out of range: " + visitorsPerBuyer);
    }
  }

  /** Seed 1, UTC, 85 % before, 8 % after, two other visitors a buyer. */
  public static VisitOptions defaults() {
    return new VisitOptions(1, ZoneOffset.UTC, 0.85, 0.08, 2);
  }

  /** These options with another seed. */
  public VisitOptions withSeed(long newSeed) {
    return new VisitOptions(newSeed, zone, beforeShare, afterShare, visitorsPerBuyer);
  }

  /** These options with another zone. */
  public VisitOptions withZone(ZoneId newZone) {
    return new VisitOptions(seed, newZone, beforeShare, afterShare, visitorsPerBuyer);
  }

  /** These options with other shares of buyers who visit before and after their first order. */
  public VisitOptions withShares(double newBeforeShare, double newAfterShare) {
    return new VisitOptions(seed, zone, newBeforeShare, newAfterShare, visitorsPerBuyer);
  }

  /** These options with another number of visitors without an order, for each buyer of the day. */
  public VisitOptions withVisitorsPerBuyer(double newVisitorsPerBuyer) {
    return new VisitOptions(seed, zone, beforeShare, afterShare, newVisitorsPerBuyer);
  }
}

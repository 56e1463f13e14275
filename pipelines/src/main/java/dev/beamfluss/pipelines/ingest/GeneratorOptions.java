package dev.beamfluss.pipelines.ingest;

import static java.util.Objects.requireNonNull;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;

/**
 * What {@link EventGenerator} makes. Shares are from 0 to 1.
 *
 * @param seed equal options make equal events; default 1
 * @param lastDay the last day of the log; default today in UTC at the time of the call, so set it
 *     where a log has to be made again on another day
 * @param zone the time zone of days and of the busy hours; default UTC
 * @param days number of days, the last one included; default 2
 * @param users number of users; default 60,000
 * @param activeUsersPerDay users who do something on a day, most of them visit; at most {@code
 *     users}; default 30,000
 * @param shops number of shops; default 300
 * @param products number of products, spread over the shops; default 4,000
 * @param buyerShare share of a day's visitors who order; default 0.25
 * @param cancelShare share of orders that are followed by cancels; default 0.08
 * @param repeatedShare share of events that arrive a second time, exactly equal; default 0.005
 * @param lateShare share of events that arrive late; default 0.05
 * @param maxLateness the longest delay of an event, at most a day; default 5 minutes
 */
public record GeneratorOptions(
    long seed,
    LocalDate lastDay,
    ZoneId zone,
    int days,
    int users,
    int activeUsersPerDay,
    int shops,
    int products,
    double buyerShare,
    double cancelShare,
    double repeatedShare,
    double lateShare,
    Duration maxLateness) {

  /**
   * Checks the options.
   *
   * @throws IllegalArgumentException naming the option that is out of its range
   */
  public GeneratorOptions {
    requireNonNull(lastDay, "lastDay");
    requireNonNull(zone, "zone");
    requireNonNull(maxLateness, "maxLateness");
    check(days >= 1, "days", days);
    check(users >= 1, "users", users);
    check(activeUsersPerDay >= 0, "activeUsersPerDay", activeUsersPerDay);
    check(shops >= 1, "shops", shops);
    check(products >= 1, "products", products);
    check(isShare(buyerShare), "buyerShare", buyerShare);
    check(isShare(cancelShare), "cancelShare", cancelShare);
    check(isShare(repeatedShare), "repeatedShare", repeatedShare);
    check(isShare(lateShare), "lateShare", lateShare);
    boolean withinDay = !maxLateness.isNegative() && maxLateness.compareTo(Duration.ofDays(1)) <= 0;
    check(withinDay, "maxLateness", maxLateness);
  }

  /** Two days ending today, enough for 55,000 rows of order attribution. */
  public static GeneratorOptions defaults() {
    return new GeneratorOptions(
        1,
        LocalDate.now(ZoneOffset.UTC),
        ZoneOffset.UTC,
        2,
        60_000,
        30_000,
        300,
        4_000,
        0.25,
        0.08,
        0.005,
        0.05,
        Duration.ofMinutes(5));
  }

  /** These options with another {@link #seed}. */
  public GeneratorOptions withSeed(long newSeed) {
    return new GeneratorOptions(
        newSeed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #lastDay}. */
  public GeneratorOptions withLastDay(LocalDate newLastDay) {
    return new GeneratorOptions(
        seed,
        newLastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #zone}. */
  public GeneratorOptions withZone(ZoneId newZone) {
    return new GeneratorOptions(
        seed,
        lastDay,
        newZone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #days}. */
  public GeneratorOptions withDays(int newDays) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        newDays,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #users}. */
  public GeneratorOptions withUsers(int newUsers) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        newUsers,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #activeUsersPerDay}. */
  public GeneratorOptions withActiveUsersPerDay(int newActiveUsersPerDay) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        newActiveUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #shops}. */
  public GeneratorOptions withShops(int newShops) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        newShops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #products}. */
  public GeneratorOptions withProducts(int newProducts) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        newProducts,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #buyerShare}. */
  public GeneratorOptions withBuyerShare(double newBuyerShare) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        newBuyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #cancelShare}. */
  public GeneratorOptions withCancelShare(double newCancelShare) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        newCancelShare,
        repeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #repeatedShare}. */
  public GeneratorOptions withRepeatedShare(double newRepeatedShare) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        newRepeatedShare,
        lateShare,
        maxLateness);
  }

  /** These options with another {@link #lateShare}. */
  public GeneratorOptions withLateShare(double newLateShare) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        newLateShare,
        maxLateness);
  }

  /** These options with another {@link #maxLateness}. */
  public GeneratorOptions withMaxLateness(Duration newMaxLateness) {
    return new GeneratorOptions(
        seed,
        lastDay,
        zone,
        days,
        users,
        activeUsersPerDay,
        shops,
        products,
        buyerShare,
        cancelShare,
        repeatedShare,
        lateShare,
        newMaxLateness);
  }

  private static boolean isShare(double share) {
    return share >= 0 && share <= 1;
  }

  private static void check(boolean ok, String option, Object value) {
    if (!ok) {
      throw new IllegalArgumentException(option + " is out of range: " + value);
    }
  }
}

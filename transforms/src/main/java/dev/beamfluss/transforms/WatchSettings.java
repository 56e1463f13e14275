package dev.beamfluss.transforms;

import java.io.Serializable;

/**
 * How a watch decides; {@link ReleaseWatch} says what each means.
 *
 * @param traffic the kind that events are counted per unit of
 * @param tolerance of rates: 0.05 leaves alone what is within 1/1.05 and 1.05 times the baseline
 * @param trafficTolerance the same of a cell's share of the traffic
 * @param dispersion how much more than those of a Poisson process counts of events vary
 * @param trafficDispersion the same of traffic
 * @param falseAlertsPerDay the level of the test
 */
record WatchSettings(
    String traffic,
    double tolerance,
    double trafficTolerance,
    double dispersion,
    double trafficDispersion,
    double falseAlertsPerDay,
    long minimumTraffic,
    long minimumEvents,
    long clearAfterMillis,
    long updateMillis,
    long timeoutMillis)
    implements Serializable {}

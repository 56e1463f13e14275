package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What {@link ReleaseWatch} finds in simulated releases with its defaults, how soon, and how often
 * it is wrong. Prints a table.
 */
class ReleaseDetectionTest {
  private static final long SEED = 20_261_126;
  private static final int TARGET_SECONDS = 60;

  /** What became of a release; -1 second if nothing was found. */
  private record Outcome(
      Release release, boolean strong, int secondsToFind, List<String> falseAlerts) {
    boolean isFound() {
      return secondsToFind >= 0;
    }

    boolean isFoundInTime() {
      return isFound() && secondsToFind <= TARGET_SECONDS;
    }
  }

  private record Release(ReleaseSimulation.Scenario scenario, long seed, int seconds) {
    Outcome simulate() {
      ReleaseSimulation simulation = new ReleaseSimulation(scenario, seed, seconds);
      Watched watched = new Watched(watch(), false);
      List<String> wrong = new ArrayList<>();
      int found = -1;
      while (!simulation.isOver()) {
        simulation.next(watched);
        for (ReleaseAlert alert : watched.look()) {
          if (alert.state() != ReleaseAlert.State.RAISED || alert.raisedAt() != alert.updatedAt()) {
            continue;
          }
          if (!simulation.isAffected(alert.cell())) {
            wrong.add(simulation + ", seed " + seed + ": " + alert);
          } else if (found < 0) {
            found = simulation.second() - simulation.onset();
          }
        }
      }
      return new Outcome(this, simulation.isStrong(), found, wrong);
    }
  }

  private static ReleaseWatch watch() {
    return ReleaseWatch.comparing("release_type", "grey", "base")
        .by(ReleaseSimulation.DIMENSIONS)
        .ofKinds("event")
        .withTraffic(ReleaseSimulation.TRAFFIC);
  }

  private static List<Release> releases(int ofEach, int seconds) {
    List<Release> releases = new ArrayList<>();
    for (ReleaseSimulation.Scenario scenario : ReleaseSimulation.Scenario.values()) {
      for (int release = 0; release < ofEach; release++) {
        releases.add(new Release(scenario, SEED + release, seconds));
      }
    }
    return releases;
  }

  private static void print(ReleaseSimulation.Scenario scenario, List<Outcome> outcomes) {
    List<Outcome> strong = outcomes.stream().filter(Outcome::strong).toList();
    int wrong = outcomes.stream().mapToInt(outcome -> outcome.falseAlerts().size()).sum();
    System.err.printf(
        "%-14s %8d %7d %11d %11s %9d %11s %6.1f %12d %8.3f%n",
        scenario,
        outcomes.size(),
        strong.size(),
        strong.stream().filter(Outcome::isFoundInTime).count(),
        percentiles(strong),
        outcomes.stream().filter(Outcome::isFound).count(),
        percentiles(outcomes),
        hours(outcomes),
        wrong,
        wrong / hours(outcomes));
    outcomes.forEach(outcome -> outcome.falseAlerts().forEach(System.err::println));
  }

  private static String percentiles(List<Outcome> outcomes) {
    int[] seconds =
        outcomes.stream()
            .filter(Outcome::isFound)
            .mapToInt(Outcome::secondsToFind)
            .sorted()
            .toArray();
    int last = seconds.length - 1;
    return last < 0
        ? "-"
        : seconds[(int) Math.ceil(0.5 * last)]
            + "/"
            + seconds[(int) Math.ceil(0.95 * last)]
            + "/"
            + seconds[last];
  }

  private static double hours(Collection<Outcome> outcomes) {
    return outcomes.stream().mapToInt(outcome -> outcome.release().seconds()).sum() / 3600.0;
  }

  private static Map<ReleaseSimulation.Scenario, List<Outcome>> simulate(List<Release> releases) {
    List<Outcome> outcomes = releases.parallelStream().map(Release::simulate).toList();
    Map<ReleaseSimulation.Scenario, List<Outcome>> byScenario =
        outcomes.stream()
            .collect(
                Collectors.groupingBy(
                    o -> o.release().scenario(), TreeMap::new, Collectors.toList()));
    System.err.println(
        "Seconds are p50/p95/max from the beginning of the anomaly. Strong: ten standard deviations"
            + " more than is tolerated, in 60 s.");
    System.err.printf(
        "%-14s %8s %7s %11s %11s %9s %11s %6s %12s %8s%n",
        "scenario",
        "releases",
        "strong",
        "within 60 s",
        "seconds",
        "all found",
        "seconds",
        "hours",
        "false alerts",
        "per hour");
    byScenario.forEach(ReleaseDetectionTest::print);
    assertTargets(outcomes);
    return byScenario;
  }

  private static void assertTargets(List<Outcome> outcomes) {
    for (Outcome outcome : outcomes) {
      assertThat(
          "Found in time: " + outcome, !outcome.strong() || outcome.isFoundInTime(), is(true));
    }
    int wrong = outcomes.stream().mapToInt(outcome -> outcome.falseAlerts().size()).sum();
    assertThat("false alerts", wrong, lessThanOrEqualTo((int) Math.max(1, hours(outcomes) / 24)));
  }

  @Test
  void findsWhatIsStrongAndNothingElse() {
    simulate(releases(3, 200));
  }

  /** 200 releases, and a day without anything. */
  @Test
  @Tag("nightly")
  void detectionTable() {
    List<Release> releases = releases(40, 600);
    for (int quarter = 1; quarter <= 4; quarter++) {
      releases.add(new Release(ReleaseSimulation.Scenario.NOTHING, SEED - quarter, 6 * 3_600));
    }
    Map<ReleaseSimulation.Scenario, List<Outcome>> outcomes = simulate(releases);
    for (ReleaseSimulation.Scenario scenario :
        List.of(
            ReleaseSimulation.Scenario.FEWER_EVENTS,
            ReleaseSimulation.Scenario.MORE_ERRORS,
            ReleaseSimulation.Scenario.SILENT_PAGE)) {
      assertThat(
          "strong of " + scenario,
          outcomes.get(scenario).stream().filter(Outcome::strong).count(),
          greaterThan(0L));
    }
  }
}

package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RatioEvidenceTest {
  private static final double[] ABOVE = {1.2, 2, 4};
  private static final double[] BELOW = {0.85, 0.5, 0};
  private static final long DAY = 86_400_000;

  /** Of the factor of a slice of so many events, over all that the canary's count may be. */
  private static double expectation(double ratio, double edge, double odds, int n, double scale) {
    double p = odds / (1 + odds);
    double probability = Math.pow(1 - p, n);
    double sum = 0;
    for (int k = 0; k <= n; k++) {
      sum += probability * Math.exp(RatioEvidence.logRatio(ratio, k, n, edge) / scale);
      probability *= p / (1 - p) * (n - k) / (k + 1);
    }
    return sum;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7, 40})
  void aFactorIsExpectedToBeOneAtTheEdgeAndLessWithinTheBand(int n) {
    for (double edge : new double[] {0.01, 0.1, 1, 3}) {
      for (double ratio : ABOVE) {
        assertThat(expectation(ratio, edge, edge, n, 1), closeTo(1, 1e-9));
        assertThat(expectation(ratio, edge, edge / 1.3, n, 1), lessThanOrEqualTo(1 + 1e-9));
        assertThat(expectation(ratio, edge, edge, n, 2.5), lessThanOrEqualTo(1 + 1e-9));
      }
      for (double ratio : BELOW) {
        assertThat(expectation(ratio, edge, edge, n, 1), closeTo(1, 1e-9));
        assertThat(expectation(ratio, edge, edge * 1.3, n, 1), lessThanOrEqualTo(1 + 1e-9));
        assertThat(expectation(ratio, edge, edge, n, 2.5), lessThanOrEqualTo(1 + 1e-9));
      }
    }
  }

  /** All courses that two slices can take, each with its probability. */
  @Test
  void evidenceOfTwoSlicesIsExpectedToBeAtMostTheShareOfTheDay() {
    int n = 6;
    double p = 0.25;
    double odds = p / (1 - p);
    double sum = 0;
    for (int first = 0; first <= n; first++) {
      for (int second = 0; second <= n; second++) {
        RatioEvidence evidence = new RatioEvidence();
        evidence.add(first, n, odds, odds, DAY / 4, 1);
        evidence.add(second, n, odds, odds, DAY / 4, 1);
        sum += binomial(n, first, p) * binomial(n, second, p) * Math.exp(evidence.log());
      }
    }
    assertThat(sum, closeTo(0.5, 1e-9));
  }

  private static double binomial(int n, int k, double p) {
    double result = Math.pow(p, k) * Math.pow(1 - p, n - k);
    for (int i = 0; i < k; i++) {
      result *= (double) (n - i) / (i + 1);
    }
    return result;
  }

  /** Looked at after each of the slices of a day, at the edge of the band: the worst there is. */
  @Test
  void falseAlarmsOfManyLooksAreAsRareAsTheLevelSays() {
    Random random = new Random(1);
    int days = 1_500;
    int slices = 200;
    double level = 0.05;
    double odds = 0.08;
    int alarms = 0;
    for (int day = 0; day < days; day++) {
      RatioEvidence evidence = new RatioEvidence();
      boolean alarm = false;
      for (int slice = 0; slice < slices && !alarm; slice++) {
        int n = 1 + random.nextInt(30);
        evidence.add(draw(random, n, odds), n, odds, odds, DAY / slices, 1);
        alarm = evidence.log() >= -Math.log(level);
      }
      alarms += alarm ? 1 : 0;
    }
    double deviation = Math.sqrt(level * (1 - level) / days);
    System.err.printf("false alarms: %.4f at level %.2f%n", (double) alarms / days, level);
    assertThat((double) alarms / days, lessThan(level + 4 * deviation));
  }

  @Test
  void whatBeginsLateIsFoundAboutAsSoon() {
    Random random = new Random(1);
    for (double ratio : new double[] {3, 0.3}) {
      RatioEvidence evidence = new RatioEvidence();
      for (int slice = 0; slice < 5_000; slice++) {
        evidence.add(draw(random, 200, 0.1), 200, 0.11, 0.09, 1_000, 2);
      }
      assertThat(evidence.log(), lessThan(5.0));
      int slices = 0;
      while (evidence.log() < 15) {
        evidence.add(draw(random, 200, 0.1 * ratio), 200, 0.11, 0.09, 1_000, 2);
        slices++;
      }
      assertThat(slices, lessThan(20));
      assertThat(evidence.isAbove(), is(ratio > 1));
    }
  }

  @Test
  void silenceIsEvidenceUntilTheFirstEvent() {
    RatioEvidence evidence = new RatioEvidence();
    for (int slice = 0; slice < 100; slice++) {
      evidence.addSilence(0, 20, 0.05, 1_000, 1);
    }
    assertThat(evidence.log(), greaterThan(50.0));
    evidence.addSilence(1, 20, 0.05, 1_000, 1);
    assertThat(evidence.log(), is(Double.NEGATIVE_INFINITY));
  }

  private static int draw(Random random, int n, double odds) {
    int k = 0;
    for (int i = 0; i < n; i++) {
      k += random.nextDouble() < odds / (1 + odds) ? 1 : 0;
    }
    return k;
  }
}

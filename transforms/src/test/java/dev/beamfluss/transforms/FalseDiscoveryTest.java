package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class FalseDiscoveryTest {
  /** The definition: the most k of which each has at least m/(k level), by counting them. */
  private static int byDefinition(double[] values, double level) {
    int most = 0;
    for (int k = 1; k <= values.length; k++) {
      int enough = 0;
      for (double value : values) {
        if (k * value / values.length >= 1 / level) {
          enough++;
        }
      }
      if (enough >= k) {
        most = k;
      }
    }
    return most;
  }

  @Test
  void rejectsWhatTheDefinitionRejectsThoughTheSmallAreLeftOut() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 5_000; round++) {
      double level = 0.01 + 0.3 * random.nextDouble();
      double spread = 1 + 4 * random.nextDouble();
      double[] values = new double[1 + random.nextInt(12)];
      Arrays.setAll(values, i -> Math.exp(spread * random.nextGaussian()));
      double[] logs =
          Arrays.stream(values)
              .map(Math::log)
              .filter(log -> log >= -Math.log(level))
              .map(log -> -log)
              .sorted()
              .map(log -> -log)
              .toArray();
      assertThat(
          FalseDiscovery.rejected(logs, values.length, level), is(byDefinition(values, level)));
    }
  }

  @Test
  void nothingIsRejectedOfNothing() {
    assertThat(FalseDiscovery.rejected(new double[0], 0, 0.05), is(0));
  }
}

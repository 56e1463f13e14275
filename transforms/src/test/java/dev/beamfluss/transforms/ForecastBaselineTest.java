package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.regex.Pattern;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForecastBaselineTest {
  private static final String SHARES = "0*600,250000*120,500000*359,900000,1000000*360";
  private static final String VALID =
      "v1:days=20;total=75.5;totalSpread=16.25;shareSpread=0*10,40000*8,0*6;share=" + SHARES;

  @Test
  void aStringIsRead() {
    ForecastBaseline baseline = ForecastBaseline.decode("web", VALID);
    assertThat(baseline.days(), is(20));
    assertThat(baseline.total(), is(75.5));
    assertThat(baseline.totalSpread(), is(16.25));
    assertThat(baseline.share(599), is(0.0));
    assertThat(baseline.share(600), is(0.25));
    assertThat(baseline.share(720), is(0.5));
    assertThat(baseline.share(1079), is(0.9));
    assertThat(baseline.share(1439), is(1.0));
    assertThat(baseline.shareSpread(9), is(0.0));
    assertThat(baseline.shareSpread(10), is(0.04));
    assertThat(baseline.encode(), is(VALID));
  }

  @Test
  void fieldsOfLaterReleasesAreIgnored() {
    String more = VALID.replace("days=20;", "days=20;weather=rain;");
    assertThat(ForecastBaseline.decode("web", more), is(ForecastBaseline.decode("web", VALID)));
  }

  @Test
  void whatIsEncodedIsDecodedAlike() {
    Random random = seeded();
    for (int run = 0; run < 300; run++) {
      ForecastBaseline baseline = random(random);
      String text = baseline.encode();
      ForecastBaseline decoded = ForecastBaseline.decode("web", text);
      assertThat(decoded, is(baseline));
      assertThat(decoded.hashCode(), is(baseline.hashCode()));
      assertThat(decoded.encode(), is(text));
      assertThat(text.length(), lessThan(12_000));
    }
  }

  @Test
  void whatIsBuiltHasThePrecisionOfTheFormat() {
    double third = 1.0 / 3;
    ForecastBaseline baseline = new ForecastBaseline(3, third, third, new int[24], whole(0));
    assertThat(baseline.total(), is(0.333333333));
    assertThat(baseline.total(), closeTo(third, third * 1e-9));
    assertThat(baseline.totalSpread(), is(0.333333333));
  }

  @Test
  void isSerializable() {
    ForecastBaseline baseline = ForecastBaseline.decode("web", VALID);
    ForecastBaseline copy = SerializableUtils.clone(baseline);
    assertThat(copy, is(baseline));
    assertThat(copy.unit(700), is(baseline.unit(700)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "v1:|v2:|begins with 'v2:', not with v1:",
        "days=20|days=0|days is 0, not a number from 1",
        "days=20|days=many|days is 'many', not an integer",
        "days=20|20|has '20' where a field name=value is expected",
        "days=20|total=1|has the field total twice",
        "total=75.5;|''|has no field total",
        "total=75.5|total=0|total is 0: days without orders make no baseline",
        "total=75.5|total=NaN|total is 'NaN', not a finite number from 0",
        "total=75.5|total=1e999|total is '1e999', not a finite number from 0",
        "totalSpread=16.25|totalSpread=-1|totalSpread is '-1', not a finite number from 0",
        "0*6;|0*5;|shareSpread has 23 values, not 24",
        "1000000*360|1000000*359|share has 1439 values, not 1440",
        "1000000*360|1000000*361|share has more than 1440 values",
        "1000000*360|1000000*2147483647|share has more than 1440 values",
        "1000000*360|1000001*360|share at minute 1080 is 1000001, not a number of millionths",
        "1000000*360|999999*360|share at the last minute is 999999, not 1000000",
        "500000*359|200000*359|share at minute 720 is 200000 after 250000, but shares",
        "0*600|-1*600|share at minute 0 is -1, not a number of millionths from 0 to 1000000",
        "0*600|0*0|the repetition of share at minute 0 is 0, not a number from 1",
        "0*600|0*|the repetition of share at minute 0 is '', not an integer",
        "250000*120|0.25*120|share at minute 600 is '0.25', not an integer",
      })
  void whatIsWrongIsNamed(String right, String wrong, String message) {
    String text = VALID.replaceFirst(Pattern.quote(right), wrong);
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> ForecastBaseline.decode("web", text), text);
    assertThat(e.getMessage(), containsString("minute_ratio_feat of channel 'web' " + message));
    assertThat(e.getMessage(), containsString("build"));
    assertThat(e.getMessage().length(), lessThanOrEqualTo(200));
  }

  @Test
  void theNoiseOfADayOfOrdersThatComeByThemselvesIsOneOrder() {
    int[] share = new int[1440];
    Arrays.setAll(share, minute -> (int) Math.round((minute + 1) * 1_000_000.0 / 1440));
    int[] spread = new int[24];
    for (int hour = 0; hour < 24; hour++) {
      double s = share[hour * 60 + 59] / 1e6;
      spread[hour] = (int) Math.round(1e6 * Math.sqrt(s * (1 - s) / 400));
    }
    ForecastBaseline baseline = new ForecastBaseline(1_000_000, 400, 30, spread, share);
    assertThat(baseline.unit(0), closeTo(1, 1e-3));
    assertThat(baseline.unit(719), closeTo(1, 1e-3));
    assertThat(baseline.unit(1300), closeTo(1, 1e-3));
    // of the variance of totals, 900, the orders themselves are 400; but a tenth is the least
    assertThat(baseline.rateVariance(), closeTo(40 * 40, 1e-9));
    ForecastBaseline wider = new ForecastBaseline(1_000_000, 400, 90, spread, share);
    assertThat(wider.rateVariance(), closeTo(90 * 90 - 400, 0.1));
  }

  /** Of any steepness, with flat stretches and jumps. */
  static ForecastBaseline random(Random random) {
    int[] share = new int[1440];
    double most = Math.pow(10, 6 * random.nextDouble());
    for (int minute = 0; minute < 1440; minute++) {
      share[minute] = random.nextInt(4) == 0 ? (int) (most * random.nextDouble()) : 0;
    }
    Arrays.parallelPrefix(share, (a, b) -> Math.min(1_000_000, a + b));
    share[1439] = 1_000_000;
    int[] spread = new int[24];
    Arrays.setAll(spread, hour -> random.nextInt(300_000));
    spread[23] = 0;
    double total = Math.pow(10, 12 * random.nextDouble() - 3);
    return new ForecastBaseline(
        1 + random.nextInt(60), total, total * random.nextDouble(), spread, share);
  }

  private static int[] whole(int from) {
    int[] share = new int[1440];
    Arrays.fill(share, from, 1440, 1_000_000);
    return share;
  }

  static Random seeded() {
    long seed = ThreadLocalRandom.current().nextLong();
    System.err.println("seed " + seed);
    return new Random(seed);
  }
}

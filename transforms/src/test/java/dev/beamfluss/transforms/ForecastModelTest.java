package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.hamcrest.Matchers.lessThanOrEqualTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.beam.sdk.util.SerializableUtils;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ForecastModelTest {
  /** A tenth of the orders at 9, half of them at 12, all but a tenth at 18. */
  private static final ForecastBaseline BASELINE =
      ForecastBaseline.decode(
          "web",
          "v1:days=20;total=400;totalSpread=80;shareSpread=0*9,17000,20000,22000,30000*5,17000*4,0*3;"
              + "share=0*540,100000*180,500000*360,900000*300,1000000*60");

  private static final int AT_9 = 540;
  private static final int AT_12 = 720;

  static Stream<String> names() {
    return ForecastModel.names().stream();
  }

  @Test
  void theRatioIsTheCountByTheShare() {
    ForecastModel ratio = ForecastModel.named("ratio");
    assertThat(ratio.forecast(30, AT_9, BASELINE).total(), closeTo(300, 1e-9));
    assertThat(ratio.forecast(250, AT_12, BASELINE).total(), closeTo(500, 1e-9));
    assertThat(ratio.forecast(0, AT_12, BASELINE).total(), is(0.0));
    assertThat(ratio.forecast(0, AT_12, BASELINE).upper(), greaterThan(1.0));
  }

  @Test
  void theRatioOfAlmostNothingIsThatOfPastDays() {
    ForecastModel ratio = ForecastModel.named("ratio");
    assertThat(ratio.forecast(0, 0, BASELINE).total(), is(400.0));
    assertThat(ratio.forecast(7, AT_9 - 1, BASELINE).total(), is(407.0));
  }

  @Test
  void theShrunkForecastIsBetweenThatOfPastDaysAndTheRatio() {
    ForecastModel shrunk = ForecastModel.named("shrunk");
    double early = shrunk.forecast(30, AT_9, BASELINE).total();
    assertThat(early, greaterThan(300.0));
    assertThat(early, lessThan(390.0));
    assertThat(shrunk.forecast(0, 0, BASELINE).total(), is(400.0));
    // as expected
    assertThat(shrunk.forecast(40, AT_9, BASELINE).total(), closeTo(400, 1e-9));
    // the later, the nearer to the ratio
    double late = shrunk.forecast(150, AT_12, BASELINE).total();
    assertThat((late - 300) / 100, lessThan((early - 300) / 100));
  }

  /** The gamma posterior, written out: where the count is within what past days explain. */
  @Test
  void theShrunkForecastIsTheMeanOfTheGammaPosterior() {
    double unit = BASELINE.unit(AT_9);
    double rate = 400 / BASELINE.rateVariance();
    double shape = 400 * rate;
    double posterior = (shape + 30 / unit) / (rate + 0.1 / unit);
    double expected = 30 + 0.9 * posterior;
    assertThat(
        ForecastModel.named("shrunk").forecast(30, AT_9, BASELINE).total(),
        closeTo(expected, 1e-9));
  }

  @Test
  void theShrunkForecastFollowsAPromotion() {
    ForecastModel shrunk = ForecastModel.named("shrunk");
    // the ratio says 1600
    assertThat(shrunk.forecast(800, AT_12, BASELINE).total(), greaterThan(1550.0));
  }

  @ParameterizedTest
  @MethodSource("names")
  void withoutABaselineThereIsNoForecast(String name) {
    Forecast forecast = ForecastModel.named(name).forecast(12, AT_12, null);
    assertThat(forecast, is(Forecast.noBaseline()));
    assertThat(forecast.hasBaseline(), is(false));
    assertThat(forecast.toString(), is("no baseline"));
    assertThrows(IllegalStateException.class, forecast::total);
    assertThrows(IllegalStateException.class, forecast::lower);
    assertThrows(IllegalStateException.class, forecast::upper);
  }

  @ParameterizedTest
  @MethodSource("names")
  void atTheEndOfTheDayTheForecastIsTheCount(String name) {
    ForecastModel model = ForecastModel.named(name);
    Random random = ForecastBaselineTest.seeded();
    for (int run = 0; run < 200; run++) {
      BigDecimal amount = BigDecimal.valueOf(random.nextLong(1_000_000_000_000_000L), 2);
      double count = amount.doubleValue();
      Forecast forecast = model.forecast(count, 1439, ForecastBaselineTest.random(random));
      assertThat(forecast, is(Forecast.of(count, count, count)));
      assertThat(BigDecimal.valueOf(forecast.total()).compareTo(amount), is(0));
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void forecastsAreFiniteNotBelowTheCountAndGrowWithIt(String name) {
    ForecastModel model = ForecastModel.named(name);
    Random random = ForecastBaselineTest.seeded();
    for (int run = 0; run < 20_000; run++) {
      ForecastBaseline baseline = run % 10 == 0 ? ForecastBaselineTest.random(random) : BASELINE;
      int minute = random.nextInt(1440);
      double count = baseline.total() * 3 * Math.pow(random.nextDouble(), 4);
      double more = count + baseline.total() * Math.pow(random.nextDouble(), 4);
      Forecast forecast = model.forecast(count, minute, baseline);
      assertThat(forecast.lower(), greaterThanOrEqualTo(count));
      assertThat(forecast.total(), greaterThanOrEqualTo(forecast.lower()));
      assertThat(forecast.upper(), greaterThanOrEqualTo(forecast.total()));
      assertThat(
          model.forecast(more, minute, baseline).total(),
          greaterThanOrEqualTo(forecast.total() * (1 - 1e-12)));
    }
  }

  /** However early it comes: a rate is at most what the order is by a twentieth of the day. */
  @ParameterizedTest
  @MethodSource("names")
  void ordersBeforeThereCanBeAnyDoNotExplode(String name) {
    ForecastModel model = ForecastModel.named(name);
    for (double count : new double[] {1, 5, 50}) {
      Forecast forecast = model.forecast(count, 0, BASELINE);
      assertThat(forecast.total(), lessThanOrEqualTo(400 + count + count / 0.05));
    }
    assertThat(model.forecast(1, 0, BASELINE).total(), lessThan(420.0));
  }

  @ParameterizedTest
  @MethodSource("names")
  void aHigherConfidenceIsAWiderInterval(String name) {
    Forecast usual = ForecastModel.named(name).forecast(200, AT_12, BASELINE);
    Forecast wide = ForecastModel.named(name, 0.99).forecast(200, AT_12, BASELINE);
    assertThat(wide.total(), is(usual.total()));
    assertThat(wide.lower(), lessThan(usual.lower()));
    assertThat(wide.upper(), greaterThan(usual.upper()));
  }

  /** Of a hundred times the orders of the same kind the forecast is a hundredfold. */
  @ParameterizedTest
  @MethodSource("names")
  void theUnitOfTheCountDoesNotMatter(String name) {
    ForecastBaseline cents =
        ForecastBaseline.decode(
            "web",
            BASELINE.encode().replace("total=400.0", "total=40000").replace("=80.0", "=8000"));
    for (int minute : List.of(0, AT_9, AT_12, 1200)) {
      Forecast one = ForecastModel.named(name).forecast(230, minute, BASELINE);
      Forecast hundred = ForecastModel.named(name).forecast(23_000, minute, cents);
      assertThat(hundred.total(), closeTo(100 * one.total(), 1e-6));
      assertThat(hundred.lower(), closeTo(100 * one.lower(), 1e-6));
      assertThat(hundred.upper(), closeTo(100 * one.upper(), 1e-6));
    }
  }

  @ParameterizedTest
  @MethodSource("names")
  void isSerializable(String name) {
    ForecastModel model = ForecastModel.named(name);
    assertThat(
        SerializableUtils.clone(model).forecast(200, AT_12, BASELINE),
        is(model.forecast(200, AT_12, BASELINE)));
  }

  @ParameterizedTest
  @MethodSource("names")
  void whatIsNoCountOrMinuteIsRefused(String name) {
    ForecastModel model = ForecastModel.named(name);
    for (double count : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThrows(IllegalArgumentException.class, () -> model.forecast(count, AT_12, BASELINE));
    }
    assertThrows(IllegalArgumentException.class, () -> model.forecast(1, -1, BASELINE));
    assertThrows(IllegalArgumentException.class, () -> model.forecast(1, 1440, BASELINE));
  }

  @Test
  void anUnknownNameIsRefused() {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> ForecastModel.named("guess"));
    assertThat(
        e.getMessage(), containsString("no forecast model 'guess': choose one of [ratio, shrunk]"));
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.5, Double.NaN})
  void aConfidenceThatIsNoneIsRefused(double confidence) {
    assertThrows(IllegalArgumentException.class, () -> ForecastModel.named("ratio", confidence));
  }

  @Test
  void aForecastOutsideItsIntervalIsRefused() {
    assertThrows(IllegalArgumentException.class, () -> Forecast.of(5, 6, 7));
    assertThrows(IllegalArgumentException.class, () -> Forecast.of(5, 4, Double.NaN));
  }

  @Test
  void quantilesAreThoseOfTables() {
    assertThat(DayRateModel.normalQuantile(0.95), closeTo(1.6448536, 1e-6));
    assertThat(DayRateModel.normalQuantile(0.005), closeTo(-2.5758293, 1e-6));
    // chi squared with 10 degrees of freedom: mean 10, variance 20
    assertThat(DayRateModel.gammaQuantile(10, 20, 1.6448536), closeTo(18.307, 0.02));
    assertThat(DayRateModel.gammaQuantile(10, 20, -1.6448536), closeTo(3.940, 0.02));
  }

  @Test
  void theRateOfADayWithoutNoiseIsTheRatio() {
    int[] share = new int[1440];
    Arrays.setAll(share, minute -> (int) Math.round((minute + 1) * 1_000_000.0 / 1440));
    ForecastBaseline exact = new ForecastBaseline(20, 400, 80, new int[24], share);
    assertThat(ForecastModel.named("shrunk").forecast(150, 719, exact).total(), closeTo(300, 0.01));
  }
}

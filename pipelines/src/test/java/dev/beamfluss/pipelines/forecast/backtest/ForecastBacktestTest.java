package dev.beamfluss.pipelines.forecast.backtest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.greaterThan;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.lessThan;

import dev.beamfluss.transforms.ForecastModel;
import java.time.LocalDate;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Five channels: nine weeks to know them, three to forecast, with a promotion in the second. */
class ForecastBacktestTest {
  private static final LocalDate FIRST = LocalDate.of(2026, 1, 5);
  private static final LocalDate TESTED = FIRST.plusWeeks(9);
  private static final int DAYS = 84;
  private static final LocalDate PROMOTION = TESTED.plusDays(9);
  private static final double PROMOTED = 2.5;
  private static final int NOON = 12;
  private static final int CHANNELS = 5;
  private static final long SEED = Long.getLong("beamfluss.seed", 1);

  private static final Map<String, ForecastModel> MODELS = models();

  private static Map<String, ForecastModel> models() {
    Map<String, ForecastModel> models = new LinkedHashMap<>();
    ForecastModel.names().forEach(name -> models.put(name, ForecastModel.named(name)));
    return models;
  }

  @Test
  void shrunkBeatsRatioInEveryHourBeforeNoonInLargeChannels() {
    check("20,000 orders a day", channels(20_000));
  }

  @Test
  void shrunkBeatsRatioInEveryHourBeforeNoonInSmallChannels() {
    check("300 orders a day", channels(300));
  }

  @Test
  void shrunkBeatsRatioInEveryHourBeforeNoonForAmounts() {
    check("GMV of 300 orders a day", channels(300).stream().map(GeneratedDays::amounts).toList());
  }

  /** The same in every run: whether some of the days are lucky is not what is tested. */
  private static List<NavigableMap<LocalDate, double[]>> channels(double ordersADay) {
    return LongStream.range(SEED, SEED + CHANNELS)
        .mapToObj(
            seed -> new GeneratedDays(seed, ordersADay).orders(FIRST, DAYS, PROMOTION, PROMOTED))
        .toList();
  }

  private static void check(String title, List<NavigableMap<LocalDate, double[]>> channels) {
    ForecastBacktest backtest = new ForecastBacktest(MODELS);
    channels.forEach(days -> backtest.run(days, TESTED, FIRST.plusDays(DAYS - 1)));
    backtest.print(title, 0, 23);
    for (int hour = 0; hour < NOON; hour++) {
      double ratio = backtest.error("ratio", hour);
      double shrunk = backtest.error("shrunk", hour);
      System.err.printf(
          Locale.ROOT, "%02d: %.0f %% less error%n", hour, 100 * (1 - shrunk / ratio));
      assertThat(title + " at " + hour, shrunk, lessThan(ratio));
    }
    assertThat(backtest.days(), greaterThanOrEqualTo(14));
    double coverage = backtest.coverage("shrunk", 0, 22);
    assertThat(title, coverage, allOf(greaterThan(85.0), lessThan(98.0)));
  }
}

package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.LocalDate;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BaselineBuilderTest {
  private static final LocalDate MONDAY = LocalDate.of(2026, 3, 2);
  private static final LocalDate FRIDAY = MONDAY.minusDays(3);
  private static final LocalDate SATURDAY = MONDAY.minusDays(2);

  /** One order after the other, evenly from an hour to another. */
  private static double[] even(double total, int fromHour, int toHour) {
    double[] counts = new double[1440];
    Arrays.setAll(
        counts,
        minute ->
            total
                * Math.min(
                    1, Math.max(0, (minute + 1 - fromHour * 60) / (60.0 * (toHour - fromHour)))));
    return counts;
  }

  private static BaselineBuilder forMonday() {
    return BaselineBuilder.of("web").forDay(MONDAY);
  }

  private static BaselineBuilder withWeekdays(int count, double total) {
    BaselineBuilder builder = forMonday();
    int added = 0;
    for (LocalDate day = FRIDAY; added < count; day = day.minusDays(1)) {
      if (BaselineBuilder.isSameKind(day, MONDAY)) {
        builder.add(day, even(total, 8, 18));
        added++;
      }
    }
    return builder;
  }

  @Test
  void equalDaysAreTheBaseline() {
    ForecastBaseline baseline = withWeekdays(12, 80).build().orElseThrow();
    assertThat(baseline.days(), is(12));
    assertThat(baseline.total(), closeTo(80, 1e-6));
    assertThat(baseline.share(479), is(0.0));
    assertThat(baseline.share(8 * 60 + 299), is(0.5));
    assertThat(baseline.share(1079), is(1.0));
    assertThat(baseline.shareSpread(12), is(0.0));
  }

  @Test
  void daysOfTheOtherKindAreNotUsed() {
    BaselineBuilder builder = forMonday().add(FRIDAY, even(80, 8, 18));
    builder.add(SATURDAY, even(10, 0, 1)).add(SATURDAY.plusDays(1), even(10, 0, 1));
    ForecastBaseline baseline = builder.build().orElseThrow();
    assertThat(baseline.days(), is(1));
    assertThat(baseline.total(), is(80.0));
    assertThat(baseline.share(60), is(0.0));
    ForecastBaseline weekend = builder.forDay(MONDAY.plusDays(5)).build().orElseThrow();
    assertThat(weekend.days(), is(2));
    assertThat(weekend.share(60), is(1.0));
  }

  @Test
  void theDayItselfAndLaterOnesAreNotUsed() {
    BaselineBuilder builder = forMonday().add(MONDAY, even(5, 0, 1));
    assertThat(builder.add(MONDAY.plusDays(1), even(5, 0, 1)).build(), is(Optional.empty()));
  }

  @Test
  void inPlaceOfDaysThatAreMissingOrWithoutOrdersEarlierOnesAreTaken() {
    BaselineBuilder builder = forMonday().withPastDays(2);
    builder.add(FRIDAY, even(80, 8, 18));
    builder.add(FRIDAY.minusDays(1), new double[1440]);
    builder.add(FRIDAY.minusDays(3), even(40, 8, 18));
    builder.add(FRIDAY.minusDays(4), even(1, 8, 18));
    ForecastBaseline baseline = builder.build().orElseThrow();
    assertThat(baseline.days(), is(2));
    double lighter = Math.pow(2, -1 / 8.0);
    assertThat(baseline.total(), closeTo((80 + 40 * lighter) / (1 + lighter), 1e-6));
  }

  @Test
  void withoutOrdersThereIsNoBaseline() {
    assertThat(forMonday().build(), is(Optional.empty()));
    assertThat(forMonday().add(FRIDAY, new double[1440]).build(), is(Optional.empty()));
  }

  /** Ten times the orders, all in an hour: as one day of twelve that has its like in orders. */
  @Test
  void aPromotionDoesNotMakeTheBaselineItsOwn() {
    ForecastBaseline baseline =
        withWeekdays(12, 80).add(FRIDAY.minusWeeks(4), even(800, 0, 1)).build().orElseThrow();
    assertThat(baseline.days(), is(13));
    assertThat(baseline.share(60), closeTo(1.0 / 13, 1e-6));
    assertThat(baseline.total(), lessThan(80 * 1.03));
    // an outlier is as far as three deviations of a tenth
    assertThat(baseline.total(), closeTo(80, 80 * Math.expm1(0.3) / 13));
  }

  @Test
  void theLevelFollowsTheLatestDays() {
    BaselineBuilder builder = forMonday();
    double sum = 0;
    double weights = 0;
    LocalDate day = FRIDAY;
    for (int i = 0; i < 5; i++) {
      double total = 100 - 2 * i;
      builder.add(day.minusDays(i), even(total, 8, 18));
      sum += total * Math.pow(0.5, i / 8.0);
      weights += Math.pow(0.5, i / 8.0);
    }
    assertThat(builder.build().orElseThrow().total(), closeTo(sum / weights, 1e-6));
  }

  @Test
  void theOrderOfDaysDoesNotMatter() {
    Random random = ForecastBaselineTest.seeded();
    List<LocalDate> days =
        Arrays.asList(IntStream.range(0, 40).mapToObj(FRIDAY::minusDays).toArray(LocalDate[]::new));
    ForecastBaseline sorted = ofRandomDays(days);
    Collections.shuffle(days, random);
    assertThat(ofRandomDays(days), is(sorted));
  }

  private static ForecastBaseline ofRandomDays(List<LocalDate> days) {
    BaselineBuilder builder = forMonday();
    days.forEach(
        day -> builder.add(day, even(50 + new Random(day.toEpochDay()).nextInt(50), 8, 18)));
    return builder.build().orElseThrow();
  }

  @Test
  void theSpreadOfSharesIsThatOfTheDays() {
    BaselineBuilder builder = forMonday();
    builder.add(FRIDAY, even(80, 8, 18)).add(FRIDAY.minusDays(1), even(80, 10, 20));
    ForecastBaseline baseline = builder.build().orElseThrow();
    // shares of 0.6 and 0.4 at 14:00
    assertThat(baseline.share(839), closeTo(0.5, 1e-6));
    assertThat(baseline.shareSpread(13), closeTo(Math.sqrt(2) * 0.1, 1e-6));
  }

  @Test
  void aSingleDayIsABaselineThatIsNotSure() {
    ForecastBaseline baseline = forMonday().add(FRIDAY, even(80, 8, 18)).build().orElseThrow();
    assertThat(baseline.totalSpread(), closeTo(24, 1e-6));
    assertThat(baseline.shareSpread(12), closeTo(Math.sqrt(0.05 * 0.5 * 0.5), 1e-6));
  }

  @Test
  void whatIsWrongIsNamed() {
    BaselineBuilder builder = forMonday().add(FRIDAY, even(80, 8, 18));
    refused("was added before", () -> builder.add(FRIDAY, even(1, 8, 18)));
    refused("has 24 minutes", () -> builder.add(SATURDAY, new double[24]));
    double[] falling = even(80, 8, 18);
    falling[700] = 1;
    refused("has 1.0 at minute 700 after", () -> builder.add(SATURDAY, falling));
    double[] nothing = even(80, 8, 18);
    nothing[3] = Double.NaN;
    refused("has NaN at minute 3 after 0.0", () -> builder.add(SATURDAY, nothing));
    double[] endless = even(80, 8, 18);
    endless[1439] = Double.POSITIVE_INFINITY;
    refused("has Infinity at minute 1439", () -> builder.add(SATURDAY, endless));
    assertThrows(IllegalArgumentException.class, () -> builder.withPastDays(0));
    assertThrows(IllegalStateException.class, () -> BaselineBuilder.of("web").build());
  }

  private static void refused(String message, Runnable adding) {
    IllegalArgumentException e = assertThrows(IllegalArgumentException.class, adding::run);
    assertThat(e.getMessage(), containsString("of channel 'web' " + message));
  }
}

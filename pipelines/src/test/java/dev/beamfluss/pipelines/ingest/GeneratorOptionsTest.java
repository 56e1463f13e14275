package dev.beamfluss.pipelines.ingest;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

class GeneratorOptionsTest {

  private static final LocalDate DAY = LocalDate.of(2026, 1, 2);

  @Test
  void everyDefault() {
    assertThat(
        GeneratorOptions.defaults().withLastDay(DAY),
        equalTo(
            new GeneratorOptions(
                1,
                DAY,
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
                Duration.ofMinutes(5))));
  }

  @Test
  void everyOption() {
    ZoneId zone = ZoneId.of("Asia/Shanghai");
    assertThat(
        GeneratorOptions.defaults()
            .withSeed(2)
            .withLastDay(DAY)
            .withZone(zone)
            .withDays(3)
            .withActiveUsersPerDay(5)
            .withUsers(6)
            .withShops(7)
            .withProducts(8)
            .withBuyerShare(0.1)
            .withCancelShare(0.2)
            .withRepeatedShare(0.3)
            .withLateShare(0.4)
            .withMaxLateness(Duration.ofSeconds(9)),
        equalTo(
            new GeneratorOptions(
                2, DAY, zone, 3, 6, 5, 7, 8, 0.1, 0.2, 0.3, 0.4, Duration.ofSeconds(9))));
  }

  @Test
  void valuesOutOfRangeNameTheirOption() {
    refused("days", options -> options.withDays(0));
    refused("users", options -> options.withUsers(0));
    refused("activeUsersPerDay", options -> options.withActiveUsersPerDay(-1));
    refused("shops", options -> options.withShops(0));
    refused("products", options -> options.withProducts(0));
    refused("buyerShare", options -> options.withBuyerShare(1.1));
    refused("cancelShare", options -> options.withCancelShare(-0.1));
    refused("repeatedShare", options -> options.withRepeatedShare(Double.NaN));
    refused("lateShare", options -> options.withLateShare(2));
    refused("maxLateness", options -> options.withMaxLateness(Duration.ofDays(2)));
  }

  @Test
  void moreActiveUsersThanUsersAreRefused() {
    GeneratorOptions options = GeneratorOptions.defaults().withUsers(10);
    Exception e = assertThrows(IllegalArgumentException.class, () -> EventGenerator.with(options));
    assertThat(e.getMessage(), equalTo("activeUsersPerDay 30000 is more than users 10"));
  }

  private static void refused(String name, UnaryOperator<GeneratorOptions> change) {
    GeneratorOptions defaults = GeneratorOptions.defaults();
    Exception e = assertThrows(IllegalArgumentException.class, () -> change.apply(defaults));
    assertThat(e.getMessage(), containsString(name + " is out of range: "));
  }
}

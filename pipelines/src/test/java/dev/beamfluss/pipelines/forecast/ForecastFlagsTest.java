package dev.beamfluss.pipelines.forecast;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is wrong with the flags is said before any cluster is asked. */
class ForecastFlagsTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--stage=all | --stage=all must be accumulate, fuse or both",
        "--zone=Somewhere | --zone=Somewhere is no time zone",
        "--updateMillis=0 | --updateMillis=0 must be at least 1",
        "--allowedLatenessHours=-1 | --allowedLatenessHours=-1 must be at least 0",
        "--baselineRefreshSeconds=0 | --baselineRefreshSeconds=0 must be at least 1",
        "--partitionDiscoveryMillis=0 | --partitionDiscoveryMillis=0 must be at least 1",
        "--baseline=hive | --baseline=hive must be paimon or fluss",
        "--baseline=paimon | Name the lake with --warehouse=DIR",
        "--baseline=fluss --forecastModel=lstm | there is no forecast model 'lstm'",
        "--baseline=fluss --forecastConfidence=1 | confidence",
      })
  void wrongFlagsAreNamedWithTheirValues(String flags, String message) {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    String[] all = ("--bootstrapServers=localhost:1 " + flags).split(" ");
    assertThat(OrderForecast.run(all, new PrintStream(err, true, UTF_8)), is(2));
    assertThat(err.toString(UTF_8), containsString(message));
  }
}

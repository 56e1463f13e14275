package dev.beamfluss.pipelines.attribution;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What is wrong with the flags is said before any cluster is asked. */
class AttributionFlagsTest {
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void attributionRefusesWrongFlags() {
    refused("--windowDays must be at least 1, not 0.", "--windowDays=0");
    refused("--ds names a past day to compute: add --batch.", "--ds=20261123");
    refused("Name the day of the visits, such as --ds=20261123.", "--batch");
    refused("'yesterday' is no day such as 20261123.", "--batch", "--ds=yesterday");
  }

  @Test
  void reconcileRefusesWrongFlags() {
    reconcileRefused("Name the day of the visits, such as --ds=20261123.");
    reconcileRefused("'20260230' is no day such as 20261123.", "--ds=20260230");
    reconcileRefused(
        "On a Flink cluster, name files for the differences with --output=PREFIX.",
        "--ds=20261123",
        "--runner=FlinkRunner",
        "--flinkMaster=somewhere:8081");
  }

  private void refused(String message, String... flags) {
    assertThat(Attribution.run(toACluster(flags), new PrintStream(err, true, UTF_8)), is(2));
    assertThat(err.toString(UTF_8), containsString(message));
    err.reset();
  }

  private void reconcileRefused(String message, String... flags) {
    assertThat(
        Reconcile.run(
            toACluster(flags),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8)),
        is(2));
    assertThat(err.toString(UTF_8), containsString(message));
    err.reset();
  }

  private static String[] toACluster(String... flags) {
    return Stream.concat(Stream.of("--bootstrapServers=localhost:1"), Stream.of(flags))
        .toArray(String[]::new);
  }
}

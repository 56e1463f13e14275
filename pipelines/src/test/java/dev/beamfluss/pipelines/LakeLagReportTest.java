package dev.beamfluss.pipelines;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.matchesPattern;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.tables.Program;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

class LakeLagReportTest {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void printsALineForEachPartitionAndRefusesWhatIsNoLakeTable() {
    String cluster = "--bootstrapServers=" + fluss.bootstrapServers();
    String[] create = {cluster, "--databasePrefix=lag_"};
    assertThat(CreateTables.run(create, print(out), print(err)), is(0));
    out.reset();

    assertThat(run(cluster, "--tables=lag_attribution.order_ri"), is(Program.DONE));
    for (String line : out.toString(UTF_8).lines().toList()) {
      assertThat(
          line,
          matchesPattern(
              "lake_untiered_(rows|age_seconds)"
                  + "\\{table=\"lag_attribution.order_ri\",partition=\"\\d{8}\"} 0"));
    }
    assertThat(out.toString(UTF_8).lines().count() >= 2, is(true));

    assertThat(run(cluster, "--tables=lag_uv.user_mapping_table"), is(Program.WRONG_INPUT));
    assertThat(
        err.toString(UTF_8),
        allOf(containsString("lag_uv.user_mapping_table"), containsString("not a lake table")));
  }

  private int run(String... args) {
    return LakeLagReport.run(args, print(out), print(err));
  }

  private static PrintStream print(ByteArrayOutputStream to) {
    return new PrintStream(to, true, UTF_8);
  }
}

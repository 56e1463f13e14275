package dev.beamfluss.pipelines;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.emptyString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.widetable.WideTableTables;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.hamcrest.Matcher;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

@Timeout(value = 3, unit = TimeUnit.MINUTES)
class CreateTablesTest {

  @RegisterExtension
  static final FlussExtension lakeless = FlussExtension.dedicated(LocalFluss.builder());

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void createsTheTablesOfTheScenariosAskedFor() {
    assertThat(
        run(
            "--bootstrapServers=" + lakeless.bootstrapServers(),
            "--scenario=widetable,uv",
            "--uvGrains=day+category",
            "--uvBitmapType=RBM64",
            "--databasePrefix=some_",
            "--lake=false"),
        is(0));
    assertThat(
        out.toString(UTF_8).lines().toList(),
        is(
            concat(
                WideTableTables.definitions(TableOptions.defaults().withDatabasePrefix("some_"))
                    .stream()
                    .map(table -> "created " + table)
                    .toList(),
                "created some_uv.log_exp_ri",
                "created some_uv.log_page_ri",
                "created some_uv.log_click_ri",
                "created some_uv.log_ord_ri",
                "created some_uv.user_mapping_table",
                "created some_uv.ads_uv_agg_day_category",
                "created some_uv.uv_day_category",
                "created some_uv.ads_uv_detail",
                "created some_uv.dead_letter")));
    assertThat(err.toString(UTF_8), emptyString());
  }

  private static List<String> concat(List<String> some, String... more) {
    List<String> all = new ArrayList<>(some);
    all.addAll(List.of(more));
    return all;
  }

  @Test
  void overridesWhatTheDdlSaysOfPartitions() {
    String[] flags = {
      "--bootstrapServers=" + lakeless.bootstrapServers(),
      "--scenario=forecast",
      "--databasePrefix=kept_",
      "--lake=false",
      "--numRetention=-1",
      "--numPrecreate=1"
    };
    assertThat(run(flags), is(0));
    assertThat("the cluster keeps them", run(flags), is(0));
    assertThat(run(Arrays.copyOf(flags, 4)), is(1));
    assertThat(
        err.toString(UTF_8),
        containsString(
            "option table.auto-partition.num-precreate is 1, wanted 0;"
                + " option table.auto-partition.num-retention is -1, wanted 2."));
  }

  @Test
  void saysWhatALakeTableNeeds() {
    assertThat(
        run("--bootstrapServers=" + lakeless.bootstrapServers(), "--scenario=forecast"), is(1));
    assertThat(out.toString(UTF_8), emptyString());
    assertThat(
        err.toString(UTF_8),
        allOf(
            containsString("Table forecast.order_dtm is a lake table"),
            containsString(lakeless.bootstrapServers()),
            containsString("datalake.format=paimon"),
            containsString("datalake.paimon.warehouse"),
            containsString("--lake=false")));
  }

  @Test
  void saysHowATableDiffers() {
    String cluster = "--bootstrapServers=" + lakeless.bootstrapServers();
    String lake = "--lake=false";
    assertThat(run(cluster, "--scenario=widetable", "--databasePrefix=twice_", lake), is(0));
    assertThat(
        run(cluster, "--scenario=widetable", "--databasePrefix=twice_", "--bucketNum=7", lake),
        is(1));
    assertThat(
        err.toString(UTF_8),
        containsString(
            "Table twice_widetable.dim_item exists on Fluss cluster "
                + lakeless.bootstrapServers()
                + " but is another: number of buckets is 4, wanted 7."));
  }

  @Test
  void endsWhenThereIsNoCluster() throws IOException {
    int nobodyListensHere;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      nobodyListensHere = socket.getLocalPort();
    }
    String cluster = "localhost:" + nobodyListensHere;
    assertThat(run("--bootstrapServers=" + cluster), is(1));
    assertThat(
        err.toString(UTF_8),
        containsString("Fluss cluster " + cluster + " could not be connected"));
  }

  @Test
  void refusesWrongFlags() {
    refused(containsString("bootstrapServers"), "--scenario=uv");
    String cluster = "--bootstrapServers=localhost:1";
    refused(
        containsString("Unknown scenario 'uvs'; there are [attribution,"),
        cluster,
        "--scenario=uvs");
    refused(containsString("bucketNum must be at least 1"), cluster, "--bucketNum=0");
    refused(containsString("logTtl must be a duration"), cluster, "--logTtl=soon");
    refused(containsString("bucketNums"), cluster, "--bucketNums=3");
  }

  private void refused(Matcher<String> message, String... args) {
    assertThat(run(args), is(2));
    assertThat(err.toString(UTF_8), allOf(not(emptyString()), message));
    err.reset();
  }

  private int run(String... args) {
    return CreateTables.run(
        args, new PrintStream(out, true, UTF_8), new PrintStream(err, true, UTF_8));
  }
}

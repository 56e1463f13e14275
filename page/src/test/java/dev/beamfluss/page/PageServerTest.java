package dev.beamfluss.page;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.startsWith;

import com.fasterxml.jackson.databind.JsonNode;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.LocalFluss;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** What the page says of real tables: before they are there, while they change, over a restart. */
class PageServerTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  /** Its own, as one of its tests stops the servers. */
  @RegisterExtension
  static final FlussExtension fluss =
      FlussExtension.dedicated(LocalFluss.builder().tabletServers(1).warehouse());

  private final String prefix = "p" + UUID.randomUUID().toString().substring(0, 8) + "_";
  private ViewTables tables;
  private Rows rows;

  @BeforeEach
  void connect() {
    tables = new ViewTables(fluss.bootstrapServers(), prefix);
    rows = new Rows(tables);
  }

  @AfterEach
  void disconnect() throws Exception {
    tables.close();
  }

  private PageServer start() {
    return PageServer.start(FlussCluster.at(fluss.bootstrapServers()), prefix, "127.0.0.1", 0);
  }

  @Test
  void aViewComesAliveWithItsTablesAndFollowsThem() throws Exception {
    try (PageServer page = start();
        Listener listener = new Listener(page.uri())) {
      await().atMost(TIMEOUT).until(() -> listener.state("attribution"), is("missing"));
      assertThat(
          listener.newest("attribution").path("message").asText(), containsString("attribution"));
      rows.createAttribution();
      await().atMost(TIMEOUT).until(() -> listener.state("attribution"), is("live"));
      rows.visit("a", 5);
      rows.visit("b", 5);
      rows.visit("c", 6);
      rows.order("a", "o1", 5, 7, "10.5");
      rows.order("a", "o2", 5, 8, "1");
      rows.conversions(3, 1, 2, "11.5");
      awaitChart(listener, 1, "[[605,606,607,608],[50,2,1],[0,1,0],[null,0,0],[null,0,0]]");
      awaitChart(listener, 0, "[[605,606,607,608],[0,0],[0,0],[10.5,1],[1,1]]");
      await().atMost(TIMEOUT).until(() -> listener.figure("attribution", "GMV"), is("11.50"));
      // an amount that changes, an order that goes, a first visit that turns out to be earlier
      rows.order("a", "o1", 5, 7, "20");
      rows.cancel("a", "o2", 5, 8, "1");
      rows.visit("c", 5);
      awaitChart(listener, 0, "[[605,606,607,608],[0,0],[0,0],[20,1],[0,0]]");
      awaitChart(
          listener,
          1,
          "[[605,606,607,608],[33.333333333333336,3,1],[null,0,0],[null,0,0],[null,0,0]]");
      assertThat(listener.state("uv"), is("missing"));
    }
  }

  /** Minutes and points, whole numbers without a point. */
  private static void awaitChart(Listener listener, int chart, String expected) {
    await()
        .atMost(TIMEOUT)
        .until(
            () -> {
              JsonNode shown = listener.newest("attribution").path("charts").path(chart);
              StringBuilder text = new StringBuilder("[").append(shown.path("minutes"));
              shown.path("points").forEach(point -> text.append(',').append(point));
              return text.append(']').toString().replaceAll("\\.0(?=[,\\]])", "");
            },
            is(expected));
  }

  @Test
  void aBadRowIsToldOnceAndTheOthersAreShown() throws Exception {
    rows.createAll();
    rows.writeAll();
    rows.uv("24", "00", 1);
    rows.uv("1x", "3", 1);
    rows.uv("9", "7", 70);
    rows.uvOfDay("yesterday", 1);
    rows.canary("grey", "noon", "ALL", 1);
    rows.canary("grey", "1060", "ALL", 1);
    rows.forecast("25:00", 1, "1");
    rows.sold("product", "2026-11-23", 1, "10", 1, "1");
    rows.visit("nobody", "in the morning");
    rows.order("u1-0", "o99", 1, 2, "free");
    try (PageServer page = start();
        Listener listener = new Listener(page.uri())) {
      for (String view :
          new String[] {"attribution", "products", "shops", "forecast", "canary", "uv"}) {
        await().atMost(TIMEOUT).until(() -> listener.state(view), is("live"));
      }
      awaitBad(
          listener,
          "uv",
          String.format("%suv.uv_minute hh '24' a number from 0 to 23 1", prefix),
          String.format("%suv.uv_minute hh '1x' a number from 0 to 23 1", prefix),
          String.format("%suv.uv_day ds 'yesterday' a day, yyyyMMdd 1", prefix));
      assertThat(minutes(listener, "uv").contains(9 * 60 + 7), is(true));
      assertThat(minutes(listener, "uv").size(), is(21));
      assertThat(
          listener.newest("uv").path("note").asText(),
          is("3 values cannot be read and are left out; the last table says where."));
      assertThat(listener.figure("uv", "Saw"), is("12,345"));
      String counts = prefix + "canary.ads_gray_monitoring_permm_ri mm";
      awaitBad(
          listener,
          "canary",
          counts + " 'noon' a minute of the day, HHmm 1",
          counts + " '1060' a minute of the day, HHmm 1");
      assertThat(minutes(listener, "canary").size(), is(20));
      awaitBad(
          listener,
          "forecast",
          prefix + "forecast.order_forecast_mm mm '25:00' a minute of the day, HHmm 1");
      awaitBad(
          listener,
          "products",
          prefix + "widetable.product_stat_wide stat_date '2026-11-23' a day, yyyyMMdd 1");
      assertThat(listener.figure("products", "Products with events, 2026-11-23"), is("12"));
      awaitBad(
          listener,
          "attribution",
          prefix
              + "attribution.log_page_ri first_page_time 'in the morning' a time, yyyy-MM-dd"
              + " HH:mm 1",
          prefix + "attribution.log_page_ord_detail_ri pay_amt 'free' an amount 1");
      // one more of a kind; and one that is put right is not told any more
      rows.order("u2-0", "o98", 2, 3, "free");
      awaitBad(
          listener,
          "attribution",
          prefix
              + "attribution.log_page_ri first_page_time 'in the morning' a time, yyyy-MM-dd"
              + " HH:mm 1",
          prefix + "attribution.log_page_ord_detail_ri pay_amt 'free' an amount 2");
      rows.order("u1-0", "o99", 1, 2, "1");
      rows.order("u2-0", "o98", 2, 3, "1");
      awaitBad(
          listener,
          "attribution",
          prefix
              + "attribution.log_page_ri first_page_time 'in the morning' a time, yyyy-MM-dd"
              + " HH:mm 1");
      // however many there are, the first few are told and all are counted
      for (int i = 0; i < 120; i++) {
        rows.uv("h" + i, "00", 1);
      }
      await()
          .atMost(TIMEOUT)
          .until(
              () -> listener.newest("uv").path("note").asText(), startsWith("123 values cannot"));
      assertThat(bad(listener, "uv").size(), is(5));
      assertThat("nothing was read anew", listener.state("uv"), is("live"));
    }
  }

  private static List<Integer> minutes(Listener listener, String view) {
    List<Integer> minutes = new ArrayList<>();
    listener
        .newest(view)
        .path("charts")
        .path(0)
        .path("minutes")
        .forEach(minute -> minutes.add(minute.asInt()));
    return minutes;
  }

  private static void awaitBad(Listener listener, String view, String... expected) {
    await().atMost(TIMEOUT).until(() -> bad(listener, view), containsInAnyOrder(expected));
  }

  private static List<String> bad(Listener listener, String view) {
    List<String> bad = new ArrayList<>();
    for (JsonNode table : listener.newest(view).path("tables")) {
      if (table.path("title").asText().startsWith("Values that cannot be read")) {
        for (JsonNode row : table.path("rows")) {
          List<String> cells = new ArrayList<>();
          row.forEach(cell -> cells.add(cell.asText()));
          bad.add(String.join(" ", cells));
        }
      }
    }
    return bad;
  }

  @Test
  void theReportHasAllViewsAndLoadsNothing(@TempDir Path folder) throws Exception {
    rows.createAll();
    rows.writeAll();
    Path file = folder.resolve("report.html");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    int status;
    try (PrintStream printed = new PrintStream(out, true, StandardCharsets.UTF_8)) {
      status =
          Page.run(
              new String[] {
                "--bootstrapServers=" + fluss.bootstrapServers(),
                "--databasePrefix=" + prefix,
                "--report=" + file
              },
              printed,
              printed);
    }
    assertThat(out.toString(StandardCharsets.UTF_8), status, is(0));
    String html = Files.readString(file);
    for (String shown :
        new String[] {"390.00", "121.25", "12,345", "RATE_UP of crash", "\"state\":\"live\""}) {
      assertThat(html, containsString(shown));
    }
    assertThat(html, not(containsString("\"state\":\"loading\"")));
    assertThat("texts of tables are no markup", html, not(containsString(Rows.EVIL)));
    assertThat(html, containsString("\\u003cimg src=x onerror=alert(1)>"));
    assertThat("no links", html.replace("http-equiv", ""), not(containsString("src=\"")));
    assertThat(html, not(containsString("href=\"uplot")));
  }

  @Test
  void aClusterThatStopsIsSaidToAndTheViewsGoOnAfterwards() throws Exception {
    rows.createAttribution();
    rows.conversions(3, 1, 2, "11.5");
    try (PageServer page = start();
        Listener listener = new Listener(page.uri())) {
      await().atMost(TIMEOUT).until(() -> listener.state("attribution"), is("live"));
      await().atMost(TIMEOUT).until(() -> listener.figure("attribution", "GMV"), is("11.50"));
      fluss.cluster().stopTabletServer(0);
      await()
          .atMost(TIMEOUT)
          .until(() -> listener.newest("status").path("connected").asBoolean(true), is(false));
      assertThat(listener.newest("status").path("since").asLong() > 0, is(true));
      assertThat("what was read stays", listener.figure("attribution", "GMV"), is("11.50"));
      fluss.cluster().startTabletServer(0);
      await()
          .atMost(TIMEOUT)
          .until(() -> listener.newest("status").path("connected").asBoolean(false));
      rows.conversions(4, 2, 3, "12.5");
      await().atMost(TIMEOUT).until(() -> listener.figure("attribution", "GMV"), is("12.50"));
      await().atMost(TIMEOUT).until(() -> listener.state("attribution"), is("live"));
    }
  }

  @Test
  void wrongFlagsAreRefused() {
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try (PrintStream printed = new PrintStream(err, true, StandardCharsets.UTF_8)) {
      assertThat(
          Page.run(
              new String[] {"--bootstrapServers=localhost:1", "--port=70000"}, printed, printed),
          is(2));
      assertThat(
          Page.run(
              new String[] {"--bootstrapServers=localhost:1", "--port=0", "--host=no.invalid"},
              printed,
              printed),
          is(2));
    }
    assertThat(err.toString(StandardCharsets.UTF_8), containsString("--port must be"));
    assertThat(
        err.toString(StandardCharsets.UTF_8), containsString("There is no host 'no.invalid'"));
  }
}

package dev.beamfluss.page;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.hasItem;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.local.TableMirror;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.ingest.Event;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.ConnectionFactory;
import org.apache.fluss.config.Configuration;
import org.apache.fluss.metadata.TablePath;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * The page beside pipelines, which generated events come into: what it shows changes while they
 * come, and is then what the tables hold, which is asked by Fluss's own client.
 */
@SuppressWarnings("try") // an interrupt while closing fails the test
class PipelinesInBrowserTest {
  private static final Duration TIMEOUT = Duration.ofMinutes(4);

  private static final List<String> DIRECT =
      List.of(
          "--runner=DirectRunner",
          "--targetParallelism=2",
          "--enforceImmutability=false",
          "--enforceEncodability=false",
          "--blockOnRun=false");

  private static final int USERS_PER_DAY = 200;
  private static final int SECONDS = 10;

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @Test
  void thePageShowsWhatThePipelinesMakeOfTraffic() throws Exception {
    watch(EnumSet.of(Scenario.ATTRIBUTION, Scenario.WIDETABLE, Scenario.UV));
  }

  private static void watch(Set<Scenario> scenarios) throws Exception {
    Configuration configuration = new Configuration();
    configuration.setString("bootstrap.servers", fluss.bootstrapServers());
    try (Browser browser = Browser.open();
        Shop shop = new Shop(fluss.bootstrapServers(), USERS_PER_DAY);
        PageServer page = PageServer.start(shop.cluster(), shop.prefix(), "127.0.0.1", 0);
        Connection connection = ConnectionFactory.createConnection(configuration);
        Tables tables = new Tables(connection, shop.prefix(), scenarios)) {
      List<Event> events = shop.events();
      int noon = shop.eventsUntil(12);
      int evening = shop.eventsUntil(21);
      shop.start(DIRECT, scenarios);
      browser.get(page.uri().toString());
      shop.happen(events.subList(0, noon), 0);
      awaitEqual(browser, shop, tables, scenarios);
      long span = events.get(evening - 1).timestampMillis() - events.get(noon).timestampMillis();
      ExecutorService threads = Executors.newSingleThreadExecutor();
      try {
        Future<?> traffic =
            threads.submit(
                () -> {
                  shop.happen(events.subList(noon, evening), span / 1_000.0 / SECONDS);
                  return null;
                });
        // it goes on by itself while they come, view by view
        Map<String, String> shown = shown(browser, scenarios);
        for (String view : shown.keySet()) {
          await(view + " changes")
              .atMost(TIMEOUT)
              .until(() -> shown(browser, scenarios).get(view), not(shown.get(view)));
        }
        traffic.get();
      } finally {
        threads.shutdownNow();
      }
      awaitEqual(browser, shop, tables, scenarios);
      browser.awaitAll();
      browser.screenshots("pipelines", true);
      assertThat("no message of the console", browser.console(), is(empty()));
    }
  }

  private static void awaitEqual(
      Browser browser, Shop shop, Tables tables, Set<Scenario> scenarios) {
    await("the page shows what the tables hold")
        .atMost(TIMEOUT)
        .pollInterval(Duration.ofMillis(500))
        .during(Duration.ofSeconds(3))
        .untilAsserted(
            () -> {
              shop.check();
              Map<String, String> expected = tables.figures();
              assertThat(shown(browser, scenarios), is(expected));
            });
    System.out.println("equal: " + shown(browser, scenarios));
  }

  /** One or two figures of each view that a pipeline writes. */
  private static Map<String, String> shown(Browser browser, Set<Scenario> scenarios) {
    Map<String, String> shown = new LinkedHashMap<>();
    for (Scenario scenario : scenarios) {
      switch (scenario) {
        case ATTRIBUTION -> {
          shown.put("visitors", figure(browser, "attribution", "Visitors"));
          shown.put("sales", figure(browser, "attribution", "GMV"));
        }
        case WIDETABLE -> {
          shown.put("products", cells(browser, "products", "By sales", 0, 4));
          shown.put("shops", cells(browser, "shops", "By sales", 0, 4));
        }
        case UV -> shown.put("uv", figure(browser, "uv", "Saw"));
        default -> throw new IllegalArgumentException("No figure of " + scenario);
      }
    }
    return shown;
  }

  private static String figure(Browser browser, String view, String label) {
    return String.valueOf(
        browser
            .driver()
            .executeScript(
                "const box = [...document.querySelectorAll('#' + arguments[0] + ' .figures div')]"
                    + ".find(div => div.querySelector('dt').textContent.startsWith(arguments[1]));"
                    + "return box ? box.querySelector('dd').textContent : ''",
                view,
                label));
  }

  /** The first row of a table. */
  private static String cells(Browser browser, String view, String title, int from, int to) {
    return String.valueOf(
        browser
            .driver()
            .executeScript(
                "const table = [...document.querySelectorAll('#' + arguments[0] + ' .table')]"
                    + ".find(div => div.querySelector('h3').textContent.startsWith(arguments[1]));"
                    + "return table ? [...table.querySelectorAll('tbody tr:first-child td')]"
                    + ".slice(arguments[2], arguments[3]).map(td => td.textContent).join(' ') : ''",
                view,
                title,
                from,
                to));
  }

  /** What the tables of results hold. */
  private static final class Tables implements AutoCloseable {
    private final Map<String, TableMirror> rows = new HashMap<>();
    private final Set<Scenario> scenarios;

    Tables(Connection connection, String prefix, Set<Scenario> scenarios) {
      this.scenarios = scenarios;
      for (String name :
          List.of(
              "attribution.conversion_ri",
              "widetable.product_stat_wide",
              "widetable.shop_stat_wide",
              "uv.uv_day")) {
        String table = name.substring(name.indexOf('.') + 1);
        String database = prefix + name.substring(0, name.indexOf('.'));
        rows.put(table, new TableMirror(connection, TablePath.of(database, table)));
      }
    }

    Map<String, String> figures() throws Exception {
      Map<String, String> figures = new LinkedHashMap<>();
      for (Scenario scenario : scenarios) {
        switch (scenario) {
          case ATTRIBUTION -> {
            List<Map<String, Object>> day = newest("conversion_ri", "ds");
            figures.put("visitors", count(sum(day, "visitors")));
            figures.put("sales", amount(total(day)));
          }
          case WIDETABLE -> {
            figures.put("products", best("product"));
            figures.put("shops", best("shop"));
          }
          case UV -> figures.put("uv", count(sum(newest("uv_day", "ds"), "exp_uv")));
          default -> throw new IllegalArgumentException("No figure of " + scenario);
        }
      }
      assertThat("something in each of " + figures, figures.values(), not(hasItem("0")));
      return figures;
    }

    /** The one that sold most, with its amount, orders and exposures. */
    private String best(String grain) throws Exception {
      Map<Long, List<Map<String, Object>>> byId = new HashMap<>();
      for (Map<String, Object> row : newest(grain + "_stat_wide", "stat_date")) {
        byId.computeIfAbsent((Long) row.get(grain + "_id"), id -> new ArrayList<>()).add(row);
      }
      Map.Entry<Long, List<Map<String, Object>>> best =
          byId.entrySet().stream()
              .min(
                  Comparator.comparing(
                          (Map.Entry<Long, List<Map<String, Object>>> entry) ->
                              total(entry.getValue()))
                      .thenComparing(entry -> sum(entry.getValue(), "exp_cnt"))
                      .reversed()
                      .thenComparing(Map.Entry::getKey))
              .orElseThrow(() -> new AssertionError("No " + grain + " has anything yet"));
      return String.join(
          " ",
          String.valueOf(best.getKey()),
          amount(total(best.getValue())),
          count(sum(best.getValue(), "unique_order_cnt")),
          count(sum(best.getValue(), "exp_cnt")));
    }

    private static BigDecimal total(List<Map<String, Object>> rows) {
      BigDecimal total = BigDecimal.ZERO;
      for (Map<String, Object> row : rows) {
        total = row.get("gmv") == null ? total : total.add((BigDecimal) row.get("gmv"));
      }
      return total;
    }

    private List<Map<String, Object>> newest(String table, String day) throws Exception {
      Collection<Map<String, Object>> all = rows.get(table).rows();
      String newest =
          all.stream().map(row -> (String) row.get(day)).max(String::compareTo).orElse("");
      return all.stream().filter(row -> newest.equals(row.get(day))).toList();
    }

    private static long sum(List<Map<String, Object>> rows, String column) {
      return rows.stream()
          .mapToLong(row -> row.get(column) == null ? 0 : (Long) row.get(column))
          .sum();
    }

    private static String count(long value) {
      return String.format(Locale.ROOT, "%,d", value);
    }

    private static String amount(BigDecimal value) {
      return String.format(Locale.ROOT, "%,.2f", value.setScale(2, RoundingMode.HALF_UP));
    }

    @Override
    public void close() throws Exception {
      for (TableMirror table : rows.values()) {
        table.close();
      }
    }
  }
}

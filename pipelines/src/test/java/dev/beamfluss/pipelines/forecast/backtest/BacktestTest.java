package dev.beamfluss.pipelines.forecast.backtest;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.closeTo;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.lessThan;

import dev.beamfluss.transforms.ForecastModel;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BacktestTest {
  /** Without the direct runner's checks, as there are many rows. */
  private static final String DIRECT =
      "--runner=DirectRunner --targetParallelism=2 --enforceImmutability=false"
          + " --enforceEncodability=false";

  private static final String FLINK = "--runner=FlinkRunner --flinkMaster=[local] --parallelism=2";
  private static final LocalDate FIRST = LocalDate.of(2026, 1, 5);
  private static final LocalDate TESTED = FIRST.plusWeeks(9);
  private static final int DAYS = 14;
  private static final int ORDERS_A_DAY = 300;
  private static final int NOON = 12;

  @TempDir Path directory;

  private static String run(int status, String runner, String... flags) {
    List<String> all = new ArrayList<>(List.of(runner.split(" ")));
    all.addAll(Arrays.asList(flags));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int ended =
        Backtest.run(
            all.toArray(String[]::new),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), ended, is(status));
    return status == 0 ? out.toString(UTF_8) : err.toString(UTF_8);
  }

  /** The numbers of each line of a table, by the line's name. */
  private static Map<String, double[]> table(String printed, String title) {
    Map<String, double[]> lines = new LinkedHashMap<>();
    boolean found = false;
    for (String line : printed.lines().toList()) {
      if (line.equals(title)) {
        found = true;
      } else if (found && line.isEmpty()) {
        break;
      } else if (found && !line.startsWith("hour")) {
        lines.put(
            line.substring(0, 8).strip(),
            Arrays.stream(line.substring(8).replaceAll("[-%]", " ").strip().split("\\s+"))
                .mapToDouble(Double::parseDouble)
                .toArray());
      }
    }
    assertThat(printed, found);
    return lines;
  }

  @ParameterizedTest
  @ValueSource(strings = {DIRECT, FLINK})
  void errorsAreThoseOfThePlainModelsAndShrunkHasLessBeforeNoon(String runner) {
    String printed = run(0, runner, "--days=" + DAYS, "--ordersADay=" + ORDERS_A_DAY, "--seed=1");
    check(table(printed, "order_cnt of all channels, 70 days"), UnaryOperator.identity());
    check(table(printed, "order_gmv of all channels, 70 days"), GeneratedDays::amounts);
    assertThat(printed, containsString("order_gmv of channel 5, 14 days"));
    assertThat(printed, containsString("Left out: 0 days without orders, 0 days without one"));
  }

  private static void check(
      Map<String, double[]> lines, UnaryOperator<NavigableMap<LocalDate, double[]>> measure) {
    Map<String, ForecastModel> models = new LinkedHashMap<>();
    ForecastModel.names().forEach(name -> models.put(name, ForecastModel.named(name)));
    ForecastBacktest plain = new ForecastBacktest(models);
    for (int seed = 1; seed <= 5; seed++) {
      plain.run(
          measure.apply(
              new GeneratedDays(seed, ORDERS_A_DAY)
                  .orders(FIRST, 63 + DAYS, TESTED.plusDays(9), 2.5)),
          TESTED,
          TESTED.plusDays(DAYS - 1));
    }
    for (int hour = 0; hour < 24; hour++) {
      double[] line = lines.get(String.format("%02d", hour));
      assertThat(line[0], closeTo(plain.error("ratio", hour), 0.0501));
      assertThat(line[1], closeTo(plain.coverage("ratio", hour), 0.501));
      assertThat(line[2], closeTo(plain.error("shrunk", hour), 0.0501));
      assertThat(line[3], closeTo(plain.coverage("shrunk", hour), 0.501));
      if (hour < NOON) {
        assertThat("at " + hour, line[2], lessThan(line[0]));
      }
    }
    assertThat(lines.get("07 to 19")[2], closeTo(plain.error("shrunk", 7, 19), 0.0501));
    assertThat(lines.get("all day")[0], closeTo(plain.error("ratio", 0, 23), 0.0501));
  }

  /** Two orders of two lines at 9:00, one more at 18:00 each later week; on a few days none. */
  private Path log() throws Exception {
    List<String> lines = new ArrayList<>();
    lines.add("ts_ms,user_id,event,item_id,order_id,price,category,quantity,country");
    for (int day = 0; day < 14; day++) {
      LocalDate date = LocalDate.of(2026, 3, 2).plusDays(day);
      if (day != 8) {
        for (String country : List.of("Sweden", "France", "Spain")) {
          order(lines, date.atTime(9, 0), country, 0);
          order(lines, date.atTime(18, 0), country, 1);
        }
      }
    }
    lines.add("yesterday,1,order,1,1,1.0,a,1,Sweden");
    return Files.write(directory.resolve("log.csv"), lines);
  }

  private static void order(List<String> lines, LocalDateTime time, String country, int number) {
    long millis = time.toInstant(ZoneOffset.UTC).toEpochMilli();
    String id = country + millis + number;
    for (String price : List.of("2.505", "1.00")) {
      lines.add(millis + ",7,order,1," + id + "," + price + ",a,2," + country);
    }
    // is none
    lines.add(millis + ",7,cancel,1,c" + id + ",9.00,a,-2," + country);
  }

  @Test
  void aLogIsReplayedAndDrawn() throws Exception {
    Path svg = directory.resolve("day.svg");
    String printed =
        run(
            0,
            DIRECT,
            "--events=" + log(),
            "--country=Sweden",
            "--days=13",
            "--svg=" + svg,
            "--svgDay=20260313");
    assertThat(printed, containsString("1 lines of "));
    assertThat(printed, containsString("2026-03-03 to 2026-03-15"));
    // the first Saturday has none before it
    assertThat(printed, containsString("Left out: 0 days without orders, 2 days without one"));
    // all days are alike: at 12 half of the orders are there
    double[] noon = table(printed, "order_cnt of Sweden, 11 days").get("12");
    assertThat(noon[0], is(0.0));
    assertThat(noon[1], is(100.0));
    assertThat(table(printed, "order_gmv of the rest, 11 days").get("23")[2], is(0.0));

    Map<String, Integer> elements = new TreeMap<>();
    var all =
        DocumentBuilderFactory.newInstance()
            .newDocumentBuilder()
            .parse(svg.toFile())
            .getElementsByTagName("*");
    for (int i = 0; i < all.getLength(); i++) {
      elements.merge(all.item(i).getNodeName(), 1, Integer::sum);
    }
    assertThat(elements.get("svg"), is(1));
    assertThat(
        Files.readString(svg), containsString("Sweden on 2026-03-13, which had 2 in the end"));
    assertThat(Files.size(svg), lessThan(60_000L));

    // the last day has no orders, so no forecast
    String[] untilTuesday = {
      "--events=" + log(), "--country=Sweden", "--from=20260303", "--to=20260310", "--svg=" + svg
    };
    assertThat(run(0, DIRECT, untilTuesday), containsString("Sweden on 2026-03-09"));
    assertThat(
        run(2, DIRECT, "--events=" + log(), "--country=Sweden", "--svg=" + svg, "--svgChannel=web"),
        containsString("There is no forecast of channel 'web' to draw"));
    assertThat(
        run(2, DIRECT, "--events=" + log(), "--from=20260302", "--to=20260302"),
        containsString(
            "no day with orders from 2026-03-02 to 2026-03-02 that has one of its kind"));
  }

  @Test
  void wrongFlagsAreRefused() {
    assertThat(
        run(2, DIRECT, "--events=nothing.csv"),
        containsString("There is no readable event log nothing.csv"));
    assertThat(
        run(2, DIRECT, "--events=a.csv", "--warehouse=" + directory),
        containsString("--events and --warehouse are two sources"));
    assertThat(run(2, DIRECT, "--warehouse=" + directory), containsString("--from is 'null'"));
    assertThat(
        run(2, DIRECT, "--warehouse=" + directory, "--from=20260301", "--to=20260302"),
        containsString("does not exist"));
    assertThat(run(2, DIRECT, "--days=0"), containsString("--days=0 must be at least 1"));
    assertThat(run(2, DIRECT, "--confidence=90"), containsString("between 0 and 1"));
    assertThat(
        run(2, "--runner=FlinkRunner --flinkMaster=host:8081"),
        containsString("prints where it was started"));
  }
}

package dev.beamfluss.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.paimon.PaimonFilter;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.local.FlussExtension;
import dev.beamfluss.pipelines.forecast.BuildBaselines;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.tables.Collected;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.transforms.BaselineBuilder;
import dev.beamfluss.transforms.ForecastBaseline;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.DayOfWeek;
import java.time.LocalDate;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Baselines of what the lake has of past days: those of the same days added to a builder. */
abstract class ForecastBaselineContract {
  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  private static final int MINUTES = 1440;

  /** A Monday. */
  private static final LocalDate DAY = LocalDate.of(2026, 3, 2);

  private static final LocalDate MISSING = DAY.minusDays(5);
  private static final LocalDate WITHOUT_AMOUNTS = DAY.minusDays(4);
  private static final int DAYS = 28;
  private static final Schema ORDERS =
      Schema.builder()
          .addStringField("ds")
          .addStringField("mm")
          .addStringField("order_source")
          .addNullableInt64Field("order_cnt")
          .addNullableField("order_gmv", FieldType.logicalType(FixedPrecisionNumeric.of(18, 2)))
          .build();

  @TempDir Path warehouse;

  private final Random random = new Random(seed());
  private final String prefix = "b" + Long.toHexString(System.nanoTime()) + "_";
  private final List<Row> rows = new ArrayList<>();
  private final Map<String, Map<LocalDate, double[]>> counts = new TreeMap<>();
  private final Map<String, Map<LocalDate, double[]>> amounts = new TreeMap<>();

  /** The flags of the runner. */
  abstract List<String> runner();

  private long seed() {
    long seed = System.nanoTime();
    System.out.println(getClass().getSimpleName() + " seed " + seed);
    return seed;
  }

  private Map<String, String> catalog() {
    return Map.of("warehouse", warehouse.toString());
  }

  private String table(String name) {
    return prefix + ForecastTables.DATABASE + "." + name;
  }

  private static String ds(LocalDate day) {
    return day.format(DateTimeFormatter.BASIC_ISO_DATE);
  }

  /** Of some minutes there is no row, the first and the last among them. */
  private void addDay(String channel, LocalDate day, boolean hasAmounts) {
    double[] count = new double[MINUTES];
    double[] amount = new double[MINUTES];
    long orders = 0;
    BigDecimal gmv = BigDecimal.ZERO.setScale(2);
    boolean told = false;
    for (int minute = 0; minute < MINUTES; minute++) {
      if (random.nextInt(4) == 0) {
        int more = random.nextInt(3);
        orders += more;
        gmv = gmv.add(BigDecimal.valueOf(more * (long) random.nextInt(10_000), 2));
        String mm = String.format("%02d%02d", minute / 60, minute % 60);
        rows.add(
            Row.withSchema(ORDERS)
                .addValues(ds(day), mm, channel, orders, hasAmounts ? gmv : null)
                .build());
        told = true;
      }
      count[minute] = orders;
      amount[minute] = gmv.doubleValue();
    }
    assertThat("a day without rows is no case of this", told);
    counts.computeIfAbsent(channel, unused -> new TreeMap<>()).put(day, count);
    if (hasAmounts) {
      amounts.computeIfAbsent(channel, unused -> new TreeMap<>()).put(day, amount);
    }
  }

  private void addHistory() {
    for (LocalDate day = DAY.minusDays(DAYS); day.isBefore(DAY); day = day.plusDays(1)) {
      if (!day.equals(MISSING)) {
        addDay("web", day, !day.equals(WITHOUT_AMOUNTS));
        if (day.isBefore(DAY.minusDays(10))) {
          addDay("app", day, false);
        }
        if (day.getDayOfWeek() == DayOfWeek.SATURDAY) {
          addDay("market", day, true);
        }
      }
    }
    // the day itself has begun, and does not count
    addDay("web", DAY, true);
  }

  private void write() {
    Pipeline pipeline = Pipeline.create();
    var unused =
        pipeline
            .apply(Create.of(rows).withRowSchema(ORDERS))
            .apply(
                PaimonIO.write()
                    .to(catalog(), table(ForecastTables.ORDERS))
                    .withCreateTable(
                        List.of("ds", "mm", "order_source"), List.of("ds"), Map.of("bucket", "1")));
    pipeline.run().waitUntilFinish();
    rows.clear();
  }

  private String build(int status, String... flags) {
    List<String> all = new ArrayList<>(runner());
    all.add("--databasePrefix=" + prefix);
    all.addAll(Arrays.asList(flags));
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int ended =
        BuildBaselines.run(
            all.toArray(String[]::new),
            new PrintStream(out, true, UTF_8),
            new PrintStream(err, true, UTF_8));
    assertThat(err.toString(UTF_8), ended, is(status));
    return status == 0 ? out.toString(UTF_8) : err.toString(UTF_8);
  }

  private String build(LocalDate day, String... flags) {
    List<String> all = new ArrayList<>(List.of("--warehouse=" + warehouse, "--ds=" + ds(day)));
    all.addAll(Arrays.asList(flags));
    return build(0, all.toArray(String[]::new));
  }

  private Map<String, List<@Nullable Object>> inLake(LocalDate day) {
    return read(
        PaimonIO.read()
            .from(catalog(), table(ForecastTables.BASELINES_OF_DAYS))
            .withColumns("channel_id", "ds", "minute_ratio_feat", "minute_gmv_feat")
            .withPartitionFilter(PaimonFilter.equal("ds", ds(day))));
  }

  private static Map<String, List<@Nullable Object>> read(
      PTransform<PBegin, PCollection<Row>> rows) {
    Map<String, List<@Nullable Object>> found = new TreeMap<>();
    try (Collected collected = new Collected()) {
      Pipeline pipeline =
          Pipeline.create(PipelineOptionsFactory.fromArgs("--runner=DirectRunner").create());
      pipeline.apply(rows).apply(collected.here());
      pipeline.run().waitUntilFinish();
      collected.rows().forEach(row -> found.put(row.getString(0), row.getValues()));
    }
    return found;
  }

  private List<@Nullable Object> expected(String channel, LocalDate day, int historyDays) {
    return Arrays.asList(
        channel,
        ds(day),
        plain(counts.get(channel), day, historyDays),
        plain(amounts.get(channel), day, historyDays));
  }

  private static @Nullable String plain(
      @Nullable Map<LocalDate, double[]> days, LocalDate day, int historyDays) {
    BaselineBuilder builder = BaselineBuilder.of("plain").forDay(day);
    if (days != null) {
      days.forEach(
          (past, curve) -> {
            if (!past.isBefore(day.minusDays(historyDays))) {
              builder.add(past, curve);
            }
          });
    }
    return builder.build().map(ForecastBaseline::encode).orElse(null);
  }

  @Test
  void baselinesAreThoseOfTheBuilderAndARerunReplacesThem() {
    addHistory();
    write();
    assertThat(
        build(DAY),
        containsString(
            "2 baselines for 20260302 in " + table(ForecastTables.BASELINES_OF_DAYS) + ", of "));
    Map<String, List<@Nullable Object>> first = inLake(DAY);
    assertThat(
        first,
        is(equalTo(Map.of("app", expected("app", DAY, 60), "web", expected("web", DAY, 60)))));

    // a day that was missing has come, and one channel is too long ago
    addDay("web", MISSING, true);
    write();
    assertThat(build(DAY, "--historyDays=8"), containsString("1 baselines for 20260302"));
    Map<String, List<@Nullable Object>> second = inLake(DAY);
    assertThat(second, is(equalTo(Map.of("web", expected("web", DAY, 8)))));
    assertThat(second.get("web"), is(not(first.get("web"))));

    LocalDate saturday = DAY.plusDays(5);
    build(saturday);
    assertThat(inLake(DAY), is(second));
    assertThat(
        inLake(saturday),
        is(
            equalTo(
                Map.of(
                    "app", expected("app", saturday, 60),
                    "market", expected("market", saturday, 60),
                    "web", expected("web", saturday, 60)))));

    // nothing to build of leaves what is there
    assertThat(
        build(1, "--warehouse=" + warehouse, "--ds=" + ds(DAY), "--historyDays=2"),
        containsString("No baseline for 20260302: table " + table(ForecastTables.ORDERS)));
    assertThat(inLake(DAY), is(second));
  }

  @Test
  void baselinesGoToTheClusterToo() {
    createKvTable();
    addHistory();
    write();
    build(DAY, "--baseline=fluss", "--bootstrapServers=" + fluss.bootstrapServers());
    Map<String, List<@Nullable Object>> held =
        read(
            FlussIO.readContents()
                .from(FlussCluster.at(fluss.bootstrapServers()), table(ForecastTables.BASELINES))
                .withColumns("channel_id", "ds", "minute_ratio_feat", "minute_gmv_feat"));
    assertThat(held, is(inLake(DAY)));
    assertThat(held.get("web"), is(expected("web", DAY, 60)));
  }

  private void createKvTable() {
    try (TableCreator creator = TableCreator.connect(fluss.bootstrapServers())) {
      ForecastTables.definitions(TableOptions.defaults().withDatabasePrefix(prefix)).stream()
          .filter(table -> table.name().equals(ForecastTables.BASELINES))
          .forEach(creator::create);
    }
  }

  @Test
  void wrongFlagsAndRowsAreRefused() {
    assertThat(build(2, "--ds=20260302"), containsString("Name the lake with --warehouse=DIR"));
    String lake = "--warehouse=" + warehouse;
    assertThat(
        build(2, lake, "--ds=2026-03-02"), containsString("--ds is '2026-03-02', which is no day"));
    assertThat(
        build(2, lake, "--ds=20260302", "--baseline=kafka"),
        containsString("--baseline=kafka must be paimon or fluss"));
    assertThat(
        build(2, lake, "--ds=20260302", "--baseline=fluss"),
        containsString("--bootstrapServers=host:port"));
    assertThat(build(2, lake, "--ds=20260302"), containsString("does not exist"));

    rows.add(
        Row.withSchema(ORDERS).addValues("20260227", "1260", "web", 1L, BigDecimal.ONE).build());
    write();
    assertThat(
        build(1, lake, "--ds=20260302"), containsString("Column mm of table order_dtm is '1260'"));
  }
}

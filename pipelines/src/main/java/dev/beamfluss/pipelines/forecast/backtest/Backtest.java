package dev.beamfluss.pipelines.forecast.backtest;

import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.pipelines.forecast.DayCurves;
import dev.beamfluss.pipelines.forecast.ForecastTables;
import dev.beamfluss.pipelines.ingest.EventLog;
import dev.beamfluss.pipelines.ingest.EventLogReader;
import dev.beamfluss.pipelines.ingest.EventTime;
import dev.beamfluss.pipelines.tables.Collected;
import dev.beamfluss.pipelines.tables.Counters;
import dev.beamfluss.pipelines.tables.LakeOptions;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.transforms.ForecastModel;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.Create;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.Top;
import org.apache.beam.sdk.transforms.View;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionView;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TypeDescriptors;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Tells how well the day's orders would have been forecast: replays past days out of the lake
 * through the step that forecasts live, each day from the days before it alone, and prints the
 * error of each model by channel and hour of the day, and how often the day's total was within the
 * interval. Draws one day, if asked to.
 *
 * <p>Without a lake, it puts the days of an event log, or generated ones, into a lake of its own
 * first, in a temporary directory, and replays these. It changes nothing of a lake that it is
 * given. Days without orders are left out, as there is no relative error of 0, and so are days
 * before which there is none of their kind; how many is printed.
 *
 * <p>The same lake, log or seed gives the same numbers, on every runner.
 */
public final class Backtest {
  /** A Monday. */
  private static final LocalDate FIRST_GENERATED = LocalDate.of(2026, 1, 5);

  private static final int DAYS_BEFORE = 63;
  private static final int DAYS = 21;
  private static final int CHANNELS = 5;
  private static final int PROMOTION_DAY = 9;
  private static final double PROMOTION = 2.5;
  private static final String CHANNEL = "channel ";

  private final BacktestOptions options;
  private final int days;

  private Backtest(BacktestOptions options) {
    this.options = options;
    this.days = options.getDays() == null ? DAYS : options.getDays();
    if (days < 1) {
      throw new IllegalArgumentException("--days=" + days + " must be at least 1.");
    }
    if (options.getBacktestHistoryDays() < 1) {
      throw new IllegalArgumentException(
          "--backtestHistoryDays=" + options.getBacktestHistoryDays() + " must be at least 1.");
    }
    if (options.getOrdersADay() < 1) {
      throw new IllegalArgumentException(
          "--ordersADay=" + options.getOrdersADay() + " must be at least 1.");
    }
    if (options.getWarehouse() != null && options.getEvents() != null) {
      throw new IllegalArgumentException(
          "--events and --warehouse are two sources: give one of them, or none for generated days.");
    }
    if (options.getSvg() != null
        && options.getWarehouse() != null
        && options.getSvgChannel() == null) {
      throw new IllegalArgumentException("Name the channel of the picture with --svgChannel.");
    }
    ForecastModel unused = ForecastModel.named("ratio", options.getConfidence());
    requireThisProcess();
  }

  private void requireThisProcess() {
    if (FlinkRunner.class.equals(options.getRunner())) {
      FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
      if (!flink.getAttachedMode() || !flink.getFlinkMaster().matches("\\[(local|collection)\\]")) {
        throw new IllegalArgumentException(
            "forecast backtest prints where it was started: run it with --flinkMaster=[local] or on"
                + " the direct runner.");
      }
    }
  }

  /**
   * Runs the program: status 0 once all is printed, 2 for a wrong flag or table, 1 for a failure.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(BacktestOptions.class);
          return new Backtest(
                  PipelineOptionsFactory.fromArgs(args).withValidation().as(BacktestOptions.class))
              .run(out);
        });
  }

  /**
   * What is replayed.
   *
   * @param table {@code order_dtm} in the catalog
   * @param svgChannel the channel that is drawn by default
   */
  private record Source(
      String description,
      Map<String, String> catalog,
      String table,
      LocalDate from,
      LocalDate to,
      @Nullable String svgChannel) {}

  private int run(PrintStream out) throws IOException {
    if (options.getWarehouse() != null) {
      String table = options.getDatabasePrefix() + ForecastTables.DATABASE + ".";
      return replay(
          new Source(
              "the lake",
              LakeOptions.catalog(options),
              table + ForecastTables.ORDERS,
              DayCurves.day("--from", options.getFrom()),
              DayCurves.day("--to", options.getTo()),
              null),
          out);
    }
    Path warehouse = Files.createTempDirectory("backtest");
    try {
      Map<String, String> catalog = Map.of("warehouse", warehouse.toString());
      String table = ForecastTables.DATABASE + "." + ForecastTables.ORDERS;
      return replay(
          options.getEvents() == null
              ? generate(catalog, table)
              : load(options.getEvents(), catalog, table, out),
          out);
    } finally {
      delete(warehouse);
    }
  }

  private static void delete(Path directory) throws IOException {
    try (Stream<Path> paths = Files.walk(directory)) {
      for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(path);
      }
    }
  }

  private Source generate(Map<String, String> catalog, String table) {
    LocalDate from = FIRST_GENERATED.plusDays(DAYS_BEFORE);
    List<Long> seeds =
        LongStream.range(options.getSeed(), options.getSeed() + CHANNELS).boxed().toList();
    PipelineResult unused =
        fill(
            Create.of(seeds),
            new GeneratedDaysFn(options.getSeed(), options.getOrdersADay(), DAYS_BEFORE + days),
            catalog,
            table);
    LocalDate to = from.plusDays(days - 1L);
    return new Source(
        String.format(
            Locale.ROOT,
            "%d generated channels, %,d orders a day, seed %d, %s times as many on %s",
            CHANNELS,
            options.getOrdersADay(),
            options.getSeed(),
            PROMOTION,
            from.plusDays(PROMOTION_DAY)),
        catalog,
        table,
        from,
        to,
        CHANNEL + 1);
  }

  private Source load(String file, Map<String, String> catalog, String table, PrintStream out)
      throws IOException {
    ZoneId zone = zone();
    Path path = Path.of(file);
    if (!Files.isReadable(path)) {
      throw new IllegalArgumentException("There is no readable event log " + file + ".");
    }
    LocalDate to = day("--to", options.getTo()).orElse(null);
    if (to == null) {
      try (EventLogReader events = EventLog.at(path).open(line -> {})) {
        to =
            EventTime.in(zone)
                .lastDay(events)
                .orElseThrow(
                    () -> new IllegalArgumentException("Event log " + file + " has no event."));
      }
    }
    LocalDate from = day("--from", options.getFrom()).orElse(to.minusDays(days - 1L));
    PipelineResult filled =
        fill(
            Create.of(path.toAbsolutePath().toString()),
            new EventDaysFn(options.getCountry(), zone),
            catalog,
            table);
    out.printf(
        "%d lines of %s are malformed%n",
        Counters.of(filled, Backtest.class, "linesRejected"), file);
    return new Source(
        path.getFileName().toString(), catalog, table, from, to, options.getCountry());
  }

  private ZoneId zone() {
    try {
      return ZoneId.of(options.getZone());
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "--zone=" + options.getZone() + " is no time zone. Give one such as Asia/Shanghai.", e);
    }
  }

  private static Optional<LocalDate> day(String flag, @Nullable String ds) {
    return ds == null ? Optional.empty() : Optional.of(DayCurves.day(flag, ds));
  }

  private <T> PipelineResult fill(
      PTransform<PBegin, PCollection<T>> inputs,
      DoFn<T, Row> toRows,
      Map<String, String> catalog,
      String table) {
    Pipeline pipeline = Pipeline.create(options);
    var unused =
        pipeline
            .apply("Days", inputs)
            .apply("To rows", ParDo.of(toRows))
            .setRowSchema(DayRows.SCHEMA)
            .apply(
                "Write",
                PaimonIO.write()
                    .to(catalog, table)
                    .withCreateTable(
                        List.of("ds", "mm", "order_source"), List.of("ds"), Map.of("bucket", "1")));
    return finish(pipeline);
  }

  private static PipelineResult finish(Pipeline pipeline) {
    PipelineResult result = pipeline.run();
    PipelineResult.State state = result.waitUntilFinish();
    if (state != PipelineResult.State.DONE) {
      throw new IllegalStateException("The pipeline ended as " + state + ".");
    }
    return result;
  }

  private int replay(Source source, PrintStream out) throws IOException {
    Optional<LocalDate> svgDay = day("--svgDay", options.getSvgDay());
    String svgChannel =
        options.getSvgChannel() == null ? source.svgChannel() : options.getSvgChannel();
    Pipeline pipeline = Pipeline.create(options);
    try (Collected errors = new Collected();
        Collected drawn = new Collected()) {
      PCollection<Row> forecasts =
          pipeline.apply(
              "Replay",
              new ForecastReplay(
                  source.catalog(),
                  source.table(),
                  source.from(),
                  source.to(),
                  options.getBacktestHistoryDays(),
                  options.getConfidence()));
      ForecastReplay.byDay(forecasts)
          .apply("Compare", ParDo.of(new BacktestErrors.CompareFn()))
          .setRowSchema(BacktestErrors.DAY)
          .apply("Collect errors", errors.here());
      if (options.getSvg() != null) {
        PCollection<Row> ofChannel =
            forecasts.apply("Channel to draw", Filter.by(new Has("order_source", svgChannel)));
        (svgDay.isPresent()
                ? ofChannel.apply(
                    "Day to draw", Filter.by(new Has("ds", DayCurves.ds(svgDay.get()))))
                : ofLastDay(ofChannel))
            .apply("Collect", drawn.here());
      }
      PipelineResult result = finish(pipeline);
      BacktestErrors found = new BacktestErrors(errors.rows());
      if (found.isEmpty()) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has no day with orders from %s to %s that has one of its kind before it:"
                    + " choose others with --from and --to.",
                source.table(), source.from(), source.to()));
      }
      out.printf(
          Locale.ROOT,
          "Every minute of %s to %s, each day forecast from at most %d days before it: %s.%n"
              + "Mean absolute error in percent of the day's total; how many totals were within the"
              + " interval of %.0f %%.%n"
              + "Left out: %d days without orders, %d days without one of their kind before them.%n",
          source.from(),
          source.to(),
          options.getBacktestHistoryDays(),
          source.description(),
          options.getConfidence() * 100,
          Counters.of(result, Backtest.class, "daysWithoutOrders"),
          Counters.of(result, Backtest.class, "daysWithoutBaseline"));
      found.lines().forEach(out::println);
      if (options.getSvg() != null) {
        draw(drawn.rows(), svgChannel, svgDay.map(day -> " on " + day).orElse(""), out);
      }
      return Program.DONE;
    }
  }

  /** There may be days without orders at the end, which have no forecast. */
  private static PCollection<Row> ofLastDay(PCollection<Row> forecasts) {
    PCollectionView<List<String>> last =
        forecasts
            .apply(
                "Days", MapElements.into(TypeDescriptors.strings()).via(row -> row.getString("ds")))
            .apply("Last day", Top.largest(1))
            .apply(View.asSingleton());
    return forecasts
        .apply("Day to draw", ParDo.of(new OfDayFn(last)).withSideInputs(last))
        .setRowSchema(forecasts.getSchema());
  }

  private static final class OfDayFn extends DoFn<Row, Row> {
    private final PCollectionView<List<String>> day;

    OfDayFn(PCollectionView<List<String>> day) {
      this.day = day;
    }

    @ProcessElement
    public void process(ProcessContext context) {
      if (context.sideInput(day).contains(context.element().getString("ds"))) {
        context.output(context.element());
      }
    }
  }

  private void draw(List<Row> rows, String channel, String onDay, PrintStream out)
      throws IOException {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "There is no forecast of channel '%s'%s to draw: name others with --svgChannel and"
                  + " --svgDay.",
              channel, onDay));
    }
    LocalDate day = LocalDate.parse(rows.get(0).getString("ds"), DateTimeFormatter.BASIC_ISO_DATE);
    Path file = Path.of(options.getSvg());
    Files.writeString(
        file,
        ForecastChart.of(
            channel,
            day.toString(),
            options.getConfidence(),
            of("ratio", rows),
            of("shrunk", rows)));
    out.printf("%n%s: %s on %s%n", file, channel, day);
  }

  private static List<Row> of(String model, List<Row> rows) {
    return rows.stream()
        .filter(row -> model.equals(row.getString("model")))
        .sorted(Comparator.comparing(row -> row.getString("mm")))
        .toList();
  }

  private static final class Has implements SerializableFunction<Row, Boolean> {
    private final String field;
    private final String value;

    Has(String field, String value) {
      this.field = field;
      this.value = value;
    }

    @Override
    public Boolean apply(Row row) {
      return value.equals(row.getString(field));
    }
  }

  private static final class GeneratedDaysFn extends DoFn<Long, Row> {
    private final long firstSeed;
    private final int ordersADay;
    private final int days;

    GeneratedDaysFn(long firstSeed, int ordersADay, int days) {
      this.firstSeed = firstSeed;
      this.ordersADay = ordersADay;
      this.days = days;
    }

    @ProcessElement
    public void process(@Element Long seed, OutputReceiver<Row> out) {
      NavigableMap<LocalDate, double[]> counts =
          new GeneratedDays(seed, ordersADay)
              .orders(
                  FIRST_GENERATED,
                  days,
                  FIRST_GENERATED.plusDays(DAYS_BEFORE + PROMOTION_DAY),
                  PROMOTION);
      NavigableMap<LocalDate, double[]> amounts = GeneratedDays.amounts(counts);
      String channel = CHANNEL + (seed - firstSeed + 1);
      counts.forEach((day, curve) -> DayRows.output(channel, day, curve, amounts.get(day), out));
    }
  }
}

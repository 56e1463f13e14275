package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.pipelines.tables.Counters;
import dev.beamfluss.pipelines.tables.LakeOptions;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.transforms.BaselineBuilder;
import dev.beamfluss.transforms.ForecastBaseline;
import java.io.PrintStream;
import java.time.LocalDate;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/**
 * Makes the baselines of a day, one a channel, of what the lake has of {@code order_dtm} for the
 * days before, and puts them into the lake as one partition of {@code order_mm_his_str}: the
 * offline half of scenario 3 of the reference. To be run in batch once a day, when the day before
 * is in the lake to its end.
 *
 * <p>Days that are missing are left out, minutes that are missing have what the one before has; see
 * {@link BaselineBuilder} for what a baseline is made of. A channel without any day of the kind,
 * Monday to Friday or Saturday and Sunday, has none. Amounts are optional: without them {@code
 * minute_gmv_feat} is null.
 *
 * <p>The partition is replaced in one commit, so that a reader sees all of the old one or all of
 * the new one, and running it again, or after a failure, ends the same. If there is no baseline at
 * all nothing is replaced, and the program fails. With {@code --baseline=fluss} the rows are
 * upserted into a KV table by channel as well: there each channel changes for itself, and one
 * without a new baseline keeps its last.
 */
public final class BuildBaselines {
  private static final Schema BASELINE =
      Schema.builder()
          .addStringField("ds")
          .addStringField("channel_id")
          .addStringField("minute_ratio_feat")
          .addNullableStringField("minute_gmv_feat")
          .build();

  private final BuildBaselinesOptions options;
  private final Map<String, String> catalog;
  private final LocalDate day;
  private final boolean alsoToFluss;

  private BuildBaselines(BuildBaselinesOptions options) {
    this.options = options;
    this.catalog = LakeOptions.catalog(options);
    this.day = DayCurves.day("--ds", options.getDs());
    this.alsoToFluss = options.getBaseline().equals("fluss");
    if (!alsoToFluss && !options.getBaseline().equals("paimon")) {
      throw new IllegalArgumentException(
          "--baseline=" + options.getBaseline() + " must be paimon or fluss.");
    }
    if (alsoToFluss && options.getBootstrapServers() == null) {
      throw new IllegalArgumentException(
          "--baseline=fluss needs the cluster: --bootstrapServers=host:port.");
    }
    if (options.getHistoryDays() < 1) {
      throw new IllegalArgumentException(
          "--historyDays=" + options.getHistoryDays() + " must be at least 1.");
    }
    if (!options.as(FlinkPipelineOptions.class).getAttachedMode()) {
      throw new IllegalArgumentException(
          "forecast baseline waits for its end: leave out attachedMode.");
    }
  }

  /**
   * Runs the program: status 0 once all is written, 2 for a wrong flag or table, 1 for a failure,
   * or if there is not one baseline.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(BuildBaselinesOptions.class);
          BuildBaselinesOptions options =
              PipelineOptionsFactory.fromArgs(args)
                  .withValidation()
                  .as(BuildBaselinesOptions.class);
          return new BuildBaselines(options).run(out, err);
        });
  }

  private int run(PrintStream out, PrintStream err) {
    Pipeline pipeline = Pipeline.create(options);
    LocalDate first = day.minusDays(options.getHistoryDays());
    PCollection<Row> baselines =
        pipeline
            .apply(new PastOrders(catalog, table(ForecastTables.ORDERS), first, day.minusDays(1)))
            .apply("Build", ParDo.of(new BuildFn(day)))
            .setRowSchema(BASELINE);
    var unused =
        baselines.apply(
            "Write to the lake",
            PaimonIO.write()
                .to(catalog, table(ForecastTables.BASELINES_OF_DAYS))
                .withCreateTable(List.of("ds", "channel_id"), List.of("ds"), Map.of("bucket", "1"))
                .withOverwrite());
    if (alsoToFluss) {
      var unusedToo =
          baselines.apply(
              "Write to the cluster",
              FlussIO.write()
                  .to(
                      FlussCluster.at(options.getBootstrapServers()),
                      table(ForecastTables.BASELINES)));
    }
    PipelineResult result = pipeline.run();
    PipelineResult.State state = result.waitUntilFinish();
    if (state != PipelineResult.State.DONE) {
      throw new IllegalStateException("The pipeline ended as " + state + ".");
    }
    long without = Counters.of(result, BuildBaselines.class, "channelsWithoutBaseline");
    long built = Counters.of(result, BuildBaselines.class, "baselinesBuilt");
    String from = DayCurves.ds(first) + " to " + DayCurves.ds(day.minusDays(1));
    if (built == 0) {
      err.printf(
          "No baseline for %s: table %s has no orders on days of its kind, %s. Nothing was"
              + " written.%n",
          options.getDs(), table(ForecastTables.ORDERS), from);
      return Program.FAILED;
    }
    out.printf(
        "%d baselines for %s in %s, of %s; %d channels without one%n",
        built, options.getDs(), table(ForecastTables.BASELINES_OF_DAYS), from, without);
    return Program.DONE;
  }

  private String table(String name) {
    return options.getDatabasePrefix() + ForecastTables.DATABASE + "." + name;
  }

  /**
   * The baseline of a channel for a day, as it is stored; empty if there is no past day of its
   * kind.
   *
   * @param days what the channel had by each minute of its days; only those before are used
   * @throws IllegalArgumentException if these are no cumulative numbers
   */
  public static Optional<String> build(
      String channel, LocalDate day, NavigableMap<LocalDate, double[]> days) {
    BaselineBuilder builder = BaselineBuilder.of(channel).forDay(day);
    days.headMap(day, false).forEach(builder::add);
    return builder.build().map(ForecastBaseline::encode);
  }

  private static final class BuildFn extends DoFn<KV<String, Iterable<Row>>, Row> {
    private final LocalDate day;
    private final Counter built = Metrics.counter(BuildBaselines.class, "baselinesBuilt");
    private final Counter without =
        Metrics.counter(BuildBaselines.class, "channelsWithoutBaseline");

    BuildFn(LocalDate day) {
      this.day = day;
    }

    @ProcessElement
    public void process(@Element KV<String, Iterable<Row>> channel, OutputReceiver<Row> out) {
      DayCurves curves = new DayCurves();
      channel.getValue().forEach(curves::add);
      String name = channel.getKey();
      Optional<String> counts = build(name, day, curves.counts());
      if (counts.isEmpty()) {
        without.inc();
        return;
      }
      built.inc();
      String amounts = build(name, day, curves.amounts()).orElse(null);
      out.output(
          Row.withSchema(BASELINE)
              .addValues(DayCurves.ds(day), name, counts.get(), amounts)
              .build());
    }
  }
}

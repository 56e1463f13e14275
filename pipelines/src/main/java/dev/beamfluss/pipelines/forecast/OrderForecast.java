package dev.beamfluss.pipelines.forecast;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LookupCache;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.io.paimon.PaimonIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.CompleteRows;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.LakeOptions;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.transforms.ForecastFusion;
import dev.beamfluss.transforms.MinuteTotals;
import java.io.PrintStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/**
 * Forecasts the orders and the sales of the day, of each source and minute by minute: scenario 3 of
 * the reference. In two stages, each of which may be a job of its own:
 *
 * <ul>
 *   <li><b>accumulate</b>: orders into what there was by each minute of the day, by {@link
 *       MinuteTotals}, in {@code order_dtm}
 *   <li><b>fuse</b>: the changes of that table with the baselines of past days, by {@link
 *       ForecastFusion}, into {@code order_forecast_mm}
 * </ul>
 *
 * <p>Orders are counted as they were placed, cancellations not taken off: what falls cannot be
 * forecast from its share of the day. Of the table of orders, whose rows are lines, each line
 * counts when it is inserted; what is updated or deleted later does not. An order counts once, in
 * the minute of its earliest line.
 *
 * <p>All rows are upserted by their keys and have a version, how many lines they are made of, and
 * the tables keep the row with the greatest: they end the same however often a bundle is replayed,
 * and no total goes back on the way.
 */
public final class OrderForecast {
  private enum Stage {
    ACCUMULATE,
    FUSE
  }

  /** Of channels, which are few. */
  private static final long CACHED_BASELINES = 10_000;

  private final ForecastOptions options;
  private final FlussCluster cluster;
  private final Set<Stage> stages;
  private final ZoneId zone;
  private final Duration updateInterval;
  private final Duration lateness;
  private final Duration refresh;
  private final Duration discovery;

  /** Refuses wrong flags, before any cluster is asked. */
  private OrderForecast(ForecastOptions options) {
    this.options = options;
    this.cluster = ClusterOptions.cluster(options);
    this.stages = stages(options.getStage());
    this.zone = zone(options.getZone());
    this.updateInterval = Duration.ofMillis(atLeast(1, "updateMillis", options.getUpdateMillis()));
    this.lateness =
        Duration.ofHours(atLeast(0, "allowedLatenessHours", options.getAllowedLatenessHours()));
    this.refresh =
        Duration.ofSeconds(
            atLeast(1, "baselineRefreshSeconds", options.getBaselineRefreshSeconds()));
    this.discovery =
        Duration.ofMillis(
            atLeast(1, "partitionDiscoveryMillis", options.getPartitionDiscoveryMillis()));
    if (stages.contains(Stage.FUSE)) {
      fusion();
    }
  }

  private static Set<Stage> stages(String stage) {
    return switch (stage) {
      case "both" -> EnumSet.allOf(Stage.class);
      case "accumulate" -> EnumSet.of(Stage.ACCUMULATE);
      case "fuse" -> EnumSet.of(Stage.FUSE);
      default ->
          throw new IllegalArgumentException(
              "--stage=" + stage + " must be accumulate, fuse or both.");
    };
  }

  private static ZoneId zone(String name) {
    try {
      return ZoneId.of(name);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException(
          "--zone=" + name + " is no time zone. Give one such as Asia/Shanghai.", e);
    }
  }

  private static int atLeast(int least, String flag, int value) {
    if (value < least) {
      throw new IllegalArgumentException(
          String.format("--%s=%d must be at least %d.", flag, value, least));
    }
    return value;
  }

  /**
   * Builds the pipeline and runs it until it is cancelled, or only submits it with {@code
   * --attachedMode=false}. A wrong flag or table ends the program with status 2, a failure with
   * status 1.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream err) {
    return Program.stream(
        err,
        () -> PipelineOptionsFactory.fromArgs(args).withValidation().as(ForecastOptions.class),
        OrderForecast::apply);
  }

  /** Adds the stages that the options name to a pipeline. */
  public static void apply(Pipeline pipeline, ForecastOptions options) {
    OrderForecast forecast = new OrderForecast(options);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(forecast.cluster, table(options, DeadLetters.TABLE)))) {
      if (forecast.stages.contains(Stage.ACCUMULATE)) {
        forecast.accumulate(pipeline, errors);
      }
      if (forecast.stages.contains(Stage.FUSE)) {
        forecast.fuse(pipeline, errors);
      }
    }
  }

  /** A table of the scenario, with its database. */
  static String table(ClusterOptions options, String name) {
    return options.getDatabasePrefix() + ForecastTables.DATABASE + "." + name;
  }

  private void accumulate(Pipeline pipeline, ErrorHandler<BadRecord, ?> errors) {
    orders(pipeline, errors)
        .apply(
            "Accumulate",
            MinuteTotals.of(ForecastTables.SOURCE)
                .countingDistinct(ForecastTables.ORDER, ForecastTables.COUNT)
                .summing(ForecastTables.AMOUNT, ForecastTables.GMV)
                .withVersionColumn(ForecastTables.VERSION)
                .withTimeColumns(ForecastTables.DAY, ForecastTables.MINUTE, zone)
                .withUpdateInterval(updateInterval)
                .withAllowedLateness(lateness)
                .withErrorHandler(errors))
        .apply(
            "Write totals",
            FlussIO.write()
                .to(cluster, table(options, ForecastTables.ORDERS))
                .withErrorHandler(errors));
  }

  /**
   * All that the log has, and not a snapshot first, which would have of a line what is left of it.
   */
  private PCollection<Row> orders(Pipeline pipeline, ErrorHandler<BadRecord, ?> errors) {
    String table =
        options.getOrders() == null
            ? table(options, ForecastTables.ORDER_LINES)
            : options.getOrders();
    boolean hasSource = cluster.describe(table).schema().hasField(ForecastTables.SOURCE);
    List<String> columns =
        hasSource
            ? List.of(ForecastTables.ORDER, ForecastTables.AMOUNT, ForecastTables.SOURCE)
            : List.of(ForecastTables.ORDER, ForecastTables.AMOUNT);
    CompleteRows complete = CompleteRows.of(table, "it cannot be counted", errors);
    return newRows(
            "Placed",
            pipeline.apply(
                "Read orders",
                FlussIO.readChanges()
                    .from(cluster, table)
                    .withColumns(columns.toArray(String[]::new))
                    .withTimestampColumn(ForecastTables.TIME)
                    .withStartingPosition(Position.earliest())
                    .withPartitionDiscoveryInterval(discovery)
                    .withErrorHandler(errors)),
            EnumSet.of(RowChange.Kind.INSERT))
        .apply(
            "Check orders",
            hasSource ? complete : complete.with(ForecastTables.SOURCE, options.getSource()));
  }

  private void fuse(Pipeline pipeline, ErrorHandler<BadRecord, ?> errors) {
    newRows(
            "Latest totals",
            pipeline.apply(
                "Read totals",
                FlussIO.readChanges()
                    .from(cluster, table(options, ForecastTables.ORDERS))
                    .withColumns(
                        ForecastTables.DAY,
                        ForecastTables.MINUTE,
                        ForecastTables.SOURCE,
                        ForecastTables.COUNT,
                        ForecastTables.GMV,
                        ForecastTables.VERSION)
                    .withPartitionDiscoveryInterval(discovery)
                    .withErrorHandler(errors)),
            EnumSet.of(RowChange.Kind.INSERT, RowChange.Kind.UPDATE_AFTER))
        .apply("Forecast", fusion().withErrorHandler(errors))
        .apply(
            "Write forecasts",
            FlussIO.write()
                .to(cluster, table(options, ForecastTables.FORECASTS))
                .withErrorHandler(errors));
  }

  private ForecastFusion fusion() {
    return ForecastFusion.lookingUp(baselines())
        .withModel(options.getForecastModel(), options.getForecastConfidence())
        .passing(ForecastTables.VERSION);
  }

  private PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> baselines() {
    String[] columns = {
      ForecastTables.DAY, ForecastTables.RATIO_FEATURE, ForecastTables.GMV_FEATURE
    };
    return switch (options.getBaseline()) {
      case "paimon" ->
          PaimonIO.lookupLatest()
              .from(LakeOptions.catalog(options), table(options, ForecastTables.BASELINES_OF_DAYS))
              .by(ForecastTables.CHANNEL)
              .withColumns(columns)
              .withRefreshInterval(refresh);
      case "fluss" ->
          FlussIO.lookup()
              .in(cluster, table(options, ForecastTables.BASELINES))
              .by(ForecastTables.CHANNEL)
              .withColumns(columns)
              .withCache(LookupCache.ofMaxRows(CACHED_BASELINES).expireAfterWrite(refresh));
      default ->
          throw new IllegalArgumentException(
              "--baseline=" + options.getBaseline() + " must be paimon or fluss.");
    };
  }

  private static PCollection<Row> newRows(
      String name, PCollection<RowChange> changes, Set<RowChange.Kind> kinds) {
    return changes
        .apply(name, ParDo.of(new NewRowsFn(EnumSet.copyOf(kinds))))
        .setRowSchema(((RowChangeCoder) changes.getCoder()).schema());
  }

  /** The rows that changes of some kinds bring. */
  private static final class NewRowsFn extends DoFn<RowChange, Row> {
    private final EnumSet<RowChange.Kind> kinds;

    NewRowsFn(EnumSet<RowChange.Kind> kinds) {
      this.kinds = kinds;
    }

    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<Row> out) {
      if (kinds.contains(change.kind())) {
        out.output(change.row());
      }
    }
  }
}

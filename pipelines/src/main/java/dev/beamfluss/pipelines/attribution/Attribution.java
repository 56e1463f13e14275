package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.transforms.DeltaJoin;
import dev.beamfluss.transforms.TimeOrder;
import java.io.PrintStream;
import java.time.Duration;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;

/**
 * Order attribution, scenario 1 of the reference: each visit of a user on a day with each order of
 * that user on that day, kept up to date while visits and orders change.
 *
 * <p>As the reference's SQL has it: {@code log_page_ri LEFT JOIN order_ri ON user_id, ds}, with
 * {@code is_matched} '1' where the order is not before the first page view, else '0'. A visit
 * without an order has one row, with the empty string for {@code order_id}, which is part of the
 * sink's key and so cannot be null, and '0' in {@code is_matched}. An order without a visit has
 * none. {@code pay_amt} is filled, which the reference's SELECT forgets.
 *
 * <p>Times are texts and compared as the times that they tell, see {@link
 * AttributionOptions#getTimePattern}. The result of a user's day with a text that tells none stays
 * as it is, and the reason goes to the table of {@link DeadLetters}.
 *
 * <p>With a window of several days, an order matches the visits of its day and of the days before
 * it, and the result is a table with both days.
 */
public final class Attribution {
  /**
   * What stands in {@code order_id}, and in {@code order_ds}, for a visit without an order; no
   * order has it.
   */
  public static final String NO_ORDER = "";

  /** In {@code is_matched}: the order came at or after the user's first page view of the day. */
  public static final String MATCHED = "1";

  /** In {@code is_matched}: the order came before it, or there is none. */
  public static final String NOT_MATCHED = "0";

  private static final String ORDER_DAY = "order_ds";

  private Attribution() {}

  /**
   * Builds the pipeline and runs it until it is cancelled, with {@code --batch} to its end, or only
   * submits it with {@code --attachedMode=false}. A wrong flag or table ends the program with
   * status 2, a failure with status 1.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream err) {
    return Program.run(err, () -> run(args));
  }

  private static int run(String[] args) {
    PipelineOptionsFactory.register(AttributionOptions.class);
    AttributionOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(AttributionOptions.class);
    options.setStreaming(!options.getBatch());
    Pipeline pipeline = Pipeline.create(options);
    apply(pipeline, options);
    return Program.run(pipeline);
  }

  /** Adds the join to a pipeline, or with {@code --batch} the computation of a past day. */
  public static void apply(Pipeline pipeline, AttributionOptions options) {
    if (options.getBatch()) {
      pipeline.apply("Compute a past day again", PastDay.rewritten(options));
      return;
    }
    if (options.getDs() != null) {
      throw new IllegalArgumentException("--ds names a past day to compute: add --batch.");
    }
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(ClusterOptions.cluster(options), table(options, DeadLetters.TABLE)))) {
      pipeline.apply("Attribute orders", join(options).withErrorHandler(errors));
      if (options.getConversions()) {
        pipeline.apply("Conversions", Conversions.perDay(options, errors));
      }
    }
  }

  /** The join as the options want it, to be applied as it is or {@link DeltaJoin#bounded}. */
  static DeltaJoin join(AttributionOptions options) {
    FlussCluster cluster = ClusterOptions.cluster(options);
    int days = windowDays(options);
    DeltaJoin join =
        DeltaJoin.leftOuter()
            .left(cluster, table(options, AttributionTables.VISITS), "first_page_time", "pv")
            .right(
                cluster,
                table(options, AttributionTables.ORDERS),
                "order_id",
                "order_time",
                "pay_amt")
            .on("user_id", "ds")
            .withComputed(
                "is_matched", FieldType.STRING, isMatched(options).choose(MATCHED, NOT_MATCHED))
            .withStandIn("order_id", NO_ORDER)
            .to(cluster, table(options, results(options)))
            .withShards(options.getJoinShards())
            .withPartitionDiscoveryInterval(partitionDiscovery(options));
    return days == 1
        ? join
        : join.withDayWindow("ds", ORDER_DAY, days).withStandIn(ORDER_DAY, NO_ORDER);
  }

  /** Whether an order is not before the first page view. */
  static TimeOrder isMatched(AttributionOptions options) {
    return TimeOrder.notBefore("order_time", "first_page_time").inTextOf(options.getTimePattern());
  }

  /** The result table without its database. */
  static String results(AttributionOptions options) {
    return windowDays(options) == 1
        ? AttributionTables.RESULTS
        : AttributionTables.RESULTS_OF_WINDOW;
  }

  /** A table of the scenario, with its database. */
  static String table(AttributionOptions options, String name) {
    return options.getDatabasePrefix() + AttributionTables.DATABASE + "." + name;
  }

  static int windowDays(AttributionOptions options) {
    int days = options.getWindowDays();
    if (days < 1) {
      throw new IllegalArgumentException("--windowDays must be at least 1, not " + days + ".");
    }
    return days;
  }

  static Duration partitionDiscovery(AttributionOptions options) {
    return Duration.ofMillis(options.getPartitionDiscoveryMillis());
  }
}

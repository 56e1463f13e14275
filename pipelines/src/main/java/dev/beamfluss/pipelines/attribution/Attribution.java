package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.transforms.DeltaJoin;
import java.time.Duration;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Order attribution, scenario 1 of the reference: each visit of a user on a day with each order of
 * that user on that day, kept up to date while visits and orders change.
 *
 * <p>As the reference's SQL has it: {@code log_page_ri LEFT JOIN order_ri ON user_id, ds}, with
 * {@code is_matched} '1' where the order is not before the first page view, else '0'. A visit
 * without an order has one row, with the empty string for {@code order_id}, which is part of the
 * sink's key and so cannot be null, and '0' in {@code is_matched}. An order without a visit has
 * none. {@code pay_amt} is filled, which the reference's SELECT forgets.
 */
public final class Attribution {
  /** What stands in {@code order_id} for a visit without an order; no order has it. */
  public static final String NO_ORDER = "";

  /** In {@code is_matched}: the order came at or after the user's first page view of the day. */
  public static final String MATCHED = "1";

  /** In {@code is_matched}: the order came before it, or there is none. */
  public static final String NOT_MATCHED = "0";

  private Attribution() {}

  /**
   * Builds the pipeline and runs it until it is cancelled, or only submits it with {@code
   * --attachedMode=false}. A wrong flag or table ends the program with status 2, a failure with
   * status 1.
   */
  public static void main(String[] args) {
    int status = Program.run(System.err, () -> run(args));
    // the clients' threads would keep the JVM for a while
    System.exit(status);
  }

  private static int run(String[] args) {
    PipelineOptionsFactory.register(AttributionOptions.class);
    AttributionOptions options =
        PipelineOptionsFactory.fromArgs(args).withValidation().as(AttributionOptions.class);
    options.setStreaming(true);
    Pipeline pipeline = Pipeline.create(options);
    apply(pipeline, options);
    return Program.run(pipeline);
  }

  /** Adds the join to a pipeline. */
  public static void apply(Pipeline pipeline, AttributionOptions options) {
    pipeline.apply("Attribute orders", join(ClusterOptions.cluster(options), options));
  }

  private static DeltaJoin join(FlussCluster cluster, AttributionOptions options) {
    String database = options.getDatabasePrefix() + AttributionTables.DATABASE + ".";
    return DeltaJoin.leftOuter()
        .left(cluster, database + AttributionTables.VISITS, "first_page_time", "pv")
        .right(cluster, database + AttributionTables.ORDERS, "order_id", "order_time", "pay_amt")
        .on("user_id", "ds")
        .withComputed("is_matched", FieldType.STRING, Attribution::isMatched)
        .withStandIn("order_id", NO_ORDER)
        .to(cluster, database + AttributionTables.RESULTS)
        .withShards(options.getJoinShards())
        .withPartitionDiscoveryInterval(Duration.ofMillis(options.getPartitionDiscoveryMillis()));
  }

  /** Times are texts that sort as time, see {@link dev.beamfluss.pipelines.ingest.EventTime}. */
  private static String isMatched(Row joined) {
    @Nullable String orderTime = joined.getString("order_time");
    @Nullable String firstPageTime = joined.getString("first_page_time");
    return orderTime != null && firstPageTime != null && orderTime.compareTo(firstPageTime) >= 0
        ? MATCHED
        : NOT_MATCHED;
  }
}

package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.transforms.TimeOrder;
import java.time.Duration;
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTagList;

/**
 * Keeps the conversion rate and the sales of each day in {@code conversion_ri}, while visits and
 * orders change.
 *
 * <p>A day's visitors are the rows of {@code log_page_ri}. Its buyers are the users with a matched
 * order, which no single change tells: each change of a visit or an order has the user's day
 * computed again, by looking both tables up, into a row of {@code buyer_ri}. From then on all is
 * sums: the changes of {@code buyer_ri} carry the row before and after, so they are added and taken
 * away. What the engine keeps is a row of sums a day; all that is kept a user is in the tables.
 *
 * <p>At rest the sums are those of the result of the join. They are written as they stand, once a
 * bundle: a replay writes them again. A job that starts without a checkpoint begins at 0 and adds
 * up what the tables hold.
 */
final class Conversions extends PTransform<PBegin, PCollection<Long>> {
  static final Schema USER_DAY =
      Schema.builder().addStringField("user_id").addStringField("ds").build();

  private static final KvCoder<Integer, Row> USER_DAYS =
      KvCoder.of(VarIntCoder.of(), RowCoder.of(USER_DAY));
  private static final KvCoder<String, Row> SUMS =
      KvCoder.of(StringUtf8Coder.of(), RowCoder.of(Sums.SCHEMA));

  private final FlussCluster cluster;
  private final String visits;
  private final String orders;
  private final String buyers;
  private final String conversions;
  private final int windowDays;
  private final int shards;
  private final Duration partitionDiscovery;

  private final TimeOrder isMatched;
  private final transient ErrorHandler<BadRecord, ?> errors;

  private Conversions(AttributionOptions options, ErrorHandler<BadRecord, ?> errors) {
    this.isMatched = Attribution.isMatched(options);
    this.errors = errors;
    this.cluster = ClusterOptions.cluster(options);
    this.visits = Attribution.table(options, AttributionTables.VISITS);
    this.orders = Attribution.table(options, AttributionTables.ORDERS);
    this.buyers = Attribution.table(options, AttributionTables.BUYERS);
    this.conversions = Attribution.table(options, AttributionTables.CONVERSIONS);
    this.windowDays = Attribution.windowDays(options);
    this.shards = options.getJoinShards();
    this.partitionDiscovery = Attribution.partitionDiscovery(options);
  }

  /**
   * Of the tables and the window that the options name.
   *
   * @param errors gets the user days that cannot be computed
   */
  static Conversions perDay(AttributionOptions options, ErrorHandler<BadRecord, ?> errors) {
    return new Conversions(options, errors);
  }

  @Override
  public PCollection<Long> expand(PBegin input) {
    PCollectionTuple computed =
        PCollectionList.of(userDays(input, "visits", visits, 1))
            .and(userDays(input, "orders", orders, windowDays))
            .apply("Changed user days", Flatten.pCollections())
            .apply(
                "Compute buyers",
                ParDo.of(
                        new BuyersFn(
                            cluster.describe(visits),
                            cluster.describe(orders),
                            cluster.describe(buyers),
                            windowDays,
                            isMatched))
                    .withOutputTags(
                        BuyersFn.ACKNOWLEDGED, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    errors.addErrorCollection(
        computed
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline())));
    return PCollectionList.of(differences(input, "visitors", visits, List.of("ds"), new Visitors()))
        .and(
            differences(
                input,
                "buyers",
                buyers,
                List.of("ds", "window_days", "orders", "gmv", "unreadable_amts"),
                new Buyers(windowDays)))
        .apply("Differences", Flatten.pCollections())
        .apply("Sum up", ParDo.of(new SumsFn(cluster.describe(conversions), windowDays)))
        .setCoder(VarLongCoder.of());
  }

  /** From the earliest change, as of a row that was deleted meanwhile nothing else tells. */
  private PCollection<KV<Integer, Row>> userDays(
      PBegin input, String name, String table, int days) {
    return input
        .apply(
            "Read keys of " + name,
            FlussIO.readChanges()
                .from(cluster, table)
                .withColumns("user_id", "ds")
                .withStartingPosition(Position.earliest())
                .withPartitionDiscoveryInterval(partitionDiscovery))
        .apply("User days of " + name, ParDo.of(new UserDaysFn(days, shards)))
        .setCoder(USER_DAYS);
  }

  /** From all that the table holds, as the sums begin at 0. */
  private PCollection<KV<String, Row>> differences(
      PBegin input, String name, String table, List<String> columns, DifferencesFn function) {
    return input
        .apply(
            "Read " + name,
            FlussIO.readChanges()
                .from(cluster, table)
                .withColumns(columns.toArray(String[]::new))
                .withStartingPosition(Position.full())
                .withPartitionDiscoveryInterval(partitionDiscovery))
        .apply("Differences of " + name, ParDo.of(function))
        .setCoder(SUMS);
  }

  /** Which days of which user a change makes it necessary to compute again. */
  private static final class UserDaysFn extends DoFn<RowChange, KV<Integer, Row>> {
    private final int days;
    private final int shards;

    UserDaysFn(int days, int shards) {
      this.days = days;
      this.shards = shards;
    }

    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<KV<Integer, Row>> out) {
      if (change.kind() == RowChange.Kind.UPDATE_BEFORE) {
        return; // has the key of the row after it
      }
      String user = change.row().getString("user_id");
      int hash = user.hashCode() * 0x9E3779B9;
      int shard = Math.floorMod(hash ^ (hash >>> 16), shards);
      for (String day : Days.from(change.row().getString("ds"), days, -1)) {
        out.output(KV.of(shard, Row.withSchema(USER_DAY).addValues(user, day).build()));
      }
    }
  }

  /** A row of the visits is a visitor. */
  private static final class Visitors extends DifferencesFn {
    @Override
    Row of(Row row) {
      return Sums.ofVisitor();
    }
  }

  /** A row of the buyers is a buyer. */
  private static final class Buyers extends DifferencesFn {
    private final int windowDays;

    Buyers(int windowDays) {
      this.windowDays = windowDays;
    }

    @Override
    Row of(Row row) {
      return row.getInt32("window_days") == windowDays
          ? Sums.ofBuyer(
              row.getInt64("orders"), row.getDecimal("gmv"), row.getInt64("unreadable_amts"))
          : Sums.NONE;
    }
  }
}

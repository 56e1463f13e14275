package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.Position;
import java.io.Serializable;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.display.DisplayData;
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
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Joins Fluss KV tables into another one and keeps it up to date, without keeping any of them in
 * the engine's state: a change on one side looks the other sides up.
 *
 * <pre>{@code
 * pipeline.apply(
 *     DeltaJoin.leftOuter()
 *         .left(cluster, "shop.visits", "first_page_time")
 *         .right(cluster, "shop.orders", "order_id", "order_time")
 *         .on("user_id", "ds")
 *         .withComputed("is_matched", Schema.FieldType.STRING, row -> ...)
 *         .withStandIn("order_id", "")
 *         .to(cluster, "shop.visits_with_orders"));
 * }</pre>
 *
 * <h2>What it does with a change</h2>
 *
 * A change only says which join key to compute again. The step then looks up the rows of that key
 * on every side as they are now, and writes what the sink should hold of them. Looking up and
 * writing are one step keyed by the join key, and the next computation of a key starts only once
 * the cluster has acknowledged the writes of the last. So however changes interleave and however
 * often they are replayed, the sink ends up equal to the join of the tables once they rest.
 *
 * <p>An outer join keeps a row for a row without a match. It goes when the first match comes and
 * returns when the last is gone. The columns of the side that is missing are null; a key column of
 * the sink cannot be, so it takes the value given by {@link #withStandIn}.
 *
 * <h2>What the tables must look like</h2>
 *
 * <ul>
 *   <li>Each side: the join columns are its primary key, or its bucket key and partition columns
 *       where these are a prefix of it.
 *   <li>Sink: its primary key has the join columns, and the primary key of each side of which a
 *       join key can have several rows; all its columns are selected or computed.
 * </ul>
 *
 * How rows of the sink are found that are to go depends on the tables, and is in the display data
 * as {@code sinkUpdate}:
 *
 * <ul>
 *   <li>{@code BY_KEY_OF_SIDE}: the primary key of one side is that of the sink, and a join key has
 *       at most one row on the others. A changed row upserts or deletes its row in the sink. The
 *       cheapest.
 *   <li>{@code BY_LOOKUP}: the sink can be looked up by the join columns; one lookup more a change,
 *       and only what differs is written.
 *   <li>{@code BY_INDEX}: neither, and {@link #withIndex} names a table of the sink's keys; a
 *       lookup and up to one write more.
 * </ul>
 *
 * An inner join does without that lookup where all changes of a key are inserts, and without
 * looking their side up where they are all of one: new rows take nothing away, and the changelog
 * has them. Anything else is refused when the pipeline is built, with the reason and the keys to
 * give the tables.
 *
 * <h2>Guarantees</h2>
 *
 * At rest the sink equals the join of the live partitions of the tables. Replayed changes write the
 * same rows again. What is read of a table is at least as new as the change that triggered it. A
 * change becomes visible after the time of its bundle, one lookup a side and one write. The state
 * is a bundle's work in flight, at most {@link #withMaxKeysInFlight} keys, whatever the tables
 * hold. A partition that is dropped tells of no deletes: what the sink holds of it stays until the
 * sink's own partition goes or a change of the key comes.
 *
 * <p>The output counts the sink's changes that were acknowledged, an element a bundle.
 */
@AutoValue
public abstract class DeltaJoin extends PTransform<PBegin, PCollection<Long>> {
  private static final int DEFAULT_KEYS_IN_FLIGHT = 5_000;
  private static final int DEFAULT_SHARDS = 8;
  private static final String BATCH_TIMEOUT = "client.writer.batch-timeout";

  abstract JoinType type();

  abstract @Nullable Side left();

  abstract @Nullable Side right();

  abstract List<Side> others();

  abstract @Nullable DayWindow window();

  abstract @Nullable SerializableFunction<Row, Boolean> condition();

  abstract @Nullable List<String> joinColumns();

  abstract Map<String, Computed> computed();

  abstract Map<String, Object> standIns();

  abstract @Nullable FlussCluster sinkCluster();

  abstract @Nullable String sink();

  abstract @Nullable String index();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract int maxKeysInFlight();

  abstract int shards();

  abstract Position start();

  abstract @Nullable Position stop();

  abstract Duration partitionDiscoveryInterval();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setType(JoinType type);

    abstract Builder setOthers(List<Side> others);

    abstract Builder setWindow(DayWindow window);

    abstract Builder setCondition(SerializableFunction<Row, Boolean> condition);

    abstract Builder setLeft(Side left);

    abstract Builder setRight(Side right);

    abstract Builder setJoinColumns(List<String> columns);

    abstract Builder setComputed(Map<String, Computed> computed);

    abstract Builder setStandIns(Map<String, Object> standIns);

    abstract Builder setSinkCluster(FlussCluster cluster);

    abstract Builder setSink(String table);

    abstract Builder setIndex(String table);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract Builder setMaxKeysInFlight(int keys);

    abstract Builder setShards(int shards);

    abstract Builder setStart(Position start);

    abstract Builder setStop(Position stop);

    abstract Builder setPartitionDiscoveryInterval(Duration interval);

    abstract DeltaJoin build();
  }

  /**
   * One side of the join.
   *
   * @param type how it is joined to those before it; of the first two, {@link DeltaJoin#type}
   */
  record Side(JoinType type, FlussCluster cluster, String table, List<String> columns) {}

  /** A column made of the joined row. */
  record Computed(Schema.FieldType type, SerializableFunction<Row, @Nullable Object> function)
      implements Serializable {}

  /** A join that keeps the pairs of left and right rows. */
  public static DeltaJoin inner() {
    return of(JoinType.INNER);
  }

  /** A join that keeps, besides the pairs, a row for each left row without a right one. */
  public static DeltaJoin leftOuter() {
    return of(JoinType.LEFT);
  }

  /** A join that keeps, besides the pairs, a row for each right row without a left one. */
  public static DeltaJoin rightOuter() {
    return of(JoinType.RIGHT);
  }

  /** A join that keeps, besides the pairs, a row for each row without a match. */
  public static DeltaJoin fullOuter() {
    return of(JoinType.FULL);
  }

  /** A join of this type. */
  public static DeltaJoin of(JoinType type) {
    return new AutoValue_DeltaJoin.Builder()
        .setType(type)
        .setOthers(List.of())
        .setComputed(Map.of())
        .setStandIns(Map.of())
        .setMaxKeysInFlight(DEFAULT_KEYS_IN_FLIGHT)
        .setShards(DEFAULT_SHARDS)
        .setStart(Position.earliest())
        .setPartitionDiscoveryInterval(Duration.ofSeconds(10))
        .build();
  }

  /**
   * The left table and the columns wanted of it besides the join columns, under the names they have
   * there. Required.
   */
  public DeltaJoin left(FlussCluster cluster, String table, String... columns) {
    return toBuilder().setLeft(new Side(type(), cluster, table, List.of(columns))).build();
  }

  /** The right table and the columns wanted of it besides the join columns. Required. */
  public DeltaJoin right(FlussCluster cluster, String table, String... columns) {
    return toBuilder().setRight(new Side(type(), cluster, table, List.of(columns))).build();
  }

  /**
   * Joins another table on the same columns, in the same step: to the join of the tables before it.
   * A change of any of them looks all of them up.
   */
  public DeltaJoin and(JoinType type, FlussCluster cluster, String table, String... columns) {
    List<Side> all = new ArrayList<>(others());
    all.add(new Side(type, cluster, table, List.of(columns)));
    return toBuilder().setOthers(all).build();
  }

  /** The columns that must be equal, of the same name in both tables. Required. */
  public DeltaJoin on(String... columns) {
    return toBuilder().setJoinColumns(List.of(columns)).build();
  }

  /**
   * Lets a right row match left rows of its own day and of the days before it, where the join
   * columns have the day: an order matches the visits of up to so many days. A change on the left
   * looks up as many partitions of the right; one on the right computes as many keys again.
   *
   * @param column the day, one of the join columns: a STRING such as 20261123, as Fluss names the
   *     partitions of days, or a DATE
   * @param as what the right row's day is called in the join, where the column is the left row's
   * @param days how many days, 1 for its own alone
   */
  public DeltaJoin withDayWindow(String column, String as, int days) {
    if (days < 1) {
      throw new IllegalArgumentException("withDayWindow takes at least 1 day, not " + days);
    }
    return toBuilder().setWindow(new DayWindow(column, as, days)).build();
  }

  /**
   * What must hold, besides the join columns being equal, for a left and a right row to match: in
   * an outer join, rows of which none matches are kept. Given is the joined row, as for {@link
   * #withComputed}. The function is serialized and must be deterministic.
   */
  public DeltaJoin withCondition(SerializableFunction<Row, Boolean> condition) {
    return toBuilder().setCondition(condition).build();
  }

  /**
   * A KV table, on the sink's cluster, for the keys of the sink's rows, where neither a side's key
   * decides them nor the sink can be looked up by the join columns. Its columns and primary key are
   * those of the sink's primary key, its bucket key and partition columns are the join columns.
   * Nobody else may write it, and it lives as long as the sink.
   */
  public DeltaJoin withIndex(String table) {
    return toBuilder().setIndex(table).build();
  }

  /**
   * A column made of the joined row, which has the join columns, then the left, then the right
   * ones, and so on; those of a side that is missing in a row of an outer join are null. The
   * function is serialized and must be deterministic.
   */
  public DeltaJoin withComputed(
      String column, Schema.FieldType type, SerializableFunction<Row, @Nullable Object> function) {
    Map<String, Computed> all = new LinkedHashMap<>(computed());
    all.put(column, new Computed(type.withNullable(true), function));
    return toBuilder().setComputed(all).build();
  }

  /**
   * What stands in a column of the sink for a side that is not there. Required, in an outer join,
   * for each such column that is NOT NULL, as key columns are. In a key column it must be a value
   * that no row has.
   */
  public DeltaJoin withStandIn(String column, Object value) {
    Map<String, Object> all = new LinkedHashMap<>(standIns());
    all.put(column, value);
    return toBuilder().setStandIns(all).build();
  }

  /** The KV table to keep up to date; nobody else should write it. Required. */
  public DeltaJoin to(FlussCluster cluster, String table) {
    return toBuilder().setSinkCluster(cluster).setSink(table).build();
  }

  /**
   * Gets the join keys that cannot be computed, each with the reason: the condition or a computed
   * column fails on one of their rows, or the sink can never take one. What the sink holds of such
   * a key may be old until the next change of the key. Without a handler, one such key fails the
   * pipeline.
   */
  public DeltaJoin withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  /** How many join keys a worker computes at once: 5,000 by default, a lookup a side each. */
  public DeltaJoin withMaxKeysInFlight(int keys) {
    if (keys < 1) {
      throw new IllegalArgumentException("maxKeysInFlight must be at least 1, not " + keys);
    }
    return toBuilder().setMaxKeysInFlight(keys).build();
  }

  /**
   * Into how many groups the join keys are hashed; a group is worked on by one worker at a time, so
   * this bounds the parallelism: 8 by default. Several times the parallelism spreads the work
   * evenly; more make smaller rounds of lookups and writes. It may differ from run to run, but not
   * when restoring from a checkpoint.
   */
  public DeltaJoin withShards(int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("shards must be at least 1, not " + shards);
    }
    return toBuilder().setShards(shards).build();
  }

  /** Where in both changelogs to start: {@link Position#earliest()} by default. */
  public DeltaJoin withStartingPosition(Position start) {
    return toBuilder().setStart(start).build();
  }

  /** Where in both changelogs to stop, which makes this a bounded step. By default nowhere. */
  public DeltaJoin withStoppingPosition(Position stop) {
    return toBuilder().setStop(stop).build();
  }

  /** How often to look for new partitions of both tables: every 10 seconds by default. */
  public DeltaJoin withPartitionDiscoveryInterval(Duration interval) {
    return toBuilder().setPartitionDiscoveryInterval(interval).build();
  }

  @Override
  public PCollection<Long> expand(PBegin input) {
    checkArgumentNotNull(left(), "Name the left table with left(cluster, \"db.table\", ...).");
    checkArgumentNotNull(right(), "Name the right table with right(cluster, \"db.table\", ...).");
    checkArgumentNotNull(joinColumns(), "Name the join columns with on(...).");
    checkArgumentNotNull(sinkCluster(), "Name the sink with to(cluster, \"db.table\").");
    List<Side> sides = sides();
    List<FlussTable> tables =
        sides.stream().map(side -> side.cluster().describe(side.table())).toList();
    for (FlussTable table : tables) {
      // refuses what cannot be looked up, and names the keys with which it could
      var unused = table.lookupKind(joinColumns());
    }
    FlussTable sink = writing(sinkCluster()).describe(checkArgumentNotNull(sink()));
    JoinPlan plan =
        JoinPlan.of(
            shape(tables.stream().map(FlussTable::schema).toList()),
            tables,
            sink,
            index() == null ? null : writing(sinkCluster()).describe(index()));

    List<PCollection<KV<Integer, Row>>> triggers = new ArrayList<>();
    for (int i = 0; i < sides.size(); i++) {
      String name = i == 0 ? "left" : i == 1 ? "right" : "side " + (i + 1);
      triggers.add(
          changes(input, name, sides.get(i), plan.triggerColumns(i))
              .apply("Key " + name, ParDo.of(new TriggerFn(plan, i, shards(), counter(i))))
              .setCoder(plan.triggerCoder()));
    }
    PCollectionTuple written =
        PCollectionList.of(triggers)
            .apply("All sides", Flatten.pCollections())
            .apply(
                "Look up and write",
                ParDo.of(new RecomputeFn(plan, maxKeysInFlight(), errorHandler() != null))
                    .withOutputTags(
                        RecomputeFn.ACKNOWLEDGED, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        written
            .get(BadRecordRouter.BAD_RECORD_TAG)
            .setCoder(BadRecord.getCoder(input.getPipeline()));
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(bad);
    }
    return written.get(RecomputeFn.ACKNOWLEDGED).setCoder(VarLongCoder.of());
  }

  /**
   * The join writes at the end of its rounds and waits: there is nothing to gain from sending the
   * first rows of a round at once, and the client polls that often, writing or not.
   */
  private static FlussCluster writing(FlussCluster cluster) {
    return cluster.resolvedProperties().containsKey(BATCH_TIMEOUT)
        ? cluster
        : cluster.withProperty(BATCH_TIMEOUT, "10ms");
  }

  private static String counter(int side) {
    return switch (side) {
      case 0 -> "leftChanges";
      case 1 -> "rightChanges";
      default -> "changesOfSide" + (side + 1);
    };
  }

  private List<Side> sides() {
    List<Side> sides = new ArrayList<>(List.of(left(), right()));
    sides.addAll(others());
    return sides;
  }

  private JoinShape shape(List<Schema> schemas) {
    List<Side> sides = sides();
    List<JoinShape.Side> shapes = new ArrayList<>();
    for (int i = 0; i < sides.size(); i++) {
      Side side = sides.get(i);
      shapes.add(
          new JoinShape.Side(
              side.table(),
              side.type(),
              new ArrayList<>(side.columns()),
              schemas.get(i),
              i == 1 ? window() : null));
    }
    return JoinShape.of(joinColumns(), shapes, condition(), computed(), standIns());
  }

  /**
   * The same join of bounded inputs, wherever they come from: a past day from Paimon, say. Tables,
   * cluster and sink are not touched; the inputs need the columns that are named here.
   */
  public BoundedJoin bounded() {
    checkArgumentNotNull(left(), "Name the left table with left(cluster, \"db.table\", ...).");
    checkArgumentNotNull(right(), "Name the right table with right(cluster, \"db.table\", ...).");
    checkArgumentNotNull(joinColumns(), "Name the join columns with on(...).");
    return new BoundedJoin(sides().size(), this::shape);
  }

  private PCollection<RowChange> changes(
      PBegin input, String name, Side side, List<String> columns) {
    FlussIO.Read<RowChange> read =
        FlussIO.readChanges()
            .from(side.cluster(), side.table())
            .withColumns(columns.toArray(String[]::new))
            .withStartingPosition(start())
            .withPartitionDiscoveryInterval(partitionDiscoveryInterval());
    return input.apply("Read " + name, stop() == null ? read : read.withStoppingPosition(stop()));
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("joinType", type().name()))
        .addIfNotNull(DisplayData.item("left", left() == null ? null : left().table()))
        .addIfNotNull(DisplayData.item("right", right() == null ? null : right().table()))
        .addIfNotNull(
            DisplayData.item(
                "others",
                others().isEmpty()
                    ? null
                    : String.join(
                        ", ", others().stream().map(o -> o.type() + " " + o.table()).toList())))
        .addIfNotNull(DisplayData.item("sink", sink()))
        .addIfNotNull(DisplayData.item("index", index()))
        .addIfNotNull(DisplayData.item("window", window() == null ? null : window().toString()))
        .addIfNotNull(
            DisplayData.item("on", joinColumns() == null ? null : String.join(",", joinColumns())))
        .add(DisplayData.item("maxKeysInFlight", maxKeysInFlight()))
        .add(DisplayData.item("shards", shards()));
  }
}

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
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Joins two Fluss KV tables into a third and keeps it up to date, without keeping either in the
 * engine's state: a change on one side looks the other side up.
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
 * A change only says which join key to compute again. The step then looks up the left row and the
 * right rows of that key as they are now, and writes what the sink should hold of them: an upsert
 * for each right row that is there, a delete for each changed right row that is not. Looking up and
 * writing are one step keyed by the join key, and the next computation of a key starts only once
 * the cluster has acknowledged the writes of the last. So however changes interleave and however
 * often they are replayed, the sink ends up equal to the join of the two tables once both rest.
 *
 * <p>An outer join keeps a row for a left row without right rows. It goes when the first right row
 * comes and returns when the last is gone. Its right columns are null; a key column of the sink
 * cannot be, so it takes the value given by {@link #withStandIn}.
 *
 * <h2>What the tables must look like</h2>
 *
 * <ul>
 *   <li>Left: the join columns are its primary key, so that a key has at most one row.
 *   <li>Right: the join columns are its primary key, or its bucket key and partition columns where
 *       these are a prefix of it.
 *   <li>Sink: its primary key is made of the join columns and the right primary key, all of the
 *       latter, so that a right row decides its row. All its columns are selected or computed.
 * </ul>
 *
 * Anything else is refused when the pipeline is built, with the reason.
 *
 * <h2>Guarantees</h2>
 *
 * At rest the sink equals the join of the live partitions of both tables. Replayed changes write
 * the same rows again. What is read of a table is at least as new as the change that triggered it.
 * A change becomes visible after the time of its bundle, one lookup a side and one write. The state
 * is a bundle's work in flight, at most {@link #withMaxKeysInFlight} keys, whatever the tables
 * hold.
 *
 * <p>The output counts the sink's changes that were acknowledged, an element a round of work.
 */
@AutoValue
public abstract class DeltaJoin extends PTransform<PBegin, PCollection<Long>> {
  private static final int DEFAULT_KEYS_IN_FLIGHT = 5_000;
  private static final int DEFAULT_SHARDS = 8;

  abstract boolean outer();

  abstract @Nullable Side left();

  abstract @Nullable Side right();

  abstract @Nullable List<String> joinColumns();

  abstract Map<String, Computed> computed();

  abstract Map<String, Object> standIns();

  abstract @Nullable FlussCluster sinkCluster();

  abstract @Nullable String sink();

  abstract int maxKeysInFlight();

  abstract int shards();

  abstract Position start();

  abstract @Nullable Position stop();

  abstract Duration partitionDiscoveryInterval();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setOuter(boolean outer);

    abstract Builder setLeft(Side left);

    abstract Builder setRight(Side right);

    abstract Builder setJoinColumns(List<String> columns);

    abstract Builder setComputed(Map<String, Computed> computed);

    abstract Builder setStandIns(Map<String, Object> standIns);

    abstract Builder setSinkCluster(FlussCluster cluster);

    abstract Builder setSink(String table);

    abstract Builder setMaxKeysInFlight(int keys);

    abstract Builder setShards(int shards);

    abstract Builder setStart(Position start);

    abstract Builder setStop(Position stop);

    abstract Builder setPartitionDiscoveryInterval(Duration interval);

    abstract DeltaJoin build();
  }

  /** One side of the join. */
  record Side(FlussCluster cluster, String table, List<String> columns) {}

  /** A column made of the joined row. */
  record Computed(Schema.FieldType type, SerializableFunction<Row, @Nullable Object> function)
      implements Serializable {}

  /** A join that keeps the pairs of left and right rows. */
  public static DeltaJoin inner() {
    return create(false);
  }

  /** A join that keeps, besides the pairs, a row for each left row without a right one. */
  public static DeltaJoin leftOuter() {
    return create(true);
  }

  private static DeltaJoin create(boolean outer) {
    return new AutoValue_DeltaJoin.Builder()
        .setOuter(outer)
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
    return toBuilder().setLeft(new Side(cluster, table, List.of(columns))).build();
  }

  /** The right table and the columns wanted of it besides the join columns. Required. */
  public DeltaJoin right(FlussCluster cluster, String table, String... columns) {
    return toBuilder().setRight(new Side(cluster, table, List.of(columns))).build();
  }

  /** The columns that must be equal, of the same name in both tables. Required. */
  public DeltaJoin on(String... columns) {
    return toBuilder().setJoinColumns(List.of(columns)).build();
  }

  /**
   * A column made of the joined row, which has the join columns, then the left, then the right
   * ones; the right ones are null in the row of an outer join that has no right side. The function
   * is serialized and must be deterministic.
   */
  public DeltaJoin withComputed(
      String column, Schema.FieldType type, SerializableFunction<Row, @Nullable Object> function) {
    Map<String, Computed> all = new LinkedHashMap<>(computed());
    all.put(column, new Computed(type.withNullable(true), function));
    return toBuilder().setComputed(all).build();
  }

  /**
   * What stands in a right column of the sink for the right side that is not there. Required, in an
   * outer join, for each such column that is NOT NULL, as key columns are. In a key column it must
   * be a value that no right row has.
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

  /** How many join keys a worker computes at once: 5,000 by default, two lookups each. */
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
    FlussTable left = left().cluster().describe(left().table());
    FlussTable right = right().cluster().describe(right().table());
    FlussTable sink = sinkCluster().describe(checkArgumentNotNull(sink()));
    JoinPlan plan =
        JoinPlan.of(
            outer(),
            left,
            left().columns(),
            right,
            right().columns(),
            joinColumns(),
            computed(),
            standIns(),
            sink);

    PCollection<KV<Integer, Row>> leftKeys =
        changes(input, "left", left(), plan.joinColumns())
            .apply("Key left", ParDo.of(new TriggerFn(plan, false, shards())))
            .setCoder(plan.triggerCoder());
    PCollection<KV<Integer, Row>> rightKeys =
        changes(input, "right", right(), plan.rightKeyColumns())
            .apply("Key right", ParDo.of(new TriggerFn(plan, true, shards())))
            .setCoder(plan.triggerCoder());
    return PCollectionList.of(leftKeys)
        .and(rightKeys)
        .apply("Both sides", Flatten.pCollections())
        .apply("Look up and write", ParDo.of(new RecomputeFn(plan, maxKeysInFlight())))
        .setCoder(VarLongCoder.of());
  }

  /** Only key columns travel: a change says what to compute, not with what. */
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
        .add(DisplayData.item("joinType", outer() ? "LEFT OUTER" : "INNER"))
        .addIfNotNull(DisplayData.item("left", left() == null ? null : left().table()))
        .addIfNotNull(DisplayData.item("right", right() == null ? null : right().table()))
        .addIfNotNull(DisplayData.item("sink", sink()))
        .addIfNotNull(
            DisplayData.item("on", joinColumns() == null ? null : String.join(",", joinColumns())))
        .add(DisplayData.item("sinkUpdate", "by key of the right row"))
        .add(DisplayData.item("maxKeysInFlight", maxKeysInFlight()))
        .add(DisplayData.item("shards", shards()));
  }
}

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
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Keeps, in a KV table, how many ids the bitmaps of another one have: over all shards, for each
 * combination of values of the other columns of its primary key, a minute, say.
 *
 * <p>A change of a bitmap says only that its key is to be counted again: of the changelog, which
 * holds each bitmap twice for each union, only the key columns are read. A refresh interval later
 * the bitmaps of all shards are looked up, however many changes there were meanwhile, and the sums
 * of their cardinalities are written. So the sums are of what the table holds, and a table that
 * changes no more is counted to the last id. An answer is at least as new as the change that
 * triggered it.
 *
 * <p>Beam state: the keys that changed within the last refresh interval, with a timer for many.
 * Under replay a key is counted again, and the same is written. Lookup and write are one step, one
 * at a time for each key, so that an older sum never follows a newer one.
 *
 * <p>A refresh of a key costs as many lookups as there are shards, and the bytes of their bitmaps.
 * Rows of keys whose bitmaps are gone (a partition that was dropped) stay in the result.
 *
 * <p>With {@link #withStoppingPosition} it is a bounded step that counts each changed key once.
 *
 * <p>Gives the numbers of rows written, once they are acknowledged. Metrics: {@code
 * bitmapsLookedUp}, {@code bitmapBytes} (of these), {@code keysCounted}, {@code refreshMillis}.
 */
@AutoValue
public abstract class CountBitmaps extends PTransform<PBegin, PCollection<Long>> {
  /**
   * Keys are counted in groups, as a timer and a write for each of many would cost more than they:
   * a group at a time, so this bounds the parallelism.
   */
  private static final int GROUPS = 64;

  abstract @Nullable FlussCluster cluster();

  abstract @Nullable String table();

  abstract @Nullable IdShards shards();

  abstract @Nullable String shardColumn();

  abstract List<Count> counts();

  abstract @Nullable FlussCluster sinkCluster();

  abstract @Nullable String sink();

  abstract Duration refreshInterval();

  abstract Position start();

  abstract @Nullable Position stop();

  abstract Duration partitionDiscoveryInterval();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setCluster(FlussCluster cluster);

    abstract Builder setTable(String table);

    abstract Builder setShards(IdShards shards);

    abstract Builder setShardColumn(String column);

    abstract Builder setCounts(List<Count> counts);

    abstract Builder setSinkCluster(FlussCluster cluster);

    abstract Builder setSink(String table);

    abstract Builder setRefreshInterval(Duration interval);

    abstract Builder setStart(Position start);

    abstract Builder setStop(Position stop);

    abstract Builder setPartitionDiscoveryInterval(Duration interval);

    abstract CountBitmaps build();
  }

  /** What is counted, of one column or of what several have in common, and where it goes. */
  record Count(ArrayList<String> columns, String as) implements Serializable {
    static Count of(String as, String... columns) {
      return new Count(new ArrayList<>(List.of(columns)), as);
    }
  }

  static CountBitmaps create() {
    return new AutoValue_CountBitmaps.Builder()
        .setCounts(List.of())
        .setRefreshInterval(Duration.ofMillis(200))
        .setStart(Position.full())
        .setPartitionDiscoveryInterval(Duration.ofSeconds(10))
        .build();
  }

  /** The table of the bitmaps, a KV table that merges them. Required. */
  public CountBitmaps in(FlussCluster cluster, String table) {
    return toBuilder().setCluster(cluster).setTable(table).build();
  }

  /** As the bitmaps were collected with; the column is part of the table's key. Required. */
  public CountBitmaps withShards(IdShards shards, String column) {
    return toBuilder().setShards(shards).setShardColumn(column).build();
  }

  /**
   * Counts the ids of a bitmap column. This or {@link #countingAll} is required; both may be given
   * several times.
   *
   * @param as the column of the result, a BIGINT
   */
  public CountBitmaps counting(String column, String as) {
    return with(Count.of(as, column));
  }

  /**
   * Counts the ids that are in all of some bitmap columns: users who visited and ordered.
   *
   * @param as the column of the result, a BIGINT
   */
  public CountBitmaps countingAll(String as, String... columns) {
    if (columns.length == 0) {
      throw new IllegalArgumentException("countingAll takes the names of bitmap columns.");
    }
    return with(Count.of(as, columns));
  }

  private CountBitmaps with(Count count) {
    List<Count> all = new ArrayList<>(counts());
    all.add(count);
    return toBuilder().setCounts(all).build();
  }

  /**
   * The KV table for the counts. Its primary key has the columns of the bitmaps' one without the
   * shard. If it has more columns than are counted here, they stay as they are. Required.
   */
  public CountBitmaps to(FlussCluster cluster, String table) {
    return toBuilder().setSinkCluster(cluster).setSink(table).build();
  }

  /**
   * How long after a change of a key it is counted, and so how often at most: 200 ms by default.
   */
  public CountBitmaps withRefreshInterval(Duration interval) {
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException(
          "withRefreshInterval takes a positive duration, not " + interval);
    }
    return toBuilder().setRefreshInterval(interval).build();
  }

  /** Where to start: by default with all keys that the table has, then those that change. */
  public CountBitmaps withStartingPosition(Position start) {
    return toBuilder().setStart(start).build();
  }

  /** Where to stop, which makes this a bounded step. By default nowhere. */
  public CountBitmaps withStoppingPosition(Position stop) {
    return toBuilder().setStop(stop).build();
  }

  /** How often to look for new partitions: every 10 seconds by default. */
  public CountBitmaps withPartitionDiscoveryInterval(Duration interval) {
    return toBuilder().setPartitionDiscoveryInterval(interval).build();
  }

  @Override
  public PCollection<Long> expand(PBegin input) {
    checkArgumentNotNull(
        cluster(), "Name the table of the bitmaps with in(cluster, \"db.table\").");
    checkArgumentNotNull(shards(), "Say how ids were spread with withShards(..).");
    checkArgumentNotNull(sinkCluster(), "Name the result with to(cluster, \"db.table\").");
    FlussTable table = cluster().describe(checkArgumentNotNull(table()));
    CountPlan plan =
        CountPlan.of(
            table,
            checkArgumentNotNull(shardColumn()),
            shards(),
            counts(),
            sinkCluster().describe(checkArgumentNotNull(sink())));
    FlussIO.Read<RowChange> read =
        FlussIO.readChanges()
            .from(cluster(), table())
            .withColumns(plan.table().primaryKey().toArray(String[]::new))
            .withStartingPosition(start())
            .withPartitionDiscoveryInterval(partitionDiscoveryInterval());
    PCollection<KV<Integer, Row>> changed =
        input
            .apply("Read keys", stop() == null ? read : read.withStoppingPosition(stop()))
            .apply("Changed", ParDo.of(new ChangedFn(plan)))
            .setCoder(KvCoder.of(VarIntCoder.of(), RowCoder.of(plan.keySchema())));
    DoFn<KV<Integer, Row>, Long> count =
        changed.isBounded() == IsBounded.BOUNDED
            ? new CountFn.Once(plan)
            : new CountFn.Repeatedly(plan, refreshInterval());
    return changed.apply("Count", ParDo.of(count)).setCoder(VarLongCoder.of());
  }

  /**
   * Which key a change makes it necessary to count again; of which shard it is, does not matter.
   */
  private static final class ChangedFn extends DoFn<RowChange, KV<Integer, Row>> {
    private static final long serialVersionUID = 1L;

    private final CountPlan plan;

    ChangedFn(CountPlan plan) {
      this.plan = plan;
    }

    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<KV<Integer, Row>> out) {
      if (change.kind() != RowChange.Kind.UPDATE_BEFORE) {
        Row key = plan.keyOf(change.row());
        out.output(KV.of(Values.of(key, 0, key.getFieldCount()).shard(GROUPS), key));
      }
    }
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .addIfNotNull(DisplayData.item("bitmaps", table()))
        .addIfNotNull(DisplayData.item("sink", sink()))
        .addIfNotNull(DisplayData.item("shards", shards() == null ? null : shards().toString()))
        .add(DisplayData.item("refreshInterval", refreshInterval().toString()));
  }
}

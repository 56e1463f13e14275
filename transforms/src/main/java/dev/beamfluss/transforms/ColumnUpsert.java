package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import dev.beamfluss.io.fluss.FlussCluster;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.coders.VarLongCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.transforms.windowing.GlobalWindows;
import org.apache.beam.sdk.transforms.windowing.Window;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Counts and adds up a stream by the primary key of a wide table, and keeps some of its columns up
 * to date with the totals: each stream of a pipeline of its own, each with its own columns, of the
 * same rows. Nobody joins the streams, and one that is late holds up none of the others.
 *
 * <pre>{@code
 * orders.apply(
 *     ColumnUpsert.ofChanges()
 *         .by("shop_id", "stat_date", "stat_hour")
 *         .withPeriod(Duration.ofHours(1))
 *         .withAllowedLateness(Duration.ofHours(2))
 *         .counting("order_line_cnt")
 *         .countingDistinct("order_id", "order_cnt")
 *         .summing("pay_amount", "order_gmv")
 *         .withVersionColumn("order_version")
 *         .to(cluster, "widetable.shop_stat_wide"));
 * }</pre>
 *
 * <h2>What is written</h2>
 *
 * Totals, never differences: so a write that is repeated changes nothing. Each row of the table
 * that has changed is written once an update interval. Of changes, inserts and rows after an update
 * add, deletes and rows before an update take away: the table they come from must give both ({@code
 * table.changelog.image = FULL}), and a row that comes twice must be an update there to count once.
 * Totals are exact: integers that exceed a BIGINT fail the job, decimals are never rounded, and
 * what exceeds the table's column goes to the error handler.
 *
 * <h2>How long a row is kept</h2>
 *
 * A row of the table stands for a period of event time ({@link #withPeriod}), which is part of its
 * key as a day or an hour, say. Its totals are in Beam state until the watermark has passed the end
 * of the period by the allowed lateness; so the state is bounded by the rows of the live periods
 * and, for distinct values, by these values. What comes later is not counted, as the total it would
 * be added to is gone: it goes to the error handler, summed up for each bundle and row of the
 * table, and is counted in {@code changesTooLate}; without a handler it is also logged.
 *
 * <h2>Guarantees</h2>
 *
 * Aggregation and write are one step keyed by the row of the table, which ends a bundle only when
 * the cluster has acknowledged its writes: an older total never follows a newer one. After a
 * restore the state is older than the table. With {@link #withVersionColumn} a row is written again
 * only when its total has as many changes as the one in the table, so readers never see it go back;
 * without, it goes back to the last checkpoint until what came after it is read again. Once all is
 * read the totals are those without the failure, if the input is the same.
 *
 * <p>Where the table is an aggregation table, a column merged by {@code max} serves for counts that
 * cannot fall; {@code sum} is refused, as totals would be added to totals.
 *
 * <p>Of bounded input each row of the table is written a last time at its end. The output counts
 * the rows that were acknowledged, an element a bundle. Metrics: {@code rowsWritten}, {@code
 * rowsHeldBack}, {@code changesTooLate}, {@code changesRefused}, {@code writeMillis}, and {@code
 * latenessMillis}, how far behind the clock the latest event of a row was when it was written.
 *
 * @param <T> {@link Row} or {@link RowChange}
 */
@AutoValue
public abstract class ColumnUpsert<T> extends PTransform<PCollection<T>, PCollection<Long>> {
  private static final int DEFAULT_SHARDS = 64;
  private static final TupleTag<KV<Integer, Row>> PARTIALS = new TupleTag<>() {};
  private static final TupleTag<Long> WRITTEN = new TupleTag<>() {};

  abstract boolean changes();

  abstract List<String> by();

  abstract List<Measure> measures();

  abstract @Nullable Duration period();

  abstract Duration allowedLateness();

  abstract Duration updateInterval();

  abstract @Nullable String versionColumn();

  abstract @Nullable String latestTimeColumn();

  abstract int shards();

  abstract List<String> dimensions();

  abstract List<List<String>> groupingSets();

  abstract @Nullable String rolledUpAs();

  abstract @Nullable FlussCluster cluster();

  abstract @Nullable String table();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder<T> toBuilder();

  @AutoValue.Builder
  abstract static class Builder<T> {
    abstract Builder<T> setChanges(boolean changes);

    abstract Builder<T> setBy(List<String> columns);

    abstract Builder<T> setMeasures(List<Measure> measures);

    abstract Builder<T> setPeriod(Duration period);

    abstract Builder<T> setAllowedLateness(Duration lateness);

    abstract Builder<T> setUpdateInterval(Duration interval);

    abstract Builder<T> setVersionColumn(String column);

    abstract Builder<T> setLatestTimeColumn(String column);

    abstract Builder<T> setShards(int shards);

    abstract Builder<T> setDimensions(List<String> columns);

    abstract Builder<T> setGroupingSets(List<List<String>> sets);

    abstract Builder<T> setRolledUpAs(String value);

    abstract Builder<T> setCluster(FlussCluster cluster);

    abstract Builder<T> setTable(String table);

    abstract Builder<T> setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract ColumnUpsert<T> build();
  }

  private static <T> ColumnUpsert<T> create(boolean changes) {
    return new AutoValue_ColumnUpsert.Builder<T>()
        .setChanges(changes)
        .setBy(List.of())
        .setMeasures(List.of())
        .setAllowedLateness(Duration.ofHours(1))
        .setUpdateInterval(Duration.ofSeconds(1))
        .setShards(DEFAULT_SHARDS)
        .setDimensions(List.of())
        .setGroupingSets(List.of())
        .build();
  }

  /** Of rows, each of which counts. */
  public static ColumnUpsert<Row> ofRows() {
    return create(false);
  }

  /** Of changes, which add and take away. */
  public static ColumnUpsert<RowChange> ofChanges() {
    return create(true);
  }

  /** The columns of the input that are the primary key of the table. Required. */
  public ColumnUpsert<T> by(String... columns) {
    return toBuilder().setBy(List.of(columns)).build();
  }

  /**
   * Keeps how many rows there are. This, {@link #summing} or {@link #countingDistinct} is required;
   * all may be given several times.
   *
   * @param as the column of the table, a BIGINT
   */
  public ColumnUpsert<T> counting(String as) {
    return with(new Measure(Measure.Kind.COUNT, null, as));
  }

  /**
   * Keeps the sum of a column; nulls add nothing.
   *
   * @param column an integer or DECIMAL
   * @param as the column of the table, a BIGINT or DECIMAL
   */
  public ColumnUpsert<T> summing(String column, String as) {
    return with(new Measure(Measure.Kind.SUM, column, as));
  }

  /**
   * Keeps how many different values a column has; null is none. The values of live periods are in
   * Beam state, so that one can go when all its rows are taken away: meant for orders, say. For
   * users of whom there are many use {@link BitmapUv}.
   *
   * @param column an integer or STRING
   * @param as the column of the table, a BIGINT
   */
  public ColumnUpsert<T> countingDistinct(String column, String as) {
    return with(new Measure(Measure.Kind.DISTINCT, column, as));
  }

  private ColumnUpsert<T> with(Measure measure) {
    List<Measure> all = new ArrayList<>(measures());
    all.add(measure);
    return toBuilder().setMeasures(all).build();
  }

  /**
   * How much event time a row of the table covers, beginning at multiples of it in UTC: an hour if
   * the key has the hour. Never less than that, or a row's total would start anew. Required.
   */
  public ColumnUpsert<T> withPeriod(Duration period) {
    if (period.isNegative() || period.isZero()) {
      throw new IllegalArgumentException(
          "withPeriod takes how long a row of the table lasts, a positive duration, not " + period);
    }
    return toBuilder().setPeriod(period).build();
  }

  /**
   * How long after the end of its period a row is still counted, in event time: one hour by
   * default.
   */
  public ColumnUpsert<T> withAllowedLateness(Duration lateness) {
    if (lateness.isNegative()) {
      throw new IllegalArgumentException(
          "withAllowedLateness takes zero or a positive duration, not " + lateness);
    }
    return toBuilder().setAllowedLateness(lateness).build();
  }

  /**
   * How long after a change its row is written at most, and how often at most: 1 second by default.
   */
  public ColumnUpsert<T> withUpdateInterval(Duration interval) {
    if (interval.isNegative() || interval.isZero()) {
      throw new IllegalArgumentException(
          "withUpdateInterval takes a positive duration, not " + interval);
    }
    return toBuilder().setUpdateInterval(interval).build();
  }

  /**
   * A column for how many changes a total has seen, which keeps totals from going back after a
   * failure. Costs a lookup of each row that a worker meets for the first time since it started. A
   * row whose total still has fewer changes than the table when its period ends, since the input is
   * not what it was, stays as it is and goes to the error handler.
   *
   * @param column of the table, a BIGINT that nobody else writes
   */
  public ColumnUpsert<T> withVersionColumn(String column) {
    return toBuilder().setVersionColumn(column).build();
  }

  /**
   * A column for the event time of the latest row that was counted: how fresh the others are.
   *
   * @param column of the table, a BIGINT (milliseconds since the epoch) or TIMESTAMP_LTZ
   */
  public ColumnUpsert<T> withLatestTimeColumn(String column) {
    return toBuilder().setLatestTimeColumn(column).build();
  }

  /**
   * Over how many keys of the step the rows of the table are spread, which bounds its parallelism:
   * 64 by default. Must stay as it is where a job is restored.
   */
  public ColumnUpsert<T> withShards(int shards) {
    if (shards < 1) {
      throw new IllegalArgumentException("withShards takes at least 1, not " + shards);
    }
    return toBuilder().setShards(shards).build();
  }

  /**
   * Counts a row not for its key alone, but for one key a set, as SQL's GROUPING SETS: dimensions
   * that are in a set have the row's value, the others one that stands for all values. Columns of
   * {@link #by} that are no dimension always have the row's. Rows are rolled up after those of a
   * bundle are added up, so that many sets cost little while the bundles are large beside the
   * number of keys in them.
   *
   * @param all what stands for all values, which a primary key cannot have NULL for; a row that has
   *     it in a dimension goes to the error handler
   * @param dimensions STRING columns of {@link #by}
   * @param sets at most 1,024, each of some dimensions; an empty one keeps the sum of all
   */
  public ColumnUpsert<T> withGroupingSets(
      String all, List<String> dimensions, List<List<String>> sets) {
    GroupingSets.checkSets("withGroupingSets", dimensions, sets);
    return toBuilder()
        .setRolledUpAs(all)
        .setDimensions(List.copyOf(dimensions))
        .setGroupingSets(sets.stream().map(List::copyOf).toList())
        .build();
  }

  /**
   * {@link #withGroupingSets} of all combinations of these columns, as SQL's CUBE: twice as many
   * keys a row for each column, so 10 at most.
   */
  public ColumnUpsert<T> withCube(String all, String... columns) {
    List<String> dimensions = List.of(columns);
    return withGroupingSets(all, dimensions, GroupingSets.cube("withCube", dimensions));
  }

  /** The wide table, a KV table; columns that are not named here stay as they are. Required. */
  public ColumnUpsert<T> to(FlussCluster cluster, String table) {
    return toBuilder().setCluster(cluster).setTable(table).build();
  }

  /**
   * Where rows go that cannot be counted, with a null in a column of the key, or too late; and
   * totals that the table's columns cannot hold, or that were held back to the end. Without this
   * the first and the third fail the job, the others are logged.
   */
  public ColumnUpsert<T> withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  @Override
  public PCollection<Long> expand(PCollection<T> input) {
    checkArgumentNotNull(period(), "Say how long a row of the table lasts with withPeriod(..).");
    checkArgumentNotNull(cluster(), "Name the wide table with to(cluster, \"db.table\").");
    UpsertPlan plan = UpsertPlan.of(this, schema(input.getCoder()));
    KvCoder<Integer, Row> partialCoder =
        KvCoder.of(VarIntCoder.of(), RowCoder.of(plan.partialSchema()));
    boolean keepBad = errorHandler() != null;
    PCollectionTuple partials =
        input
            .apply("One window", Window.into(new GlobalWindows()))
            .apply(
                "Add up bundles",
                ParDo.of(new PartialTotalsFn<T>(plan, shards(), keepBad))
                    .withOutputTags(PARTIALS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollectionTuple written =
        partials
            .get(PARTIALS)
            .setCoder(partialCoder)
            .apply(
                "Keep totals",
                ParDo.of(new TotalsFn(plan, allowedLateness(), updateInterval(), keepBad))
                    .withOutputTags(WRITTEN, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    Coder<BadRecord> badCoder = BadRecord.getCoder(input.getPipeline());
    PCollection<BadRecord> bad =
        PCollectionList.of(partials.get(BadRecordRouter.BAD_RECORD_TAG).setCoder(badCoder))
            .and(written.get(BadRecordRouter.BAD_RECORD_TAG).setCoder(badCoder))
            .apply("All that is not counted", Flatten.pCollections());
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(bad);
    }
    return written.get(WRITTEN).setCoder(VarLongCoder.of());
  }

  private Schema schema(Coder<T> coder) {
    if (changes() && coder instanceof RowChangeCoder of) {
      return of.schema();
    }
    if (!changes() && coder instanceof RowCoder of) {
      return of.getSchema();
    }
    throw new IllegalArgumentException(
        String.format(
            "The input must have the coder of %s with a schema, not %s.",
            changes() ? "RowChange" : "Row", coder));
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .addIfNotNull(DisplayData.item("sink", table()))
        .add(DisplayData.item("by", String.join(",", by())))
        .add(
            DisplayData.item(
                "columns", String.join(",", measures().stream().map(Measure::as).toList())))
        .addIfNotNull(DisplayData.item("period", period() == null ? null : period().toString()))
        .add(DisplayData.item("allowedLateness", allowedLateness().toString()))
        .add(DisplayData.item("updateInterval", updateInterval().toString()))
        .addIfNotNull(DisplayData.item("versionColumn", versionColumn()))
        .addIfNotDefault(DisplayData.item("groupingSets", groupingSets().toString()), "[]")
        .addIfNotNull(DisplayData.item("rolledUpAs", rolledUpAs()))
        .add(DisplayData.item("shards", shards()));
  }
}

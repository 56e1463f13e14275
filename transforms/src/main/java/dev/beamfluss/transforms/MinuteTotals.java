package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.time.Duration;
import java.time.ZoneId;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.coders.StringUtf8Coder;
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
 * What a source has had since the beginning of the day, for each minute of it: orders and what they
 * cost, so far.
 *
 * <pre>{@code
 * orderLines
 *     .apply(
 *         MinuteTotals.of("order_source")
 *             .countingDistinct("order_id", "order_cnt")
 *             .summing("amount", "order_gmv"))    // ds, mm, order_source, order_cnt, order_gmv, ..
 *     .apply(FlussIO.write().to(cluster, "forecast.order_dtm"));
 * }</pre>
 *
 * <h2>Which rows there are</h2>
 *
 * <ul>
 *   <li>A source that has a row on a day has one for each of the day's 1,440 minutes in the end:
 *       each as soon as the watermark has passed the minute, whether it has rows or not. The first
 *       row of a day brings the minutes before it, with zeros. So there is no gap, and a baseline
 *       or a forecast finds a total at every minute.
 *   <li>A source that has no row on a day has none of that day.
 *   <li>The latest minute that has a row is given before it is over, too, {@link
 *       #withUpdateInterval} after a row at most.
 *   <li>A late row gives its minute and all after it again, those that were given before.
 *   <li>The clock is the watermark, not rows: a source without any has its minutes all the same. It
 *       stops at 2359; a bounded input ends there, and not a day later.
 * </ul>
 *
 * <p>A row belongs to the day and the minute of its event time by the clock of {@link
 * #withTimeColumns}. On the day that has 25 hours two minutes of one name are one; minutes that a
 * day of 23 hours lacks have the total of the one before.
 *
 * <h2>Out</h2>
 *
 * The day ({@code yyyyMMdd}), the minute ({@code HHmm}), the source; the count, INT64; the sum, if
 * asked for, DECIMAL; and the version, INT64: how many rows the totals are made of.
 *
 * <h2>Guarantees</h2>
 *
 * <p>Once the watermark has passed a minute, and what is late has come, the last row given of it is
 * a function of the input's rows alone: in any order, in any bundles, on any runner. All rows are
 * totals, so they are to be upserted by day, minute and source; written again, they change nothing.
 * A step behind may see rows of one minute in another order, and after a restore sees older totals
 * again: with the table option {@code table.merge-engine} = {@code versioned} on the version's
 * column neither brings a total back.
 *
 * <p>A row counts as often as it is in the input; with {@link #countingDistinct} it counts once,
 * but its amount adds up. What comes later than {@link #withAllowedLateness} after the end of its
 * day goes to the error handler; the counter {@code rowsTooLate} tells how many. Before the first
 * watermark after a restore it is not known to be late, and gives totals of its own, which the
 * version keeps from replacing what there was. The counters {@code totalsGiven} and, of these,
 * {@code totalsGivenAgain} tell what late rows cost.
 *
 * <p><b>State</b>: of each source and day until then, what its minutes had, some 10 KB at most, and
 * with {@link #countingDistinct} the ids.
 */
@AutoValue
public abstract class MinuteTotals extends PTransform<PCollection<Row>, PCollection<Row>> {
  static final TupleTag<KV<KV<String, String>, Row>> PLACED = new TupleTag<>() {};
  static final TupleTag<Row> TOTALS = new TupleTag<>() {};

  abstract String sourceColumn();

  abstract @Nullable Measure count();

  abstract @Nullable Measure sum();

  abstract String versionColumn();

  abstract String dayColumn();

  abstract String minuteColumn();

  abstract ZoneId zone();

  abstract Duration allowedLateness();

  abstract Duration updateInterval();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setSourceColumn(String column);

    abstract Builder setCount(Measure count);

    abstract Builder setSum(Measure sum);

    abstract Builder setVersionColumn(String column);

    abstract Builder setDayColumn(String column);

    abstract Builder setMinuteColumn(String column);

    abstract Builder setZone(ZoneId zone);

    abstract Builder setAllowedLateness(Duration lateness);

    abstract Builder setUpdateInterval(Duration interval);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract MinuteTotals build();
  }

  /**
   * Of each source by itself.
   *
   * @param sourceColumn the STRING column that tells the source; a row that has null there goes to
   *     the error handler
   */
  public static MinuteTotals of(String sourceColumn) {
    return new AutoValue_MinuteTotals.Builder()
        .setSourceColumn(sourceColumn)
        .setVersionColumn("version")
        .setDayColumn("ds")
        .setMinuteColumn("mm")
        .setZone(ZoneId.of("UTC"))
        .setAllowedLateness(Duration.ofHours(24))
        .setUpdateInterval(Duration.ofSeconds(1))
        .build();
  }

  /** How many rows there are. This or {@link #countingDistinct} is required. */
  public MinuteTotals counting(String as) {
    return toBuilder().setCount(new Measure(Measure.Kind.COUNT, null, as)).build();
  }

  /**
   * How many different values a column has on the day, such as orders of lines of orders. A value
   * counts in the earliest minute that has it, in whatever order its rows come.
   *
   * @param column an integer or STRING; a row that has null there goes to the error handler
   */
  public MinuteTotals countingDistinct(String column, String as) {
    return toBuilder().setCount(new Measure(Measure.Kind.DISTINCT, column, as)).build();
  }

  /**
   * The sum of a column besides: none by default. Null adds nothing.
   *
   * @param column an integer or DECIMAL
   */
  public MinuteTotals summing(String column, String as) {
    return toBuilder().setSum(new Measure(Measure.Kind.SUM, column, as)).build();
  }

  /** The output's column of how many rows a total is made of: {@code version} by default. */
  public MinuteTotals withVersionColumn(String column) {
    return toBuilder().setVersionColumn(column).build();
  }

  /**
   * The output's columns of day and minute, and the zone that both are of: {@code ds}, {@code mm}
   * and UTC by default.
   */
  public MinuteTotals withTimeColumns(String day, String minute, ZoneId zone) {
    return toBuilder().setDayColumn(day).setMinuteColumn(minute).setZone(zone).build();
  }

  /** How long after the end of its day, in event time, a row still counts: 24 hours by default. */
  public MinuteTotals withAllowedLateness(Duration lateness) {
    if (lateness.isNegative()) {
      throw new IllegalArgumentException(
          "withAllowedLateness takes zero or a positive duration, not " + lateness);
    }
    return toBuilder().setAllowedLateness(lateness).build();
  }

  /** How long after a row its minute is given, at most: 1 second by default. */
  public MinuteTotals withUpdateInterval(Duration interval) {
    if (interval.toMillis() < 1) {
      throw new IllegalArgumentException(
          "withUpdateInterval takes a duration of at least a millisecond, not " + interval);
    }
    return toBuilder().setUpdateInterval(interval).build();
  }

  /**
   * Where rows go that have no source or no id, or that are too late. Without this the first fail
   * the job, the others are logged.
   */
  public MinuteTotals withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  /**
   * The totals.
   *
   * @throws IllegalArgumentException if the input lacks a column, or one has another type
   */
  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    Measure count =
        checkArgumentNotNull(
            count(), "Name the count with counting(..) or countingDistinct(\"id\", ..).");
    Schema rows = input.getSchema();
    new Measure(Measure.Kind.DISTINCT, sourceColumn(), sourceColumn()).check(rows);
    count.check(rows);
    if (sum() != null) {
      sum().check(rows);
    }
    PCollectionTuple placed =
        input
            .apply("One window", Window.into(new GlobalWindows()))
            .apply(
                "Find day and minute",
                ParDo.of(new PlaceFn(this, rows))
                    .withOutputTags(PLACED, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollectionTuple totals =
        placed
            .get(PLACED)
            .setCoder(
                KvCoder.of(
                    KvCoder.of(StringUtf8Coder.of(), StringUtf8Coder.of()),
                    RowCoder.of(PlaceFn.ARRIVED)))
            .apply(
                "Add up",
                ParDo.of(new MinuteTotalsFn(this))
                    .withOutputTags(TOTALS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        PCollectionList.of(bad(placed)).and(bad(totals)).apply("Refused", Flatten.pCollections());
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(bad);
    }
    return totals.get(TOTALS).setRowSchema(schema());
  }

  private static PCollection<BadRecord> bad(PCollectionTuple outputs) {
    return outputs
        .get(BadRecordRouter.BAD_RECORD_TAG)
        .setCoder(BadRecord.getCoder(outputs.getPipeline()));
  }

  /** Of what comes out. */
  Schema schema() {
    Schema.Builder schema =
        Schema.builder()
            .addStringField(dayColumn())
            .addStringField(minuteColumn())
            .addStringField(sourceColumn())
            .addInt64Field(count().as());
    if (sum() != null) {
      schema.addDecimalField(sum().as());
    }
    return schema.addInt64Field(versionColumn()).build();
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("source", sourceColumn()))
        .addIfNotNull(DisplayData.item("count", count() == null ? null : count().as()))
        .addIfNotNull(DisplayData.item("sum", sum() == null ? null : sum().as()))
        .add(DisplayData.item("zone", zone().getId()))
        .add(DisplayData.item("allowedLateness", allowedLateness().toString()))
        .add(DisplayData.item("updateInterval", updateInterval().toString()));
  }
}

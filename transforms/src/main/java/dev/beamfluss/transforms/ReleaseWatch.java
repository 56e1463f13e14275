package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.VarIntCoder;
import org.apache.beam.sdk.schemas.Schema;
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
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Watches a canary release: compares it with the baseline in each cell of a cube, and gives alerts
 * where it is not the same. Scenario 4 of the reference.
 *
 * <pre>{@code
 * logs.apply(
 *         ReleaseWatch.comparing("release_type", "grey", "base")
 *             .by("client", "app_version", "page")
 *             .ofKinds("event")
 *             .withTraffic("page_view"))
 *     .apply(FlussIO.write().to(cluster, "canary.alerts"));   // primary key alert_id
 * }</pre>
 *
 * <h2>What is compared</h2>
 *
 * Of each cell and each kind of event but the traffic, how many there are per unit of traffic of
 * the same cell. Of the traffic, the cell's share of all traffic; and of all traffic, that the
 * canary has not fallen silent. So the canary may have any part of the users, and that part may
 * change.
 *
 * <p>The cells are those of the grouping sets, by default the total, each dimension alone, and all
 * together. A dimension that tells the releases apart, as a version of its own, has no place among
 * them, as one of both is missing in each of its cells, which is what alerts are for.
 *
 * <h2>When an alert is raised</h2>
 *
 * Each comparison is a sequential test, which stays valid however often one looks: an e-process of
 * the canary's count given that of both, against all rates within a {@linkplain #withTolerance
 * tolerated} band; a test at a fixed level that is repeated every second finds something in any
 * release. Of all comparisons together the e-BH procedure chooses, whatever the dependence between
 * the cells. Where canary and baseline are the same, the probability of any alert is at most {@link
 * #withFalseAlertsPerDay} a day; where some cells are not, that is the expected share of wrong
 * alerts. This holds if counts vary by no more than the {@linkplain #withDispersion dispersion}
 * says. An alert needs a {@linkplain #withMinimumVolume minimum volume} besides.
 *
 * <p>It is cleared once the last while looks well ({@link #withClearAfter}), and the comparison
 * begins anew. All of this is decided by the event time of the rows.
 *
 * <h2>Output</h2>
 *
 * A row ({@link #alertSchema}) when an alert is raised, every {@linkplain #withUpdateInterval so
 * often} while it lasts, and at its end; to be upserted by {@code alert_id}.
 *
 * <ul>
 *   <li>{@code state}: RAISED, CLEARED, or EXPIRED where there is nothing to compare any more;
 *       {@code direction}: RATE_UP, RATE_DOWN, or SILENT where the canary has none
 *   <li>the dimensions, "" where one is rolled up and {@value #NO_VALUE} where rows have no value;
 *       {@code kind}
 *   <li>{@code raised_at}, {@code updated_at}, {@code cleared_at} (null before), {@code
 *       evidence_since}: event times
 *   <li>{@code canary_events}, {@code base_events}, {@code canary_traffic}, {@code base_traffic}:
 *       since {@code evidence_since}; {@code canary_rate}, {@code base_rate}, {@code rate_ratio}:
 *       their quotients, null where there is no traffic. Of the traffic of a cell, the traffic is
 *       that of all cells; of all traffic, that which there would have been
 *   <li>{@code log_evidence} against no difference, {@code log_threshold} that it had to reach
 *       (natural logarithms), {@code hypotheses} that were tested
 * </ul>
 *
 * <h2>Guarantees and limits</h2>
 *
 * An alert has the same id whenever the same data come to it: a bundle that is replayed, and a job
 * that is restored, give the same rows again. Looks are at times of the clock, so a replay from the
 * start may raise an alert some hundred milliseconds sooner or later.
 *
 * <p>What the bundles add up meets in one key, so in one worker: some hundred thousand sums of
 * cells a second are fine, which depends on cells and bundles, not on rows. State is bounded by the
 * live cells and kinds; a cell without rows for {@link #withCellTimeout} goes.
 *
 * <p>The clock is the latest event time. Rows from the future move it; a leap by more than the
 * timeout must be seen in two looks. Bounded input should come in about the order of its time.
 *
 * <p>Metrics: {@code alertsRaised}, {@code alertsEnded}, {@code hypotheses}, {@code lookMillis},
 * {@code rowsOfOtherReleases}, {@code rowsRefused}.
 */
@AutoValue
public abstract class ReleaseWatch extends PTransform<PCollection<Row>, PCollection<Row>> {
  /** Stands for null and for "" in a dimension. */
  public static final String NO_VALUE = "(none)";

  private static final int MAX_DIMENSIONS = 16;
  private static final int TOTAL = 0;
  private static final TupleTag<KV<Integer, CellSums>> SUMS = new TupleTag<>() {};

  abstract String labelColumn();

  abstract String canary();

  abstract String base();

  abstract List<String> dimensions();

  abstract List<List<String>> groupingSets();

  abstract @Nullable String kindColumn();

  abstract @Nullable String traffic();

  abstract double tolerance();

  abstract double trafficTolerance();

  abstract double dispersion();

  abstract double trafficDispersion();

  abstract double falseAlertsPerDay();

  abstract long minimumTraffic();

  abstract long minimumEvents();

  abstract Duration clearAfter();

  abstract Duration updateInterval();

  abstract Duration lookInterval();

  abstract Duration cellTimeout();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setLabelColumn(String column);

    abstract Builder setCanary(String label);

    abstract Builder setBase(String label);

    abstract Builder setDimensions(List<String> columns);

    abstract Builder setGroupingSets(List<List<String>> sets);

    abstract Builder setKindColumn(String column);

    abstract Builder setTraffic(String kind);

    abstract Builder setTolerance(double tolerance);

    abstract Builder setTrafficTolerance(double tolerance);

    abstract Builder setDispersion(double dispersion);

    abstract Builder setTrafficDispersion(double dispersion);

    abstract Builder setFalseAlertsPerDay(double alerts);

    abstract Builder setMinimumTraffic(long rows);

    abstract Builder setMinimumEvents(long rows);

    abstract Builder setClearAfter(Duration time);

    abstract Builder setUpdateInterval(Duration interval);

    abstract Builder setLookInterval(Duration interval);

    abstract Builder setCellTimeout(Duration timeout);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract ReleaseWatch build();
  }

  /**
   * Compares two releases; rows of others are left out.
   *
   * @param labelColumn which release a row is of, a STRING
   */
  public static ReleaseWatch comparing(String labelColumn, String canary, String base) {
    if (canary.equals(base)) {
      throw new IllegalArgumentException(
          String.format(
              "comparing takes the labels of two releases in column %s, not %s twice.",
              labelColumn, canary));
    }
    return new AutoValue_ReleaseWatch.Builder()
        .setLabelColumn(labelColumn)
        .setCanary(canary)
        .setBase(base)
        .setDimensions(List.of())
        .setGroupingSets(List.of())
        .setTolerance(0.05)
        .setTrafficTolerance(1.0)
        .setDispersion(2)
        .setTrafficDispersion(4)
        .setFalseAlertsPerDay(0.01)
        .setMinimumTraffic(20)
        .setMinimumEvents(10)
        .setClearAfter(Duration.ofMinutes(1))
        .setUpdateInterval(Duration.ofSeconds(5))
        .setLookInterval(Duration.ofMillis(200))
        .setCellTimeout(Duration.ofHours(1))
        .build();
  }

  /** The dimensions of the cube, STRING columns, up to 16. None by default: the total alone. */
  public ReleaseWatch by(String... columns) {
    if (columns.length > MAX_DIMENSIONS) {
      throw new IllegalArgumentException(
          String.format("by takes up to %d columns, not %d.", MAX_DIMENSIONS, columns.length));
    }
    return toBuilder().setDimensions(List.of(columns)).build();
  }

  /**
   * Watches the cells of some of the dimensions, the others rolled up. May be given several times,
   * and takes the place of the default, which is each dimension alone and all together. The total
   * is always watched.
   */
  public ReleaseWatch withGroupingSet(String... columns) {
    List<List<String>> sets = new ArrayList<>(groupingSets());
    sets.add(List.of(columns));
    return toBuilder().setGroupingSets(List.copyOf(sets)).build();
  }

  /**
   * What kind of event a row is. Required.
   *
   * @param column a STRING without nulls, with few different values
   */
  public ReleaseWatch ofKinds(String column) {
    return toBuilder().setKindColumn(column).build();
  }

  /** The kind that the others are counted per: page views, say. Required. */
  public ReleaseWatch withTraffic(String kind) {
    return toBuilder().setTraffic(kind).build();
  }

  /**
   * What is too little to matter: 0.05, the default, never finds a rate between 1/1.05 and 1.05
   * times that of the baseline. A change must exceed it to be found, and is found sooner the more
   * it does. Users of a canary who differ from the others ask for more.
   */
  public ReleaseWatch withTolerance(double tolerance) {
    return toBuilder().setTolerance(notNegative("withTolerance", tolerance)).build();
  }

  /**
   * The same for a cell's share of the traffic. 1 by default, from half to double: who is in a
   * canary does not visit quite the same pages, and where one falls silent, the others' shares
   * grow.
   */
  public ReleaseWatch withTrafficTolerance(double tolerance) {
    return toBuilder().setTrafficTolerance(notNegative("withTrafficTolerance", tolerance)).build();
  }

  /**
   * How much more than independent events counts vary, as variance over mean: about how many one
   * user gives at a time. Less than the truth gives false alerts, more makes alerts later.
   *
   * @param events per unit of traffic, 2 by default; what is more frequent than the traffic is
   *     taken to come in groups besides
   * @param traffic 4 by default
   */
  public ReleaseWatch withDispersion(double events, double traffic) {
    if (!(events >= 1 && traffic >= 1)) {
      throw new IllegalArgumentException(
          String.format(
              "withDispersion takes at least 1, which is independent events, not %s and %s.",
              events, traffic));
    }
    return toBuilder().setDispersion(events).setTrafficDispersion(traffic).build();
  }

  /**
   * The level of the test: the probability of an alert in a day without any difference, and the
   * expected share of wrong alerts where there are some. 0.01 by default.
   */
  public ReleaseWatch withFalseAlertsPerDay(double alerts) {
    if (!(alerts > 0 && alerts < 1)) {
      throw new IllegalArgumentException(
          "withFalseAlertsPerDay takes a probability between 0 and 1, not " + alerts);
    }
    return toBuilder().setFalseAlertsPerDay(alerts).build();
  }

  /**
   * What there must be before a cell is judged.
   *
   * @param traffic of canary and baseline each, for every comparison of rates: 20 by default
   * @param events that the canary has, or should have had, for an alert: 10 by default
   */
  public ReleaseWatch withMinimumVolume(long traffic, long events) {
    if (traffic < 1 || events < 1) {
      throw new IllegalArgumentException(
          String.format(
              "withMinimumVolume takes at least 1 and 1, not %d and %d.", traffic, events));
    }
    return toBuilder().setMinimumTraffic(traffic).setMinimumEvents(events).build();
  }

  /**
   * How long all must look well before an alert is cleared, in event time: 1 minute by default.
   * Well is a rate that chance may put within the tolerance, over a trailing window whose half-life
   * is half of this.
   */
  public ReleaseWatch withClearAfter(Duration time) {
    return toBuilder().setClearAfter(positive("withClearAfter", time)).build();
  }

  /** How often a lasting alert is given again at most, in event time: 5 seconds by default. */
  public ReleaseWatch withUpdateInterval(Duration interval) {
    return toBuilder().setUpdateInterval(positive("withUpdateInterval", interval)).build();
  }

  /** How long rows wait until they are looked at: 200 milliseconds by default. */
  public ReleaseWatch withLookInterval(Duration interval) {
    return toBuilder().setLookInterval(positive("withLookInterval", interval)).build();
  }

  /**
   * How long a cell is kept without rows, and all of them without rows of the canary, in event
   * time: 1 hour by default. Their alerts expire then.
   */
  public ReleaseWatch withCellTimeout(Duration timeout) {
    return toBuilder().setCellTimeout(positive("withCellTimeout", timeout)).build();
  }

  /** Where rows go that have no kind. Without this they fail the job. */
  public ReleaseWatch withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  private static double notNegative(String option, double value) {
    if (!(value >= 0)) {
      throw new IllegalArgumentException(option + " takes zero or a positive number, not " + value);
    }
    return value;
  }

  private static Duration positive(String option, Duration duration) {
    if (duration.toMillis() < 1) {
      throw new IllegalArgumentException(
          option + " takes a duration of at least a millisecond, not " + duration);
    }
    return duration;
  }

  /** The columns of alerts with such dimensions. */
  public static Schema alertSchema(String... dimensions) {
    return ReleaseAlert.schema(List.of(dimensions));
  }

  @Override
  public PCollection<Row> expand(PCollection<Row> input) {
    checkArgumentNotNull(kindColumn(), "Name the column of the kinds with ofKinds(..).");
    checkArgumentNotNull(
        traffic(), "Say which kind the others are counted per with withTraffic(..).");
    Schema rows = input.getSchema();
    checkColumns(rows);
    checkDimensions();
    Schema alerts = ReleaseAlert.schema(dimensions());
    PCollectionTuple sums =
        input
            .apply("One window", Window.into(new GlobalWindows()))
            .apply(
                "Add up bundles",
                ParDo.of(new CellSumsFn(this, rows))
                    .withOutputTags(SUMS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
    PCollection<BadRecord> bad =
        sums.get(BadRecordRouter.BAD_RECORD_TAG).setCoder(BadRecord.getCoder(input.getPipeline()));
    if (errorHandler() != null) {
      errorHandler().addErrorCollection(bad);
    }
    return sums.get(SUMS)
        .setCoder(KvCoder.of(VarIntCoder.of(), CellSums.CODER))
        .apply("Compare", ParDo.of(new WatchFn(settings(), lookInterval(), alerts)))
        .setRowSchema(alerts);
  }

  private void checkColumns(Schema rows) {
    List<String> columns = new ArrayList<>(dimensions());
    columns.add(labelColumn());
    columns.add(kindColumn());
    HashSet<String> different = new HashSet<>();
    for (String column : columns) {
      if (!rows.hasField(column)) {
        throw new IllegalArgumentException(
            String.format("The input has no column %s, only %s.", column, rows.getFieldNames()));
      }
      if (rows.getField(column).getType().getTypeName() != Schema.TypeName.STRING) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is a %s: the watch takes STRING columns, so convert it before.",
                column, rows.getField(column).getType().getTypeName()));
      }
      if (!different.add(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Column %s is named twice: as a dimension, the release or the kind.", column));
      }
    }
  }

  private void checkDimensions() {
    Schema others = ReleaseAlert.schema(List.of());
    for (String dimension : dimensions()) {
      if (others.hasField(dimension)) {
        throw new IllegalArgumentException(
            String.format("Dimension %s is also a column of alerts: rename it before.", dimension));
      }
    }
  }

  /** Of each grouping set a number whose bits are the dimensions that it keeps. */
  int[] groupingSetBits() {
    HashSet<Integer> sets = new HashSet<>();
    sets.add(TOTAL);
    if (groupingSets().isEmpty()) {
      dimensions().forEach(dimension -> sets.add(bits(List.of(dimension))));
      sets.add(bits(dimensions()));
    }
    groupingSets().forEach(set -> sets.add(bits(set)));
    return sets.stream().mapToInt(Integer::intValue).sorted().toArray();
  }

  private int bits(List<String> set) {
    int bits = 0;
    for (String column : set) {
      int dimension = dimensions().indexOf(column);
      if (dimension < 0) {
        throw new IllegalArgumentException(
            String.format(
                "withGroupingSet names column %s, which is none of the dimensions %s.",
                column, dimensions()));
      }
      bits |= 1 << dimension;
    }
    return bits;
  }

  WatchSettings settings() {
    return new WatchSettings(
        traffic(),
        tolerance(),
        trafficTolerance(),
        dispersion(),
        trafficDispersion(),
        falseAlertsPerDay(),
        minimumTraffic(),
        minimumEvents(),
        clearAfter().toMillis(),
        updateInterval().toMillis(),
        cellTimeout().toMillis());
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .add(DisplayData.item("releases", labelColumn() + ": " + canary() + " against " + base()))
        .add(DisplayData.item("by", String.join(",", dimensions())))
        .add(DisplayData.item("groupingSets", groupingSets().toString()))
        .addIfNotNull(DisplayData.item("kinds", kindColumn()))
        .addIfNotNull(DisplayData.item("traffic", traffic()))
        .add(DisplayData.item("tolerance", tolerance()))
        .add(DisplayData.item("trafficTolerance", trafficTolerance()))
        .add(DisplayData.item("dispersion", dispersion()))
        .add(DisplayData.item("trafficDispersion", trafficDispersion()))
        .add(DisplayData.item("falseAlertsPerDay", falseAlertsPerDay()))
        .add(DisplayData.item("minimumTraffic", minimumTraffic()))
        .add(DisplayData.item("minimumEvents", minimumEvents()))
        .add(DisplayData.item("clearAfter", clearAfter().toString()))
        .add(DisplayData.item("updateInterval", updateInterval().toString()))
        .add(DisplayData.item("lookInterval", lookInterval().toString()))
        .add(DisplayData.item("cellTimeout", cellTimeout().toString()));
  }
}

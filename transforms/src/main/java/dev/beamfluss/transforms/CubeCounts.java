package dev.beamfluss.transforms;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import dev.beamfluss.io.fluss.FlussCluster;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Counts rows by the minute and by combinations of columns, as SQL's {@code COUNT(*) .. GROUP BY
 * CUBE} or {@code GROUPING SETS}, and keeps the counts in a KV table.
 *
 * <pre>{@code
 * logs.apply(
 *     CubeCounts.of("client", "app_version", "page", "event")
 *         .by("release_type")
 *         .counting("pv")
 *         .to(cluster, "canary.ads_gray_monitoring_permm_ri"));
 * }</pre>
 *
 * <p>The table's primary key is the day ({@code yyyyMMdd}) and minute ({@code HHmm}) of a row's
 * event time, the columns of {@link #by}, and the dimensions. A column that is added up over has a
 * value that stands for all, one that is null a value for that, as a primary key has neither NULL.
 *
 * <p><b>Guarantees.</b> The counts are totals, written once an update interval; a row counts once
 * however often a bundle is replayed, and a row that is in the input twice counts twice, as {@code
 * COUNT(*)} does. What is late counts until {@link #withAllowedLateness} has passed and goes to the
 * error handler from then on. With {@link #withVersionColumn} a count never goes back after a
 * restore. All of that, the state, which is bounded by the cells of live minutes, and the metrics
 * are those of {@link ColumnUpsert}, which this is made of.
 *
 * <p><b>Cost.</b> The rows of a bundle are added up by their own values first, and rolled up then:
 * a row costs a hash, a cell of a bundle as much as it has grouping sets.
 */
@AutoValue
public abstract class CubeCounts extends PTransform<PCollection<Row>, PCollection<Long>> {
  abstract List<String> alwaysBy();

  abstract List<String> dimensions();

  abstract @Nullable List<List<String>> groupingSets();

  abstract String rolledUpAs();

  abstract String nullsAs();

  abstract String dayColumn();

  abstract String minuteColumn();

  abstract ZoneId zone();

  abstract @Nullable String countColumn();

  abstract @Nullable String versionColumn();

  abstract @Nullable String latestTimeColumn();

  abstract Duration allowedLateness();

  abstract Duration updateInterval();

  abstract @Nullable FlussCluster cluster();

  abstract @Nullable String table();

  abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

  abstract Builder toBuilder();

  @AutoValue.Builder
  abstract static class Builder {
    abstract Builder setAlwaysBy(List<String> columns);

    abstract Builder setDimensions(List<String> columns);

    abstract Builder setGroupingSets(List<List<String>> sets);

    abstract Builder setRolledUpAs(String value);

    abstract Builder setNullsAs(String value);

    abstract Builder setDayColumn(String column);

    abstract Builder setMinuteColumn(String column);

    abstract Builder setZone(ZoneId zone);

    abstract Builder setCountColumn(String column);

    abstract Builder setVersionColumn(String column);

    abstract Builder setLatestTimeColumn(String column);

    abstract Builder setAllowedLateness(Duration lateness);

    abstract Builder setUpdateInterval(Duration interval);

    abstract Builder setCluster(FlussCluster cluster);

    abstract Builder setTable(String table);

    abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

    abstract CubeCounts build();
  }

  /**
   * By all combinations of these STRING columns, the dimensions: 1 to 10, unless {@link
   * #withGroupingSets} says which combinations.
   */
  public static CubeCounts of(String... dimensions) {
    return new AutoValue_CubeCounts.Builder()
        .setDimensions(List.of(dimensions))
        .setAlwaysBy(List.of())
        .setRolledUpAs("ALL")
        .setNullsAs("unknown")
        .setDayColumn("ds")
        .setMinuteColumn("mm")
        .setZone(ZoneId.of("UTC"))
        .setAllowedLateness(Duration.ofHours(1))
        .setUpdateInterval(Duration.ofSeconds(1))
        .build();
  }

  /** Further STRING columns, which are never added up over: none by default. */
  public CubeCounts by(String... columns) {
    return toBuilder().setAlwaysBy(List.of(columns)).build();
  }

  /** These combinations of the dimensions alone; an empty one is the count of all. */
  public CubeCounts withGroupingSets(List<List<String>> sets) {
    GroupingSets.checkSets("withGroupingSets", dimensions(), sets);
    return toBuilder().setGroupingSets(sets.stream().map(List::copyOf).toList()).build();
  }

  /** What stands for all values of a column: {@code ALL} by default. */
  public CubeCounts withRolledUpAs(String value) {
    return toBuilder().setRolledUpAs(value).build();
  }

  /** What stands for null: {@code unknown} by default. */
  public CubeCounts withNullsAs(String value) {
    return toBuilder().setNullsAs(value).build();
  }

  /**
   * The table's columns of day and minute, and the zone that both are of: {@code ds}, {@code mm}
   * and UTC by default.
   */
  public CubeCounts withTimeColumns(String day, String minute, ZoneId zone) {
    return toBuilder().setDayColumn(day).setMinuteColumn(minute).setZone(zone).build();
  }

  /** The table's column of the count, a BIGINT. Required. */
  public CubeCounts counting(String as) {
    return toBuilder().setCountColumn(as).build();
  }

  /** See {@link ColumnUpsert#withVersionColumn}. */
  public CubeCounts withVersionColumn(String column) {
    return toBuilder().setVersionColumn(column).build();
  }

  /** See {@link ColumnUpsert#withLatestTimeColumn}. */
  public CubeCounts withLatestTimeColumn(String column) {
    return toBuilder().setLatestTimeColumn(column).build();
  }

  /** How long after the end of its minute a row is still counted: an hour by default. */
  public CubeCounts withAllowedLateness(Duration lateness) {
    return toBuilder().setAllowedLateness(lateness).build();
  }

  /** How long after a row its counts are written, at most: 1 second by default. */
  public CubeCounts withUpdateInterval(Duration interval) {
    return toBuilder().setUpdateInterval(interval).build();
  }

  /** The KV table of the counts. Required. */
  public CubeCounts to(FlussCluster cluster, String table) {
    return toBuilder().setCluster(cluster).setTable(table).build();
  }

  /** Where rows go that are too late, or whose columns have what stands for all values. */
  public CubeCounts withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
    return toBuilder().setErrorHandler(errorHandler).build();
  }

  @Override
  public PCollection<Long> expand(PCollection<Row> rows) {
    String count = checkArgumentNotNull(countColumn(), "Name the count with counting(..).");
    String table = checkArgumentNotNull(table(), "Name the table with to(cluster, \"db.table\").");
    List<String> columns = new ArrayList<>(alwaysBy());
    columns.addAll(dimensions());
    List<String> key = new ArrayList<>(List.of(dayColumn(), minuteColumn()));
    key.addAll(columns);
    ColumnUpsert<Row> upsert =
        ColumnUpsert.ofRows()
            .by(key.toArray(String[]::new))
            .withGroupingSets(rolledUpAs(), dimensions(), sets())
            .withPeriod(Duration.ofMinutes(1))
            .withAllowedLateness(allowedLateness())
            .withUpdateInterval(updateInterval())
            .counting(count)
            .to(cluster(), table);
    if (versionColumn() != null) {
      upsert = upsert.withVersionColumn(versionColumn());
    }
    if (latestTimeColumn() != null) {
      upsert = upsert.withLatestTimeColumn(latestTimeColumn());
    }
    if (errorHandler() != null) {
      upsert = upsert.withErrorHandler(errorHandler());
    }
    return rows.apply(
            "By the minute",
            ByMinute.of(columns.toArray(String[]::new))
                .withNullsAs(nullsAs())
                .withTimeColumns(dayColumn(), minuteColumn(), zone()))
        .apply("Count", upsert);
  }

  private List<List<String>> sets() {
    return groupingSets() == null ? GroupingSets.cube("of", dimensions()) : groupingSets();
  }

  @Override
  public void populateDisplayData(DisplayData.Builder builder) {
    builder
        .addIfNotNull(DisplayData.item("sink", table()))
        .add(DisplayData.item("by", String.join(",", alwaysBy())))
        .add(DisplayData.item("groupingSets", sets().toString()))
        .add(DisplayData.item("rolledUpAs", rolledUpAs()))
        .add(DisplayData.item("nullsAs", nullsAs()))
        .add(DisplayData.item("zone", zone().getId()))
        .addIfNotNull(DisplayData.item("column", countColumn()));
  }
}

package dev.beamfluss.io.paimon;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.table.Table;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Reads tables of <a href="https://paimon.apache.org">Apache Paimon</a>.
 *
 * <pre>{@code
 * PCollection<Row> orders =
 *     pipeline.apply(
 *         PaimonIO.read()
 *             .from(Map.of("warehouse", "s3://lake/warehouse"), "shop.orders")
 *             .withColumns("id", "amount"));
 * }</pre>
 *
 * <h2>Schema</h2>
 *
 * The table is asked for its columns when the pipeline is built; a missing catalog, database, table
 * or column is an error there. A column keeps its name, nullability and comment.
 *
 * <table>
 *   <caption>Types</caption>
 *   <tr><th>Paimon</th><th>Beam field (Java value)</th></tr>
 *   <tr><td>BOOLEAN</td><td>BOOLEAN</td></tr>
 *   <tr><td>TINYINT, SMALLINT, INT, BIGINT</td><td>BYTE, INT16, INT32, INT64</td></tr>
 *   <tr><td>FLOAT, DOUBLE</td><td>FLOAT, DOUBLE</td></tr>
 *   <tr><td>CHAR(n), VARCHAR(n), STRING</td><td>STRING</td></tr>
 *   <tr><td>BINARY(n), VARBINARY(n), BYTES</td><td>BYTES</td></tr>
 *   <tr><td>DECIMAL(p, s)</td><td>FixedPrecisionNumeric(p, s) (BigDecimal)</td></tr>
 *   <tr><td>DATE</td><td>SqlTypes.DATE (LocalDate)</td></tr>
 *   <tr><td>TIME(p)</td><td>SqlTypes.TIME (LocalTime, milliseconds at most)</td></tr>
 *   <tr><td>TIMESTAMP(p)</td><td>SqlTypes.DATETIME (LocalDateTime)</td></tr>
 *   <tr><td>TIMESTAMP_LTZ(p), p up to 6</td><td>SqlTypes.TIMESTAMP (Instant)</td></tr>
 *   <tr><td>TIMESTAMP_LTZ(p), p from 7</td><td>NanosInstant (Instant)</td></tr>
 *   <tr><td>ARRAY, MAP, ROW</td><td>ARRAY, MAP, ROW of these; the keys of a MAP are never null</td>
 *       </tr>
 *   <tr><td>MULTISET of T</td><td>MAP of T to INT32, how often each is there</td></tr>
 *   <tr><td>VARIANT</td><td>none: leave the column out with withColumns</td></tr>
 * </table>
 */
public final class PaimonIO {

  private PaimonIO() {}

  /** Reads what a table holds now, or held at an earlier snapshot, tag or time. A bounded read. */
  public static Read read() {
    return new AutoValue_PaimonIO_Read.Builder().setVersion(new SnapshotVersion.Latest()).build();
  }

  /** Implementation of {@link #read()}. */
  @AutoValue
  public abstract static class Read extends PTransform<PBegin, PCollection<Row>> {
    abstract @Nullable Map<String, String> catalogProperties();

    abstract @Nullable String table();

    abstract @Nullable List<String> columns();

    abstract @Nullable PaimonFilter filter();

    abstract @Nullable PaimonFilter partitionFilter();

    abstract SnapshotVersion version();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCatalogProperties(Map<String, String> catalogProperties);

      abstract Builder setTable(String table);

      abstract Builder setColumns(List<String> columns);

      abstract Builder setFilter(PaimonFilter filter);

      abstract Builder setPartitionFilter(PaimonFilter filter);

      abstract Builder setVersion(SnapshotVersion version);

      abstract Read build();
    }

    /**
     * Reads this table. Required.
     *
     * @param catalogProperties the options of Paimon's {@code CREATE CATALOG}: {@code warehouse}
     *     above all, {@code metastore} where it is not the file system. Paimon creates the
     *     directory of a warehouse that is not there.
     * @param table {@code database.table}
     */
    public Read from(Map<String, String> catalogProperties, String table) {
      return toBuilder()
          .setCatalogProperties(Map.copyOf(catalogProperties))
          .setTable(table)
          .build();
    }

    /**
     * Reads only these columns, in this order; the others are not fetched from columnar files.
     * Without this, all.
     */
    public Read withColumns(String... columns) {
      return toBuilder().setColumns(List.of(columns)).build();
    }

    /** Reads only the rows that fit. Their columns need not be among those that are read. */
    public Read withFilter(PaimonFilter filter) {
      return toBuilder().setFilter(filter).build();
    }

    /**
     * Reads only the partitions that fit. It may name partition columns alone, so what it leaves
     * out is never opened; {@link #withFilter} prunes partitions too, but takes any column.
     */
    public Read withPartitionFilter(PaimonFilter filter) {
      return toBuilder().setPartitionFilter(filter).build();
    }

    /** Reads this snapshot, with the columns the table had then: by default, the latest. */
    public Read withSnapshot(long id) {
      return toBuilder().setVersion(new SnapshotVersion.Id(id)).build();
    }

    /** Reads the snapshot with this tag, which does not expire as long as the tag is there. */
    public Read withTag(String tag) {
      return toBuilder().setVersion(new SnapshotVersion.Tag(tag)).build();
    }

    /** Reads the latest snapshot that had been committed at this time. */
    public Read withTimestamp(Instant time) {
      return toBuilder().setVersion(new SnapshotVersion.Time(time)).build();
    }

    /**
     * The snapshot is settled, and its files are listed, when the pipeline is built: the whole read
     * sees one snapshot, and a restart reads it again. It must not expire before the pipeline ends,
     * which fails with an error that names it if it does. Of a table with a primary key come the
     * merged rows, one a key. Rows carry no event time.
     */
    @Override
    public PCollection<Row> expand(PBegin input) {
      Table found =
          PaimonTable.load(
              checkArgumentNotNull(
                  catalogProperties(),
                  "Name the table to read with from(catalogProperties, \"db.table\")."),
              checkArgumentNotNull(table()));
      ReadSpec spec =
          ReadSpec.of(version().of(found), columns(), List.of(), filter(), partitionFilter());
      return input
          .apply("Scan", org.apache.beam.sdk.io.Read.from(SnapshotSource.of(spec)))
          .setRowSchema(spec.schema());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      populate(builder, catalogProperties(), table(), columns(), filter(), partitionFilter());
      builder.addIfNotDefault(
          DisplayData.item("version", version().toString()),
          new SnapshotVersion.Latest().toString());
    }
  }

  private static void populate(
      DisplayData.Builder builder,
      @Nullable Map<String, String> catalogProperties,
      @Nullable String table,
      @Nullable List<String> columns,
      @Nullable PaimonFilter filter,
      @Nullable PaimonFilter partitionFilter) {
    builder
        .addIfNotNull(DisplayData.item("table", table))
        .addIfNotNull(
            DisplayData.item(
                "catalog",
                catalogProperties == null ? null : PaimonTable.describe(catalogProperties)))
        .addIfNotNull(
            DisplayData.item("columns", columns == null ? null : String.join(",", columns)))
        .addIfNotNull(DisplayData.item("filter", filter == null ? null : filter.toString()))
        .addIfNotNull(
            DisplayData.item(
                "partitionFilter", partitionFilter == null ? null : partitionFilter.toString()));
  }
}

package dev.beamfluss.io.paimon;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import dev.beamfluss.changes.RowChange;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.coders.KvCoder;
import org.apache.beam.sdk.coders.ListCoder;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.table.Table;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Reads and writes tables of <a href="https://paimon.apache.org">Apache Paimon</a>.
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

  private static final Duration DISCOVERY_INTERVAL = Duration.ofSeconds(10);

  private PaimonIO() {}

  /** Reads what a table holds now, or held at an earlier snapshot, tag or time. A bounded read. */
  public static Read read() {
    return new AutoValue_PaimonIO_Read.Builder().setVersion(new SnapshotVersion.Latest()).build();
  }

  /**
   * Reads the changes of a table as they are committed: by default, all that it holds and then what
   * changes. An unbounded read.
   */
  public static ReadChanges readChanges() {
    return new AutoValue_PaimonIO_ReadChanges.Builder()
        .setStart(PaimonPosition.full())
        .setDiscoveryInterval(DISCOVERY_INTERVAL)
        .setMaxOutOfOrderness(Duration.ZERO)
        .build();
  }

  /** Implementation of {@link #readChanges()}. */
  @AutoValue
  public abstract static class ReadChanges extends PTransform<PBegin, PCollection<RowChange>> {
    abstract @Nullable Map<String, String> catalogProperties();

    abstract @Nullable String table();

    abstract @Nullable List<String> columns();

    abstract @Nullable PaimonFilter filter();

    abstract @Nullable PaimonFilter partitionFilter();

    abstract PaimonPosition start();

    abstract Duration discoveryInterval();

    abstract @Nullable String timestampColumn();

    abstract Duration maxOutOfOrderness();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCatalogProperties(Map<String, String> catalogProperties);

      abstract Builder setTable(String table);

      abstract Builder setColumns(List<String> columns);

      abstract Builder setFilter(PaimonFilter filter);

      abstract Builder setPartitionFilter(PaimonFilter filter);

      abstract Builder setStart(PaimonPosition start);

      abstract Builder setDiscoveryInterval(Duration interval);

      abstract Builder setTimestampColumn(String column);

      abstract Builder setMaxOutOfOrderness(Duration maxOutOfOrderness);

      abstract ReadChanges build();
    }

    /** Reads this table, as {@link Read#from} says. Required. */
    public ReadChanges from(Map<String, String> catalogProperties, String table) {
      return toBuilder()
          .setCatalogProperties(Map.copyOf(catalogProperties))
          .setTable(table)
          .build();
    }

    /** Reads only these columns, in this order. Without this, all. */
    public ReadChanges withColumns(String... columns) {
      return toBuilder().setColumns(List.of(columns)).build();
    }

    /**
     * Reads only the changes whose row fits. The two rows of an update are tested each for itself:
     * of one that moves a row out of what fits, there is only the row before.
     */
    public ReadChanges withFilter(PaimonFilter filter) {
      return toBuilder().setFilter(filter).build();
    }

    /** Reads only the partitions that fit, present and future; by partition columns alone. */
    public ReadChanges withPartitionFilter(PaimonFilter filter) {
      return toBuilder().setPartitionFilter(filter).build();
    }

    /**
     * Where to start where there is no checkpoint to go on from: {@link PaimonPosition#full()} by
     * default.
     */
    public ReadChanges withStartingPosition(PaimonPosition start) {
      return toBuilder().setStart(start).build();
    }

    /**
     * How long after a look that found no new snapshot to look again: 10 seconds by default ({@code
     * continuous.discovery-interval} of Paimon's Flink connector).
     */
    public ReadChanges withDiscoveryInterval(Duration interval) {
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException(
            "withDiscoveryInterval(" + interval + "): give a time longer than zero.");
      }
      return toBuilder().setDiscoveryInterval(interval).build();
    }

    /**
     * Takes event time from this column, which may be of type TIMESTAMP (taken as UTC),
     * TIMESTAMP_LTZ or BIGINT (milliseconds since the epoch) and need not be among those that are
     * read. A row that holds null there fails the pipeline. By default, event time is when the
     * snapshot was committed.
     */
    public ReadChanges withTimestampColumn(String column) {
      return toBuilder().setTimestampColumn(column).build();
    }

    /**
     * By how much event time may go back from one snapshot to a later one without a row being late:
     * not at all by default, which is right for the time of the commit.
     */
    public ReadChanges withMaxOutOfOrderness(Duration maxOutOfOrderness) {
      if (maxOutOfOrderness.isNegative()) {
        throw new IllegalArgumentException(
            "withMaxOutOfOrderness(" + maxOutOfOrderness + "): give a time of zero or more.");
      }
      return toBuilder().setMaxOutOfOrderness(maxOutOfOrderness).build();
    }

    /**
     * What a change is depends on the table. With a {@code changelog-producer} it is what that
     * tells. Without one, a table with a primary key tells what was written, so that an update is a
     * {@link RowChange.Kind#INSERT} or {@link RowChange.Kind#UPDATE_AFTER} alone; a table without a
     * primary key has inserts. What the table holds at a full start comes as inserts. A commit that
     * overwrites is passed over unless {@code streaming-read-overwrite} is set.
     *
     * <p>The changes of one bucket come in their order. Each enters the pipeline's state once, also
     * after a restart from a checkpoint or savepoint. Snapshots must not expire before they are
     * read: if one does, the read fails and names it.
     *
     * <p>The watermark follows the commits; where no new one is found, it follows the clock, less a
     * second and {@link #withMaxOutOfOrderness}. With a timestamp column it rises when a snapshot
     * is read to its end.
     */
    @Override
    public PCollection<RowChange> expand(PBegin input) {
      Table found = load(catalogProperties(), table());
      Snapshots snapshots = Snapshots.of(found, "readChanges()");
      List<String> alsoScanned = List.of();
      if (timestampColumn() != null) {
        EventTime.check(found, timestampColumn());
        alsoScanned = List.of(timestampColumn());
      }
      ReadSpec spec = ReadSpec.of(found, columns(), alsoScanned, filter(), partitionFilter());
      ChangesSource source =
          new ChangesSource(
              new ChangesSource.Spec(
                  spec,
                  start().settle(snapshots),
                  discoveryInterval(),
                  timestampColumn(),
                  maxOutOfOrderness()));
      return input
          .apply("Follow", org.apache.beam.sdk.io.Read.from(source))
          .apply("Unpack", ParDo.of(new UnpackChanges(spec.schema())))
          .setCoder(RowChange.coder(spec.schema()));
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      populate(builder, catalogProperties(), table(), columns(), filter(), partitionFilter());
      builder
          .add(DisplayData.item("start", start().toString()))
          .addIfNotNull(DisplayData.item("timestampColumn", timestampColumn()));
    }
  }

  /**
   * Looks rows up in a small table that is kept in memory: in its greatest partition, or in all of
   * it where it has none. What Flink SQL calls a lookup join with {@code 'lookup.dynamic-partition'
   * = 'max_pt()'}.
   */
  public static LookupLatestRows lookupLatest() {
    return new AutoValue_PaimonIO_LookupLatestRows.Builder()
        .setRefreshInterval(Duration.ofHours(1))
        .setMaxRows(1_000_000)
        .setMaxBytes(256L << 20)
        .build();
  }

  /** Implementation of {@link #lookupLatest()}. */
  @AutoValue
  public abstract static class LookupLatestRows
      extends PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> {
    abstract @Nullable Map<String, String> catalogProperties();

    abstract @Nullable String table();

    abstract @Nullable List<String> by();

    abstract @Nullable List<String> columns();

    abstract Duration refreshInterval();

    abstract long maxRows();

    abstract long maxBytes();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCatalogProperties(Map<String, String> catalogProperties);

      abstract Builder setTable(String table);

      abstract Builder setBy(List<String> by);

      abstract Builder setColumns(List<String> columns);

      abstract Builder setRefreshInterval(Duration interval);

      abstract Builder setMaxRows(long maxRows);

      abstract Builder setMaxBytes(long maxBytes);

      abstract LookupLatestRows build();
    }

    /** Looks up in this table, as {@link Read#from} says. Required. */
    public LookupLatestRows from(Map<String, String> catalogProperties, String table) {
      return toBuilder()
          .setCatalogProperties(Map.copyOf(catalogProperties))
          .setTable(table)
          .build();
    }

    /**
     * The columns to look up by. Required. The input has fields of the same names and types; it may
     * have others, which are kept. A row that holds null in one of them finds nothing.
     */
    public LookupLatestRows by(String... columns) {
      return toBuilder().setBy(List.of(columns)).build();
    }

    /** The columns of the rows that are found. Without this, all. */
    public LookupLatestRows withColumns(String... columns) {
      return toBuilder().setColumns(List.of(columns)).build();
    }

    /**
     * How long to use what is loaded before looking for a newer partition: 1 hour by default. If
     * there is one, or the partition itself has changed, it takes the place of the old one, for
     * bundles that begin from then on.
     */
    public LookupLatestRows withRefreshInterval(Duration interval) {
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException(
            "withRefreshInterval(" + interval + "): give a time longer than zero.");
      }
      return toBuilder().setRefreshInterval(interval).build();
    }

    /** Fails if there are more rows than this: 1,000,000 by default. */
    public LookupLatestRows withMaxRows(long maxRows) {
      return toBuilder().setMaxRows(positive(maxRows, "withMaxRows")).build();
    }

    /**
     * Fails if the rows, as they would be encoded, have more bytes than this: 256 MiB by default.
     * In memory they take several times as much.
     */
    public LookupLatestRows withMaxBytes(long maxBytes) {
      return toBuilder().setMaxBytes(positive(maxBytes, "withMaxBytes")).build();
    }

    private static long positive(long number, String method) {
      if (number <= 0) {
        throw new IllegalArgumentException(
            String.format("%s(%d): give a number above zero.", method, number));
      }
      return number;
    }

    /**
     * Gives each row with the rows that have its key: none, one or more. A bundle sees the rows of
     * one time. Under replay, a row may find what is newer than at first: an answer is as old as
     * the refresh interval at most while the table can be read. When it cannot, the old rows are
     * used on with a warning in the log.
     *
     * <p>The greatest partition is that with the greatest values, by its columns in order, of those
     * that hold rows; write it in one commit, or it is found before it is complete. A worker keeps
     * it once for all its lookups with the same settings. The gauge {@code
     * lookupSecondsSinceLoad-<table>} tells how long ago it was loaded, the log which it is.
     */
    @Override
    public PCollection<KV<Row, List<Row>>> expand(PCollection<Row> input) {
      Table found = load(catalogProperties(), table());
      FileStoreTable stored = Snapshots.of(found, "lookupLatest()").table();
      List<String> by =
          checkArgumentNotNull(by(), "Name the columns to look up by with by(\"column\").");
      PaimonTable.requireColumns(stored, by);
      if (columns() != null) {
        PaimonTable.requireColumns(stored, columns());
      }
      LatestRows.Spec spec =
          new LatestRows.Spec(
              stored,
              PaimonTable.describe(catalogProperties()) + stored.location(),
              by,
              columns() == null ? stored.rowType().getFieldNames() : columns(),
              refreshInterval(),
              maxRows(),
              maxBytes());
      Schema schema = input.getSchema();
      spec.keys(schema);
      return input
          .apply("Lookup", ParDo.of(new LookupLatest(spec, schema)))
          .setCoder(KvCoder.of(RowCoder.of(schema), ListCoder.of(RowCoder.of(spec.found()))));
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      populate(builder, catalogProperties(), table(), columns(), null, null);
      builder
          .addIfNotNull(DisplayData.item("by", by() == null ? null : String.join(",", by())))
          .add(DisplayData.item("refreshInterval", refreshInterval().toString()));
    }
  }

  private static Table load(
      @Nullable Map<String, String> catalogProperties, @Nullable String table) {
    return PaimonTable.load(
        checkArgumentNotNull(
            catalogProperties,
            "Name the table to read with from(catalogProperties, \"db.table\")."),
        checkArgumentNotNull(table));
  }

  /** Writes rows: appends them, or upserts them where the table has a primary key. */
  public static Write<Row> write() {
    return Write.of(WriteShape.Rows.INSTANCE);
  }

  /** Applies changes to a table with a primary key, those that delete too. */
  public static Write<RowChange> writeChanges() {
    return Write.of(WriteShape.Changes.INSTANCE);
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
      Table found = load(catalogProperties(), table());
      ReadSpec spec =
          ReadSpec.of(version().of(found), columns(), List.of(), filter(), partitionFilter());
      return input
          .apply("Scan", org.apache.beam.sdk.io.Read.from(SnapshotSource.of(spec)))
          .apply("Unpack", Flatten.iterables())
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

  /**
   * Implementation of {@link #write()} and {@link #writeChanges()}.
   *
   * <p>The columns are filled by name from the fields of the same names; each column needs a field
   * and each field a column. Tables that assign keys to buckets while they are written ({@code
   * 'bucket' = '-1'} or {@code '-2'} with a primary key) are refused.
   *
   * <h2>How it is written</h2>
   *
   * Rows are encoded and gathered by partition and bucket, by Paimon's own key extractor; then all
   * rows of a bucket come to one worker, in the order that they come to it. Only a bounded input
   * for a table without buckets is written where it is. A bounded input becomes one commit. Of an
   * unbounded one, the rows of a commit interval wait in the runner's state, up to 64 MB a bucket,
   * and become files and a commit when it is over.
   *
   * <p>Files are written without merging them; that follows each commit, by the table's options
   * ({@code num-sorted-run.compaction-trigger} and so on), unless the table is {@code write-only}
   * and leaves it to a job of its own. Tables without buckets are not compacted: use Paimon's
   * {@code compact} procedure where small files become many.
   *
   * <h2>Exactly once</h2>
   *
   * A row is in the table once, whatever is replayed and in whatever bundles:
   *
   * <ul>
   *   <li>Files are visible once they are committed, under a user that is this write's and a number
   *       that rises. The table keeps both, so that a commit that was made before a failure is not
   *       made again.
   *   <li>In a bounded input the one commit holds all rows, in every attempt.
   *   <li>In an unbounded input a replay after a failure may put rows into other files. So files
   *       are committed only once they are part of a state that can no longer be lost: on Flink,
   *       once a checkpoint is complete. What is replayed after that comes after them, and the set
   *       of files of a number is the same in every attempt.
   *   <li>User, numbers and waiting files are state: a job that goes on from a checkpoint or
   *       savepoint, also in a new submission of another parallelism, goes on with them. One that
   *       goes on from a state that is older than what the table has, or of another line, is
   *       refused, as it would lose or repeat rows.
   * </ul>
   *
   * What it needs: on Flink, checkpointing, without which <em>nothing of an unbounded input is
   * committed</em>. The table must keep the last snapshot of the write while the job is down
   * ({@code snapshot.time-retained}, 1 hour by default). A pipeline object is to be run once, and
   * again only if it failed: another run would find its bounded input committed already.
   *
   * <p>How long it takes until a row is visible: the commit interval, plus up to one interval of
   * checkpoints and the time one takes, plus about two seconds.
   *
   * <p>The files of a bundle that fails are removed, as far as its worker is still there to do it;
   * those of bundles that had ended before stay. Paimon's {@code remove_orphan_files} finds them;
   * by default it leaves what is younger than a day alone, which must be more than files wait here
   * for their commit.
   *
   * <h2>Order</h2>
   *
   * Of several rows of a key the last one that the writer gets stays. Of a bounded input this is
   * any of them, as runners sort what they shuffle: give the table a {@code sequence.field} where
   * it matters.
   *
   * <h2>Other writers</h2>
   *
   * A commit beside another writer's is tried again by Paimon ({@code commit.max-retries}); new
   * files conflict with nothing. Where two merge the same files, this one leaves it to the other.
   *
   * <p>Metrics: {@code rowsWritten} and {@code filesWritten} (each attempt counts), {@code
   * commits}, {@code commitMillis}, {@code rowsRefused}.
   */
  @AutoValue
  public abstract static class Write<T> extends PTransform<PCollection<T>, PaimonWriteResult> {
    private static final Duration COMMIT_INTERVAL = Duration.ofMinutes(1);
    private static final int SHARDS = 4;

    abstract WriteShape<T> shape();

    abstract @Nullable Map<String, String> catalogProperties();

    abstract @Nullable String table();

    abstract @Nullable NewTable newTable();

    abstract Duration commitInterval();

    abstract int shards();

    abstract @Nullable Map<String, String> overwrite();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract Builder<T> toBuilder();

    @AutoValue.Builder
    abstract static class Builder<T> {
      abstract Builder<T> setShape(WriteShape<T> shape);

      abstract Builder<T> setCatalogProperties(Map<String, String> catalogProperties);

      abstract Builder<T> setTable(String table);

      abstract Builder<T> setNewTable(NewTable newTable);

      abstract Builder<T> setCommitInterval(Duration commitInterval);

      abstract Builder<T> setShards(int shards);

      abstract Builder<T> setOverwrite(Map<String, String> partition);

      abstract Builder<T> setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract Write<T> build();
    }

    static <T> Write<T> of(WriteShape<T> shape) {
      return new AutoValue_PaimonIO_Write.Builder<T>()
          .setShape(shape)
          .setCommitInterval(COMMIT_INTERVAL)
          .setShards(SHARDS)
          .build();
    }

    /**
     * Writes to this table. Required.
     *
     * @param catalogProperties as of {@link Read#from}
     * @param table {@code database.table}
     */
    public Write<T> to(Map<String, String> catalogProperties, String table) {
      return toBuilder()
          .setCatalogProperties(Map.copyOf(catalogProperties))
          .setTable(table)
          .build();
    }

    /**
     * Creates the table, and its database, when the pipeline is built and they are not there, with
     * the fields of the rows as columns. A table that is there must have the same keys.
     *
     * @param primaryKeys none to append; with {@code partitionKeys}, those must be part of them
     * @param partitionKeys none for a table without partitions
     * @param options as in Paimon's {@code CREATE TABLE ... WITH}; {@code bucket} must be given
     *     where there are primary keys
     */
    public Write<T> withCreateTable(
        List<String> primaryKeys, List<String> partitionKeys, Map<String, String> options) {
      return toBuilder().setNewTable(new NewTable(primaryKeys, partitionKeys, options)).build();
    }

    /** How often an unbounded input is committed: every minute by default. */
    public Write<T> withCommitInterval(Duration interval) {
      if (interval.toMillis() <= 0) {
        throw new IllegalArgumentException(
            "withCommitInterval takes at least a millisecond, not " + interval + ".");
      }
      return toBuilder().setCommitInterval(interval).build();
    }

    /**
     * How many workers share each partition of an unbounded input, where the table has no buckets
     * that say so: 4 by default. Each makes a file a commit interval.
     */
    public Write<T> withShards(int shards) {
      if (shards <= 0) {
        throw new IllegalArgumentException("withShards takes at least 1, not " + shards + ".");
      }
      return toBuilder().setShards(shards).build();
    }

    /**
     * Replaces the partitions that the bounded input has rows of, each as a whole, and leaves the
     * others; a table without partitions is replaced as a whole. An empty input replaces nothing.
     */
    public Write<T> withOverwrite() {
      return toBuilder().setOverwrite(Map.of()).build();
    }

    /**
     * Replaces this partition by the bounded input, which may be empty. Rows of other partitions
     * are refused.
     *
     * @param partition values of all partition columns, or of some, for all partitions with these
     */
    public Write<T> withOverwrite(Map<String, String> partition) {
      if (partition.isEmpty()) {
        throw new IllegalArgumentException(
            "Name the partition to overwrite; withOverwrite() takes those that are written.");
      }
      return toBuilder().setOverwrite(Map.copyOf(partition)).build();
    }

    /**
     * Gets what can never be written, each row with the reason. Without a handler, one such row
     * fails the pipeline.
     */
    public Write<T> withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    @Override
    public PaimonWriteResult expand(PCollection<T> input) {
      return new WriteToTable<>(this).apply(input);
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      builder
          .addIfNotNull(DisplayData.item("table", table()))
          .addIfNotNull(
              DisplayData.item(
                  "catalog",
                  catalogProperties() == null ? null : PaimonTable.describe(catalogProperties())))
          .add(DisplayData.item("commitInterval", commitInterval().toString()))
          .addIfNotNull(
              DisplayData.item("overwrite", overwrite() == null ? null : overwrite().toString()));
    }
  }
}

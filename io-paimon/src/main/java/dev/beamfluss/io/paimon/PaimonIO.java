package dev.beamfluss.io.paimon;

import static org.apache.beam.sdk.util.Preconditions.checkArgumentNotNull;

import com.google.auto.value.AutoValue;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.table.Table;
import org.apache.paimon.types.RowType;
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

  private PaimonIO() {}

  /** Reads what a table holds now: the rows of its latest snapshot. A bounded read. */
  public static Read read() {
    return new AutoValue_PaimonIO_Read.Builder().build();
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

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCatalogProperties(Map<String, String> catalogProperties);

      abstract Builder setTable(String table);

      abstract Builder setColumns(List<String> columns);

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

    /**
     * The snapshot is settled, and its files are listed, when the pipeline is built: the whole read
     * sees one snapshot, and a restart reads it again. It must not expire before the pipeline ends.
     * Of a table with a primary key come the merged rows, one a key. Rows carry no event time.
     */
    @Override
    public PCollection<Row> expand(PBegin input) {
      Table found =
          PaimonTable.load(
              checkArgumentNotNull(
                  catalogProperties(),
                  "Name the table to read with from(catalogProperties, \"db.table\")."),
              checkArgumentNotNull(table()));
      RowType readType = found.rowType();
      if (columns() != null) {
        PaimonTable.requireColumns(found, columns());
        readType = readType.project(columns());
      }
      SnapshotSource source = SnapshotSource.latest(found, readType);
      return input
          .apply("Scan", org.apache.beam.sdk.io.Read.from(source))
          .setRowSchema(source.schema());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      builder
          .addIfNotNull(DisplayData.item("table", table()))
          .addIfNotNull(
              DisplayData.item(
                  "catalog",
                  catalogProperties() == null ? null : PaimonTable.describe(catalogProperties())))
          .addIfNotNull(
              DisplayData.item("columns", columns() == null ? null : String.join(",", columns())));
    }
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
   *       savepoint, also in a new submission, goes on with them. One that goes on from an older
   *       state than what the table has is refused, as it would lose or repeat rows.
   * </ul>
   *
   * What it needs: on Flink, checkpointing, without which <em>nothing of an unbounded input is
   * committed</em>. The table must keep the last snapshot of the write while the job is down
   * ({@code snapshot.time-retained}, 1 hour by default). A pipeline object is to be run once: its
   * second run would find its bounded input committed already.
   *
   * <p>How long it takes until a row is visible: the commit interval, plus up to one interval of
   * checkpoints and the time one takes, plus about two seconds.
   *
   * <p>The files of an attempt that fails are removed, as far as its worker is still there to do
   * it. Paimon's {@code remove_orphan_files} finds the rest; by default it leaves what is younger
   * than a day alone, which must be more than files wait here for their commit.
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

package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import dev.beamfluss.changes.RowChange;
import java.time.Duration;
import java.util.List;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Reads, writes and looks up tables of <a href="https://fluss.apache.org">Apache Fluss</a>.
 *
 * <p>A <b>log table</b> (no primary key) holds rows, read by {@link #readRows()} and appended by
 * {@link #write()}. A <b>KV table</b> (with a primary key) holds the latest row of each key and a
 * changelog, read by {@link #readContents()} and {@link #readChanges()}, written by {@link
 * #write()} (upserts) or {@link #writeChanges()} (deletes too), and looked up by {@link #lookup()}.
 *
 * <pre>{@code
 * FlussCluster cluster = FlussCluster.at("localhost:9123");
 * PCollection<RowChange> orders =
 *     pipeline.apply(FlussIO.readChanges().from(cluster, "shop.orders").withColumns("id", "amount"));
 * }</pre>
 *
 * <h2>Schema</h2>
 *
 * The table is asked for its columns when the pipeline is built; a missing table, column or cluster
 * is an error there, within 20 seconds. A column keeps its name, nullability and comment.
 *
 * <table>
 *   <caption>Types</caption>
 *   <tr><th>Fluss</th><th>Beam field (Java value)</th><th>a write also takes</th></tr>
 *   <tr><td>BOOLEAN</td><td>BOOLEAN</td><td></td></tr>
 *   <tr><td>TINYINT</td><td>BYTE</td><td></td></tr>
 *   <tr><td>SMALLINT, INT, BIGINT</td><td>INT16, INT32, INT64</td><td>narrower integers</td></tr>
 *   <tr><td>FLOAT, DOUBLE</td><td>FLOAT, DOUBLE</td><td>FLOAT into DOUBLE</td></tr>
 *   <tr><td>CHAR(n), STRING</td><td>STRING</td><td></td></tr>
 *   <tr><td>BINARY(n), BYTES</td><td>BYTES</td><td></td></tr>
 *   <tr><td>DECIMAL(p, s)</td><td>FixedPrecisionNumeric(p, s) (BigDecimal)</td><td>DECIMAL</td></tr>
 *   <tr><td>DATE</td><td>SqlTypes.DATE (LocalDate)</td><td></td></tr>
 *   <tr><td>TIME(p)</td><td>SqlTypes.TIME (LocalTime, milliseconds at most)</td><td></td></tr>
 *   <tr><td>TIMESTAMP(p)</td><td>SqlTypes.DATETIME (LocalDateTime)</td><td></td></tr>
 *   <tr><td>TIMESTAMP_LTZ(p), p up to 6</td><td>SqlTypes.TIMESTAMP (Instant)</td>
 *       <td>DATETIME, NanosInstant</td></tr>
 *   <tr><td>TIMESTAMP_LTZ(p), p from 7</td><td>NanosInstant (Instant)</td>
 *       <td>DATETIME, SqlTypes.TIMESTAMP</td></tr>
 *   <tr><td>ARRAY, MAP, ROW</td><td>ARRAY, MAP, ROW of these</td><td>ITERABLE into ARRAY</td></tr>
 * </table>
 *
 * A decimal with more digits than the column, a CHAR that is longer, a BINARY of another length,
 * and a null in a NOT NULL column are errors of that row; a time loses the digits its column has no
 * room for. Times that Fluss 0.9.1 would take but not give back (before 1970 with a fraction of a
 * millisecond; outside 1678 to 2261 at nanosecond precision) are errors too.
 *
 * <h2>Guarantees</h2>
 *
 * <ul>
 *   <li>Reads: the offsets are part of the runner's checkpoint, so each row enters the pipeline's
 *       state exactly once. Rows of one bucket come in log order; runners may process batches of
 *       one bucket concurrently after the read, so key before relying on order.
 *   <li>Writes: a bundle is done only once the cluster acknowledged every row of it. A bundle that
 *       is thrown away and run again writes its rows again: harmless for upserts and deletes,
 *       doubled rows in a log table.
 *   <li>Lookups: see {@link TableLookup} for how fresh an answer is.
 * </ul>
 *
 * <h2>Event time</h2>
 *
 * A row's timestamp is the time the cluster stored it, or comes from a {@linkplain
 * Read#withTimestampColumn column} or {@linkplain Read#withTimestampFn function}. Without these,
 * rows of a snapshot of a KV table have Beam's least timestamp, as nobody knows when they were
 * stored.
 *
 * <p>The watermark of an endless read is the least of what the buckets of a split allow, and never
 * goes back:
 *
 * <ul>
 *   <li>A bucket that gives rows allows their greatest event time, less {@link
 *       Read#withMaxOutOfOrderness}.
 *   <li>One that is read to its end allows the time at which the cluster was asked for that end,
 *       less the out-of-orderness and a second by which clocks may differ. So idle buckets hold
 *       nothing up.
 *   <li>One whose snapshot is being read allows nothing yet.
 *   <li>The partitions of a table are known as of their last listing, which bounds the watermark
 *       likewise: see {@link Read#withPartitionDiscoveryInterval}.
 * </ul>
 *
 * <p>Rows are not late then, also while a backlog is read, if event time goes back within a bucket,
 * and behind the clock when a row is stored, by no more than the out-of-orderness. That is so for
 * the time of storing.
 */
public final class FlussIO {

  private static final Logger LOG = LoggerFactory.getLogger(FlussIO.class);

  /** A table with more columns is hardly ever needed whole. */
  private static final int WIDE = 20;

  private FlussIO() {}

  /** Reads the rows of a log table. */
  public static Read<Row> readRows() {
    return Read.of(ReadShape.ROWS);
  }

  /** Reads the changelog of a KV table; by default all it holds first, as inserts. */
  public static Read<RowChange> readChanges() {
    return Read.of(ReadShape.CHANGES);
  }

  /**
   * Reads what a table holds now: of a KV table the latest row of each key, of a log table all
   * rows. A bounded read.
   */
  public static ReadContents readContents() {
    return new AutoValue_FlussIO_ReadContents.Builder()
        .setEventTime(new EventTime.Stored())
        .setLake(false)
        .build();
  }

  /** Appends rows to a log table, or upserts them into a KV table. */
  public static Write<Row> write() {
    return Write.of(WriteShape.Rows.INSTANCE);
  }

  /** Applies changes to a KV table: upserts and deletes. */
  public static Write<RowChange> writeChanges() {
    return Write.of(WriteShape.Changes.INSTANCE);
  }

  /** Finds, for each key, the rows of a KV table that have it. */
  public static LookupRows lookup() {
    return new AutoValue_FlussIO_LookupRows.Builder()
        .setSpec(LookupSpec.builder().build())
        .setReplicas(0)
        .build();
  }

  /** The table that a transform was told with the method of the given name, as it is now. */
  private static FlussTable describe(
      @Nullable FlussCluster cluster, @Nullable String table, String method) {
    if (cluster == null || table == null) {
      throw new IllegalArgumentException(
          String.format("Name the table with %s(cluster, \"db.table\").", method));
    }
    return cluster.describe(table);
  }

  private static List<String> named(String... columns) {
    return named("withColumns", columns);
  }

  private static List<String> named(String method, String[] columns) {
    if (columns.length == 0) {
      throw new IllegalArgumentException("Name at least one column in " + method + "(..).");
    }
    return List.of(columns);
  }

  private static List<String> columns(FlussTable table, @Nullable List<String> wanted) {
    List<String> all = table.schema().getFieldNames();
    if (wanted == null) {
      if (all.size() > WIDE) {
        LOG.warn(
            "Table {} is read whole, with all its {} columns. Name those you need with"
                + " withColumns(..), or say withAllColumns().",
            table.path(),
            all.size());
      }
      return all;
    }
    if (wanted.isEmpty()) {
      return all;
    }
    table.requireColumns(wanted, "read");
    return wanted;
  }

  private static void checkFilter(FlussTable table, @Nullable PartitionFilter filter) {
    if (filter != null && table.partitionColumns().isEmpty()) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s has no partitions to filter. Leave out withPartitionFilter(..).",
              table.path()));
    }
  }

  private static Duration positive(Duration duration, String method) {
    if (duration.isNegative() || duration.isZero()) {
      throw new IllegalArgumentException(
          String.format("%s(%s): give a time longer than zero.", method, duration));
    }
    return duration;
  }

  private static void populate(
      DisplayData.Builder builder,
      @Nullable FlussCluster cluster,
      @Nullable String table,
      @Nullable List<String> columns,
      EventTime eventTime) {
    WriteToTable.populate(builder, cluster, table);
    builder
        .addIfNotNull(
            DisplayData.item(
                "columns",
                columns == null ? null : columns.isEmpty() ? "all" : String.join(",", columns)))
        .add(DisplayData.item("eventTime", eventTime.toString()));
  }

  /** Implementation of {@link #readRows()} and {@link #readChanges()}. */
  @AutoValue
  public abstract static class Read<T> extends PTransform<PBegin, PCollection<T>> {
    abstract ReadShape<T> shape();

    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable List<String> columns();

    abstract Position start();

    abstract @Nullable Position stop();

    abstract @Nullable PartitionFilter partitionFilter();

    abstract Duration partitionDiscoveryInterval();

    abstract EventTime eventTime();

    abstract Duration maxOutOfOrderness();

    abstract Duration clusterTimeout();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract boolean lake();

    abstract Builder<T> toBuilder();

    @AutoValue.Builder
    abstract static class Builder<T> {
      abstract Builder<T> setLake(boolean lake);

      abstract Builder<T> setShape(ReadShape<T> shape);

      abstract Builder<T> setCluster(FlussCluster cluster);

      abstract Builder<T> setTable(String table);

      abstract Builder<T> setColumns(List<String> columns);

      abstract Builder<T> setStart(Position start);

      abstract Builder<T> setStop(Position stop);

      abstract Builder<T> setPartitionFilter(PartitionFilter filter);

      abstract Builder<T> setPartitionDiscoveryInterval(Duration interval);

      abstract Builder<T> setEventTime(EventTime eventTime);

      abstract Builder<T> setMaxOutOfOrderness(Duration maxOutOfOrderness);

      abstract Builder<T> setClusterTimeout(Duration timeout);

      abstract Builder<T> setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract Read<T> build();
    }

    static <T> Read<T> of(ReadShape<T> shape) {
      return new AutoValue_FlussIO_Read.Builder<T>()
          .setShape(shape)
          .setLake(false)
          .setStart(Position.full())
          .setPartitionDiscoveryInterval(ReadSpec.DISCOVERY_INTERVAL)
          .setEventTime(new EventTime.Stored())
          .setMaxOutOfOrderness(Duration.ZERO)
          .setClusterTimeout(ReadSpec.CLUSTER_TIMEOUT)
          .build();
    }

    /** Reads this table, {@code database.table}. Required. */
    public Read<T> from(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).build();
    }

    /**
     * Reads only these columns, in this order. Of a log in the Arrow format, which is the default,
     * the server sends no others; snapshots and logs in other formats travel whole.
     */
    public Read<T> withColumns(String... columns) {
      return toBuilder().setColumns(named(columns)).build();
    }

    /**
     * Reads all columns the table has when the pipeline is built. The same as naming none, but
     * meant so: a table of more than 20 columns is read whole with a warning otherwise.
     */
    public Read<T> withAllColumns() {
      return toBuilder().setColumns(List.of()).build();
    }

    /**
     * Where to start where there is no checkpoint to go on from: {@link Position#full()} by
     * default. A partition that appears later was not there to be left out, and is read from its
     * beginning.
     */
    public Read<T> withStartingPosition(Position start) {
      return toBuilder().setStart(start).build();
    }

    /**
     * Where to end, which makes the read a bounded one over the partitions there are when the
     * pipeline is built. Without this, it never ends.
     *
     * @param stop {@link Position#latest()} or a timestamp
     */
    public Read<T> withStoppingPosition(Position stop) {
      if (stop.kind() == Position.Kind.FULL || stop.kind() == Position.Kind.EARLIEST) {
        throw new IllegalArgumentException(
            String.format(
                "A read cannot stop at %s. Give Position.latest() or Position.timestamp(..).",
                stop));
      }
      return toBuilder().setStop(stop).build();
    }

    /**
     * Reads what the table's lake holds first, and then the log from exactly where that ends, so
     * that each row comes once; of partitions that the cluster has dropped, what the lake has. Of a
     * KV table, the lake takes the place of the cluster's snapshots. A table of which nothing was
     * tiered yet is read as without this.
     *
     * <p>The table must be a lake table, and the class path must have Fluss's plug-in for the
     * lake's format: {@code fluss-lake-paimon}, {@code paimon-bundle}, {@code hadoop-client-api}
     * and {@code hadoop-client-runtime}. The lake's snapshot is settled when the pipeline is built,
     * and must be there until it is read. Only from {@link Position#full()}.
     *
     * <p>From the log there is no way back to the lake: an endless read that stands still for
     * longer than the cluster keeps its partitions and logs fails, and says so.
     */
    public Read<T> withLake() {
      return toBuilder().setLake(true).build();
    }

    /** Reads only the partitions that the filter accepts: all by default. */
    public Read<T> withPartitionFilter(PartitionFilter filter) {
      return toBuilder().setPartitionFilter(filter).build();
    }

    /**
     * How often to look for new partitions: every 10 seconds by default. The watermark of a
     * partitioned table is never younger than the last look.
     */
    public Read<T> withPartitionDiscoveryInterval(Duration interval) {
      return toBuilder()
          .setPartitionDiscoveryInterval(positive(interval, "withPartitionDiscoveryInterval"))
          .build();
    }

    /**
     * Takes the rows' event time from this column, which may be of type TIMESTAMP (taken as UTC),
     * TIMESTAMP_LTZ or BIGINT (milliseconds since the epoch) and need not be among those that are
     * read. A row that holds null there goes to the error handler. By default, event time is when
     * the cluster stored the row.
     */
    public Read<T> withTimestampColumn(String column) {
      return toBuilder().setEventTime(new EventTime.Column(column)).build();
    }

    /**
     * Takes the rows' event time from this function of the row with the columns that are read. A
     * row for which it fails or gives null goes to the error handler.
     */
    public Read<T> withTimestampFn(SerializableFunction<Row, Instant> function) {
      return toBuilder().setEventTime(new EventTime.Function(function)).build();
    }

    /**
     * By how much event time may go back within a bucket without a row being late: not at all by
     * default, which is right for the time of storing.
     */
    public Read<T> withMaxOutOfOrderness(Duration maxOutOfOrderness) {
      if (maxOutOfOrderness.isNegative()) {
        throw new IllegalArgumentException(
            "withMaxOutOfOrderness(" + maxOutOfOrderness + "): give a time of zero or more.");
      }
      return toBuilder().setMaxOutOfOrderness(maxOutOfOrderness).build();
    }

    /**
     * For how long nothing may be heard of a bucket before an unbounded read fails, and with it,
     * the runner's attempt: 2 minutes by default. Until then it goes on trying.
     */
    public Read<T> withClusterTimeout(Duration timeout) {
      return toBuilder().setClusterTimeout(positive(timeout, "withClusterTimeout")).build();
    }

    /**
     * Gets what cannot be read: a row that Beam has no value for, or that has no event time. The
     * record says which row it is, and why. Without a handler, such a row fails the pipeline.
     */
    public Read<T> withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    @Override
    public PCollection<T> expand(PBegin input) {
      FlussTable table = describe(cluster(), table(), "from");
      shape().check(table);
      start().check("withStartingPosition");
      if (stop() != null) {
        stop().check("withStoppingPosition");
      }
      checkFilter(table, partitionFilter());
      eventTime().check(table);
      if (lake() && start().kind() != Position.Kind.FULL) {
        throw new IllegalArgumentException(
            String.format(
                "A read withLake() starts with all that the lake holds, so it cannot start at %s."
                    + " Leave out one of them.",
                start()));
      }
      ReadSpec spec =
          ReadSpec.builder(table)
              .setLake(lake() ? Lake.start(table) : null)
              .setColumns(FlussIO.columns(table, columns()))
              .setStart(start())
              .setPartitionFilter(partitionFilter())
              .setPartitionDiscoveryInterval(partitionDiscoveryInterval())
              .setEventTime(eventTime())
              .setMaxOutOfOrderness(maxOutOfOrderness())
              .setClusterTimeout(clusterTimeout())
              .build();
      PCollection<RowBatch> batches =
          stop() == null
              ? input.apply("Poll", org.apache.beam.sdk.io.Read.from(new UnboundedLogSource(spec)))
              : input.apply(
                  "Poll",
                  org.apache.beam.sdk.io.Read.from(
                      new BoundedTableSource(
                          spec, BoundedTableSource.Mode.ALL, BucketRange.resolve(spec, stop()))));
      return shape().unpack(batches, spec, errorHandler());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      populate(builder, cluster(), table(), columns(), eventTime());
      builder
          .add(DisplayData.item("startingPosition", start().toString()))
          .add(DisplayData.item("lake", lake()))
          .addIfNotNull(
              DisplayData.item("stoppingPosition", stop() == null ? null : stop().toString()))
          .add(
              DisplayData.item(
                  "partitionDiscoveryInterval", partitionDiscoveryInterval().toString()))
          .add(DisplayData.item("maxOutOfOrderness", maxOutOfOrderness().toString()))
          .add(DisplayData.item("clusterTimeout", clusterTimeout().toString()));
    }
  }

  /** Implementation of {@link #readContents()}. */
  @AutoValue
  public abstract static class ReadContents extends PTransform<PBegin, PCollection<Row>> {
    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable List<String> columns();

    abstract @Nullable PartitionFilter partitionFilter();

    abstract EventTime eventTime();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract boolean lake();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setLake(boolean lake);

      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setColumns(List<String> columns);

      abstract Builder setPartitionFilter(PartitionFilter filter);

      abstract Builder setEventTime(EventTime eventTime);

      abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract ReadContents build();
    }

    /** Reads this table, {@code database.table}. Required. */
    public ReadContents from(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).build();
    }

    /**
     * Reads only these columns, in this order. Whole rows of the server's snapshots travel all the
     * same; only logs are pruned on the server.
     */
    public ReadContents withColumns(String... columns) {
      return toBuilder().setColumns(named(columns)).build();
    }

    /** As {@link Read#withAllColumns}. */
    public ReadContents withAllColumns() {
      return toBuilder().setColumns(List.of()).build();
    }

    /**
     * Reads the table's lake and the log after it, merged: as {@link Read#withLake}, of a KV table
     * only the latest row of each key.
     */
    public ReadContents withLake() {
      return toBuilder().setLake(true).build();
    }

    /** As {@link Read#withPartitionFilter}. */
    public ReadContents withPartitionFilter(PartitionFilter filter) {
      return toBuilder().setPartitionFilter(filter).build();
    }

    /**
     * As {@link Read#withTimestampColumn}. Without it, the rows of a KV table come before all
     * times, as nobody knows when they were stored.
     */
    public ReadContents withTimestampColumn(String column) {
      return toBuilder().setEventTime(new EventTime.Column(column)).build();
    }

    /** As {@link Read#withTimestampFn}. */
    public ReadContents withTimestampFn(SerializableFunction<Row, Instant> function) {
      return toBuilder().setEventTime(new EventTime.Function(function)).build();
    }

    /** As {@link Read#withErrorHandler}. */
    public ReadContents withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    /**
     * Of a KV table, each bucket's latest snapshot and its log up to its end when the pipeline is
     * built; what changed since the snapshot is held in memory, a bucket at a time.
     */
    @Override
    public PCollection<Row> expand(PBegin input) {
      FlussTable table = describe(cluster(), table(), "from");
      checkFilter(table, partitionFilter());
      eventTime().check(table);
      ReadSpec spec =
          ReadSpec.builder(table)
              .setLake(lake() ? Lake.start(table) : null)
              .setColumns(FlussIO.columns(table, columns()))
              .setPartitionFilter(partitionFilter())
              .setEventTime(eventTime())
              .build();
      BoundedTableSource source =
          new BoundedTableSource(
              spec,
              table.isKeyed() ? BoundedTableSource.Mode.LATEST_OF_KEY : BoundedTableSource.Mode.ALL,
              BucketRange.resolve(spec, Position.latest()));
      return Unpack.rows(
          input.apply("Scan", org.apache.beam.sdk.io.Read.from(source)), spec, errorHandler());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      populate(builder, cluster(), table(), columns(), eventTime());
      builder.add(DisplayData.item("lake", lake()));
    }
  }

  /**
   * Implementation of {@link #write()} and {@link #writeChanges()}.
   *
   * <p>A bundle is done once the cluster acknowledged every row of it. What a bundle that is
   * replayed after a failure does depends on the table:
   *
   * <ul>
   *   <li>Log: its rows are there twice.
   *   <li>KV, whole or partial: the values of the replayed rows are there again until the newer
   *       ones come again; the end state is that without the failure, if the replay has the rows of
   *       a key in the same order. Deletes likewise.
   *   <li>KV with the first-row or versioned merge engine: nothing.
   *   <li>Aggregation by max, min, bool_and, bool_or, first_value, rbm32, rbm64: nothing. By
   *       last_value: as an upsert. By sum, product, listagg, string_agg: it counts twice, so such
   *       columns are refused without {@link #allowNonIdempotentMerge()}.
   * </ul>
   */
  @AutoValue
  public abstract static class Write<T> extends PTransform<PCollection<T>, FlussWriteResult> {
    abstract WriteShape<T> shape();

    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable SerializableFunction<T, String> destination();

    abstract WriteSpec spec();

    abstract boolean bucketShuffle();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract Builder<T> toBuilder();

    @AutoValue.Builder
    abstract static class Builder<T> {
      abstract Builder<T> setShape(WriteShape<T> shape);

      abstract Builder<T> setCluster(FlussCluster cluster);

      abstract Builder<T> setTable(@Nullable String table);

      abstract Builder<T> setDestination(@Nullable SerializableFunction<T, String> destination);

      abstract Builder<T> setSpec(WriteSpec spec);

      abstract Builder<T> setBucketShuffle(boolean bucketShuffle);

      abstract Builder<T> setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract Write<T> build();
    }

    static <T> Write<T> of(WriteShape<T> shape) {
      return new AutoValue_FlussIO_Write.Builder<T>()
          .setShape(shape)
          .setSpec(WriteSpec.builder().build())
          .setBucketShuffle(false)
          .build();
    }

    private Write<T> with(WriteSpec.Builder spec) {
      return toBuilder().setSpec(spec.build()).build();
    }

    /** Writes to this table, {@code database.table}. */
    public Write<T> to(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).setDestination(null).build();
    }

    /**
     * Writes each element to the table that the function names, {@code database.table}. Nothing of
     * the tables is known when the pipeline is built: an element whose table is missing, or cannot
     * take its row, goes to the error handler. A worker keeps a writer open for each table that it
     * has seen.
     */
    public Write<T> to(FlussCluster cluster, SerializableFunction<T, String> table) {
      return toBuilder().setCluster(cluster).setTable(null).setDestination(table).build();
    }

    /**
     * Updates only these columns of a KV table, of which the primary key must be part: a partial
     * update. All others keep their values; a new row has null there. The rows may have more
     * fields, which are not sent. All columns but the primary key must be nullable.
     */
    public Write<T> withColumns(String... columns) {
      return with(spec().toBuilder().setColumns(named(columns)));
    }

    /** What is done with a change that deletes a row: it is applied by default. */
    public Write<T> withDeletes(Deletes deletes) {
      return with(spec().toBuilder().setDeletes(deletes));
    }

    /**
     * How long the cluster may take to acknowledge a bundle before it fails with a {@link
     * FlussUnreachableException}, and with it, the runner's attempt: 2 minutes by default. Until
     * then the client goes on trying.
     */
    public Write<T> withTimeout(Duration timeout) {
      return with(spec().toBuilder().setTimeout(positive(timeout, "withTimeout")));
    }

    /**
     * Whether the client numbers its batches, so that one that it sends again is not stored twice
     * ({@code client.writer.enable-idempotence}): the cluster's properties say so by default, and
     * Fluss's default is yes. This is about the client's own retries, not about a bundle that is
     * run again.
     */
    public Write<T> withIdempotentWriter(boolean idempotent) {
      return with(spec().toBuilder().setIdempotentWriter(idempotent));
    }

    /**
     * Allows to write columns of an aggregation table whose function counts a value twice that is
     * written twice: sum, product, listagg. A bundle that is run again after a failure then leaves
     * too much.
     */
    public Write<T> allowNonIdempotentMerge() {
      return with(spec().toBuilder().setNonIdempotentMergeAllowed(true));
    }

    /**
     * Shuffles before the write, so that one worker writes all rows of a bucket, in the order that
     * they come to it. Needed where the input has several rows of a key whose order matters and it
     * is not keyed by that key already; also makes for fewer and larger batches where there are
     * many buckets and workers. Costs a shuffle, and parallelism beyond the number of buckets is
     * lost. A batch job of Flink sorts what it shuffles, so that no order is kept there.
     */
    public Write<T> withBucketShuffle() {
      return toBuilder().setBucketShuffle(true).build();
    }

    /**
     * Gets what can never be written, each row with its table and the reason. Without a handler,
     * one such row fails the pipeline.
     */
    public Write<T> withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    @Override
    public FlussWriteResult expand(PCollection<T> input) {
      Schema schema = shape().schema(input);
      return destination() == null ? toOne(input, schema) : toMany(input, schema, destination());
    }

    private FlussWriteResult toOne(PCollection<T> input, Schema schema) {
      FlussTable table = describe(cluster(), table(), "to");
      if (shape().isOnlyForKeyed()) {
        table.requireKeyed("take changes");
        spec().checkDeletes(table);
      }
      spec().check(table, schema);
      var unused = WriterRegistry.register(input.getPipeline(), table, spec().targets(table));
      BundleWriter<T> writer = writer(input, new Destinations.One<>(table, spec(), schema));
      return bucketShuffle()
          ? WriteToTable.writeShuffled(
              input, new BucketOf<>(table, shape(), schema), writer, errorHandler())
          : WriteToTable.write(input, writer, errorHandler());
    }

    private FlussWriteResult toMany(
        PCollection<T> input, Schema schema, SerializableFunction<T, String> destination) {
      if (bucketShuffle()) {
        throw new IllegalArgumentException(
            "A write to tables that a function names cannot shuffle by bucket: nothing is known of"
                + " their buckets. Leave out withBucketShuffle().");
      }
      return WriteToTable.write(
          input,
          writer(
              input,
              new Destinations.Dynamic<>(
                  cluster(), destination, shape().isOnlyForKeyed(), spec(), schema)),
          errorHandler());
    }

    private BundleWriter<T> writer(PCollection<T> input, Destinations<T> destinations) {
      return new BundleWriter<>(destinations, shape(), input.getCoder(), errorHandler() != null);
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      WriteToTable.populate(
          builder, cluster(), destination() == null ? table() : "by a function of the element");
      builder
          .addIfNotNull(
              DisplayData.item(
                  "columns", spec().columns() == null ? null : String.join(",", spec().columns())))
          .add(DisplayData.item("deletes", spec().deletes().toString()))
          .add(DisplayData.item("timeout", spec().timeout().toString()))
          .add(DisplayData.item("bucketShuffle", bucketShuffle()));
    }
  }

  /** Implementation of {@link #lookup()}. */
  @AutoValue
  public abstract static class LookupRows
      extends PTransform<PCollection<Row>, PCollection<KV<Row, List<Row>>>> {
    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable List<String> by();

    abstract @Nullable List<String> columns();

    abstract LookupSpec spec();

    abstract int replicas();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setBy(List<String> by);

      abstract Builder setColumns(List<String> columns);

      abstract Builder setSpec(LookupSpec spec);

      abstract Builder setReplicas(int replicas);

      abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract LookupRows build();
    }

    private LookupRows with(LookupSpec.Builder spec) {
      return toBuilder().setSpec(spec.build()).build();
    }

    /** Looks rows up in this table, {@code database.table}, which must be a KV table. Required. */
    public LookupRows in(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).build();
    }

    /**
     * The columns to look up by: the primary key, or the bucket key and the partition columns where
     * those are a prefix of it. Each must be a field of the input of the same name. Without this,
     * all fields of the input.
     */
    public LookupRows by(String... columns) {
      return toBuilder().setBy(named("by", columns)).build();
    }

    /** Only these columns of the rows found. Without this, all. */
    public LookupRows withColumns(String... columns) {
      return toBuilder().setColumns(named(columns)).build();
    }

    /**
     * Keeps answers on each worker; none are by default. They are as stale as the cache says. All
     * lookups of a worker's JVM in the same table, by the same columns, of the same columns and
     * with the same cache options have one cache together. With {@link #insertIfNotExists} there
     * are no missing keys to keep, and an id that the server gave never changes.
     */
    public LookupRows withCache(LookupCache cache) {
      return with(spec().toBuilder().setCache(cache));
    }

    /**
     * How many answers of a bundle may be awaited at a time, or wait for one before them: 5,000 by
     * default. Bounds the memory of a bundle to the rows of as many keys.
     */
    public LookupRows withMaxInFlight(int maxInFlight) {
      if (maxInFlight < 1) {
        throw new IllegalArgumentException(
            "withMaxInFlight(" + maxInFlight + "): give a number above zero.");
      }
      return with(spec().toBuilder().setMaxInFlight(maxInFlight));
    }

    /**
     * How long an answer may take before the bundle fails, and with it, the runner's attempt: 2
     * minutes by default. Until then it is asked for again and again.
     */
    public LookupRows withTimeout(Duration timeout) {
      return with(spec().toBuilder().setTimeout(positive(timeout, "withTimeout")));
    }

    /**
     * Inserts a row for a key that has none: its primary key, what the server fills (an
     * auto-increment column), and null elsewhere. The row is in the answer. However many lookups of
     * a key there are, on however many workers, and however often a bundle is run again, it gets
     * one row and one id. Ids are dense as long as the table has one bucket and no server fails;
     * each bucket takes {@code table.auto-increment.cache-size} ids (100,000) at a time, and those
     * left when its leader moves may be lost.
     *
     * <p>The columns to look up by must be the primary key, all others but those that the server
     * fills must be nullable, and the table must have no partitions. Two workers that insert the
     * same key at the same moment leave an update that changes nothing in the changelog.
     */
    public LookupRows insertIfNotExists() {
      return with(spec().toBuilder().setInsertsMissing(true));
    }

    /**
     * Shuffles before the lookup, so that each key is looked up by as many workers as given, and
     * not by all: for caches that hold more keys. Give more than 1 where few keys make most of the
     * input, or the workers of these keys have most of the work. The order of the input is lost.
     * Pays only where several JVMs look up, as the workers of one share a cache anyway.
     */
    public LookupRows withReplicatedShuffle(int replicas) {
      if (replicas < 1) {
        throw new IllegalArgumentException(
            "withReplicatedShuffle(" + replicas + "): give a number above zero.");
      }
      return toBuilder().setReplicas(replicas).build();
    }

    /**
     * Gets keys that can never be looked up, each with the table and the reason: a null in a column
     * of the key, or a value that does not fit its type. Without a handler, one such key fails the
     * pipeline.
     */
    public LookupRows withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    @Override
    public PCollection<KV<Row, List<Row>>> expand(PCollection<Row> input) {
      FlussTable table = FlussIO.describe(cluster(), table(), "in");
      return LookupInTable.expand(
          input,
          table,
          by() == null ? input.getSchema().getFieldNames() : by(),
          columns() == null ? table.schema().getFieldNames() : columns(),
          spec(),
          replicas(),
          errorHandler());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      WriteToTable.populate(builder, cluster(), table());
      builder
          .addIfNotNull(DisplayData.item("by", by() == null ? null : String.join(",", by())))
          .addIfNotNull(
              DisplayData.item("columns", columns() == null ? null : String.join(",", columns())))
          .add(DisplayData.item("maxInFlight", spec().maxInFlight()))
          .add(DisplayData.item("timeout", spec().timeout().toString()))
          .add(DisplayData.item("insertIfNotExists", spec().insertsMissing()))
          .add(DisplayData.item("replicas", replicas()))
          .addIfNotNull(
              DisplayData.item("cache", spec().cache() == null ? null : spec().cache().toString()));
    }
  }
}

package dev.beamfluss.io.fluss;

import com.google.auto.value.AutoValue;
import java.time.Duration;
import java.util.List;
import org.apache.beam.sdk.io.Read;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.display.DisplayData;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

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
 * A row's timestamp is the time the cluster stored it. The watermark follows the rows at hand, and
 * this machine's clock minus five seconds where nothing has come for as long. While a backlog of
 * several buckets is read, rows can come behind it: windows over a backlog need allowed lateness.
 */
public final class FlussIO {

  private FlussIO() {}

  /** Reads the rows of a log table. */
  public static ReadRows readRows() {
    return new AutoValue_FlussIO_ReadRows.Builder().setOptions(ReadOptions.defaults()).build();
  }

  /** Reads the changelog of a KV table. */
  public static ReadChanges readChanges() {
    return new AutoValue_FlussIO_ReadChanges.Builder().setOptions(ReadOptions.defaults()).build();
  }

  /** Reads what a KV table holds now: the latest row of each key. A bounded read. */
  public static ReadContents readContents() {
    return new AutoValue_FlussIO_ReadContents.Builder().build();
  }

  /** Appends rows to a log table, or upserts them into a KV table. */
  public static Write write() {
    return new AutoValue_FlussIO_Write.Builder().build();
  }

  /** Applies changes to a KV table: upserts and deletes. */
  public static WriteChanges writeChanges() {
    return new AutoValue_FlussIO_WriteChanges.Builder().build();
  }

  /** Finds, for each key, the rows of a KV table that have it. */
  public static LookupRows lookup() {
    return new AutoValue_FlussIO_LookupRows.Builder().build();
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
    if (columns.length == 0) {
      throw new IllegalArgumentException("Name at least one column in withColumns(..).");
    }
    return List.of(columns);
  }

  /** What {@link ReadRows} and {@link ReadChanges} have in common. */
  @AutoValue
  abstract static class ReadOptions {
    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable List<String> columns();

    abstract Position start();

    abstract @Nullable Position stop();

    abstract Duration partitionDiscoveryInterval();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setColumns(List<String> columns);

      abstract Builder setStart(Position start);

      abstract Builder setStop(Position stop);

      abstract Builder setPartitionDiscoveryInterval(Duration interval);

      abstract ReadOptions build();
    }

    static final Duration DISCOVERY_INTERVAL = Duration.ofSeconds(10);

    static ReadOptions defaults() {
      return new AutoValue_FlussIO_ReadOptions.Builder()
          .setStart(Position.earliest())
          .setPartitionDiscoveryInterval(DISCOVERY_INTERVAL)
          .build();
    }

    FlussTable describe() {
      return FlussIO.describe(cluster(), table(), "from");
    }

    ReadSpec spec(FlussTable table) {
      List<String> wanted = columns() == null ? table.schema().getFieldNames() : columns();
      table.requireColumns(wanted, "read");
      return ReadSpec.of(table, wanted, start(), partitionDiscoveryInterval());
    }

    PCollection<RowBatch> read(PBegin input, ReadSpec spec) {
      if (stop() == null) {
        return input.apply("Poll", Read.from(new UnboundedLogSource(spec)));
      }
      return input.apply(
          "Poll",
          Read.from(
              new BoundedLogSource(spec, BucketRange.resolve(spec.table(), start(), stop()))));
    }

    void populate(DisplayData.Builder builder) {
      builder
          .addIfNotNull(DisplayData.item("table", table()))
          .addIfNotNull(
              DisplayData.item("cluster", cluster() == null ? null : cluster().toString()))
          .addIfNotNull(
              DisplayData.item("columns", columns() == null ? null : String.join(",", columns())))
          .add(DisplayData.item("startingPosition", start().toString()))
          .addIfNotNull(
              DisplayData.item("stoppingPosition", stop() == null ? null : stop().toString()));
    }
  }

  /** Implementation of {@link #readRows()}. */
  @AutoValue
  public abstract static class ReadRows extends PTransform<PBegin, PCollection<Row>> {
    abstract ReadOptions options();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setOptions(ReadOptions options);

      abstract ReadRows build();
    }

    private ReadRows with(ReadOptions.Builder options) {
      return new AutoValue_FlussIO_ReadRows.Builder().setOptions(options.build()).build();
    }

    /** Reads this table, {@code database.table}. Required. */
    public ReadRows from(FlussCluster cluster, String table) {
      return with(options().toBuilder().setCluster(cluster).setTable(table));
    }

    /**
     * Reads only these columns, in this order; the server sends no others of a table in the Arrow
     * log format, which is the default. Without this, all.
     */
    public ReadRows withColumns(String... columns) {
      return with(options().toBuilder().setColumns(named(columns)));
    }

    /**
     * Where to start where there is no checkpoint to go on from: {@link Position#earliest()} by
     * default. A partition that appears later is read from its beginning.
     */
    public ReadRows withStartingPosition(Position start) {
      return with(options().toBuilder().setStart(start));
    }

    /**
     * Where to end, which makes the read a bounded one over the partitions there are when the
     * pipeline is built. Without this, it never ends.
     */
    public ReadRows withStoppingPosition(Position stop) {
      return with(options().toBuilder().setStop(stop));
    }

    /** How often to look for new partitions: every 10 seconds by default. */
    public ReadRows withPartitionDiscoveryInterval(Duration interval) {
      return with(options().toBuilder().setPartitionDiscoveryInterval(interval));
    }

    @Override
    public PCollection<Row> expand(PBegin input) {
      FlussTable table = options().describe();
      if (table.isKeyed()) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s is a KV table (primary key %s). Read its changelog with"
                    + " FlussIO.readChanges().",
                table.path(), table.primaryKey()));
      }
      ReadSpec spec = options().spec(table);
      return options()
          .read(input, spec)
          .apply("Unpack", ParDo.of(new Unpack.Rows()))
          .setRowSchema(spec.schema());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      options().populate(builder);
    }
  }

  /** Implementation of {@link #readChanges()}. */
  @AutoValue
  public abstract static class ReadChanges extends PTransform<PBegin, PCollection<RowChange>> {
    abstract ReadOptions options();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setOptions(ReadOptions options);

      abstract ReadChanges build();
    }

    private ReadChanges with(ReadOptions.Builder options) {
      return new AutoValue_FlussIO_ReadChanges.Builder().setOptions(options.build()).build();
    }

    /** Reads this table, {@code database.table}. Required. */
    public ReadChanges from(FlussCluster cluster, String table) {
      return with(options().toBuilder().setCluster(cluster).setTable(table));
    }

    /** As {@link ReadRows#withColumns}; the rows of the changes have only these columns. */
    public ReadChanges withColumns(String... columns) {
      return with(options().toBuilder().setColumns(named(columns)));
    }

    /** As {@link ReadRows#withStartingPosition}. */
    public ReadChanges withStartingPosition(Position start) {
      return with(options().toBuilder().setStart(start));
    }

    /** As {@link ReadRows#withStoppingPosition}. */
    public ReadChanges withStoppingPosition(Position stop) {
      return with(options().toBuilder().setStop(stop));
    }

    /** As {@link ReadRows#withPartitionDiscoveryInterval}. */
    public ReadChanges withPartitionDiscoveryInterval(Duration interval) {
      return with(options().toBuilder().setPartitionDiscoveryInterval(interval));
    }

    @Override
    public PCollection<RowChange> expand(PBegin input) {
      FlussTable table = options().describe();
      if (!table.isKeyed()) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s is a log table (it has no primary key), so its rows never change. Read"
                    + " them with FlussIO.readRows().",
                table.path()));
      }
      ReadSpec spec = options().spec(table);
      return options()
          .read(input, spec)
          .apply("Unpack", ParDo.of(new Unpack.Changes()))
          .setCoder(RowChange.coder(spec.schema()));
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      options().populate(builder);
    }
  }

  /** Implementation of {@link #readContents()}. */
  @AutoValue
  public abstract static class ReadContents extends PTransform<PBegin, PCollection<Row>> {
    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable List<String> columns();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setColumns(List<String> columns);

      abstract ReadContents build();
    }

    /** Reads this table, {@code database.table}. Required. */
    public ReadContents from(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).build();
    }

    /**
     * Reads only these columns, in this order. Whole rows of the server's snapshots travel all the
     * same; only what changed since is pruned on the server.
     */
    public ReadContents withColumns(String... columns) {
      return toBuilder().setColumns(named(columns)).build();
    }

    /**
     * Each bucket's latest snapshot and its log up to its end when the pipeline is built; what
     * changed since the snapshot is held in memory, a bucket at a time. Rows carry no event time.
     */
    @Override
    public PCollection<Row> expand(PBegin input) {
      FlussTable table = FlussIO.describe(cluster(), table(), "from");
      table.requireKeyed("be read by key");
      List<String> wanted = columns() == null ? table.schema().getFieldNames() : columns();
      table.requireColumns(wanted, "read");
      ReadSpec spec =
          ReadSpec.of(table, wanted, Position.earliest(), ReadOptions.DISCOVERY_INTERVAL);
      return input
          .apply("Scan", Read.from(new ContentsSource(spec, BucketContents.resolve(table))))
          .apply("Unpack", ParDo.of(new Unpack.Rows()))
          .setRowSchema(spec.schema());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      WriteToTable.populate(builder, cluster(), table());
      builder.addIfNotNull(
          DisplayData.item("columns", columns() == null ? null : String.join(",", columns())));
    }
  }

  /** Implementation of {@link #write()}. */
  @AutoValue
  public abstract static class Write extends PTransform<PCollection<Row>, FlussWriteResult> {
    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract Write build();
    }

    /** Writes to this table, {@code database.table}. Required. */
    public Write to(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).build();
    }

    /**
     * Where rows go that can never be written, each with its reason. Without this, one such row
     * fails the pipeline.
     */
    public Write withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    @Override
    public FlussWriteResult expand(PCollection<Row> input) {
      FlussTable table = FlussIO.describe(cluster(), table(), "to");
      Schema schema = input.getSchema();
      TableWriter.checkWholeRows(table, schema);
      return WriteToTable.rows(input, table, errorHandler());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      WriteToTable.populate(builder, cluster(), table());
    }
  }

  /** Implementation of {@link #writeChanges()}. */
  @AutoValue
  public abstract static class WriteChanges
      extends PTransform<PCollection<RowChange>, FlussWriteResult> {
    abstract @Nullable FlussCluster cluster();

    abstract @Nullable String table();

    abstract @Nullable ErrorHandler<BadRecord, ?> errorHandler();

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setErrorHandler(ErrorHandler<BadRecord, ?> errorHandler);

      abstract WriteChanges build();
    }

    /** Writes to this table, {@code database.table}, which must be a KV table. Required. */
    public WriteChanges to(FlussCluster cluster, String table) {
      return toBuilder().setCluster(cluster).setTable(table).build();
    }

    /** As {@link Write#withErrorHandler}. */
    public WriteChanges withErrorHandler(ErrorHandler<BadRecord, ?> errorHandler) {
      return toBuilder().setErrorHandler(errorHandler).build();
    }

    @Override
    public FlussWriteResult expand(PCollection<RowChange> input) {
      FlussTable table = FlussIO.describe(cluster(), table(), "to");
      table.requireKeyed("take changes");
      if (!(input.getCoder() instanceof RowChangeCoder coder)) {
        throw new IllegalArgumentException(
            "The changes to write need the coder RowChange.coder(schema), which tells their"
                + " columns; they have "
                + input.getCoder()
                + ".");
      }
      TableWriter.checkWholeRows(table, coder.schema());
      return WriteToTable.changes(input, coder.schema(), table, errorHandler());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      WriteToTable.populate(builder, cluster(), table());
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

    abstract Builder toBuilder();

    @AutoValue.Builder
    abstract static class Builder {
      abstract Builder setCluster(FlussCluster cluster);

      abstract Builder setTable(String table);

      abstract Builder setBy(List<String> by);

      abstract Builder setColumns(List<String> columns);

      abstract LookupRows build();
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
      return toBuilder().setBy(List.of(columns)).build();
    }

    /** Only these columns of the rows found. Without this, all. */
    public LookupRows withColumns(String... columns) {
      return toBuilder().setColumns(named(columns)).build();
    }

    @Override
    public PCollection<KV<Row, List<Row>>> expand(PCollection<Row> input) {
      FlussTable table = FlussIO.describe(cluster(), table(), "in");
      return LookupInTable.expand(
          input,
          table,
          by() == null ? input.getSchema().getFieldNames() : by(),
          columns() == null ? table.schema().getFieldNames() : columns());
    }

    @Override
    public void populateDisplayData(DisplayData.Builder builder) {
      WriteToTable.populate(builder, cluster(), table());
    }
  }
}

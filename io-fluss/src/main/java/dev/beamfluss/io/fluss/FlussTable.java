package dev.beamfluss.io.fluss;

import static java.util.stream.Collectors.joining;

import java.io.ObjectStreamException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.fluss.client.admin.Admin;
import org.apache.fluss.config.AutoPartitionTimeUnit;
import org.apache.fluss.metadata.AggFunctionType;
import org.apache.fluss.metadata.DataLakeFormat;
import org.apache.fluss.metadata.DeleteBehavior;
import org.apache.fluss.metadata.LogFormat;
import org.apache.fluss.metadata.MergeEngineType;
import org.apache.fluss.metadata.TableInfo;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * What a pipeline needs to know of a table: its columns as a Beam schema, its keys, its partitions'
 * columns and its number of buckets, as they were when the pipeline was built. Serializable.
 */
public final class FlussTable implements Serializable {
  // in people's savepoints: Flink stores the source with its position
  private static final long serialVersionUID = 1L;

  /** How rows can be found by a set of columns. */
  public enum LookupKind {
    /** The columns are the primary key: at most one row. */
    PRIMARY_KEY,
    /** The columns are the bucket key (and the partition columns), a prefix of the key. */
    PREFIX
  }

  private static final int MAX_NAMES_LISTED = 20;

  private final FlussCluster cluster;
  private final String path;
  private final long tableId;
  private final int schemaId;
  private final RowType rowType;
  private final Schema schema;
  private final ArrayList<String> primaryKey;
  private final ArrayList<String> bucketKey;
  private final ArrayList<String> partitionColumns;
  private final int buckets;
  private final @Nullable String autoPartitionColumn;
  private final @Nullable AutoPartitionTimeUnit partitionTimeUnit;
  private final HashSet<String> autoIncrementColumns;
  private final boolean logIsArrow;
  private final @Nullable MergeEngineType mergeEngine;
  private final TreeMap<String, AggFunctionType> aggregations;
  private final @Nullable DeleteBehavior deleteBehavior;
  private final @Nullable DataLakeFormat lakeFormat;
  private final boolean lakeEnabled;
  private transient @Nullable AtomicReference<byte[]> packed = new AtomicReference<>();

  private FlussTable(FlussCluster cluster, TableInfo info) {
    this.cluster = cluster;
    this.path = info.getTablePath().toString();
    this.tableId = info.getTableId();
    this.schemaId = info.getSchemaId();
    this.rowType = info.getRowType();
    this.schema = TypeMapping.schema(rowType);
    this.primaryKey = new ArrayList<>(info.getPrimaryKeys());
    this.bucketKey = new ArrayList<>(info.getBucketKeys());
    this.partitionColumns = new ArrayList<>(info.getPartitionKeys());
    this.buckets = info.getNumBuckets();
    boolean auto = info.isAutoPartitioned();
    String key = info.getTableConfig().getAutoPartitionStrategy().key();
    this.autoPartitionColumn =
        auto ? (key == null && !partitionColumns.isEmpty() ? partitionColumns.get(0) : key) : null;
    this.partitionTimeUnit =
        auto ? info.getTableConfig().getAutoPartitionStrategy().timeUnit() : null;
    this.autoIncrementColumns = new HashSet<>(info.getSchema().getAutoIncrementColumnNames());
    this.mergeEngine = info.getTableConfig().getMergeEngineType().orElse(null);
    this.aggregations = new TreeMap<>();
    if (mergeEngine == MergeEngineType.AGGREGATION) {
      for (String column : rowType.getFieldNames()) {
        info.getSchema()
            .getAggFunction(column)
            .ifPresent(function -> aggregations.put(column, function.getType()));
      }
    }
    this.deleteBehavior = info.getTableConfig().getDeleteBehavior().orElse(null);
    this.lakeFormat = info.getTableConfig().getDataLakeFormat().orElse(null);
    this.lakeEnabled = info.getTableConfig().isDataLakeEnabled();
    this.logIsArrow = info.getTableConfig().getLogFormat() == LogFormat.ARROW;
  }

  private FlussTable(FlussTable other, FlussCluster cluster) {
    this.cluster = cluster;
    this.path = other.path;
    this.tableId = other.tableId;
    this.schemaId = other.schemaId;
    this.rowType = other.rowType;
    this.schema = other.schema;
    this.primaryKey = other.primaryKey;
    this.bucketKey = other.bucketKey;
    this.partitionColumns = other.partitionColumns;
    this.buckets = other.buckets;
    this.autoPartitionColumn = other.autoPartitionColumn;
    this.partitionTimeUnit = other.partitionTimeUnit;
    this.autoIncrementColumns = other.autoIncrementColumns;
    this.logIsArrow = other.logIsArrow;
    this.mergeEngine = other.mergeEngine;
    this.aggregations = other.aggregations;
    this.deleteBehavior = other.deleteBehavior;
    this.lakeFormat = other.lakeFormat;
    this.lakeEnabled = other.lakeEnabled;
  }

  /** The same table, talked to with other client properties. */
  FlussTable at(FlussCluster other) {
    return new FlussTable(this, other);
  }

  static FlussTable of(FlussCluster cluster, TableInfo info) {
    return new FlussTable(cluster, info);
  }

  static FlussTable describe(FlussCluster cluster, String path) {
    TablePath tablePath = parse(path);
    try (Connections.Lease lease = Connections.lease(cluster, "metadata")) {
      Admin admin = lease.connection().getAdmin();
      if (!Waiting.ask(
          () -> admin.tableExists(tablePath), cluster, "say whether table " + path + " exists")) {
        throw new IllegalArgumentException(missing(cluster, tablePath, admin));
      }
      return new FlussTable(
          cluster,
          Waiting.ask(() -> admin.getTableInfo(tablePath), cluster, "describe table " + path));
    }
  }

  private static TablePath parse(String path) {
    int dot = path.indexOf('.');
    if (dot <= 0 || dot == path.length() - 1 || path.indexOf('.', dot + 1) >= 0) {
      throw new IllegalArgumentException(
          String.format("'%s' is not a table path. Give it as database.table.", path));
    }
    return TablePath.of(path.substring(0, dot), path.substring(dot + 1));
  }

  private static String missing(FlussCluster cluster, TablePath path, Admin admin) {
    boolean databaseExists =
        Waiting.ask(
            () -> admin.databaseExists(path.getDatabaseName()),
            cluster,
            "say whether database " + path.getDatabaseName() + " exists");
    List<String> others =
        databaseExists
            ? Waiting.ask(() -> admin.listTables(path.getDatabaseName()), cluster, "list tables")
            : Waiting.ask(() -> admin.listDatabases(), cluster, "list databases");
    return String.format(
        "Table %s does not exist on the Fluss cluster at %s. %s. Check the name, or create the"
            + " table first.",
        path,
        cluster.bootstrapServers(),
        (databaseExists
                ? "Database " + path.getDatabaseName() + " has the tables "
                : "There is no database " + path.getDatabaseName() + " either, only the databases ")
            + some(others));
  }

  private static String some(List<String> names) {
    String more = names.size() > MAX_NAMES_LISTED ? ", ...] (" + names.size() + " in all)" : "]";
    return names.stream().sorted().limit(MAX_NAMES_LISTED).collect(joining(", ", "[", more));
  }

  /** The cluster that holds the table. */
  public FlussCluster cluster() {
    return cluster;
  }

  /** {@code database.table}. */
  public String path() {
    return path;
  }

  /** All columns, in the table's order. */
  public Schema schema() {
    return schema;
  }

  /** The primary key's columns; empty for a log table. */
  public List<String> primaryKey() {
    return List.copyOf(primaryKey);
  }

  /** Whether this is a KV table (one with a primary key); otherwise it is a log table. */
  public boolean isKeyed() {
    return !primaryKey.isEmpty();
  }

  /** The columns that decide a row's bucket; empty for a log table without one. */
  public List<String> bucketKey() {
    return List.copyOf(bucketKey);
  }

  /** The columns that decide a row's partition; empty for a table without partitions. */
  public List<String> partitionColumns() {
    return List.copyOf(partitionColumns);
  }

  /** Buckets a partition, or of the whole table where it has no partitions. */
  public int buckets() {
    return buckets;
  }

  /**
   * The schema of some columns, in the order given.
   *
   * @throws IllegalArgumentException if the table has no such column
   */
  public Schema schema(List<String> columns) {
    requireColumns(columns, "read");
    return TypeMapping.schema(rowType, columns);
  }

  /**
   * How rows can be looked up by the given columns.
   *
   * @throws IllegalArgumentException if they cannot; says by which columns they can, and which keys
   *     a table must have to be looked up by these
   */
  public LookupKind lookupKind(List<String> columns) {
    requireKeyed("be looked up");
    requireColumns(columns, "be looked up by");
    Set<String> given = new LinkedHashSet<>(columns);
    if (given.equals(Set.copyOf(primaryKey))) {
      return LookupKind.PRIMARY_KEY;
    }
    if (given.equals(Set.copyOf(prefixColumns())) && isPrefixOfKey()) {
      return LookupKind.PREFIX;
    }
    List<String> withoutPartitions = new ArrayList<>(given);
    withoutPartitions.removeAll(partitionColumns);
    List<String> key = new ArrayList<>(given);
    primaryKey.stream().filter(c -> !given.contains(c)).forEach(key::add);
    throw new IllegalArgumentException(
        String.format(
            "Table %s cannot be looked up by %s. It can be looked up by its primary key %s%s. To"
                + " look it up by %s, create it with PRIMARY KEY (%s) and 'bucket.key' = '%s'%s.",
            path,
            columns,
            primaryKey,
            isPrefixOfKey() ? " or by the prefix " + prefixColumns() : "",
            columns,
            String.join(", ", key),
            String.join(",", withoutPartitions),
            given.containsAll(partitionColumns)
                ? ""
                : ", and name its partition columns " + partitionColumns + " as well"));
  }

  /**
   * Checks that rows of a schema can be written to this table: a field for each column, of a type
   * it takes, and no other.
   *
   * @throws IllegalArgumentException if not, naming the column and what is wrong
   */
  public void requireRows(Schema rows) {
    WriteSpec.builder().build().check(this, rows);
  }

  /**
   * Checks that rows of a schema, with some of the columns, can be written to this table: what
   * {@link TableWriter#openPartial} writes.
   *
   * @throws IllegalArgumentException if not, naming the column and what is wrong
   */
  public void requirePartialRows(Schema rows) {
    WriteSpec.builder().setColumns(rows.getFieldNames()).build().check(this, rows);
  }

  /** Whether what is written to the table is tiered to a lake, too. */
  public boolean isLakeTable() {
    return lakeEnabled;
  }

  /** The columns of a prefix lookup: the bucket key's, then the partitions'. */
  List<String> prefixColumns() {
    List<String> columns = new ArrayList<>(bucketKey);
    columns.addAll(partitionColumns);
    return columns;
  }

  private boolean isPrefixOfKey() {
    List<String> physicalKey = new ArrayList<>(primaryKey);
    physicalKey.removeAll(partitionColumns);
    return bucketKey.size() < physicalKey.size()
        && bucketKey.equals(physicalKey.subList(0, bucketKey.size()));
  }

  void requireKeyed(String what) {
    if (!isKeyed()) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s is a log table (it has no primary key) and cannot %s. Name a KV table.",
              path, what));
    }
  }

  void requireLake() {
    if (!lakeEnabled) {
      throw new IllegalArgumentException(
          String.format(
              "Table %s is not a lake table%s. Set its property 'table.datalake.enabled' to 'true',"
                  + " or leave out withLake().",
              path,
              lakeFormat == null
                  ? ", and the Fluss cluster at "
                      + cluster
                      + " had no lake configured (datalake.format) when it was created"
                  : ""));
    }
  }

  void requireColumns(List<String> columns, String what) {
    for (String column : columns) {
      if (!schema.hasField(column)) {
        throw new IllegalArgumentException(
            String.format(
                "Table %s has no column %s to %s. Its columns are %s.",
                path, column, what, schema.getFieldNames()));
      }
    }
    if (new HashSet<>(columns).size() < columns.size()) {
      throw new IllegalArgumentException(
          String.format("A column is named twice for table %s: %s", path, columns));
    }
  }

  TablePath tablePath() {
    return parse(path);
  }

  long tableId() {
    return tableId;
  }

  /** Rises with each change of the columns. */
  int schemaId() {
    return schemaId;
  }

  RowType rowType() {
    return rowType;
  }

  /** Whether the log is in the Arrow format, of which the server can leave out columns. */
  boolean isLogArrow() {
    return logIsArrow;
  }

  @Nullable MergeEngineType mergeEngine() {
    return mergeEngine;
  }

  /** How the columns of an aggregation table are merged, those that say so. */
  Map<String, AggFunctionType> aggregations() {
    return Collections.unmodifiableMap(aggregations);
  }

  /** What the server does with a delete, where the table says so. */
  @Nullable DeleteBehavior deleteBehavior() {
    return deleteBehavior;
  }

  @Nullable DataLakeFormat lakeFormat() {
    return lakeFormat;
  }

  /**
   * How a column of an aggregation table is merged, by Fluss's name, {@code rbm32} for one; empty
   * where nothing is said, or the table has another merge engine.
   */
  public Optional<String> mergeFunction(String column) {
    return Optional.ofNullable(aggregations.get(column))
        .map(type -> type.name().toLowerCase(Locale.ROOT));
  }

  /** The columns that the cluster fills with numbers of its own. */
  public Set<String> autoIncrementColumns() {
    return Set.copyOf(autoIncrementColumns);
  }

  @Nullable String autoPartitionColumn() {
    return autoPartitionColumn;
  }

  @Nullable AutoPartitionTimeUnit partitionTimeUnit() {
    return partitionTimeUnit;
  }

  @Override
  public String toString() {
    return path + schema.getFieldNames();
  }

  private Object writeReplace() throws ObjectStreamException {
    // one that was read has no reference
    AtomicReference<byte[]> bytes = packed;
    if (bytes == null) {
      bytes = new AtomicReference<>();
      packed = bytes;
    }
    return Packed.of(this, bytes);
  }
}

package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.changes.RowChangeCoder;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.LookupCache;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.CompleteRows;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.uv.UvTables;
import dev.beamfluss.transforms.BitmapType;
import dev.beamfluss.transforms.BitmapUv;
import dev.beamfluss.transforms.ColumnUpsert;
import dev.beamfluss.transforms.IdMapping;
import dev.beamfluss.transforms.IdShards;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.Filter;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SerializableFunction;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Impressions, clicks, visits, add-to-cart and orders of products and shops by the hour, in two
 * wide tables: scenario 2 of the reference. Each stream is a job of its own, or all are one, and
 * writes its own columns ({@link BehaviorStream}); nothing is joined but the dimensions of items.
 *
 * <p>A stream goes two steps. Its events get the dimensions of their item and are written to the
 * table of details, which has each event once, with the dimensions that were found first. The
 * changes of that table are counted: by {@link ColumnUpsert} into the wide tables, and by {@link
 * IdMapping} and {@link BitmapUv} for distinct users. So an event that comes twice counts once, and
 * what is cancelled is taken off the shop that it was counted for, however its item has moved
 * since.
 *
 * <p>Users who ordered are counted whether they cancelled or not.
 */
public final class WideTable {
  private static final IdShards ONE_SHARD = IdShards.of(1, BitmapType.RBM32);
  private static final Duration GATHER = Duration.ofMillis(100);
  private static final Duration REFRESH = Duration.ofMillis(200);

  private final WideTableOptions options;
  private final FlussCluster cluster;

  private WideTable(WideTableOptions options) {
    this.options = options;
    this.cluster = ClusterOptions.cluster(options);
  }

  /**
   * Builds the pipeline and runs it until it is cancelled, or only submits it with {@code
   * --attachedMode=false}. A wrong flag or table ends the program with status 2, a failure with
   * status 1.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream err) {
    return Program.stream(
        err,
        () -> PipelineOptionsFactory.fromArgs(args).withValidation().as(WideTableOptions.class),
        WideTable::apply);
  }

  /** Adds the streams that the options name to a pipeline. */
  public static void apply(Pipeline pipeline, WideTableOptions options) {
    WideTable wide = new WideTable(options);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(wide.cluster, table(options, DeadLetters.TABLE)))) {
      for (BehaviorStream stream : streams(options)) {
        wide.detail(pipeline, stream, errors);
        PCollection<RowChange> changes = wide.changes(pipeline, stream, errors);
        PCollection<RowChange> counted = standing(stream, changes);
        for (StatGrain grain : StatGrain.values()) {
          counted.apply(
              "Count " + stream.id() + " by " + grain.id(), wide.count(stream, grain, errors));
        }
        wide.countUsers(pipeline, stream, changes);
      }
    }
  }

  /** The streams that the options name, or all. */
  static List<BehaviorStream> streams(WideTableOptions options) {
    List<String> named = options.getStream();
    return named == null || named.isEmpty()
        ? Arrays.asList(BehaviorStream.values())
        : named.stream().map(BehaviorStream::of).distinct().toList();
  }

  /** A table of the scenario, with its database. */
  static String table(ClusterOptions options, String name) {
    return options.getDatabasePrefix() + WideTableTables.DATABASE + "." + name;
  }

  private void detail(Pipeline pipeline, BehaviorStream stream, ErrorHandler<BadRecord, ?> errors) {
    String log = table(options, stream.log());
    events(pipeline, stream, log)
        .apply("Check " + stream.id(), CompleteRows.of(log, "it cannot be counted", errors))
        .apply(
            "Dimensions of " + stream.id(),
            new WithDimensions(
                cluster,
                table(options, WideTableTables.ITEMS),
                millis("dimensionCacheMillis", options.getDimensionCacheMillis(), 0)))
        .apply(
            "Write " + stream.id(),
            FlussIO.write().to(cluster, table(options, stream.detail())).withErrorHandler(errors));
  }

  private PCollection<Row> events(Pipeline pipeline, BehaviorStream stream, String log) {
    String[] columns = cluster.describe(log).schema().getFieldNames().toArray(String[]::new);
    if (stream != BehaviorStream.ORDERS) {
      return pipeline.apply(
          "Read " + stream.id(),
          FlussIO.readRows()
              .from(cluster, log)
              .withColumns(columns)
              .withPartitionDiscoveryInterval(discovery()));
    }
    PCollection<RowChange> changes =
        pipeline.apply(
            "Read " + stream.id(),
            FlussIO.readChanges()
                .from(cluster, log)
                .withColumns(columns)
                .withPartitionDiscoveryInterval(discovery()));
    Schema schema = cluster.describe(log).schema();
    return changes.apply("What is left", ParDo.of(new WhatIsLeftFn())).setRowSchema(schema);
  }

  private PCollection<RowChange> changes(
      Pipeline pipeline, BehaviorStream stream, ErrorHandler<BadRecord, ?> errors) {
    List<String> columns =
        new ArrayList<>(
            List.of(
                "product_id",
                "shop_id",
                WideTableTables.DATE,
                WideTableTables.HOUR,
                WideTableTables.TIME,
                "user_id"));
    if (stream == BehaviorStream.ORDERS) {
      columns.addAll(List.of("order_id", "quantity", "amount"));
    }
    return pipeline.apply(
        "Read detailed " + stream.id(),
        readDetails(options, stream, columns.toArray(String[]::new)).withErrorHandler(errors));
  }

  /** Without lines of orders of which nothing is left. */
  static PCollection<RowChange> standing(BehaviorStream stream, PCollection<RowChange> changes) {
    return stream == BehaviorStream.ORDERS
        ? changes.apply("Not cancelled", Filter.by(new SomethingLeft()))
        : changes;
  }

  /**
   * The changes of a stream's details, with the time of the events. All that the log has, and not a
   * snapshot first: so a job that starts without its state meets as many changes as the one before
   * it, which the version columns count.
   */
  static FlussIO.Read<RowChange> readDetails(
      WideTableOptions options, BehaviorStream stream, String... columns) {
    return FlussIO.readChanges()
        .from(ClusterOptions.cluster(options), table(options, stream.detail()))
        .withColumns(columns)
        .withStartingPosition(Position.earliest())
        .withTimestampColumn(WideTableTables.TIME)
        .withPartitionDiscoveryInterval(
            millis("partitionDiscoveryMillis", options.getPartitionDiscoveryMillis(), 1));
  }

  private ColumnUpsert<RowChange> count(
      BehaviorStream stream, StatGrain grain, ErrorHandler<BadRecord, ?> errors) {
    ColumnUpsert<RowChange> count =
        upsert(options, grain, errors)
            .counting(stream.countColumn())
            .withVersionColumn(stream.versionColumn())
            .withLatestTimeColumn(stream.timeColumn());
    return stream == BehaviorStream.ORDERS
        ? count
            .countingDistinct("order_id", BehaviorStream.UNIQUE_ORDERS)
            .summing("amount", BehaviorStream.GMV)
        : count;
  }

  /** Totals of a stream's details for a wide table, still without any measure. */
  static ColumnUpsert<RowChange> upsert(
      WideTableOptions options, StatGrain grain, ErrorHandler<BadRecord, ?> errors) {
    if (options.getAllowedLatenessHours() < 0) {
      throw new IllegalArgumentException(
          "--allowedLatenessHours=" + options.getAllowedLatenessHours() + " must be 0 or more.");
    }
    return ColumnUpsert.ofChanges()
        .by(grain.key().toArray(String[]::new))
        .withPeriod(Duration.ofHours(1))
        .withAllowedLateness(Duration.ofHours(options.getAllowedLatenessHours()))
        .withUpdateInterval(millis("updateMillis", options.getUpdateMillis(), 1))
        .withErrorHandler(errors)
        .to(ClusterOptions.cluster(options), table(options, grain.table()));
  }

  private void countUsers(
      Pipeline pipeline, BehaviorStream stream, PCollection<RowChange> changes) {
    String mapping = table(options, UvTables.USER_MAPPING);
    PCollection<Row> users =
        changes
            .apply("New " + stream.id(), ParDo.of(new NewRowsFn()))
            .setRowSchema(schemaOf(changes))
            .apply(
                "Number users of " + stream.id(),
                IdMapping.in(cluster, mapping)
                    .withCache(
                        LookupCache.ofMaxRows(options.getCachedUsers())
                            .expireAfterWrite(Duration.ofHours(1))
                            .cacheMissingKey(false)));
    String id = cluster.describe(mapping).autoIncrementColumns().stream().findFirst().orElseThrow();
    for (StatGrain grain : StatGrain.values()) {
      String bitmaps = table(options, grain.usersTable(stream));
      String of = stream.id() + " by " + grain.id();
      users
          .apply(
              "Collect users of " + of,
              BitmapUv.collect()
                  .ofIds(id)
                  .by(grain.key().toArray(String[]::new))
                  .withShards(ONE_SHARD, WideTableTables.SHARD)
                  .into(WideTableTables.USERS)
                  .withGatherInterval(GATHER))
          .apply("Write users of " + of, FlussIO.write().to(cluster, bitmaps));
      pipeline.apply(
          "Count users of " + of,
          BitmapUv.count()
              .in(cluster, bitmaps)
              .withShards(ONE_SHARD, WideTableTables.SHARD)
              .counting(WideTableTables.USERS, stream.usersColumn())
              .withRefreshInterval(REFRESH)
              .withPartitionDiscoveryInterval(discovery())
              .to(cluster, table(options, grain.table())));
    }
  }

  private static Schema schemaOf(PCollection<RowChange> changes) {
    return ((RowChangeCoder) changes.getCoder()).schema();
  }

  private Duration discovery() {
    return millis("partitionDiscoveryMillis", options.getPartitionDiscoveryMillis(), 1);
  }

  private static Duration millis(String flag, int value, int least) {
    if (value < least) {
      throw new IllegalArgumentException(
          String.format("--%s=%d must be at least %d.", flag, value, least));
    }
    return Duration.ofMillis(value);
  }

  /** What a change leaves of an order's line; nothing of one that is deleted. */
  private static final class WhatIsLeftFn extends DoFn<RowChange, Row> {
    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<Row> out) {
      Row line = change.row();
      switch (change.kind()) {
        case INSERT, UPDATE_AFTER -> out.output(line);
        case DELETE -> {
          Schema schema = line.getSchema();
          List<@Nullable Object> values = new ArrayList<>(line.getValues());
          values.set(schema.indexOf("quantity"), 0);
          values.set(schema.indexOf("amount"), BigDecimal.ZERO.setScale(WideTableTables.SCALE));
          out.output(Row.withSchema(schema).attachValues(values));
        }
        case UPDATE_BEFORE -> {}
      }
    }
  }

  /** Rows that were not there before; what is counted of them never changes. */
  private static final class NewRowsFn extends DoFn<RowChange, Row> {
    @ProcessElement
    public void process(@Element RowChange change, OutputReceiver<Row> out) {
      if (change.kind() == RowChange.Kind.INSERT) {
        out.output(change.row());
      }
    }
  }

  private static final class SomethingLeft implements SerializableFunction<RowChange, Boolean> {
    @Override
    public Boolean apply(RowChange change) {
      Integer quantity = change.row().getInt32("quantity");
      return quantity != null && quantity > 0;
    }
  }
}

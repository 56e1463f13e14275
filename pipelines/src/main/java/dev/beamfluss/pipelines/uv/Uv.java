package dev.beamfluss.pipelines.uv;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.io.fluss.LookupCache;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.CompleteRows;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.transforms.BitmapType;
import dev.beamfluss.transforms.BitmapUv;
import dev.beamfluss.transforms.CollectBitmaps;
import dev.beamfluss.transforms.CountBitmaps;
import dev.beamfluss.transforms.CountRows;
import dev.beamfluss.transforms.IdMapping;
import dev.beamfluss.transforms.IdShards;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.Flatten;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PBegin;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionList;
import org.apache.beam.sdk.values.Row;

/**
 * Distinct users who saw, came, clicked and ordered, exactly, for each minute, hour and day and
 * whatever else is asked for, and how many did several of these: scenario 5 of the reference.
 *
 * <p>The logs of the four behaviors go through {@link IdMapping} and then, with option A, as
 * bitmaps into tables that merge them, whose cardinalities are kept in tables of counts; with
 * option B, as rows into a lake table, which {@code --batch} counts into the same tables. Both may
 * run at once.
 *
 * <p>A log's row without a user or without a value to count by goes to the table of {@link
 * DeadLetters}. An order that is cancelled later was an order all the same.
 */
public final class Uv {
  private final UvOptions options;
  private final FlussCluster cluster;
  private final List<Grain> grains;

  private Uv(UvOptions options) {
    this.options = options;
    this.cluster = ClusterOptions.cluster(options);
    this.grains = GrainOptions.grains(options);
  }

  /**
   * Builds the pipeline and runs it until it is cancelled, with {@code --batch} to its end, or only
   * submits it with {@code --attachedMode=false}. A wrong flag or table ends the program with
   * status 2, a failure with status 1.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream err) {
    return Program.run(err, () -> run(args));
  }

  private static int run(String[] args) {
    PipelineOptionsFactory.register(UvOptions.class);
    UvOptions options = PipelineOptionsFactory.fromArgs(args).withValidation().as(UvOptions.class);
    options.setStreaming(!options.getBatch());
    if (!options.getBatch()) {
      Pipeline pipeline = Pipeline.create(options);
      apply(pipeline, options);
      return Program.run(pipeline);
    }
    Uv uv = new Uv(options);
    if (options.getOption() == UvOptions.Option.BOTH) {
      throw new IllegalArgumentException("--batch counts one way: name --option=A or --option=B.");
    }
    if (options.getOption() == UvOptions.Option.B) {
      Pipeline pipeline = Pipeline.create(options);
      uv.countRows(pipeline);
      return Program.run(pipeline);
    }
    Pipeline collecting = Pipeline.create(options);
    uv.collectDay(collecting);
    int status = Program.run(collecting);
    if (status != Program.DONE) {
      return status;
    }
    Pipeline counting = Pipeline.create(options);
    for (Grain grain : uv.grains) {
      counting.apply("Count " + grain, uv.count(grain).withStoppingPosition(Position.latest()));
    }
    return Program.run(counting);
  }

  /** Adds what runs without end to a pipeline. */
  public static void apply(Pipeline pipeline, UvOptions options) {
    if (options.getDs() != null) {
      throw new IllegalArgumentException("--ds names a day to count: add --batch.");
    }
    Uv uv = new Uv(options);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors = uv.errors(pipeline)) {
      PCollection<Row> users =
          uv.users(
              pipeline,
              errors,
              (table, columns) ->
                  FlussIO.readRows()
                      .from(uv.cluster, table)
                      .withColumns(columns)
                      .withPartitionDiscoveryInterval(
                          Duration.ofMillis(options.getPartitionDiscoveryMillis())));
      uv.collect(users);
    }
    if (options.getOption().hasBitmaps()) {
      for (Grain grain : uv.grains) {
        pipeline.apply("Count " + grain, uv.count(grain));
      }
    }
  }

  private void collectDay(Pipeline pipeline) {
    String ds = day();
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors = errors(pipeline)) {
      collect(
          users(
              pipeline,
              errors,
              (table, columns) ->
                  FlussIO.readRows()
                      .from(cluster, table)
                      .withColumns(columns)
                      .withPartitionFilter(values -> ds.equals(values.get("ds")))
                      .withStoppingPosition(Position.latest())));
    }
  }

  /** Of a day; the others' rows in the tables of counts stay as they are. */
  private void countRows(Pipeline pipeline) {
    String ds = day();
    FlussTable detail = cluster.describe(table(UvTables.DETAIL));
    BitmapType type = typeOfRows(detail);
    FlussIO.ReadContents read =
        FlussIO.readContents()
            .from(cluster, table(UvTables.DETAIL))
            .withAllColumns()
            .withPartitionFilter(values -> ds.equals(values.get("ds")));
    PCollection<Row> rows =
        pipeline.apply("Read rows", options.getFromLake() ? read.withLake() : read);
    for (Grain grain : grains) {
      rows.apply("Count " + grain, countRows(grain, shards(type)))
          .apply("Write " + grain, FlussIO.write().to(cluster, table(grain.countTable())));
    }
  }

  private static CountRows countRows(Grain grain, IdShards shards) {
    CountRows count =
        BitmapUv.countRows()
            .by(grain.columns().toArray(String[]::new))
            .withShards(shards, UvTables.SHARD_COLUMN)
            .ofValues(UvTables.userColumn(shards.type()))
            .ofKinds(UvTables.BEHAVIOR_COLUMN);
    for (Behavior behavior : Behavior.values()) {
      count = count.counting(behavior.id(), behavior.countColumn());
    }
    for (Behavior.Overlap overlap : Behavior.overlaps()) {
      count =
          count.countingAll(
              overlap.countColumn(),
              overlap.behaviors().stream().map(Behavior::id).toArray(String[]::new));
    }
    return count;
  }

  private String day() {
    if (options.getDs() == null) {
      throw new IllegalArgumentException("Name the day to count, such as --ds=20261123.");
    }
    return options.getDs();
  }

  private ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors(Pipeline pipeline) {
    return pipeline.registerBadRecordErrorHandler(
        DeadLetters.to(cluster, table(DeadLetters.TABLE)));
  }

  /** How a log is read. */
  @FunctionalInterface
  private interface LogRead {
    PTransform<PBegin, PCollection<Row>> of(String table, String... columns);
  }

  /** Rows of all logs, each with its behavior and the number of its user. */
  private PCollection<Row> users(
      Pipeline pipeline, ErrorHandler<BadRecord, ?> errors, LogRead read) {
    Set<String> dimensions = UvTables.detailColumns(grains);
    List<String> columns = new ArrayList<>();
    columns.add("user_id");
    columns.addAll(dimensions);
    PCollectionList<Row> all = PCollectionList.empty(pipeline);
    for (Behavior behavior : Behavior.values()) {
      String name = behavior.name().toLowerCase(Locale.ROOT) + "s";
      String log = table(behavior.log());
      all =
          all.and(
              pipeline
                  .apply("Read " + name, read.of(log, columns.toArray(String[]::new)))
                  .apply(
                      "Check " + name,
                      CompleteRows.of(log, "its user cannot be counted", errors)
                          .with(UvTables.BEHAVIOR_COLUMN, behavior.id())));
    }
    return all.apply("All", Flatten.pCollections())
        .apply(
            "Number users", IdMapping.in(cluster, table(UvTables.USER_MAPPING)).withCache(cache()));
  }

  /** The reference's, but for its size. */
  private LookupCache cache() {
    return LookupCache.ofMaxRows(options.getCachedUsers())
        .expireAfterWrite(Duration.ofHours(1))
        .cacheMissingKey(false);
  }

  private void collect(PCollection<Row> users) {
    if (options.getOption().hasBitmaps()) {
      for (Grain grain : grains) {
        users
            .apply("Collect " + grain, collectBitmaps(grain))
            .apply("Write " + grain, FlussIO.write().to(cluster, table(grain.bitmapTable())));
      }
    }
    if (options.getOption().hasRows()) {
      BitmapType type = typeOfRows(cluster.describe(table(UvTables.DETAIL)));
      List<String> columns = new ArrayList<>(UvTables.detailColumns(grains));
      columns.add(UvTables.BEHAVIOR_COLUMN);
      users
          .apply(
              "Collect rows",
              ofUsers(columns)
                  .withShards(shards(type), UvTables.SHARD_COLUMN)
                  .intoRows(UvTables.userColumn(type)))
          .apply("Write rows", FlussIO.write().to(cluster, table(UvTables.DETAIL)));
    }
  }

  private CollectBitmaps collectBitmaps(Grain grain) {
    Map<String, String> bitmaps = new LinkedHashMap<>();
    for (Behavior behavior : Behavior.values()) {
      bitmaps.put(behavior.id(), behavior.bitmapColumn());
    }
    return ofUsers(grain.columns())
        .withShards(shards(typeOfBitmaps(grain)), UvTables.SHARD_COLUMN)
        .into(UvTables.BEHAVIOR_COLUMN, bitmaps)
        .withGatherInterval(Duration.ofMillis(options.getGatherMillis()));
  }

  private CollectBitmaps ofUsers(List<String> by) {
    String id =
        cluster.describe(table(UvTables.USER_MAPPING)).autoIncrementColumns().stream()
            .findFirst()
            .orElseThrow();
    return BitmapUv.collect().ofIds(id).by(by.toArray(String[]::new));
  }

  private CountBitmaps count(Grain grain) {
    CountBitmaps count =
        BitmapUv.count()
            .in(cluster, table(grain.bitmapTable()))
            .withShards(shards(typeOfBitmaps(grain)), UvTables.SHARD_COLUMN)
            .withRefreshInterval(Duration.ofMillis(options.getRefreshMillis()))
            .withPartitionDiscoveryInterval(
                Duration.ofMillis(options.getPartitionDiscoveryMillis()));
    for (Behavior behavior : Behavior.values()) {
      count = count.counting(behavior.bitmapColumn(), behavior.countColumn());
    }
    for (Behavior.Overlap overlap : Behavior.overlaps()) {
      count =
          count.countingAll(
              overlap.countColumn(),
              overlap.behaviors().stream().map(Behavior::bitmapColumn).toArray(String[]::new));
    }
    return count.to(cluster, table(grain.countTable()));
  }

  /** As StarRocks reads the values of a shard as an INT, with 32 bits they must be one. */
  private IdShards shards(BitmapType type) {
    IdShards shards = IdShards.of(options.getShards(), type);
    return type == BitmapType.RBM32 ? shards.withIntValues() : shards;
  }

  /** As the table was created. */
  private BitmapType typeOfBitmaps(Grain grain) {
    FlussTable table = cluster.describe(table(grain.bitmapTable()));
    Optional<String> function = table.mergeFunction(Behavior.EXPOSURE.bitmapColumn());
    return function.equals(Optional.of("rbm64")) ? BitmapType.RBM64 : BitmapType.RBM32;
  }

  private static BitmapType typeOfRows(FlussTable detail) {
    return detail.schema().hasField(UvTables.userColumn(BitmapType.RBM64))
        ? BitmapType.RBM64
        : BitmapType.RBM32;
  }

  private String table(String name) {
    return options.getDatabasePrefix() + UvTables.DATABASE + "." + name;
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.transforms.IdMapping;
import java.io.Serializable;
import java.util.List;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.PTransform;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Who takes part in {@link UvSuite} with {@link IdMapping} alone. */
final class UvMappings {
  /** So many users come again and again; the cache holds five times as many. */
  private static final long WARM_USERS = 100_000;

  private static final int WARM_LOOKUPS_OF_ROW = 6;
  private static final TablePath NEW_USERS = TablePath.of(EventTable.DATABASE, "new_users");

  private final FlussCluster cluster;
  private final Connection connection;
  private final UvTables tables;
  private final int parallelism;
  private final long rows;
  private int newTurn;

  UvMappings(
      FlussCluster cluster, Connection connection, UvTables tables, int parallelism, long rows) {
    this.cluster = cluster;
    this.connection = connection;
    this.tables = tables;
    this.parallelism = parallelism;
    this.rows = rows;
  }

  void add(Rounds rounds, RawLookup raw) {
    LookupKeys keys = LookupKeys.uniform(tables.users());
    rounds
        .with("raw-mapping-cold", () -> raw(raw, keys::at))
        .with("ours-mapping-cold", () -> cold(tables.mapping(), keys::at))
        .with("ours-mapping-new", this::unknown)
        .with("ours-mapping-warm", () -> warm(true))
        .with("unmapped-mapping-warm", () -> warm(false));
  }

  /** Whether any of them is to be measured. */
  static boolean isNeeded(Rounds rounds) {
    return rounds.names().stream().anyMatch(name -> name.contains("-mapping-"));
  }

  void prepare(Rounds rounds) throws Exception {
    if (rounds.names().contains("ours-mapping-new")) {
      UvTables.createMapping(connection, NEW_USERS);
    }
  }

  long warmLookups() {
    return WARM_LOOKUPS_OF_ROW * rows;
  }

  /** The key is decoded instead of the number, which is of the same type. */
  private double raw(RawLookup raw, Keys keys) throws Exception {
    return raw.measure(
        EventTable.keyed(tables.mapping().getTableName(), 2, 1), schema(), keys::at, rows);
  }

  private double cold(TablePath mapping, Keys keys) throws Exception {
    PipelineResult result =
        start(parallelism, rows, keys, IdMapping.in(cluster, mapping.toString()).withoutCache());
    try {
      return Counter.awaitRateSinceBegin(rows);
    } finally {
      BeamRead.end(result);
    }
  }

  /** Of users who get their numbers, others each time. */
  private double unknown() throws Exception {
    long before = newTurn * rows;
    newTurn++;
    return cold(NEW_USERS, user -> EventRows.key(before + user));
  }

  /** In one thread, after all users are in the cache. */
  private double warm(boolean mapped) throws Exception {
    long distinct = Math.min(WARM_USERS, tables.users());
    long before = Math.max(distinct, warmLookups() / 4);
    PipelineResult result =
        start(
            1,
            before + warmLookups(),
            number -> EventRows.key(number % distinct),
            mapped ? IdMapping.in(cluster, tables.mapping().toString()) : null);
    try {
      return Counter.awaitRateAfter(before, before + warmLookups());
    } finally {
      BeamRead.end(result);
    }
  }

  /** Of the number, as it is sent to workers. */
  @FunctionalInterface
  private interface Keys extends Serializable {
    long at(long number);
  }

  private Schema schema() {
    return cluster.describe(tables.mapping().toString()).schema(List.of(UvTables.USER));
  }

  private PipelineResult start(
      int workers,
      long number,
      Keys keys,
      @Nullable PTransform<PCollection<Row>, PCollection<Row>> mapping) {
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(workers);
    UvJob.BUNDLES.set(options);
    Schema schema = schema();
    Pipeline pipeline = Pipeline.create(options);
    PCollection<Row> users =
        pipeline.apply(
            "users",
            new NumberedRows(
                schema, i -> Row.withSchema(schema).attachValues(List.of(keys.at(i))), number));
    (mapping == null ? users : users.apply("map", mapping))
        .apply("count", ParDo.of(new Counter.StepFn(Counter.Step.COUNT)));
    return pipeline.run();
  }
}

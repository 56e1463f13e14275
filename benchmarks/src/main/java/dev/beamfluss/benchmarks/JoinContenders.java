package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.transforms.DeltaJoin;
import java.time.Instant;
import java.util.List;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TableDescriptor;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.types.DataTypes;

/** Who takes part in {@link JoinSuite}, with two tables, their changes, and a sink. */
final class JoinContenders {
  private static final int COLUMNS = 4;

  /** As runner-configs/flink-local.args. */
  private static final Bundles BUNDLES = new Bundles(5_000, 50);

  private final FlussCluster cluster;
  private final Connection connection;
  private final EventTable left;
  private final EventTable right;
  private final TablePath sink;
  private final long rows;
  private final long changes;
  private final int threads;
  private int round;

  /**
   * @param rows of each side, before the changes
   * @param changes half of the left side, half of the right, each of another key
   */
  JoinContenders(
      FlussCluster cluster,
      Connection connection,
      String name,
      long rows,
      long changes,
      int threads) {
    this.cluster = cluster;
    this.connection = connection;
    this.left = EventTable.keyed("left_" + name, COLUMNS, 1);
    this.right = EventTable.keyed("right_" + name, COLUMNS, 2);
    this.sink = TablePath.of(EventTable.DATABASE, "joined_" + name);
    this.rows = rows;
    this.changes = changes;
    this.threads = threads;
  }

  void add(Rounds rounds, String name, int inFlight) {
    RawLookup lookup = new RawLookup(connection, threads, inFlight);
    rounds.with("raw-" + name, () -> raw(lookup));
    rounds.with("ours-" + name, this::ours);
  }

  void fill() throws Exception {
    left.create(connection);
    right.create(connection);
    connection.getAdmin().createTable(sink, sinkDescriptor(), false).get();
    EventRows numbered = EventRows.of(COLUMNS);
    left.fill(connection, numbered, rows);
    right.fill(connection, numbered, rows);
  }

  private static TableDescriptor sinkDescriptor() {
    return TableDescriptor.builder()
        .schema(
            org.apache.fluss.metadata.Schema.newBuilder()
                .column("c0", DataTypes.BIGINT().copy(false))
                .column("c3", DataTypes.TIMESTAMP(3))
                .column("c1", DataTypes.STRING().copy(false))
                .column("c2", DataTypes.DECIMAL(10, 2))
                .primaryKey("c0", "c1")
                .build())
        .distributedBy(EventTable.BUCKETS, "c0")
        .build();
  }

  /** Keys a second: each is looked up on both sides. */
  private double raw(RawLookup lookup) throws Exception {
    LookupKeys keys = LookupKeys.uniform(rows);
    double ofLeft = lookup.measure(left, schema(left, "c0", "c3"), keys, changes);
    double ofRight = lookup.measure(right, schema(right, "c0", "c1", "c2"), keys, changes);
    return 1 / (1 / ofLeft + 1 / ofRight);
  }

  private Schema schema(EventTable table, String... columns) {
    return cluster.describe(table.path().toString()).schema(List.of(columns));
  }

  private double ours() throws Exception {
    Instant before = Instant.now();
    change();
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(threads);
    BUNDLES.set(options);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(
            DeltaJoin.inner()
                .left(cluster, left.path().toString(), "c3")
                .right(cluster, right.path().toString(), "c1", "c2")
                .on("c0")
                .to(cluster, sink.toString())
                .withStartingPosition(Position.timestamp(before)))
        .apply("count", ParDo.of(new BeamWrite.AddFn()));
    PipelineResult result = pipeline.run();
    try {
      return Counter.awaitRate(changes);
    } finally {
      BeamRead.end(result);
    }
  }

  /** Other values of left rows, and more right rows: each time others. */
  private void change() throws Exception {
    round++;
    EventRows changed = new EventRows(COLUMNS, 1, round);
    left.fill(connection, changed, 0, changes / 2);
    right.fill(connection, changed, changes / 2, changes);
  }
}

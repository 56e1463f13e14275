package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.transforms.DeltaJoin;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.fluss.metadata.TablePath;

/** Joins with {@link DeltaJoin}, on Flink with checkpoints: a turn of changes that are there. */
final class BeamJoin {
  /** As runner-configs/flink-cluster.args. */
  private static final Bundles BUNDLES = new Bundles(5_000, 50);

  private final FlussCluster cluster;
  private final JoinTables tables;
  private final TablePath sink;
  private final int parallelism;
  private final List<CheckpointedFlink.Checkpoint> checkpoints = new ArrayList<>();
  private final int warmUps;
  private int turn;

  BeamJoin(FlussCluster cluster, JoinTables tables, TablePath sink, int parallelism, int warmUps) {
    this.cluster = cluster;
    this.tables = tables;
    this.sink = sink;
    this.parallelism = parallelism;
    this.warmUps = warmUps;
  }

  /** Rows of the join a second, of the next turn. */
  double measure() throws Exception {
    turn++;
    Instant before = tables.awaitTurn(turn);
    SinkGrowth growth = new SinkGrowth(tables.connection(), sink);
    long records = tables.changes() * tables.recordsOfChange();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      PipelineResult result = start(flink, Position.timestamp(before));
      try {
        double rate = growth.awaitRate(records, () -> check(result)) / tables.recordsOfChange();
        List<CheckpointedFlink.Checkpoint> completed = flink.checkpoints();
        growth.requireExactly(records);
        if (turn > warmUps) {
          checkpoints.addAll(completed);
        }
        return rate;
      } finally {
        BeamRead.end(result);
      }
    }
  }

  /** Starts the join from a position on. */
  PipelineResult start(CheckpointedFlink flink, Position position) throws Exception {
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    BUNDLES.set(options);
    flink.configure(options);
    Pipeline pipeline = Pipeline.create(options);
    pipeline.apply(
        DeltaJoin.inner()
            .left(cluster, tables.left().path().toString(), "c3")
            .right(cluster, tables.right().path().toString(), "c1", "c2")
            .on("c0")
            .to(cluster, sink.toString())
            .withStartingPosition(position));
    return pipeline.run();
  }

  static void check(PipelineResult result) {
    if (result.getState().isTerminal()) {
      throw new IllegalStateException("The join is " + result.getState());
    }
  }

  /** Of all turns but those that warm up. */
  List<CheckpointedFlink.Checkpoint> checkpoints() {
    return checkpoints;
  }
}

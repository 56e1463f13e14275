package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;

/** Counts the distinct users of a turn of events that are there, on Flink with checkpoints. */
final class UvJob {
  /** How they are counted. */
  interface Way {
    /**
     * Adds to a pipeline what counts these events.
     *
     * @param from where the events start, and so all that is made of them
     */
    void count(PCollection<Row> events, UvTables tables, UvCounts counts, Position from);

    /** Of Flink, besides those of {@link CheckpointedFlink}. */
    Map<String, String> settings();
  }

  /** As runner-configs/flink-cluster.args. */
  static final Bundles BUNDLES = new Bundles(5_000, 50);

  private final FlussCluster cluster;
  private final UvTables tables;
  private final UvCounts counts;
  private final Way way;
  private final int parallelism;
  private final int warmUps;
  private final List<CheckpointedFlink.Checkpoint> checkpoints = new ArrayList<>();
  private int turn;

  UvJob(
      FlussCluster cluster,
      UvTables tables,
      UvCounts counts,
      Way way,
      int parallelism,
      int warmUps) {
    this.cluster = cluster;
    this.tables = tables;
    this.counts = counts;
    this.way = way;
    this.parallelism = parallelism;
    this.warmUps = warmUps;
  }

  /** Events a second, of the next turn, from the first one read until its day is fully counted. */
  double measure() throws Exception {
    turn++;
    Instant before = tables.awaitTurn(turn);
    Map<List<String>, Long> ofDay = tables.distinctUsers(turn, UvTables.DAY);
    Map<List<String>, Long> ofMinutes = tables.distinctUsers(turn, UvTables.MINUTE);
    Counter.reset();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      PipelineResult result = start(flink, Position.timestamp(before));
      try {
        counts.await(UvTables.DAY, ofDay, () -> check(result));
        double rate = Counter.rateSinceBegin(tables.events());
        // what is fast and wrong does not count
        counts.await(UvTables.MINUTE, ofMinutes, () -> check(result));
        List<CheckpointedFlink.Checkpoint> completed = flink.checkpoints();
        if (turn > warmUps) {
          checkpoints.addAll(completed);
        }
        return rate;
      } finally {
        BeamRead.end(result);
      }
    }
  }

  /** Starts to count, from a position on. */
  PipelineResult start(CheckpointedFlink flink, Position position) throws Exception {
    Pipeline pipeline = Pipeline.create(options(flink, parallelism, way.settings()));
    PCollection<Row> events = pipeline.apply("read", read(cluster, tables, position));
    way.count(
        events.apply("begin", ParDo.of(new BeginFn())).setRowSchema(events.getSchema()),
        tables,
        counts,
        position);
    return pipeline.run();
  }

  static FlinkPipelineOptions options(
      CheckpointedFlink flink, int parallelism, Map<String, String> settings) throws Exception {
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    BUNDLES.set(options);
    flink.configure(options, settings);
    return options;
  }

  /** What is needed of events to count their users. */
  static FlussIO.Read<Row> read(FlussCluster cluster, UvTables tables, Position position) {
    return FlussIO.readRows()
        .from(cluster, tables.eventTable().toString())
        .withColumns("ds", "hh", "mm", UvTables.USER)
        .withStartingPosition(position);
  }

  static void check(PipelineResult result) {
    if (result.getState().isTerminal()) {
      throw new IllegalStateException("The job is " + result.getState());
    }
  }

  /** Of all turns but those that warm up. */
  List<CheckpointedFlink.Checkpoint> checkpoints() {
    return checkpoints;
  }

  /** Tells when the first event comes. */
  private static final class BeginFn extends DoFn<Row, Row> {
    @ProcessElement
    public void process(@Element Row event, OutputReceiver<Row> out) {
      Counter.begin();
      out.output(event);
    }
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.benchmarks.CheckpointedFlink.Checkpoint;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.Position;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.fluss.client.Connection;
import org.apache.fluss.metadata.TablePath;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Who takes part in {@link UvSuite} with events, at one number of users. */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class UvContenders implements AutoCloseable {
  private final FlussCluster cluster;
  private final Connection connection;
  private final Connection metered;
  private final String name;
  private final int parallelism;
  private final UvTables tables;
  private final UvCounts counts;
  private final UvCounts countsOfNative;
  private final UvJob ours;
  private final UvJob stateful;
  private @Nullable WarmWorker worker;
  private @Nullable Long changelogBytes;
  private int rawTurn;

  /**
   * @param metered a connection with {@link WireBytes}
   * @param name of the entry, and part of the names of the contenders and tables
   */
  UvContenders(
      FlussCluster cluster,
      Connection connection,
      Connection metered,
      String name,
      long users,
      long events,
      int parallelism,
      int warmUps) {
    this.cluster = cluster;
    this.connection = connection;
    this.metered = metered;
    this.name = name;
    this.parallelism = parallelism;
    String suffix = name.replace('-', '_');
    tables = new UvTables(connection, suffix, users, events);
    counts = new UvCounts(tables, suffix);
    countsOfNative = new UvCounts(tables, suffix + "_of_state");
    ours = new UvJob(cluster, tables, counts, new BeamUv(cluster), parallelism, warmUps);
    stateful =
        new UvJob(cluster, tables, countsOfNative, new BeamDistinct(cluster), parallelism, warmUps);
  }

  void add(Rounds rounds) {
    rounds
        .with("raw-" + name, this::raw)
        .with("ours-" + name, this::ours)
        .with("native-" + name, stateful::measure);
  }

  List<String> names() {
    return List.of("ours-" + name, "raw-" + name, "native-" + name);
  }

  /**
   * Makes the tables, if anybody is to be measured.
   *
   * @param more whether ours, or the numbers of the users, are needed besides the rounds
   */
  void prepare(Rounds rounds, boolean more) throws Exception {
    if (!more && names().stream().noneMatch(rounds.names()::contains)) {
      return;
    }
    tables.fill();
    counts.create();
    countsOfNative.create();
    if (rounds.names().contains("ours-" + name)) {
      worker = WarmWorker.start(cluster, connection, tables);
    }
  }

  /** The same events, read as ours are, and only counted. */
  private double raw() throws Exception {
    rawTurn++;
    Instant before = tables.awaitTurn(rawTurn);
    Counter.reset();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      Pipeline pipeline = Pipeline.create(UvJob.options(flink, parallelism, Map.of()));
      pipeline
          .apply("read", UvJob.read(cluster, tables, Position.timestamp(before)))
          .apply("step", ParDo.of(new Counter.StepFn(Counter.Step.COUNT)));
      PipelineResult result = pipeline.run();
      try {
        return Counter.awaitRate(tables.events());
      } finally {
        BeamRead.end(result);
      }
    }
  }

  private double ours() throws Exception {
    Map<TablePath, Map<Integer, Long>> before = tables.bitmapEnds();
    double rate = ours.measure();
    changelogBytes = tables.changelogBytes(metered, before);
    return rate;
  }

  UvTables tables() {
    return tables;
  }

  UvCounts counts() {
    return counts;
  }

  /** The job of ours, for more than the rounds. */
  UvJob job() {
    return ours;
  }

  /** What was found besides rates. */
  Map<String, Object> figures() {
    Map<String, Object> figures = new LinkedHashMap<>();
    put(figures, "checkpoint_bytes", ours);
    put(figures, "native_checkpoint_bytes", stateful);
    if (changelogBytes != null) {
      figures.put("changelog_bytes_per_event", changelogBytes / (double) tables.events());
    }
    return figures;
  }

  private static void put(Map<String, Object> figures, String figure, UvJob job) {
    if (!job.checkpoints().isEmpty()) {
      figures.put(
          figure, Rounds.median(job.checkpoints().stream().map(Checkpoint::bytes).toList()));
    }
  }

  @Override
  public void close() throws Exception {
    if (worker != null) {
      worker.close();
    }
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import java.util.List;
import java.util.function.UnaryOperator;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.Row;

/** Looks up by the first column of a table, with a pipeline on Flink that makes the keys itself. */
final class BeamLookup {
  private final FlussCluster cluster;
  private final int parallelism;
  private final Bundles bundles;

  BeamLookup(FlussCluster cluster, int parallelism, Bundles bundles) {
    this.cluster = cluster;
    this.parallelism = parallelism;
    this.bundles = bundles;
  }

  /** Answers a second, from the making of the first key to the last answer. */
  double measure(
      EventTable table, LookupKeys keys, long number, UnaryOperator<FlussIO.LookupRows> settings)
      throws Exception {
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    bundles.set(options);
    Schema schema = cluster.describe(table.path().toString()).schema(table.firstColumns(1));
    NumberedRows made =
        new NumberedRows(
            schema, i -> Row.withSchema(schema).attachValues(List.of(keys.at(i))), number);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("keys", made)
        .apply("lookup", settings.apply(FlussIO.lookup().in(cluster, table.path().toString())))
        .apply("count", ParDo.of(new CountFn()));
    PipelineResult result = pipeline.run();
    try {
      return Counter.awaitRateSinceBegin(number);
    } finally {
      BeamRead.end(result);
    }
  }

  private static final class CountFn extends DoFn<KV<Row, List<Row>>, Void> {
    @ProcessElement
    public void process(@Element KV<Row, List<Row>> answer) {
      Counter.count(answer);
    }
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.Row;

/** Writes with a pipeline on Flink that makes the rows itself; a bundle counts once it is done. */
final class BeamWrite implements TableFill {
  private final FlussCluster cluster;
  private final int parallelism;
  private final Bundles bundles;

  BeamWrite(FlussCluster cluster, int parallelism, Bundles bundles) {
    this.cluster = cluster;
    this.parallelism = parallelism;
    this.bundles = bundles;
  }

  @Override
  public double measure(EventTable table, EventRows rows, long number) throws Exception {
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    bundles.set(options);
    Schema schema =
        cluster.describe(table.path().toString()).schema(table.firstColumns(rows.columns()));
    NumberedRows made = new NumberedRows(schema, i -> rows.beam(i, schema), number);
    FlussIO.Write<Row> write = FlussIO.write().to(cluster, table.path().toString());
    if (rows.columns() < table.columns()) {
      write = write.withColumns(table.firstColumns(rows.columns()).toArray(String[]::new));
    }
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("rows", made)
        .apply("write", write)
        .getAcknowledged()
        .apply("count", ParDo.of(new AddFn()));
    PipelineResult result = pipeline.run();
    try {
      return Counter.awaitRateSinceBegin(number);
    } finally {
      BeamRead.end(result);
    }
  }

  /** Adds numbers of written rows to the counter. */
  static final class AddFn extends DoFn<Long, Void> {
    @ProcessElement
    public void process(@Element Long rows) {
      Counter.add(rows);
    }
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.io.paimon.PaimonIO;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection.IsBounded;

/** Writes with a pipeline on Flink that makes the rows itself. */
final class BeamPaimonWrite {
  private static final long CHECKPOINT_MILLIS = 1000;

  private final int parallelism;
  private final boolean unbounded;

  /**
   * @param unbounded whether the rows are written as those of an unbounded input, by a streaming
   *     job with checkpoints, or as those of a bounded one, by a batch job
   */
  BeamPaimonWrite(int parallelism, boolean unbounded) {
    this.parallelism = parallelism;
    this.unbounded = unbounded;
  }

  double measure(PaimonEvents table, EventRows rows, long number) throws Exception {
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    options.setStreaming(unbounded);
    if (unbounded) {
      options.setCheckpointingInterval(CHECKPOINT_MILLIS);
    }
    Schema schema =
        Pipeline.create().apply(PaimonIO.read().from(table.catalog(), table.path())).getSchema();
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("rows", new NumberedRows(schema, i -> rows.beam(i, schema), number))
        .setIsBoundedInternal(unbounded ? IsBounded.UNBOUNDED : IsBounded.BOUNDED)
        .apply("write", PaimonIO.write().to(table.catalog(), table.path()))
        .getCommitted()
        .apply("count", ParDo.of(new BeamWrite.AddFn()));
    PipelineResult result = pipeline.run();
    try {
      return Counter.awaitRateSinceBegin(number);
    } finally {
      BeamRead.end(result);
    }
  }
}

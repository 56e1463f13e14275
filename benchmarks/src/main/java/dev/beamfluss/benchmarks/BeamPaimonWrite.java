package dev.beamfluss.benchmarks;

import dev.beamfluss.io.paimon.PaimonIO;
import java.net.URI;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.values.PCollection.IsBounded;
import org.checkerframework.checker.nullness.qual.Nullable;

/** Writes with a pipeline on Flink that makes the rows itself. */
final class BeamPaimonWrite {
  private static final long CHECKPOINT_MILLIS = 1000;

  private final int parallelism;
  private final @Nullable URI checkpoints;

  private BeamPaimonWrite(int parallelism, @Nullable URI checkpoints) {
    this.parallelism = parallelism;
    this.checkpoints = checkpoints;
  }

  /** A bounded input, in a batch job. */
  static BeamPaimonWrite bounded(int parallelism) {
    return new BeamPaimonWrite(parallelism, null);
  }

  /** An input taken as unbounded, in a streaming job that leaves its checkpoints in a directory. */
  static BeamPaimonWrite unbounded(int parallelism, URI checkpoints) {
    return new BeamPaimonWrite(parallelism, checkpoints);
  }

  double measure(PaimonEvents table, EventRows rows, long number) throws Exception {
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    options.setStreaming(checkpoints != null);
    if (checkpoints != null) {
      options.setStateBackend("filesystem");
      options.setStateBackendStoragePath(checkpoints.toString());
      options.setCheckpointingInterval(CHECKPOINT_MILLIS);
    }
    Schema schema =
        Pipeline.create().apply(PaimonIO.read().from(table.catalog(), table.path())).getSchema();
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply("rows", new NumberedRows(schema, i -> rows.beam(i, schema), number))
        .setIsBoundedInternal(checkpoints == null ? IsBounded.BOUNDED : IsBounded.UNBOUNDED)
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

package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.transforms.IdMapping;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.fluss.client.Connection;

/**
 * A job that has looked up as many users as the cache of {@link IdMapping} holds, and stays. All
 * lookups of a JVM share one cache as long as one of them is there: so the jobs that are measured,
 * which take seconds, find what one would that has run for hours.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class WarmWorker implements AutoCloseable {
  /** The cache of {@link IdMapping}. */
  private static final long CACHED = 500_000;

  private final PipelineResult result;

  private WarmWorker(PipelineResult result) {
    this.result = result;
  }

  /** Returns once it has looked them up. */
  static WarmWorker start(FlussCluster cluster, Connection connection, UvTables tables)
      throws Exception {
    long known = Math.min(CACHED, tables.users());
    tables.createLog(tables.knownUsers());

    EventTable.append(
        connection,
        tables.knownUsers(),
        known,
        i -> UvTables.event("", "", "", EventRows.key(i * tables.users() / known)));
    Counter.reset();
    FlinkPipelineOptions options = BeamRead.flink(1);
    UvJob.BUNDLES.set(options);
    Pipeline pipeline = Pipeline.create(options);
    pipeline
        .apply(
            "read",
            FlussIO.readRows()
                .from(cluster, tables.knownUsers().toString())
                .withColumns(UvTables.USER))
        .apply("map", IdMapping.in(cluster, tables.mapping().toString()))
        .apply("count", ParDo.of(new Counter.StepFn(Counter.Step.COUNT)));
    WarmWorker worker = new WarmWorker(pipeline.run());
    Counter.await(known);
    return worker;
  }

  @Override
  public void close() throws Exception {
    BeamRead.end(result);
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.fluss.client.Connection;

/**
 * A job that has looked up all users, and stays. All lookups of a JVM share one cache as long as
 * one of them is there: so the jobs that are measured, which take seconds, find what one would that
 * has run for hours.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class WarmWorker implements AutoCloseable {
  private final PipelineResult result;

  private WarmWorker(PipelineResult result) {
    this.result = result;
  }

  /** Returns once it has looked them up. */
  static WarmWorker start(FlussCluster cluster, Connection connection, UvTables tables)
      throws Exception {
    long known = tables.users();
    tables.createLog(tables.knownUsers());

    EventTable.append(
        connection, tables.knownUsers(), known, i -> UvTables.event("", "", "", EventRows.key(i)));
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
        .apply("map", BeamUv.mapping(cluster, tables))
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

package dev.beamfluss.pipelines.tables;

import java.io.PrintStream;
import java.util.Map;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Prints the differences that a batch pipeline finds, a line each and how many there are of each
 * kind, which is the first word of the line.
 */
public final class DifferenceReport {
  private static final Schema LINE = Schema.builder().addStringField("line").build();

  private DifferenceReport() {}

  /**
   * Checks that a pipeline with these options can print where it was started, or has files.
   *
   * @param output how the names of the files begin; null to print
   * @throws IllegalArgumentException if not
   */
  public static void check(PipelineOptions options, @Nullable String output) {
    if (!FlinkRunner.class.equals(options.getRunner())) {
      return;
    }
    FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
    if (!flink.getAttachedMode()) {
      throw new IllegalArgumentException("reconcile waits for its result: leave out attachedMode.");
    }
    boolean here = flink.getFlinkMaster().matches("\\[(local|collection)\\]");
    if (!here && output == null) {
      throw new IllegalArgumentException(
          "On a Flink cluster, name files for the differences with --output=PREFIX.");
    }
  }

  /**
   * Runs the pipeline, prints the lines and their number, and returns the status to end with.
   *
   * @param of of what there are differences: {@code on 20261123}
   */
  public static int run(
      PCollection<String> lines, @Nullable String output, String of, PrintStream out) {
    Pipeline pipeline = lines.getPipeline();
    PCollection<String> counted = lines.apply("Count differences", ParDo.of(new CountFn()));
    try (Collected collected = new Collected()) {
      if (output == null) {
        counted
            .apply("To rows", MapElements.via(new ToRow()))
            .setCoder(RowCoder.of(LINE))
            .apply("Collect", collected.here());
      } else {
        counted.apply("Write", TextIO.write().to(output).withSuffix(".txt"));
      }
      PipelineResult result = pipeline.run();
      PipelineResult.State state = result.waitUntilFinish();
      if (state != PipelineResult.State.DONE) {
        throw new IllegalStateException("The comparison ended as " + state + ".");
      }
      collected.rows().forEach(row -> out.println(row.getString("line")));
      Map<String, Long> counts = Counters.of(result.metrics(), DifferenceReport.class);
      long all = counts.values().stream().mapToLong(Long::longValue).sum();
      out.printf("%d differences %s %s%n", all, of, counts);
      return all == 0 ? Program.DONE : Program.FAILED;
    }
  }

  private static final class CountFn extends DoFn<String, String> {
    @ProcessElement
    public void process(@Element String line, OutputReceiver<String> out) {
      Metrics.counter(DifferenceReport.class, line.split(" ", 2)[0]).inc();
      out.output(line);
    }
  }

  private static final class ToRow extends SimpleFunction<String, Row> {
    @Override
    public Row apply(String line) {
      return Row.withSchema(LINE).addValue(line).build();
    }
  }
}

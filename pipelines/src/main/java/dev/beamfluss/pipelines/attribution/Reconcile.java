package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Collected;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * The check of the day after: computes a past day of {@link Attribution} in batch, compares it with
 * what the result table holds and lists every difference, a line each.
 *
 * <p>Ends with status 0 if there is none, with 1 if there are some or it failed, and with 2 for a
 * wrong flag or table.
 */
public final class Reconcile {
  private static final String MISSING = "missing";
  private static final String UNEXPECTED = "unexpected";
  private static final String DIFFERENT = "different";
  private static final Schema LINE = Schema.builder().addStringField("line").build();

  private Reconcile() {}

  /** Runs the program. */
  public static void main(String[] args) {
    int status = run(args, System.out, System.err);
    // the clients' threads would keep the JVM for a while
    System.exit(status);
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(ReconcileOptions.class);
          return reconcile(
              PipelineOptionsFactory.fromArgs(args).withValidation().as(ReconcileOptions.class),
              out);
        });
  }

  private static int reconcile(ReconcileOptions options, PrintStream out) {
    check(options);
    PastDay day = PastDay.differences(options);
    options.setStreaming(false);
    Pipeline pipeline = Pipeline.create(options);
    List<String> key =
        ClusterOptions.cluster(options)
            .describe(Attribution.table(options, Attribution.results(options)))
            .primaryKey();
    PCollection<String> lines =
        pipeline.apply("Past day", day).apply("Describe", ParDo.of(new DescribeFn(key)));
    try (Collected collected = new Collected()) {
      if (options.getOutput() == null) {
        lines
            .apply("To rows", MapElements.via(new ToRow()))
            .setCoder(RowCoder.of(LINE))
            .apply("Collect", collected.here());
      } else {
        lines.apply("Write", TextIO.write().to(options.getOutput()).withSuffix(".txt"));
      }
      PipelineResult result = pipeline.run();
      PipelineResult.State state = result.waitUntilFinish();
      if (state != PipelineResult.State.DONE) {
        throw new IllegalStateException("The comparison ended as " + state + ".");
      }
      collected.rows().forEach(row -> out.println(row.getString("line")));
      Map<String, Long> counts = counts(result);
      long all = counts.values().stream().mapToLong(Long::longValue).sum();
      out.printf("%d differences on %s %s%n", all, options.getDs(), counts);
      return all == 0 ? Program.DONE : Program.FAILED;
    }
  }

  private static void check(ReconcileOptions options) {
    if (!FlinkRunner.class.equals(options.getRunner())) {
      return;
    }
    FlinkPipelineOptions flink = options.as(FlinkPipelineOptions.class);
    if (!flink.getAttachedMode()) {
      throw new IllegalArgumentException("reconcile waits for its result: leave out attachedMode.");
    }
    boolean here = flink.getFlinkMaster().matches("\\[(local|collection)\\]");
    if (!here && options.getOutput() == null) {
      throw new IllegalArgumentException(
          "On a Flink cluster, name files for the differences with --output=PREFIX.");
    }
  }

  private static Map<String, Long> counts(PipelineResult result) {
    Map<String, Long> counts = new TreeMap<>();
    for (MetricResult<Long> counter :
        result
            .metrics()
            .queryMetrics(
                MetricsFilter.builder()
                    .addNameFilter(MetricNameFilter.inNamespace(Reconcile.class))
                    .build())
            .getCounters()) {
      counts.merge(counter.getName().getName(), counter.getAttempted(), Long::sum);
    }
    return counts;
  }

  private static final class ToRow extends SimpleFunction<String, Row> {
    @Override
    public Row apply(String line) {
      return Row.withSchema(LINE).addValue(line).build();
    }
  }

  private static final class DescribeFn extends DoFn<Row, String> {
    private final ArrayList<String> key;
    private final Counter missing = Metrics.counter(Reconcile.class, MISSING);
    private final Counter unexpected = Metrics.counter(Reconcile.class, UNEXPECTED);
    private final Counter different = Metrics.counter(Reconcile.class, DIFFERENT);

    DescribeFn(List<String> key) {
      this.key = new ArrayList<>(key);
    }

    @ProcessElement
    public void process(@Element Row difference, OutputReceiver<String> out) {
      @Nullable Row computed = difference.getRow(PastDay.COMPUTED);
      @Nullable Row held = difference.getRow(PastDay.HELD);
      if (held == null) {
        missing.inc();
        out.output(MISSING + " " + key(computed) + ": should be " + others(computed));
      } else if (computed == null) {
        unexpected.inc();
        out.output(UNEXPECTED + " " + key(held) + ": is " + others(held));
      } else {
        different.inc();
        out.output(DIFFERENT + " " + key(held) + ": " + columns(computed, held));
      }
    }

    private String key(Row row) {
      return key.stream().map(column -> column + "=" + row.getValue(column)).toList().toString();
    }

    private String others(Row row) {
      return row.getSchema().getFieldNames().stream()
          .filter(column -> !key.contains(column))
          .map(column -> column + "=" + row.getValue(column))
          .toList()
          .toString();
    }

    private static String columns(Row computed, Row held) {
      List<String> columns = new ArrayList<>();
      for (String column : computed.getSchema().getFieldNames()) {
        @Nullable Object should = computed.getValue(column);
        @Nullable Object is = held.getValue(column);
        if (!Objects.equals(should, is)) {
          columns.add(column + " is " + is + ", should be " + should);
        }
      }
      return String.join("; ", columns);
    }
  }
}

package dev.beamfluss.pipelines.attribution;

import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.DifferenceReport;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
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

  private Reconcile() {}

  /** Runs the program. */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
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
    DifferenceReport.check(options, options.getOutput());
    PastDay day = PastDay.differences(options);
    options.setStreaming(false);
    Pipeline pipeline = Pipeline.create(options);
    List<String> key =
        ClusterOptions.cluster(options)
            .describe(Attribution.table(options, Attribution.results(options)))
            .primaryKey();
    PCollection<String> lines =
        pipeline.apply("Past day", day).apply("Describe", ParDo.of(new DescribeFn(key)));
    return DifferenceReport.run(lines, options.getOutput(), "on " + options.getDs(), out);
  }

  private static final class DescribeFn extends DoFn<Row, String> {
    private final ArrayList<String> key;

    DescribeFn(List<String> key) {
      this.key = new ArrayList<>(key);
    }

    @ProcessElement
    public void process(@Element Row difference, OutputReceiver<String> out) {
      @Nullable Row computed = difference.getRow(PastDay.COMPUTED);
      @Nullable Row held = difference.getRow(PastDay.HELD);
      if (held == null) {
        out.output(MISSING + " " + key(computed) + ": should be " + others(computed));
      } else if (computed == null) {
        out.output(UNEXPECTED + " " + key(held) + ": is " + others(held));
      } else {
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

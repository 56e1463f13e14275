package dev.beamfluss.pipelines.widetable;

import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Collected;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.MapElements;
import org.apache.beam.sdk.transforms.Max;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.SimpleFunction;
import org.apache.beam.sdk.values.KV;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.Row;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * How fresh each stream's columns of the wide tables are: the time of the latest event in them, and
 * how long ago that is, as Prometheus reads it. A stream that lags behind the others is late, or
 * nothing happens there; its log tells which.
 */
public final class Freshness {
  private static final Schema LATEST =
      Schema.builder().addStringField("columns").addInt64Field("millis").build();

  private Freshness() {}

  /** Runs the program. */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(ClusterOptions.class);
          ClusterOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(ClusterOptions.class);
          Map<String, Long> latest = latest(options);
          long now = System.currentTimeMillis();
          for (StatGrain grain : StatGrain.values()) {
            for (BehaviorStream stream : BehaviorStream.values()) {
              String labels = labels(grain, stream);
              Long millis = latest.get(labels);
              out.printf(
                  "wide_table_latest_event_seconds%s %s%n",
                  labels, millis == null ? "NaN" : String.valueOf(millis / 1_000));
              out.printf(
                  "wide_table_latest_event_age_seconds%s %s%n",
                  labels, millis == null ? "+Inf" : String.valueOf((now - millis) / 1_000));
            }
          }
          return Program.DONE;
        });
  }

  private static String labels(StatGrain grain, BehaviorStream stream) {
    return String.format("{table=\"%s\",stream=\"%s\"}", grain.table(), stream.id());
  }

  /** In milliseconds since the epoch, by the labels of the columns that have any. */
  private static Map<String, Long> latest(ClusterOptions options) {
    Pipeline pipeline = Pipeline.create(options);
    try (Collected collected = new Collected()) {
      for (StatGrain grain : StatGrain.values()) {
        List<String> columns = new ArrayList<>();
        for (BehaviorStream stream : BehaviorStream.values()) {
          columns.add(stream.timeColumn());
        }
        PCollection<Row> rows =
            pipeline.apply(
                "Read " + grain.table(),
                FlussIO.readContents()
                    .from(ClusterOptions.cluster(options), WideTable.table(options, grain.table()))
                    .withColumns(columns.toArray(String[]::new)));
        rows.apply("Times of " + grain.table(), ParDo.of(new TimesFn(grain)))
            .apply("Latest of " + grain.table(), Max.longsPerKey())
            .apply("To rows of " + grain.table(), MapElements.via(new ToRow()))
            .setCoder(RowCoder.of(LATEST))
            .apply("Collect " + grain.table(), collected.here());
      }
      pipeline.run().waitUntilFinish();
      Map<String, Long> latest = new LinkedHashMap<>();
      collected.rows().forEach(row -> latest.put(row.getString(0), row.getInt64(1)));
      return latest;
    }
  }

  private static final class TimesFn extends DoFn<Row, KV<String, Long>> {
    private final StatGrain grain;

    TimesFn(StatGrain grain) {
      this.grain = grain;
    }

    @ProcessElement
    public void process(@Element Row row, OutputReceiver<KV<String, Long>> out) {
      for (BehaviorStream stream : BehaviorStream.values()) {
        @Nullable Object time = row.getValue(stream.timeColumn());
        if (time instanceof Instant instant) {
          out.output(KV.of(labels(grain, stream), instant.toEpochMilli()));
        }
      }
    }
  }

  private static final class ToRow extends SimpleFunction<KV<String, Long>, Row> {
    @Override
    public Row apply(KV<String, Long> latest) {
      return Row.withSchema(LATEST).attachValues(latest.getKey(), latest.getValue());
    }
  }
}

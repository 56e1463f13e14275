package dev.beamfluss.pipelines.uv;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.pipelines.tables.ClusterOptions;
import dev.beamfluss.pipelines.tables.Counters;
import dev.beamfluss.pipelines.tables.DeadLetters;
import dev.beamfluss.pipelines.tables.Program;
import java.io.PrintStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.coders.StringUtf8Coder;
import org.apache.beam.sdk.io.TextIO;
import org.apache.beam.sdk.metrics.Counter;
import org.apache.beam.sdk.metrics.Distribution;
import org.apache.beam.sdk.metrics.DistributionResult;
import org.apache.beam.sdk.metrics.MetricNameFilter;
import org.apache.beam.sdk.metrics.MetricResult;
import org.apache.beam.sdk.metrics.Metrics;
import org.apache.beam.sdk.metrics.MetricsFilter;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.transforms.DoFn;
import org.apache.beam.sdk.transforms.ParDo;
import org.apache.beam.sdk.transforms.errorhandling.BadRecord;
import org.apache.beam.sdk.transforms.errorhandling.BadRecordRouter;
import org.apache.beam.sdk.transforms.errorhandling.ErrorHandler;
import org.apache.beam.sdk.values.PCollection;
import org.apache.beam.sdk.values.PCollectionTuple;
import org.apache.beam.sdk.values.Row;
import org.apache.beam.sdk.values.TupleTag;
import org.apache.beam.sdk.values.TupleTagList;

/**
 * Gives numbers to users that are known before {@link Uv} starts, as the reference does: a batch
 * pipeline that inserts their ids, and leaves the numbers to the table. Ids that are there keep
 * theirs, so it can be run again, after a failure or with more ids, also while {@link Uv} runs.
 *
 * <p>Each bucket takes its numbers from shares of {@code table.auto-increment.cache-size}, 100,000
 * by default, and loses the rest of one when its leader changes: the greatest number is at most
 * that of the users plus a share for each bucket and each failover. Lines that are no id go to the
 * table of {@link DeadLetters}.
 */
public final class PreloadUsers {
  private static final Schema USER = Schema.builder().addInt64Field("user_id").build();
  private static final TupleTag<Row> USERS = new TupleTag<>() {};

  private PreloadUsers() {}

  /**
   * Runs the program: status 0 once all is written, 2 for a wrong flag or table, 1 for a failure.
   */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  /** Runs the program without ending the JVM, and returns its status. */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(PreloadUsersOptions.class);
          return run(
              PipelineOptionsFactory.fromArgs(args).withValidation().as(PreloadUsersOptions.class),
              out);
        });
  }

  private static int run(PreloadUsersOptions options, PrintStream out) {
    if (!options.as(FlinkPipelineOptions.class).getAttachedMode()) {
      throw new IllegalArgumentException(
          "preload-users waits for its end: leave out attachedMode.");
    }
    FlussCluster cluster = ClusterOptions.cluster(options);
    String mapping = table(options, UvTables.USER_MAPPING);
    PipelineResult written = finish(writing(options, cluster, mapping));
    out.printf(
        "%d lines are no user id, see table %s%n",
        Counters.of(written, PreloadUsers.class, "linesRefused"),
        table(options, DeadLetters.TABLE));
    out.printf("%d ids written%n", Counters.of(written, PreloadUsers.class, "idsRead"));
    if (options.getReport()) {
      Pipeline reading = Pipeline.create(options);
      reading
          .apply(
              "Read users", FlussIO.readContents().from(cluster, mapping).withColumns("uid_int64"))
          .apply("Numbers", ParDo.of(new NumbersFn()));
      DistributionResult numbers = numbers(finish(reading));
      out.printf(
          "%d users in %s, greatest number %d%n", numbers.getCount(), mapping, numbers.getMax());
    }
    return Program.DONE;
  }

  private static Pipeline writing(
      PreloadUsersOptions options, FlussCluster cluster, String mapping) {
    Pipeline pipeline = Pipeline.create(options);
    try (ErrorHandler.BadRecordErrorHandler<PCollection<Long>> errors =
        pipeline.registerBadRecordErrorHandler(
            DeadLetters.to(cluster, table(options, DeadLetters.TABLE)))) {
      PCollectionTuple ids =
          pipeline
              .apply("Read ids", TextIO.read().from(options.getIds()))
              .apply(
                  "To users",
                  ParDo.of(new ToUserFn())
                      .withOutputTags(USERS, TupleTagList.of(BadRecordRouter.BAD_RECORD_TAG)));
      errors.addErrorCollection(
          ids.get(BadRecordRouter.BAD_RECORD_TAG).setCoder(BadRecord.getCoder(pipeline)));
      var unused =
          ids.get(USERS)
              .setRowSchema(USER)
              .apply("Write users", FlussIO.write().to(cluster, mapping).withColumns("user_id"));
    }
    return pipeline;
  }

  private static PipelineResult finish(Pipeline pipeline) {
    PipelineResult result = pipeline.run();
    PipelineResult.State state = result.waitUntilFinish();
    if (state != PipelineResult.State.DONE) {
      throw new IllegalStateException("The pipeline ended as " + state + ".");
    }
    return result;
  }

  private static String table(PreloadUsersOptions options, String name) {
    return options.getDatabasePrefix() + UvTables.DATABASE + "." + name;
  }

  private static MetricsFilter metrics(String name) {
    return MetricsFilter.builder()
        .addNameFilter(MetricNameFilter.named(PreloadUsers.class, name))
        .build();
  }

  private static DistributionResult numbers(PipelineResult result) {
    for (MetricResult<DistributionResult> numbers :
        result.metrics().queryMetrics(metrics("numbers")).getDistributions()) {
      return numbers.getAttempted();
    }
    return DistributionResult.IDENTITY_ELEMENT;
  }

  private static final class ToUserFn extends DoFn<String, Row> {
    private final Counter read = Metrics.counter(PreloadUsers.class, "idsRead");
    private final Counter refused = Metrics.counter(PreloadUsers.class, "linesRefused");

    @ProcessElement
    public void process(@Element String line, MultiOutputReceiver out) throws Exception {
      try {
        long id = Long.parseLong(line.strip());
        read.inc();
        out.get(USERS).output(Row.withSchema(USER).attachValues(id));
      } catch (NumberFormatException e) {
        refused.inc();
        String reason =
            String.format("Line '%s' is no user id, which is a whole number of 64 bits.", line);
        out.get(BadRecordRouter.BAD_RECORD_TAG)
            .output(
                BadRecord.fromExceptionInformation(
                    line, StringUtf8Coder.of(), new IllegalArgumentException(reason), reason));
      }
    }
  }

  private static final class NumbersFn extends DoFn<Row, Void> {
    private final Distribution numbers = Metrics.distribution(PreloadUsers.class, "numbers");

    @ProcessElement
    public void process(@Element Row user) {
      numbers.update(user.getInt64(0));
    }
  }
}

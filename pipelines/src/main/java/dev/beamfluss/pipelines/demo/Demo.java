package dev.beamfluss.pipelines.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.ingest.EventInputOptions;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.PrintStream;
import java.nio.file.Path;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.options.PipelineOptionsFactory;

/**
 * Shows order attribution at work with nothing installed: starts a Fluss cluster in this JVM,
 * creates the tables, lets events come in, runs the pipeline meanwhile, and compares every row of
 * the result and of each day's conversions with an answer computed from the events alone.
 *
 * <p>Ends with status 0 only if all rows are equal, there is at least one, and at least one of
 * either match value; 1 if not; 2 for a wrong flag. The flags are {@link DemoOptions}.
 */
public final class Demo {
  private static final int MOST_DAYS = 60;
  private static final int BUCKETS = 2;

  private final DemoOptions options;
  private final PrintStream out;
  private final PrintStream err;

  private Demo(DemoOptions options, PrintStream out, PrintStream err) {
    this.err = err;
    this.options = options;
    this.out = out;
  }

  /** Runs the demo. */
  public static void main(String[] args) {
    int status = run(args, System.out, System.err);
    // what is left are threads of runners and clients that nobody needs any more
    System.exit(status);
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          PipelineOptionsFactory.register(DemoOptions.class);
          PipelineOptionsFactory.register(AttributionOptions.class);
          DemoOptions options =
              PipelineOptionsFactory.fromArgs(args).withValidation().as(DemoOptions.class);
          return new Demo(options, out, err).run() ? Program.DONE : Program.FAILED;
        });
  }

  private boolean run() throws Exception {
    RunningPipeline.detach(options);
    DemoFeed feed = DemoFeed.read(options, out, err);
    AttributionAnswer answer =
        AttributionAnswer.of(
            feed.events(), EventInputOptions.zone(options), options.getKeepRepeatedRows());
    long days = answer.conversions().size();
    if (days > MOST_DAYS) {
      throw new IllegalArgumentException(
          String.format(
              "The events span %d days, each a partition of every table. Name at most %d days with"
                  + " --days=N.",
              days, MOST_DAYS));
    }

    say("Starting a Fluss cluster in this process");
    try (LocalFluss fluss = LocalFluss.builder().warehouse().start()) {
      String bootstrap = fluss.bootstrapServers();
      createTables(bootstrap);
      DemoReport report = new DemoReport(feed.description(), runnerName(), feed.events().size());
      try (Observer observer = new Observer(bootstrap, AttributionTables.DATABASE);
          RunningPipeline pipeline = attribute(bootstrap)) {
        DemoFeed.Fed fed =
            feed.run(
                bootstrap,
                Replay.Target.ATTRIBUTION,
                observer,
                pipeline,
                () -> isEqual(answer, observer));
        report.fed(fed);
        report.result(answer, observer, fed.equal());
        report.conversions(observer.conversions(), answer.conversions());
        report.join(pipeline.metrics());
      }
      report.print(out);
      if (options.getJson() != null) {
        new ObjectMapper()
            .writerWithDefaultPrettyPrinter()
            .writeValue(Path.of(options.getJson()).toFile(), report.figures());
      }
      return report.isVerified();
    }
  }

  private void createTables(String bootstrap) {
    TableOptions tables =
        TableOptions.defaults().withBucketNum(BUCKETS).withNumPrecreate(0).withNumRetention(-1);
    try (TableCreator creator = TableCreator.connect(bootstrap)) {
      for (TableDefinition table : AttributionTables.definitions(tables)) {
        creator.create(table);
        say("Created table %s", table);
      }
    }
  }

  private RunningPipeline attribute(String bootstrap) {
    AttributionOptions attribution = options.as(AttributionOptions.class);
    attribution.setBootstrapServers(bootstrap);
    attribution.setPartitionDiscoveryMillis(250);
    attribution.setStreaming(true);
    attribution.setConversions(true);
    attribution.setWindowDays(1);
    attribution.setJobName("attribution");
    Pipeline pipeline = Pipeline.create(attribution);
    Attribution.apply(pipeline, attribution);
    say("Starting the attribution pipeline on %s", runnerName());
    return RunningPipeline.start(pipeline);
  }

  private static boolean isEqual(AttributionAnswer answer, Observer observer) {
    return observer.holds(answer.rows()) && observer.conversions().equals(answer.conversions());
  }

  private String runnerName() {
    return options.getRunner().getSimpleName();
  }

  private void say(String format, Object... values) {
    out.printf(format + "%n", values);
  }
}

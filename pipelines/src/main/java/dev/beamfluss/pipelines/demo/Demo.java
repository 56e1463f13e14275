package dev.beamfluss.pipelines.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.ingest.EventInputOptions;
import dev.beamfluss.pipelines.ingest.IngestCounts;
import dev.beamfluss.pipelines.ingest.IngestCounts.Outcome;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
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
  private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(1);
  private static final int MOST_DAYS = 60;
  private static final int BUCKETS = 2;

  /** Set by the launcher where standard output is a terminal. */
  private static final String TERMINAL_PROPERTY = "beamfluss.terminal";

  private final DemoOptions options;
  private final PrintStream out;
  private final PrintStream err;
  private final boolean terminal;

  private Demo(DemoOptions options, PrintStream out, PrintStream err) {
    this.err = err;
    this.options = options;
    this.out = out;
    this.terminal = Boolean.getBoolean(TERMINAL_PROPERTY);
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
    EventInput input = EventInputOptions.input(options);
    say("Reading %s", input.description());
    IngestCounts unread = new IngestCounts();
    List<Event> events = read(input, unread);
    AttributionAnswer answer =
        AttributionAnswer.of(
            events, EventInputOptions.zone(options), options.getKeepRepeatedRows());
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
      DemoReport report = new DemoReport(input.description(), runnerName(), events.size());
      try (Observer observer = new Observer(bootstrap, AttributionTables.DATABASE);
          RunningPipeline pipeline = attribute(bootstrap)) {
        boolean equal = feedAndWatch(bootstrap, events, answer, observer, pipeline, unread, report);
        report.result(answer, observer, equal);
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

  private List<Event> read(EventInput input, IngestCounts unread) throws IOException {
    List<Event> events = new ArrayList<>();
    Iterator<Event> iterator =
        input.open(
            line -> {
              unread.add(Outcome.MALFORMED_LINE);
              err.println(line.toTabSeparated());
            },
            event -> unread.add(Outcome.OUTSIDE_DAYS));
    iterator.forEachRemaining(events::add);
    return events;
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

  private boolean feedAndWatch(
      String bootstrap,
      List<Event> events,
      AttributionAnswer answer,
      Observer observer,
      RunningPipeline pipeline,
      IngestCounts unread,
      DemoReport report)
      throws InterruptedException {
    try (Replay replay =
        new Replay(
            FlussCluster.at(bootstrap),
            "",
            EnumSet.of(Replay.Target.ATTRIBUTION),
            speed(events),
            EventInputOptions.rules(options),
            line -> err.println(line.toTabSeparated()))) {
      long start = System.nanoTime();
      CompletableFuture<Void> feeding = feed(replay, events);
      Progress progress = new Progress(out, terminal, replay, observer, events.size());
      while (!feeding.isDone()) {
        progress.tick();
        pipeline.check();
        observer.check();
        TimeUnit.NANOSECONDS.sleep(PROGRESS_NANOS);
      }
      join(feeding);
      report.fed(replay, unread, System.nanoTime() - start);
      boolean equal = awaitEqual(answer, observer, pipeline, progress);
      report.finished(System.nanoTime() - start);
      progress.end();
      return equal;
    }
  }

  private static CompletableFuture<Void> feed(Replay replay, List<Event> events) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                replay.run(events.iterator());
                done.complete(null);
              } catch (InterruptedException | RuntimeException e) {
                done.completeExceptionally(e);
              }
            },
            "replay");
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private static void join(CompletableFuture<Void> feeding) {
    try {
      feeding.join();
    } catch (CompletionException e) {
      throw new IllegalStateException("The events could not be written", e.getCause());
    }
  }

  /** Equal, and still so a while later: a result that passes through equality is not done. */
  private boolean awaitEqual(
      AttributionAnswer answer, Observer observer, RunningPipeline pipeline, Progress progress)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.getPatienceSeconds());
    int equalTicks = 0;
    while (equalTicks < 3 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(500);
      progress.tick();
      pipeline.check();
      observer.check();
      equalTicks = isEqual(answer, observer) ? equalTicks + 1 : 0;
    }
    return equalTicks > 0;
  }

  private static boolean isEqual(AttributionAnswer answer, Observer observer) {
    return observer.holds(answer.rows()) && observer.conversions().equals(answer.conversions());
  }

  private double speed(List<Event> events) {
    if (options.getSeconds() == 0 || events.isEmpty()) {
      return 0;
    }
    long span = events.get(events.size() - 1).timestampMillis() - events.get(0).timestampMillis();
    return Math.max(1, span / (options.getSeconds() * 1000.0));
  }

  private String runnerName() {
    return options.getRunner().getSimpleName();
  }

  private void say(String format, Object... values) {
    out.printf(format + "%n", values);
  }
}

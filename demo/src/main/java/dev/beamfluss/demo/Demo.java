package dev.beamfluss.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.io.fluss.FlussTable;
import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.page.PageServer;
import dev.beamfluss.pipelines.Scenario;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.canary.CanaryOptions;
import dev.beamfluss.pipelines.forecast.ForecastOptions;
import dev.beamfluss.pipelines.ingest.IngestCounts;
import dev.beamfluss.pipelines.ingest.Replay;
import dev.beamfluss.pipelines.tables.Program;
import dev.beamfluss.pipelines.tables.TableCreator;
import dev.beamfluss.pipelines.tables.TableDefinition;
import dev.beamfluss.pipelines.tables.TableOptions;
import dev.beamfluss.pipelines.uv.UvOptions;
import dev.beamfluss.pipelines.widetable.WideTableOptions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.beam.runners.flink.FlinkRunner;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Shows all pipelines at work with nothing installed: starts a Fluss cluster with tiering in this
 * JVM, creates the tables, lets events come in, runs the pipelines meanwhile, and compares every
 * row of their results with answers computed in plain Java from the events alone.
 *
 * <p>Ends with status 0 only if all of them are right, and hold something; 1 if not; 2 for a wrong
 * flag. The flags are {@link DemoOptions}, and those of the pipelines.
 */
public final class Demo {
  private static final int MOST_DAYS = 60;

  /** Each is a thread of every read; there are two cores for some thirty reads. */
  private static final int BUCKETS = 1;

  private static final long TICK_MILLIS = 500;

  /** A result that passes through what is right is not done. */
  private static final int TICKS_TO_STAY_RIGHT = 3;

  private static final Duration REPORT_PATIENCE = Duration.ofMinutes(1);

  /** Set by the launcher where standard output is a terminal. */
  private static final String TERMINAL_PROPERTY = "beamfluss.terminal";

  private final DemoOptions options;
  private final String[] flags;
  private final PrintStream out;
  private final PrintStream err;

  private Demo(DemoOptions options, String[] flags, PrintStream out, PrintStream err) {
    this.options = options;
    this.flags = flags;
    this.out = out;
    this.err = err;
  }

  /** Runs the demo. */
  public static void main(String[] args) {
    Program.main(args, flags -> run(flags, System.out, System.err));
  }

  static int run(String[] args, PrintStream out, PrintStream err) {
    return Program.run(
        err,
        () -> {
          List.of(
                  DemoOptions.class,
                  AttributionOptions.class,
                  WideTableOptions.class,
                  ForecastOptions.class,
                  CanaryOptions.class,
                  UvOptions.class)
              .forEach(PipelineOptionsFactory::register);
          DemoOptions options = PipelineOptionsFactory.fromArgs(args).as(DemoOptions.class);
          RunningPipeline.detach(options);
          try {
            return new Demo(options, args, out, err).run() ? Program.DONE : Program.FAILED;
          } catch (RuntimeException e) {
            if (Interruption.hasBegun()) {
              // of pipelines whose cluster is being closed
              return Program.FAILED;
            }
            throw e;
          }
        });
  }

  private boolean run() throws Exception {
    Set<Scenario> scenarios = scenarios(options.getOnly());
    Traffic traffic = Traffic.read(options, err);
    say("Reading %s: %,d events", traffic.description(), traffic.events().size());
    LocalFluss.Builder cluster = LocalFluss.builder().warehouse();
    say("Starting a Fluss cluster in this process");
    try (LocalFluss fluss = (options.getTiering() ? cluster.tiering() : cluster).start()) {
      Interruption.closes(fluss);
      Checkpoints checkpoints =
          FlinkRunner.class.equals(options.getRunner())
              ? Checkpoints.in(fluss.directory().resolve("checkpoints"))
              : Checkpoints.none();
      List<ScenarioRun> runs = new ArrayList<>();
      for (Scenario scenario : scenarios) {
        runs.add(run(scenario, traffic, checkpoints.flags(scenario.id(), flags)));
      }
      return run(fluss.bootstrapServers(), traffic, runs, checkpoints);
    }
  }

  private static Set<Scenario> scenarios(@Nullable String only) {
    if (only == null) {
      return EnumSet.allOf(Scenario.class);
    }
    return Arrays.stream(only.split(",", -1))
        .map(Scenario::of)
        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Scenario.class)));
  }

  private static ScenarioRun run(Scenario scenario, Traffic traffic, String[] flags) {
    ScenarioRun run =
        switch (scenario) {
          case ATTRIBUTION -> new AttributionRun(traffic, flags);
          case WIDETABLE -> new WideTableRun(traffic, flags);
          case FORECAST -> new ForecastRun(traffic, flags);
          case CANARY -> new CanaryRun(traffic, flags);
          case UV -> new UvRun(traffic, flags);
        };
    if (traffic.days() > MOST_DAYS && !run.takesAnyNumberOfDays()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "The events span %d days, each a partition of the tables of %s. Name at most %d days"
                  + " with --days=N, or --only=widetable.",
              traffic.days(),
              run.id(),
              MOST_DAYS));
    }
    return run;
  }

  private boolean run(
      String bootstrap, Traffic traffic, List<ScenarioRun> runs, Checkpoints checkpoints)
      throws Exception {
    FlussCluster cluster = FlussCluster.at(bootstrap);
    Map<String, List<String>> lakeTables = createTables(bootstrap, traffic, runs);
    try (PageServer page = options.getPage() ? serve(cluster) : null;
        LakeWatch lake = options.getTiering() ? new LakeWatch(cluster, lakeTables) : null;
        Running running = new Running(runs)) {
      running.start(bootstrap);
      Map<String, Double> rightAfter = feed(cluster, traffic, runs, lake, checkpoints);
      boolean verified = report(traffic, runs, rightAfter);
      if (options.getReport() != null) {
        writeReport(cluster, page, Path.of(options.getReport()));
      }
      if (page != null) {
        say("%nThe page stays at %s until Ctrl-C.", page.uri());
        new CountDownLatch(1).await();
      }
      return verified;
    }
  }

  private PageServer serve(FlussCluster cluster) throws IOException {
    PageServer page = PageServer.start(cluster, "", "127.0.0.1", options.getPort());
    say("The page is at %s", page.uri());
    return page;
  }

  private void writeReport(FlussCluster cluster, @Nullable PageServer page, Path file)
      throws Exception {
    boolean complete;
    if (page != null) {
      complete = page.writeReport(file, REPORT_PATIENCE);
    } else {
      try (PageServer reader = PageServer.reader(cluster, "")) {
        complete = reader.writeReport(file, REPORT_PATIENCE);
      }
    }
    say("Written: %s", file);
    if (!complete) {
      err.println("Not all tables could be read to their ends; the file says which.");
    }
  }

  /** The names of those that are tiered, by scenario. */
  private Map<String, List<String>> createTables(
      String bootstrap, Traffic traffic, List<ScenarioRun> runs) {
    TableOptions tables =
        TableOptions.defaults().withBucketNum(BUCKETS).withNumPrecreate(0).withNumRetention(-1);
    Map<String, List<String>> tiered = new LinkedHashMap<>();
    try (TableCreator creator = TableCreator.connect(bootstrap)) {
      int created = 0;
      for (ScenarioRun run : runs) {
        List<String> names = new ArrayList<>();
        for (TableDefinition table : run.tables(tables)) {
          creator.create(traffic.days() > MOST_DAYS ? table.withoutPartitions() : table);
          created++;
          FlussTable described = FlussCluster.at(bootstrap).describe(table.path().toString());
          if (described.isLakeTable()) {
            names.add(table.path().toString());
          }
        }
        tiered.put(run.id(), names);
      }
      say("Created %d tables of %d scenarios", created, runs.size());
    }
    return tiered;
  }

  /** The scenarios while their pipelines run. */
  private final class Running implements AutoCloseable {
    private final List<ScenarioRun> runs;

    Running(List<ScenarioRun> runs) {
      this.runs = runs;
    }

    void start(String bootstrap) {
      for (ScenarioRun run : runs) {
        run.prepare(bootstrap);
        run.watch(bootstrap);
        say("Starting pipeline %s on %s", run.id(), options.getRunner().getSimpleName());
        run.start(bootstrap);
      }
    }

    @Override
    public void close() {
      runs.forEach(ScenarioRun::close);
    }
  }

  /**
   * Lets all events come in, and waits until all results are right, as long as the flags allow.
   *
   * @return seconds from the first event until a result was right and stayed so, by scenario
   */
  private Map<String, Double> feed(
      FlussCluster cluster,
      Traffic traffic,
      List<ScenarioRun> runs,
      @Nullable LakeWatch lake,
      Checkpoints checkpoints)
      throws InterruptedException {
    try (Replay replay =
        new Replay(
            cluster,
            "",
            EnumSet.copyOf(runs.stream().map(ScenarioRun::target).toList()),
            speed(traffic),
            traffic.rules(),
            line -> err.println(line.toTabSeparated()))) {
      long start = System.nanoTime();
      CompletableFuture<Void> feeding = feeding(replay, traffic);
      Progress progress =
          new Progress(
              out,
              Boolean.getBoolean(TERMINAL_PROPERTY),
              replay,
              runs,
              traffic.events().size(),
              lake,
              checkpoints);
      while (!feeding.isDone()) {
        tick(progress, runs);
      }
      join(feeding);
      double fed = seconds(start);
      Map<String, Double> rightAfter = awaitRight(start, progress, runs);
      IngestCounts counts = new IngestCounts();
      counts.addAll(traffic.unread());
      counts.addAll(replay.counts());
      say("%nWhat became of the events, which came in within %.1f s", fed);
      out.print(counts.toString().indent(2));
      return rightAfter;
    }
  }

  private static void tick(Progress progress, List<ScenarioRun> runs) throws InterruptedException {
    TimeUnit.MILLISECONDS.sleep(TICK_MILLIS);
    progress.tick();
    runs.forEach(ScenarioRun::check);
  }

  private Map<String, Double> awaitRight(long start, Progress progress, List<ScenarioRun> runs)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.getPatienceSeconds());
    Map<String, Integer> ticks = new LinkedHashMap<>();
    Map<String, Double> rightAfter = new LinkedHashMap<>();
    boolean allStay = false;
    while (!allStay && System.nanoTime() < deadline) {
      tick(progress, runs);
      allStay = true;
      for (ScenarioRun run : runs) {
        if (run.isRight()) {
          rightAfter.putIfAbsent(run.id(), seconds(start));
          ticks.merge(run.id(), 1, Integer::sum);
        } else {
          rightAfter.remove(run.id());
          ticks.remove(run.id());
        }
        allStay &= ticks.getOrDefault(run.id(), 0) >= TICKS_TO_STAY_RIGHT;
      }
    }
    return rightAfter;
  }

  private static double seconds(long startNanos) {
    return Math.round((System.nanoTime() - startNanos) / 1e8) / 10.0;
  }

  private static CompletableFuture<Void> feeding(Replay replay, Traffic traffic) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                replay.run(traffic.events().iterator());
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

  private double speed(Traffic traffic) {
    return options.getSeconds() == 0
        ? 0
        : Math.max(1, traffic.spanMillis() / (options.getSeconds() * 1000.0));
  }

  private boolean report(Traffic traffic, List<ScenarioRun> runs, Map<String, Double> rightAfter)
      throws IOException {
    Map<String, Object> figures = new LinkedHashMap<>();
    figures.put("input", traffic.description());
    figures.put("runner", options.getRunner().getSimpleName());
    figures.put("events", traffic.events().size());
    Map<String, Object> scenarios = new LinkedHashMap<>();
    List<String> summary = new ArrayList<>();
    boolean all = true;
    for (ScenarioRun run : runs) {
      Double seconds = rightAfter.get(run.id());
      Verdict verdict = run.verdict(seconds != null);
      all &= verdict.verified();
      say("%n%s", run.id());
      verdict.lines().forEach(line -> say("  %s", line));
      Map<String, Object> ofRun = new LinkedHashMap<>(verdict.figures());
      ofRun.put("seconds", seconds);
      ofRun.put("verified", verdict.verified());
      scenarios.put(run.id(), ofRun);
      summary.add(
          String.format(
              Locale.ROOT,
              "  %-11s %-12s %s%s",
              run.id(),
              verdict.verified() ? "verified" : "NOT VERIFIED",
              verdict.summary(),
              seconds == null ? "" : String.format(Locale.ROOT, ", after %.1f s", seconds)));
    }
    figures.put("scenarios", scenarios);
    figures.put("verified", all);
    say("%nEqual to the answers computed from the events alone?");
    summary.forEach(line -> say("%s", line));
    if (options.getJson() != null) {
      new ObjectMapper()
          .writerWithDefaultPrettyPrinter()
          .writeValue(Path.of(options.getJson()).toFile(), figures);
    }
    return all;
  }

  private void say(String format, Object... values) {
    out.printf(Locale.ROOT, format + "%n", values);
  }
}

package dev.beamfluss.pipelines.demo;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.pipelines.ingest.Event;
import dev.beamfluss.pipelines.ingest.EventInput;
import dev.beamfluss.pipelines.ingest.EventInputOptions;
import dev.beamfluss.pipelines.ingest.IngestCounts;
import dev.beamfluss.pipelines.ingest.IngestCounts.Outcome;
import dev.beamfluss.pipelines.ingest.Replay;
import java.io.IOException;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** The events of a demo, all in memory, and how they come into the tables while a pipeline runs. */
final class DemoFeed {
  private static final long PROGRESS_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Set by the launcher where standard output is a terminal. */
  private static final String TERMINAL_PROPERTY = "beamfluss.terminal";

  /**
   * What came of it.
   *
   * @param equal whether the result became what it should, and stayed so
   * @param counts what became of the events
   * @param unread how many were not even handed to the tables' rules
   * @param feedingNanos until all events were in
   * @param nanos until the result was there, or patience at its end
   */
  record Fed(
      boolean equal,
      IngestCounts counts,
      long unread,
      long rowsWritten,
      long feedingNanos,
      long nanos) {}

  private final DemoOptions options;
  private final PrintStream out;
  private final PrintStream err;
  private final String description;
  private final List<Event> events = new ArrayList<>();
  private final IngestCounts unread = new IngestCounts();

  private DemoFeed(DemoOptions options, PrintStream out, PrintStream err, String description) {
    this.options = options;
    this.out = out;
    this.err = err;
    this.description = description;
  }

  /** Reads the events that the flags name. */
  static DemoFeed read(DemoOptions options, PrintStream out, PrintStream err) throws IOException {
    EventInput input = EventInputOptions.input(options);
    DemoFeed feed = new DemoFeed(options, out, err, input.description());
    out.printf("Reading %s%n", feed.description);
    Iterator<Event> events =
        input.open(
            line -> {
              feed.unread.add(Outcome.MALFORMED_LINE);
              err.println(line.toTabSeparated());
            },
            event -> feed.unread.add(Outcome.OUTSIDE_DAYS));
    events.forEachRemaining(feed.events::add);
    return feed;
  }

  String description() {
    return description;
  }

  List<Event> events() {
    return events;
  }

  /** When the first event was, in milliseconds since 1970. */
  long firstMillis() {
    return events.isEmpty() ? System.currentTimeMillis() : events.get(0).timestampMillis();
  }

  /** From the first event to the last. */
  private long spanMillis() {
    return events.isEmpty()
        ? 0
        : events.get(events.size() - 1).timestampMillis() - events.get(0).timestampMillis();
  }

  /** Lets all events come in and waits until the result is equal, as long as the flags allow. */
  Fed run(
      String bootstrap,
      Replay.Target target,
      Watched watched,
      RunningPipeline pipeline,
      BooleanSupplier equal)
      throws InterruptedException {
    try (Replay replay =
        new Replay(
            FlussCluster.at(bootstrap),
            "",
            EnumSet.of(target),
            speed(),
            EventInputOptions.rules(options),
            line -> err.println(line.toTabSeparated()))) {
      long start = System.nanoTime();
      CompletableFuture<Void> feeding = feed(replay);
      Progress progress =
          new Progress(out, Boolean.getBoolean(TERMINAL_PROPERTY), replay, watched, events.size());
      while (!feeding.isDone()) {
        progress.tick();
        pipeline.check();
        watched.check();
        TimeUnit.NANOSECONDS.sleep(PROGRESS_NANOS);
      }
      join(feeding);
      long fed = System.nanoTime() - start;
      boolean isEqual = awaitEqual(equal, watched, pipeline, progress);
      progress.end();
      IngestCounts all = new IngestCounts();
      all.addAll(unread);
      all.addAll(replay.counts());
      return new Fed(
          isEqual, all, unread.rows(), replay.rowsWritten(), fed, System.nanoTime() - start);
    }
  }

  private CompletableFuture<Void> feed(Replay replay) {
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
      BooleanSupplier equal, Watched watched, RunningPipeline pipeline, Progress progress)
      throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(options.getPatienceSeconds());
    int equalTicks = 0;
    while (equalTicks < 3 && System.nanoTime() < deadline) {
      TimeUnit.MILLISECONDS.sleep(500);
      progress.tick();
      pipeline.check();
      watched.check();
      equalTicks = equal.getAsBoolean() ? equalTicks + 1 : 0;
    }
    return equalTicks > 0;
  }

  private double speed() {
    return options.getSeconds() == 0 || events.isEmpty()
        ? 0
        : Math.max(1, spanMillis() / (options.getSeconds() * 1000.0));
  }
}

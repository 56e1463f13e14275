package dev.beamfluss.benchmarks;

import dev.beamfluss.local.LocalFluss;
import dev.beamfluss.pipelines.canary.Canary;
import dev.beamfluss.pipelines.canary.CanaryOptions;
import dev.beamfluss.pipelines.canary.CanaryTables;
import dev.beamfluss.pipelines.canary.PageLogColumns;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.InternalRow;

/**
 * How long after an anomaly has begun its alert is in the table: the canary pipeline without its
 * counts of users, at 20,000 rows a second, a tenth of them of the canary. The rows have values in
 * the columns that the pipeline reads, so that those who write them do not take the machine.
 *
 * <p>Every half second one more page becomes popular in both releases, with about 200 views a
 * second in the canary. A second later it breaks in the canary: each of its views there comes with
 * five errors, for the half second that is left of its popularity. The time is from the call that
 * appends the first of these errors until the cluster has stored the alert of this page's errors.
 * So the views that it takes to tell are part of it: 20, which the pipeline asks for, are a tenth
 * of a second.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class CanaryLatency {
  private static final String PREFIX = "latency_";
  private static final int THREADS = 2;
  private static final long BUNDLE_MILLIS = 200;
  private static final int ROWS_A_SECOND = 20_000;
  private static final int CANARY_OF = 10;

  /** Of the writer: each time a batch of each bucket, which the servers have to take. */
  private static final long PERIOD_MILLIS = 100;

  /** One anomaly each. */
  private static final long TURN_MILLIS = 500;

  private static final long SECOND = TimeUnit.SECONDS.toNanos(1);
  private static final int TURNS_BEFORE = 2;
  private static final double POPULAR = 0.18;
  private static final int ERRORS_A_VIEW = 5;
  private static final double VIEWS = 0.6;
  private static final double ERRORS = 0.01;
  private static final int WARM_UP_SECONDS = 10;
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration MAX_LAG = Duration.ofMillis(200);
  private static final Duration POLL = Duration.ofMillis(20);

  private static final String BROKEN = "popular-";
  private static final BinaryString[] OTHER_PAGES = PageLog.names("page-", 20);
  private static final BinaryString VIEW = BinaryString.fromString("page_view");
  private static final BinaryString CLICK = BinaryString.fromString("click");
  private static final BinaryString ERROR = BinaryString.fromString("error");

  private final LocalFluss fluss;
  private final Connection connection;
  private final PageLog log = new PageLog(PageLogColumns.core());
  private final SplittableRandom random = new SplittableRandom(1);

  /** When they were broken, by page. */
  private volatile long warm = Long.MAX_VALUE;

  private volatile long end = Long.MAX_VALUE;
  private final Map<String, Long> begun = new ConcurrentHashMap<>();

  private final Map<String, Long> alerted = new ConcurrentHashMap<>();
  private volatile boolean writing = true;
  private final AtomicLong written = new AtomicLong();

  CanaryLatency(LocalFluss fluss, Connection connection) {
    this.fluss = fluss;
    this.connection = connection;
  }

  Entry measure(int seconds) throws Exception {
    PageLog.create(fluss, PREFIX);
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      PipelineResult result = start(flink);
      Future<?> follower = threads.submit(() -> call(this::follow));
      Future<?> writer = threads.submit(() -> call(this::write));
      try {
        awaitFirst(result);
        TimeUnit.SECONDS.sleep(Math.min(WARM_UP_SECONDS, seconds));
        warm = System.currentTimeMillis();
        long before = written.get();
        TimeUnit.SECONDS.sleep(seconds);
        double rate = (written.get() - before) / (double) seconds;
        UvJob.check(result);
        // a page whose turn is cut short has too few errors for an alert
        end = System.currentTimeMillis() - TURN_MILLIS;
        writing = false;
        writer.get();
        follower.get();
        return entry(rate);
      } finally {
        BeamRead.end(result);
      }
    } finally {
      writing = false;
      threads.shutdownNow();
    }
  }

  private interface Work {
    void run() throws Exception;
  }

  private static Void call(Work work) throws Exception {
    work.run();
    return null;
  }

  private PipelineResult start(CheckpointedFlink flink) throws Exception {
    FlinkPipelineOptions options = UvJob.options(flink, THREADS, Map.of());
    options.setMaxBundleTimeMills(BUNDLE_MILLIS);
    CanaryOptions canary = options.as(CanaryOptions.class);
    canary.setBootstrapServers(fluss.bootstrapServers());
    canary.setDatabasePrefix(PREFIX);
    canary.setReleaseColumn("release");
    canary.setUvSets("none");
    canary.setPartitionDiscoveryMillis((int) TURN_MILLIS);
    Pipeline pipeline = Pipeline.create(options);
    Canary.apply(pipeline, canary);
    return pipeline.run();
  }

  private void awaitFirst(PipelineResult result) throws Exception {
    long start = System.nanoTime();
    while (alerted.isEmpty()) {
      UvJob.check(result);
      if (System.nanoTime() - start > PATIENCE.toNanos()) {
        throw new IllegalStateException("There was no alert in " + PATIENCE);
      }
      TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
    }
  }

  /** In batches, as a sleep is too coarse for single rows. */
  private void write() throws Exception {
    try (Table table = connection.getTable(PageLog.path(PREFIX, CanaryTables.PAGE_VIEWS))) {
      AppendWriter writer = table.newAppend().createWriter();
      long start = System.nanoTime();
      long lastTurn = 0;
      long last = start;
      // the last turn is a whole one, too
      for (long turn = 0; writing || turn == lastTurn; turn = turn(start)) {
        lastTurn = writing ? turn : lastTurn;
        long now = System.nanoTime();
        // what a busy machine keeps from being written stays unwritten, and shows in the rate
        long due = written.get() + ROWS_A_SECOND * Math.min(now - last, MAX_LAG.toNanos()) / SECOND;
        last = now;
        while (written.get() < due) {
          write(writer, turn);
        }
        TimeUnit.NANOSECONDS.sleep(PERIOD_MILLIS * 1_000_000 - (System.nanoTime() - now));
      }
      writer.flush();
    }
  }

  private static long turn(long start) {
    return TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start) / TURN_MILLIS;
  }

  private void write(AppendWriter writer, long turn) {
    boolean isCanary = random.nextInt(CANARY_OF) == 0;
    int popular = (int) (random.nextDouble() / POPULAR);
    boolean isPopular = popular <= TURNS_BEFORE;
    BinaryString page =
        isPopular
            ? BinaryString.fromString(BROKEN + (turn + popular))
            : OTHER_PAGES[random.nextInt(OTHER_PAGES.length)];
    double kind = random.nextDouble();
    BinaryString event = kind < VIEWS ? VIEW : kind < VIEWS + ERRORS ? ERROR : CLICK;
    append(writer, isCanary, page, event);
    if (isCanary && popular == 0 && event.equals(VIEW)) {
      begun.putIfAbsent(page.toString(), System.currentTimeMillis());
      for (int i = 0; i < ERRORS_A_VIEW; i++) {
        append(writer, true, page, ERROR);
      }
    }
  }

  private void append(
      AppendWriter writer, boolean isCanary, BinaryString page, BinaryString event) {
    var unused =
        writer.append(
            log.row(written.getAndIncrement(), isCanary, page, event, System.currentTimeMillis()));
  }

  /** The alerts as they come, until there is one for each of the pages, or none comes for long. */
  private void follow() throws Exception {
    long progress = System.nanoTime();
    try (Table table = connection.getTable(PageLog.path(PREFIX, CanaryTables.ALERTS));
        LogScanner scanner =
            table
                .newScan()
                .project(List.of("client", "page", "network", "kind"))
                .createLogScanner()) {
      scanner.subscribeFromBeginning(0);
      while (writing || missed() > 0) {
        for (ScanRecord alert : scanner.poll(POLL)) {
          if (alert.getChangeType() == ChangeType.INSERT && isOfBroken(alert.getRow())) {
            String page = alert.getRow().getString(1).toString();
            if (!begun.containsKey(page)) {
              throw new IllegalStateException("A false alert: " + page + " was not broken yet.");
            }
            alerted.putIfAbsent(page, alert.timestamp());
            progress = System.nanoTime();
          }
        }
        if (System.nanoTime() - progress > PATIENCE.toNanos()) {
          return;
        }
      }
    }
  }

  /** The pages that are measured: broken after the warm-up, and for long enough. */
  private List<String> measured() {
    return begun.entrySet().stream()
        .filter(page -> page.getValue() > warm && page.getValue() < end)
        .map(Map.Entry::getKey)
        .toList();
  }

  /** How many of them have no alert. */
  private long missed() {
    return measured().stream().filter(page -> !alerted.containsKey(page)).count();
  }

  /** Whether it is the one of a page alone. */
  private static boolean isOfBroken(InternalRow alert) {
    return alert.getString(0).getSizeInBytes() == 0
        && alert.getString(1).toString().startsWith(BROKEN)
        && alert.getString(2).getSizeInBytes() == 0
        && alert.getString(3).equals(ERROR);
  }

  private Entry entry(double rate) {
    List<Long> nanos =
        measured().stream()
            .filter(alerted::containsKey)
            .map(page -> TimeUnit.MILLISECONDS.toNanos(alerted.get(page) - begun.get(page)))
            .sorted()
            .toList();
    if (nanos.isEmpty()) {
      throw new IllegalStateException(
          "No anomaly after the warm-up became an alert: measure with more --latencySeconds.");
    }
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(nanos));
    extras.put("max_ms", Entries.millis(nanos.get(nanos.size() - 1)));
    extras.put("missed", missed());
    extras.put("rows_per_second", rate);
    extras.put(
        "floor", Map.of("ours", Map.of("at_most", 1_000), "p99_ms", Map.of("at_most", 3_000)));
    extras.putAll(Entries.conditions(nanos.size()));
    return new Entry(
        "canary-latency", Entries.millis(Rounds.median(nanos)), null, null, "ms", extras);
  }
}

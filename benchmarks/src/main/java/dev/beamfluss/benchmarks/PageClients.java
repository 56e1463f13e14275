package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.FlussCluster;
import dev.beamfluss.page.PageServer;
import dev.beamfluss.pipelines.attribution.Attribution;
import dev.beamfluss.pipelines.attribution.AttributionOptions;
import dev.beamfluss.pipelines.attribution.AttributionTables;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.writer.UpsertWriter;

/**
 * How many orders a second the attribution pipeline attributes, with its conversion rates, while a
 * page shows its tables: to many, or to nobody. Amounts of orders change as fast as the pipeline
 * takes them: of 20,000 orders 10,000 are on their way at a time, so that none is twice. Writer,
 * cluster, pipeline, page and those who look share this JVM's cores.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class PageClients implements AutoCloseable {
  private static final int THREADS = 2;
  private static final long ON_THEIR_WAY = PageTables.USERS / 2;
  private static final int POLL_MILLIS = 10;
  private static final int SETTLE_SECONDS = 3;
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(3);
  private static final double MEGABYTE = 1024 * 1024;

  private final PageTables tables;
  private final int seconds;
  private final int number;
  private final CheckpointedFlink flink = new CheckpointedFlink();
  private final ExecutorService threads = Executors.newSingleThreadExecutor();
  private final PageServer page;
  private final PipelineResult job;
  private final Future<?> writer;
  private final List<Double> growths = new ArrayList<>();
  private final List<Double> heaps = new ArrayList<>();
  private final List<Double> megabytesPerSecond = new ArrayList<>();
  private final long before;
  private volatile boolean writing = true;
  private volatile long done;

  /** Starts the pipeline, and waits until all that the tables have is attributed. */
  PageClients(PageTables tables, String bootstrapServers, int number, int seconds)
      throws Exception {
    this.tables = tables;
    this.number = number;
    this.seconds = seconds;
    tables.create();
    tables.fill();
    this.page =
        PageServer.start(FlussCluster.at(bootstrapServers), tables.prefix(), "127.0.0.1", 0);
    FlinkPipelineOptions options = UvJob.options(flink, THREADS, Map.of());
    AttributionOptions attribution = options.as(AttributionOptions.class);
    attribution.setBootstrapServers(bootstrapServers);
    attribution.setDatabasePrefix(tables.prefix());
    attribution.setPartitionDiscoveryMillis(1_000);
    Pipeline pipeline = Pipeline.create(options);
    Attribution.apply(pipeline, attribution);
    this.job = pipeline.run();
    this.before = awaitQuiet();
    this.writer =
        threads.submit(
            () -> {
              write();
              return null;
            });
  }

  private long awaitQuiet() throws Exception {
    long start = System.nanoTime();
    long records = -1;
    while (true) {
      TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
      long now = tables.resultRecords();
      if (now >= PageTables.USERS && now == records) {
        return now;
      }
      records = now;
      UvJob.check(job);
      requirePatience(start, "The pipeline did not come to an end of what the tables have");
    }
  }

  private static void requirePatience(long start, String what) {
    if (System.nanoTime() - start > PATIENCE_NANOS) {
      throw new IllegalStateException(what);
    }
  }

  private void write() throws Exception {
    try (Table table = tables.open(AttributionTables.ORDERS)) {
      UpsertWriter orders = table.newUpsert().createWriter();
      long written = 0;
      long progress = System.nanoTime();
      while (writing) {
        long now = (tables.resultRecords() - before) / 2;
        progress = now > done ? System.nanoTime() : progress;
        done = now;
        for (; written < now + ON_THEIR_WAY; written++) {
          long version = 1 + written / PageTables.USERS;
          var unused = orders.upsert(tables.order((int) (written % PageTables.USERS), version));
        }
        requirePatience(progress, String.format("Of %d orders %d were attributed", written, now));
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
      orders.flush();
    }
  }

  /** Orders a second while nobody looks. */
  double measureAlone() throws Exception {
    TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
    return measureRate();
  }

  /** The same while all look, some of whom take little or nothing. */
  double measureWatched() throws Exception {
    try (PageListeners listeners = new PageListeners(page.uri(), number)) {
      listeners.awaitAll();
      TimeUnit.SECONDS.sleep(SETTLE_SECONDS);
      double heap = heapMegabytes();
      long bytes = listeners.bytes();
      double rate = measureRate();
      megabytesPerSecond.add((listeners.bytes() - bytes) / MEGABYTE / seconds);
      heaps.add(heap);
      growths.add(heapMegabytes() - heap);
      listeners.requireAll();
      return rate;
    }
  }

  private double measureRate() throws Exception {
    long first = done;
    long start = System.nanoTime();
    TimeUnit.SECONDS.sleep(seconds);
    double rate = (done - first) * 1e9 / (System.nanoTime() - start);
    UvJob.check(job);
    if (writer.isDone()) {
      writer.get();
    }
    return rate;
  }

  private static double heapMegabytes() {
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / MEGABYTE;
  }

  /** Of the heap in MB from the begin of each round with clients to its end, after a collection. */
  List<Double> growths() {
    return growths;
  }

  /** The heap in MB at these begins. */
  List<Double> heaps() {
    return heaps;
  }

  /** What the clients took. */
  List<Double> megabytesPerSecond() {
    return megabytesPerSecond;
  }

  @Override
  public void close() throws Exception {
    writing = false;
    threads.shutdown();
    threads.awaitTermination(1, TimeUnit.MINUTES);
    BeamRead.end(job);
    page.close();
    flink.close();
  }
}

package dev.beamfluss.benchmarks;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.io.fluss.FlussIO;
import dev.beamfluss.io.fluss.Position;
import dev.beamfluss.transforms.ColumnUpsert;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.apache.beam.runners.flink.FlinkPipelineOptions;
import org.apache.beam.sdk.Pipeline;
import org.apache.beam.sdk.PipelineResult;
import org.apache.beam.sdk.values.PCollection;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.record.ChangeType;
import org.apache.fluss.row.InternalRow;

/**
 * How long after an event its column has it, at 5,000 events a second of five streams together,
 * each with a log, a read and columns of its own. Every 50 ms each stream has an event of the same
 * shop, which has a row of its own; their time is that of the machine when they are written, the
 * other end when the cluster stores the last of the five columns of the row.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ColumnsLatency {
  private static final int STREAMS = 5;
  private static final int EVENTS_A_SECOND = 5_000;

  /** Of the writer of events: each time a batch of each bucket, which the servers have to take. */
  private static final long PERIOD_MILLIS = 50;

  private static final int WARM_UP_SECONDS = 10;
  private static final int COLUMNS_OF_STREAM = 2;
  private static final Duration UPDATE_INTERVAL = Duration.ofMillis(400);
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration POLL = Duration.ofMillis(20);

  private record Mark(long appended, long millis) {}

  private final Connection connection;
  private final ColumnsTables tables;
  private final int parallelism;
  private volatile boolean writing;
  private volatile long lastMark;
  private volatile long marksSeen;

  ColumnsLatency(Connection connection, ColumnsTables tables, int parallelism) {
    this.connection = connection;
    this.tables = tables;
    this.parallelism = parallelism;
  }

  Entry measure(String wide, int seconds) throws Exception {
    for (int stream = 0; stream < STREAMS; stream++) {
      tables.createEvents(log(stream), 1, 0);
    }
    ExecutorService threads = Executors.newFixedThreadPool(2);
    Instant start = Instant.now();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      writing = true;
      Map<Integer, Long> ends = SinkGrowth.ends(connection, ColumnsTables.path(wide));
      PipelineResult result = start(flink, wide, Position.timestamp(start));
      Future<List<Mark>> marks = threads.submit(() -> follow(wide, ends));
      Future<?> writes =
          threads.submit(
              () -> {
                write();
                return null;
              });
      try {
        while (marksSeen == 0) {
          UvJob.check(result);
          if (Duration.between(start, Instant.now()).compareTo(PATIENCE) > 0) {
            throw new IllegalStateException("Nothing was counted in " + PATIENCE);
          }
          TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
        }
        TimeUnit.SECONDS.sleep(Math.min(WARM_UP_SECONDS, seconds));
        long warm = System.currentTimeMillis();
        TimeUnit.SECONDS.sleep(seconds);
        UvJob.check(result);
        writing = false;
        writes.get();
        return entry(
            marks.get().stream()
                .filter(mark -> mark.appended() > warm)
                .map(mark -> TimeUnit.MILLISECONDS.toNanos(mark.millis()))
                .sorted()
                .toList());
      } finally {
        BeamRead.end(result);
      }
    } finally {
      writing = false;
      threads.shutdownNow();
    }
  }

  private PipelineResult start(CheckpointedFlink flink, String wide, Position position)
      throws Exception {
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    UvJob.BUNDLES.set(options);
    flink.configure(options);
    Pipeline pipeline = Pipeline.create(options);
    for (int stream = 0; stream < STREAMS; stream++) {
      PCollection<RowChange> changes =
          pipeline.apply(
              "read " + stream,
              FlussIO.readChanges()
                  .from(tables.cluster(), ColumnsTables.path(log(stream)).toString())
                  .withColumns("shop_id", "stat_date", "stat_hour")
                  .withTimestampColumn("event_time")
                  .withStartingPosition(position));
      changes.apply(
          "count " + stream,
          ColumnUpsert.ofChanges()
              .by(ColumnsTables.KEY.toArray(String[]::new))
              .withPeriod(Duration.ofHours(1))
              .withUpdateInterval(UPDATE_INTERVAL)
              .counting("c" + COLUMNS_OF_STREAM * stream)
              .withVersionColumn("c" + (COLUMNS_OF_STREAM * stream + 1))
              .to(tables.cluster(), ColumnsTables.path(wide).toString()));
    }
    return pipeline.run();
  }

  private static String log(int stream) {
    return "columns_stream_" + stream;
  }

  /** In batches, as a sleep is too coarse for single events. */
  private void write() throws Exception {
    List<Table> logs = new ArrayList<>();
    List<UpsertWriter> writers = new ArrayList<>();
    try {
      for (int stream = 0; stream < STREAMS; stream++) {
        logs.add(connection.getTable(ColumnsTables.path(log(stream))));
        writers.add(logs.get(stream).newUpsert().createWriter());
      }
      write(writers);
    } finally {
      for (Table log : logs) {
        log.close();
      }
    }
  }

  private void write(List<UpsertWriter> writers) throws InterruptedException {
    long start = System.nanoTime();
    long written = 0;
    long id = 0;
    for (long period = 0; writing; period++) {
      long now = System.currentTimeMillis();
      for (UpsertWriter writer : writers) {
        var unused = writer.upsert(ColumnsTables.event(id++, ColumnsTables.SHOPS + period, now));
      }
      lastMark = now;
      long due = EVENTS_A_SECOND * (System.nanoTime() - start) / TimeUnit.SECONDS.toNanos(1);
      for (; written < due; written++) {
        var unused =
            writers
                .get((int) (written % STREAMS))
                .upsert(ColumnsTables.event(id++, written * 7_919 % ColumnsTables.SHOPS, now));
      }
      TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
    }
    writers.get(0).flush();
  }

  /** The marks as their last column comes, up to the last one. */
  private List<Mark> follow(String wide, Map<Integer, Long> ends) throws Exception {
    Map<Long, Mark> marks = new LinkedHashMap<>();
    long seen = 0;
    long progress = System.nanoTime();
    try (Table table = connection.getTable(ColumnsTables.path(wide));
        LogScanner scanner = table.newScan().project(followed()).createLogScanner()) {
      ends.forEach(scanner::subscribe);
      while (writing || seen < lastMark) {
        for (ScanRecord record : scanner.poll(POLL)) {
          InternalRow row = record.getRow();
          if (record.getChangeType() == ChangeType.UPDATE_BEFORE
              || row.getLong(0) < ColumnsTables.SHOPS
              || !isComplete(row)) {
            continue;
          }
          // the time is in the column of the day, see ColumnsTables.event
          long appended = Long.parseLong(row.getString(1).toString());
          marks.putIfAbsent(row.getLong(0), new Mark(appended, record.timestamp() - appended));
          marksSeen = marks.size();
          seen = Math.max(seen, appended);
          progress = System.nanoTime();
        }
        if (System.nanoTime() - progress > PATIENCE.toNanos()) {
          throw new IllegalStateException("Nothing more was counted in " + PATIENCE);
        }
      }
    }
    return new ArrayList<>(marks.values());
  }

  /** The key, and of each stream the column that it counts into. */
  private static int[] followed() {
    int key = ColumnsTables.KEY.size();
    return IntStream.range(0, key + STREAMS)
        .map(i -> i < key ? i : key + COLUMNS_OF_STREAM * (i - key))
        .toArray();
  }

  private static boolean isComplete(InternalRow row) {
    for (int stream = 0; stream < STREAMS; stream++) {
      if (row.isNullAt(ColumnsTables.KEY.size() + stream)) {
        return false;
      }
    }
    return true;
  }

  private static Entry entry(List<Long> nanos) {
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(nanos));
    extras.put("events_per_second", EVENTS_A_SECOND);
    extras.put("streams", STREAMS);
    extras.putAll(Entries.floor("p99_ms", Map.of("at_most", 1_000)));
    extras.putAll(Entries.conditions(nanos.size()));
    return new Entry(
        "columns-latency", Entries.millis(Rounds.median(nanos)), null, null, "ms", extras);
  }
}

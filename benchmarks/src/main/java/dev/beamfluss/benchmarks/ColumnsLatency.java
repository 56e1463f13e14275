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
 * How long after an event the columns of all of five streams have it, at 5,000 events a second of
 * which each stream reads and counts all. Every 50 ms one of the events is of a shop of its own;
 * its time is that of the machine when it is written, the other end when the cluster stores the
 * last of the five columns of its row.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class ColumnsLatency {
  private static final int STREAMS = 5;
  private static final int EVENTS_A_SECOND = 5_000;
  private static final long PERIOD_MILLIS = 10;
  private static final int PERIODS_OF_MARK = 5;
  private static final int WARM_UP_SECONDS = 10;
  private static final int COLUMNS_OF_STREAM = 2;
  private static final Duration UPDATE_INTERVAL = Duration.ofMillis(200);
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

  Entry measure(String events, String wide, int seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    Instant start = Instant.now();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      writing = true;
      Map<Integer, Long> ends = SinkGrowth.ends(connection, ColumnsTables.path(wide));
      PipelineResult result = start(flink, events, wide, Position.timestamp(start));
      Future<List<Mark>> marks = threads.submit(() -> follow(wide, ends));
      Future<?> writes =
          threads.submit(
              () -> {
                write(events);
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

  private PipelineResult start(
      CheckpointedFlink flink, String events, String wide, Position position) throws Exception {
    FlinkPipelineOptions options = BeamRead.flink(parallelism);
    UvJob.BUNDLES.set(options);
    flink.configure(options);
    Pipeline pipeline = Pipeline.create(options);
    for (int stream = 0; stream < STREAMS; stream++) {
      PCollection<RowChange> changes =
          pipeline.apply(
              "read " + stream,
              FlussIO.readChanges()
                  .from(tables.cluster(), ColumnsTables.path(events).toString())
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

  /** In batches, as a sleep is too coarse for single events. */
  private void write(String events) throws Exception {
    try (Table table = connection.getTable(ColumnsTables.path(events))) {
      UpsertWriter writer = table.newUpsert().createWriter();
      long start = System.nanoTime();
      long written = 0;
      // beyond the events that are there
      long id = Long.MAX_VALUE / 2;
      for (long period = 0; writing; period++) {
        long now = System.currentTimeMillis();
        if (period % PERIODS_OF_MARK == 0) {
          var unused = writer.upsert(ColumnsTables.event(id++, ColumnsTables.SHOPS + period, now));
          lastMark = now;
        }
        long due = EVENTS_A_SECOND * (System.nanoTime() - start) / TimeUnit.SECONDS.toNanos(1);
        for (; written < due; written++) {
          var unused =
              writer.upsert(ColumnsTables.event(id++, written * 7_919 % ColumnsTables.SHOPS, now));
        }
        TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
      }
      writer.flush();
    }
  }

  /** The marks as their last column comes, up to the last one. */
  private List<Mark> follow(String wide, Map<Integer, Long> ends) throws Exception {
    Map<Long, Mark> marks = new LinkedHashMap<>();
    long seen = 0;
    long progress = System.nanoTime();
    try (Table table = connection.getTable(ColumnsTables.path(wide));
        LogScanner scanner = table.newScan().createLogScanner()) {
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

  private static boolean isComplete(InternalRow row) {
    for (int stream = 0; stream < STREAMS; stream++) {
      if (row.isNullAt(ColumnsTables.KEY.size() + COLUMNS_OF_STREAM * stream)) {
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

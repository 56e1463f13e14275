package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.Position;
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
import org.apache.beam.sdk.PipelineResult;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.AppendWriter;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.record.ChangeType;

/**
 * What a user takes from the call that appends the event until the count of the event's minute is
 * in the changelog of the result, while events come evenly. Every 50 ms comes a user whom nobody
 * has seen, in a minute that no other event has, and which is the time of the call: so its count is
 * there at once or not at all, and is not of anybody else. The other events are of known users, all
 * of one day, in minutes of a second each. The changelog has the time at which the server took the
 * count; both clocks are this JVM's.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class UvLatency {
  private static final int EVENTS_A_SECOND = 5_000;
  private static final long PERIOD_MILLIS = 10;
  private static final int PERIODS_OF_MARK = 5;
  private static final int WARM_UP_SECONDS = 5;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final Duration POLL = Duration.ofMillis(20);
  private static final String DAY = "latency";
  private static final String MARK = "mark";
  private static final String OTHER = "other";

  private record Mark(long appended, long millis) {}

  private final Connection connection;
  private final UvTables tables;
  private final UvJob job;
  private final TablePath counts;
  private volatile boolean writing;
  private volatile long lastMark;
  private volatile long marksSeen;

  /**
   * @param connection its writers must not hold rows back
   */
  UvLatency(Connection connection, UvTables tables, UvJob job, UvCounts counts) {
    this.connection = connection;
    this.tables = tables;
    this.job = job;
    this.counts = counts.table(UvTables.MINUTE);
  }

  Entry measure(int seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(2);
    Instant start = Instant.now();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      writing = true;
      Map<Integer, Long> ends = SinkGrowth.ends(connection, counts);
      PipelineResult result = job.start(flink, Position.timestamp(start));
      Future<List<Mark>> marks = threads.submit(() -> follow(ends));
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

  /** In batches, as a sleep is too coarse for single events. */
  private void write() throws Exception {
    LookupKeys keys = LookupKeys.uniform(tables.users());
    try (Table table = connection.getTable(tables.eventTable())) {
      AppendWriter writer = table.newAppend().createWriter();
      long start = System.nanoTime();
      long written = 0;
      for (long period = 0; writing; period++) {
        if (period % PERIODS_OF_MARK == 0) {
          long now = System.currentTimeMillis();
          long unseen = EventRows.key(tables.users() + period);
          var unused = writer.append(UvTables.event(DAY, MARK, Long.toString(now), unseen));
          lastMark = now;
        }
        long due = EVENTS_A_SECOND * (System.nanoTime() - start) / TimeUnit.SECONDS.toNanos(1);
        for (; written < due; written++) {
          String second = Long.toString(written / EVENTS_A_SECOND);
          var unused = writer.append(UvTables.event(DAY, OTHER, second, keys.at(written)));
        }
        TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
      }
      writer.flush();
    }
  }

  /** The marks as they are counted, up to the last one. */
  private List<Mark> follow(Map<Integer, Long> ends) throws Exception {
    List<Mark> marks = new ArrayList<>();
    long seen = 0;
    long progress = System.nanoTime();
    try (Table table = connection.getTable(counts);
        LogScanner scanner = table.newScan().createLogScanner()) {
      ends.forEach(scanner::subscribe);
      while (writing || seen < lastMark) {
        for (ScanRecord record : scanner.poll(POLL)) {
          if (record.getChangeType() == ChangeType.INSERT
              && record.getRow().getString(1).toString().equals(MARK)) {
            long appended = Long.parseLong(record.getRow().getString(2).toString());
            marks.add(new Mark(appended, record.timestamp() - appended));
            marksSeen = marks.size();
            seen = Math.max(seen, appended);
            progress = System.nanoTime();
          }
        }
        if (System.nanoTime() - progress > PATIENCE.toNanos()) {
          throw new IllegalStateException("Nothing more was counted in " + PATIENCE);
        }
      }
    }
    return marks;
  }

  private static Entry entry(List<Long> nanos) {
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(nanos));
    extras.put("events_per_second", EVENTS_A_SECOND);
    extras.putAll(Entries.floor("p99_ms", Map.of("at_most", 1_000)));
    extras.putAll(Entries.conditions(nanos.size()));
    return new Entry("uv-latency", Entries.millis(Rounds.median(nanos)), null, null, "ms", extras);
  }
}

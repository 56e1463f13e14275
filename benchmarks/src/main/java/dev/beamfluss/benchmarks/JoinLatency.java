package dev.beamfluss.benchmarks;

import dev.beamfluss.io.fluss.Position;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.beam.sdk.PipelineResult;
import org.apache.fluss.client.Connection;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.client.table.scanner.ScanRecord;
import org.apache.fluss.client.table.scanner.log.LogScanner;
import org.apache.fluss.client.table.writer.UpsertWriter;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.TimestampNtz;

/**
 * What changes and lookups take while changes come evenly, at a rate. Left rows carry the time of
 * the call that wrote them into the join, whose rows in the changelog of the sink have the time at
 * which the server took them; both clocks are this JVM's. Beside that, one thread looks up one key
 * after the other, now on the one, now on the other side.
 */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class JoinLatency {
  private static final long PERIOD_MILLIS = 10;
  private static final long PROBE_MILLIS = 2;
  private static final Duration WARM_UP = Duration.ofSeconds(5);
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration POLL = Duration.ofMillis(20);

  /** No turn of the rounds has the same values. */
  private static final int FIRST_TURN = 1_000;

  private record Lookup(Instant start, long nanos) {}

  private record Change(Instant written, long millis) {}

  private final Connection connection;
  private final Connection probing;
  private final JoinUpdates tables;
  private final BeamJoin join;
  private final TablePath sink;
  private final AtomicReference<Instant> lastWritten = new AtomicReference<>(Instant.EPOCH);
  private volatile boolean writing;
  private volatile boolean looking;

  /**
   * @param connection its writers must not hold rows back
   * @param probing looks up, with the settings of the join's lookups
   * @param join into the sink
   */
  JoinLatency(
      Connection connection,
      Connection probing,
      JoinUpdates tables,
      BeamJoin join,
      TablePath sink) {
    this.connection = connection;
    this.probing = probing;
    this.tables = tables;
    this.join = join;
    this.sink = sink;
  }

  Entry measure(double changesPerSecond, int seconds) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(3);
    Instant start = Instant.now();
    try (CheckpointedFlink flink = new CheckpointedFlink()) {
      writing = true;
      looking = true;
      PipelineResult result = join.start(flink, Position.timestamp(start));
      Future<List<Change>> changes = threads.submit(this::follow);
      Future<List<Lookup>> lookups = threads.submit(this::lookUp);
      Future<?> writes =
          threads.submit(
              () -> {
                write(changesPerSecond);
                return null;
              });
      try {
        awaitFirst(start);
        TimeUnit.NANOSECONDS.sleep(WARM_UP.toNanos());
        Instant warm = Instant.now();
        TimeUnit.SECONDS.sleep(seconds);
        BeamJoin.check(result);
        looking = false;
        writing = false;
        writes.get();
        return entry(
            changesPerSecond,
            lookups.get().stream()
                .filter(lookup -> lookup.start().isAfter(warm))
                .map(Lookup::nanos)
                .sorted()
                .toList(),
            changes.get().stream()
                .filter(change -> change.written().isAfter(warm))
                .map(change -> TimeUnit.MILLISECONDS.toNanos(change.millis()))
                .sorted()
                .toList());
      } finally {
        BeamRead.end(result);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /** The join has started once a row comes that was written by now. */
  private void awaitFirst(Instant start) throws Exception {
    SinkGrowth growth = new SinkGrowth(connection, sink);
    growth.await(
        1,
        () -> {
          if (Duration.between(start, Instant.now()).compareTo(PATIENCE) > 0) {
            throw new IllegalStateException("The join wrote nothing in " + PATIENCE);
          }
        });
  }

  /** Updates one row after the other, of the left and of the right by turns. */
  private void write(double changesPerSecond) throws Exception {
    try (Table left = connection.getTable(tables.left().path());
        Table right = connection.getTable(tables.right().path())) {
      UpsertWriter leftWriter = left.newUpsert().createWriter();
      UpsertWriter rightWriter = right.newUpsert().createWriter();
      long start = System.nanoTime();
      long written = 0;
      while (writing) {
        double seconds = (System.nanoTime() - start) / (double) TimeUnit.SECONDS.toNanos(1);
        for (; written < seconds * changesPerSecond; written++) {
          int turn = FIRST_TURN + (int) (written / tables.changes());
          long number = tables.number(written % tables.changes());
          if (written % 2 == 0) {
            Instant now = Instant.ofEpochMilli(System.currentTimeMillis());
            GenericRow row = JoinUpdates.changedLeft(turn, number);
            row.setField(JoinTables.COLUMNS - 1, TimestampNtz.fromMillis(now.toEpochMilli()));
            var unused = leftWriter.upsert(row);
            lastWritten.set(now);
          } else {
            var unused = rightWriter.upsert(JoinUpdates.changedRight(turn, number));
          }
        }
        TimeUnit.MILLISECONDS.sleep(PERIOD_MILLIS);
      }
      leftWriter.flush();
      rightWriter.flush();
    }
  }

  /** The changes of left rows as they come into the sink, up to the last one. */
  private List<Change> follow() throws Exception {
    List<Change> changes = new ArrayList<>();
    Instant begun = Instant.now();
    Instant seen = Instant.EPOCH;
    Instant progress = begun;
    try (Table table = connection.getTable(sink);
        LogScanner scanner = table.newScan().createLogScanner()) {
      Map<Integer, Long> ends = SinkGrowth.ends(connection, sink);
      ends.forEach(scanner::subscribe);
      while (writing || seen.isBefore(lastWritten.get())) {
        for (ScanRecord record : scanner.poll(POLL)) {
          Instant written =
              Instant.ofEpochMilli(record.getRow().getTimestampNtz(1, 3).getMillisecond());
          switch (record.getChangeType()) {
            case INSERT, UPDATE_AFTER -> {
              // the others are of right rows
              if (!written.isBefore(begun)) {
                changes.add(new Change(written, record.timestamp() - written.toEpochMilli()));
                seen = written.isAfter(seen) ? written : seen;
                progress = Instant.now();
              }
            }
            default -> {}
          }
        }
        if (Duration.between(progress, Instant.now()).compareTo(PATIENCE) > 0) {
          throw new IllegalStateException("No change came into the sink in " + PATIENCE);
        }
      }
    }
    return changes;
  }

  private List<Lookup> lookUp() throws Exception {
    List<Lookup> lookups = new ArrayList<>();
    LookupKeys keys = LookupKeys.uniform(tables.rows());
    try (Table left = probing.getTable(tables.left().path());
        Table right = probing.getTable(tables.right().path())) {
      List<Lookuper> lookupers =
          List.of(
              left.newLookup().createLookuper(), right.newLookup().lookupBy("c0").createLookuper());
      for (long i = 0; looking; i++) {
        Lookuper lookuper = lookupers.get((int) (i % lookupers.size()));
        GenericRow key = GenericRow.of(keys.at(i));
        Instant now = Instant.now();
        long start = System.nanoTime();
        int found = lookuper.lookup(key).get().getRowList().size();
        lookups.add(new Lookup(now, System.nanoTime() - start));
        if (found != 1) {
          throw new ExecutionException(
              new IllegalStateException(found + " rows of a key that has one"));
        }
        TimeUnit.MILLISECONDS.sleep(PROBE_MILLIS);
      }
    }
    return lookups;
  }

  private static Entry entry(double changesPerSecond, List<Long> lookups, List<Long> changes) {
    Map<String, Object> extras = new LinkedHashMap<>();
    extras.put("p99_ms", Entries.p99Millis(changes));
    extras.put("lookup_p50_ms", Entries.millis(Rounds.median(lookups)));
    extras.put("lookup_p99_ms", Entries.p99Millis(lookups));
    extras.put("lookups", lookups.size());
    extras.put("changes_per_second", changesPerSecond);
    extras.putAll(Entries.floor("lookup_p99_ms", Map.of("at_most", 5)));
    extras.putAll(Entries.conditions(changes.size()));
    return new Entry(
        "join-latency", Entries.millis(Rounds.median(changes)), null, null, "ms", extras);
  }
}

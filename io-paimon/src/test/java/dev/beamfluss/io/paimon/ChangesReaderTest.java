package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.greaterThanOrEqualTo;
import static org.hamcrest.Matchers.hasSize;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.io.UnboundedSource;
import org.apache.beam.sdk.options.PipelineOptions;
import org.apache.beam.sdk.options.PipelineOptionsFactory;
import org.apache.beam.sdk.transforms.windowing.BoundedWindow;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.schema.Schema;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowKind;
import org.checkerframework.checker.nullness.qual.Nullable;
import org.joda.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What readers of changes give, and what their checkpoints hold, without a runner. */
class ChangesReaderTest {
  private static final PipelineOptions OPTIONS = PipelineOptionsFactory.create();

  @TempDir Path directory;

  private Warehouse warehouse;

  @BeforeEach
  void open() {
    warehouse = new Warehouse(directory);
  }

  private String numbers(boolean keyed, String... options) throws Exception {
    Map<String, DataType> columns = new LinkedHashMap<>();
    columns.put("id", DataTypes.INT().notNull());
    columns.put("n", DataTypes.BIGINT());
    columns.put("ds", DataTypes.STRING().notNull());
    Schema.Builder schema = Warehouse.columns(columns).partitionKeys("ds");
    if (keyed) {
      schema.primaryKey("ds", "id");
    }
    for (int i = 0; i < options.length; i += 2) {
      schema.option(options[i], options[i + 1]);
    }
    return warehouse.create("t", schema.build());
  }

  private static GenericRow row(RowKind kind, int id, long n) {
    return GenericRow.ofKind(kind, id, n, BinaryString.fromString("d" + id % 3));
  }

  private ChangesSource source(String table, PaimonPosition start) {
    return source(table, start, null, null);
  }

  private ChangesSource source(
      String table,
      PaimonPosition start,
      @Nullable String timestampColumn,
      @Nullable PaimonFilter filter) {
    ReadSpec spec =
        ReadSpec.of(
            warehouse.table(table),
            List.of("id", "n"),
            timestampColumn == null ? List.of() : List.of(timestampColumn),
            filter,
            null);
    return new ChangesSource(
        new ChangesSource.Spec(
            spec,
            start.settle(Snapshots.of(warehouse.table(table), "reading")),
            Duration.ofMillis(1),
            timestampColumn,
            Duration.ZERO));
  }

  /** What a runner does with a reader, and what must hold at every step of it. */
  private static final class Reading {
    private final ChangesSource source;
    private final List<String> changes;
    private UnboundedSource.UnboundedReader<ChangeBatch> reader;
    private boolean started;
    private Instant watermark = BoundedWindow.TIMESTAMP_MIN_VALUE;
    private int quiet;

    Reading(ChangesSource source, List<String> changes) {
      this.source = SerializableUtils.clone(source);
      this.changes = changes;
      this.reader = source.createReader(OPTIONS, null);
    }

    boolean step() throws IOException {
      boolean has = started ? reader.advance() : reader.start();
      started = true;
      if (has) {
        ChangeBatch batch = reader.getCurrent();
        Coder<ChangeBatch> coder = source.getOutputCoder();
        assertThat(CoderUtils.clone(coder, batch), equalTo(batch));
        batch.changes().forEach(change -> changes.add(change.toString()));
        batch
            .timestamps()
            .forEach(
                time ->
                    assertThat(
                        "no row is before its batch",
                        Instant.ofEpochMilli(time),
                        greaterThanOrEqualTo(reader.getCurrentTimestamp())));
      }
      quiet = has ? 0 : quiet + 1;
      assertThat(
          "the watermark never goes back", reader.getWatermark(), greaterThanOrEqualTo(watermark));
      watermark = reader.getWatermark();
      return has;
    }

    void reopen() throws IOException {
      ChangesCheckpoint checkpoint =
          CoderUtils.clone(
              ChangesCheckpoint.Coder.of(), (ChangesCheckpoint) reader.getCheckpointMark());
      reader.close();
      reader = source.createReader(OPTIONS, checkpoint);
      started = false;
      quiet = 0;
    }

    void untilQuiet() {
      quiet = 0;
      await()
          .pollInSameThread()
          .pollDelay(Duration.ZERO)
          .pollInterval(Duration.ofMillis(2))
          .until(
              () -> {
                while (step()) {
                  quiet = 0;
                }
                return quiet > 5;
              });
    }
  }

  private List<String> readAll(ChangesSource source) {
    List<String> changes = new ArrayList<>();
    new Reading(source, changes).untilQuiet();
    return changes;
  }

  /**
   * A writer goes on while three readers are closed and opened again and again, in the middle of
   * snapshots and of splits too. Every change of a key comes once and in its order: what they add
   * up to at any number of changes is what the table held.
   */
  @ParameterizedTest
  @CsvSource({
    "false, -1, none",
    "false, 2, none",
    "true, 2, none",
    "true, 2, input",
    "true, 2, lookup"
  })
  void everyChangeComesOnceThoughReadersComeAndGo(boolean keyed, int buckets, String producer)
      throws Exception {
    long seed = new Random().nextLong();
    System.err.println("seed of the changes: " + seed);
    Random random = new Random(seed);
    List<String> options =
        new ArrayList<>(
            List.of(
                "bucket",
                "" + buckets,
                "source.split.target-size",
                "1 kb",
                "source.split.open-file-cost",
                "1 b"));
    if (keyed) {
      options.addAll(List.of("changelog-producer", producer, "full-compaction.delta-commits", "1"));
    } else if (buckets > 0) {
      options.addAll(List.of("bucket-key", "id"));
    }
    String table = numbers(keyed, options.toArray(new String[0]));
    Map<Integer, List<Long>> written = new HashMap<>();
    write(table, keyed, producer, random, written, 3000);
    write(table, keyed, producer, random, written, 100);

    List<String> changes = new ArrayList<>();
    List<Reading> readings = new ArrayList<>();
    for (ChangesSource split : source(table, PaimonPosition.full()).split(3, OPTIONS)) {
      readings.add(new Reading(split, changes));
    }
    for (int i = 0; i < 30; i++) {
      if (i % 10 == 5) {
        write(table, keyed, producer, random, written, i % 20 == 5 ? 2500 : 10);
      }
      Reading reading = readings.get(random.nextInt(readings.size()));
      if (random.nextInt(3) == 0) {
        reading.reopen();
      } else {
        reading.step();
      }
    }
    readings.forEach(Reading::untilQuiet);

    if (keyed) {
      Map<Integer, Long> truth = new HashMap<>();
      for (String row : readAll(source(table, PaimonPosition.full()))) {
        fold(truth, row);
      }
      Map<Integer, Long> folded = new HashMap<>();
      changes.forEach(change -> fold(folded, change));
      assertThat("seed " + seed, folded, equalTo(truth));
      Map<Integer, Long> expected = new HashMap<>();
      written.forEach(
          (id, values) -> {
            if (values.get(values.size() - 1) != null) {
              expected.put(id, values.get(values.size() - 1));
            }
          });
      assertThat("seed " + seed, folded, equalTo(expected));
    } else {
      List<String> expected = new ArrayList<>();
      written.forEach(
          (id, values) -> values.forEach(n -> expected.add("+I[" + id + ", " + n + "]")));
      assertThat("seed " + seed, sorted(changes), equalTo(sorted(expected)));
    }
  }

  private static List<String> sorted(List<String> list) {
    return list.stream().sorted().toList();
  }

  private static void fold(Map<Integer, Long> state, String change) {
    String[] values = change.substring(3, change.length() - 1).split(", ", -1);
    int id = Integer.parseInt(values[0]);
    if (change.startsWith("-")) {
      state.remove(id);
    } else {
      state.put(id, Long.parseLong(values[1]));
    }
  }

  /** Rows of new numbers; of a table with a key, also updates and deletes. */
  private void write(
      String table,
      boolean keyed,
      String producer,
      Random random,
      Map<Integer, List<Long>> written,
      int count)
      throws Exception {
    List<GenericRow> rows = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      int id = random.nextInt(3000);
      List<Long> values = written.computeIfAbsent(id, key -> new ArrayList<>());
      Long before = values.isEmpty() ? null : values.get(values.size() - 1);
      long n = random.nextInt(1_000_000);
      if (keyed && before != null && random.nextInt(4) == 0) {
        rows.add(row(RowKind.DELETE, id, before));
        values.add(null);
      } else {
        if (keyed && before != null && producer.equals("input")) {
          rows.add(row(RowKind.UPDATE_BEFORE, id, before));
          rows.add(row(RowKind.UPDATE_AFTER, id, n));
        } else {
          rows.add(row(RowKind.INSERT, id, n));
        }
        values.add(n);
      }
    }
    warehouse.write(table, rows);
  }

  @Test
  void startsWhereItIsTold() throws Exception {
    String table = numbers(true, "bucket", "1", "changelog-producer", "input");
    ChangesSource early = source(table, PaimonPosition.full());
    ChangesSource latestOfNone = source(table, PaimonPosition.latest());
    warehouse.write(table, List.of(row(RowKind.INSERT, 1, 1)));
    warehouse.write(
        table, List.of(row(RowKind.UPDATE_BEFORE, 1, 1), row(RowKind.UPDATE_AFTER, 1, 2)));
    java.time.Instant between = java.time.Instant.now().plusMillis(1);
    await().until(() -> java.time.Instant.now().isAfter(between));
    ChangesSource full = source(table, PaimonPosition.full());
    ChangesSource latest = source(table, PaimonPosition.latest());
    warehouse.write(table, List.of(row(RowKind.DELETE, 1, 2)));

    List<String> all = List.of("+I[1, 1]", "-U[1, 1]", "+U[1, 2]", "-D[1, 2]");
    assertThat(readAll(early), is(all));
    assertThat(readAll(latestOfNone), is(all));
    assertThat(readAll(full), is(List.of("+I[1, 2]", "-D[1, 2]")));
    assertThat(readAll(latest), is(List.of("-D[1, 2]")));
    assertThat(readAll(source(table, PaimonPosition.snapshot(1))), is(all));
    assertThat(readAll(source(table, PaimonPosition.snapshot(2))), is(all.subList(1, 4)));
    assertThat(readAll(source(table, PaimonPosition.snapshot(4))), is(List.of()));
    assertThat(readAll(source(table, PaimonPosition.timestamp(between))), is(all.subList(3, 4)));
    assertThat(readAll(source(table, PaimonPosition.timestamp(java.time.Instant.EPOCH))), is(all));
    assertThat(readAll(source(table, PaimonPosition.full())), is(List.of()));
    assertThat(
        readAll(source(table, PaimonPosition.snapshot(1), null, PaimonFilter.greaterThan("n", 1L))),
        is(all.subList(2, 4)));
  }

  @Test
  void refusesAStartThatIsNotThere() throws Exception {
    String table = numbers(false);
    for (int i = 0; i < 4; i++) {
      warehouse.write(table, List.of(row(RowKind.INSERT, i, i)));
    }
    warehouse.expire(table, 2);
    expect(
        table,
        PaimonPosition.snapshot(2),
        "no snapshot 2 to start from, or it has expired. It has the snapshots 3 (of");
    expect(table, PaimonPosition.snapshot(6), "no snapshot 6 to start from");
    expect(table, PaimonPosition.snapshot(0), "no snapshot 0 to start from");
    expect(
        table,
        PaimonPosition.timestamp(java.time.Instant.EPOCH),
        "no longer has all changes since 1970");
    expect(
        table, PaimonPosition.timestamp(java.time.Instant.now().plusSeconds(60)), "is yet to come");
  }

  private void expect(String table, PaimonPosition start, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> source(table, start));
    assertThat(e.getMessage(), containsString(message));
  }

  @Test
  void namesTheSnapshotThatHasExpiredWhileNobodyRead() throws Exception {
    String table = numbers(false, "bucket", "1", "bucket-key", "id");
    warehouse.write(
        table, IntStream.range(0, 3000).mapToObj(i -> row(RowKind.INSERT, i, i)).toList());
    Reading within = new Reading(source(table, PaimonPosition.full()), new ArrayList<>());
    Reading between = new Reading(source(table, PaimonPosition.latest()), new ArrayList<>());
    within.step();
    between.step();
    for (int i = 0; i < 4; i++) {
      warehouse.write(table, List.of(row(RowKind.INSERT, i, i)));
    }
    warehouse.expire(table, 2);
    within.reopen();
    between.reopen();
    expect(
        within,
        "Snapshot 1 of table shop.t has expired before it was read to its end. It has the snapshots 4 ");
    expect(between, "Snapshot 2 of table shop.t has expired");
  }

  private static void expect(Reading reading, String message) {
    IllegalStateException e = assertThrows(IllegalStateException.class, reading::untilQuiet);
    assertThat(e.getMessage(), containsString(message));
  }

  @Test
  void readsOnWithTheColumnsItHasThoughTheTableGetsOthers() throws Exception {
    String table = numbers(true, "bucket", "1");
    List<String> changes = new ArrayList<>();
    Reading reading = new Reading(source(table, PaimonPosition.full()), changes);
    warehouse.write(table, List.of(row(RowKind.INSERT, 1, 1)));
    reading.untilQuiet();
    warehouse.addColumn(table, "note", DataTypes.STRING());
    warehouse.write(
        table,
        List.of(GenericRow.of(2, 2L, BinaryString.fromString("d"), BinaryString.fromString("x"))));
    reading.reopen();
    reading.untilQuiet();
    assertThat(changes, is(List.of("+I[1, 1]", "+I[2, 2]")));
  }

  @Test
  void overwritesComeIfTheTableSaysSo() throws Exception {
    for (boolean told : new boolean[] {false, true}) {
      String table =
          warehouse.create(
              "overwritten" + told,
              Warehouse.columns(Map.of("n", DataTypes.BIGINT()))
                  .column("id", DataTypes.INT().notNull())
                  .primaryKey("id")
                  .option("bucket", "1")
                  .option("streaming-read-overwrite", "" + told)
                  .build());
      warehouse.write(table, List.of(GenericRow.of(1L, 1), GenericRow.of(2L, 2)));
      ChangesSource source = source(table, PaimonPosition.latest());
      warehouse.overwrite(table, List.of(GenericRow.of(20L, 2), GenericRow.of(30L, 3)));
      assertThat(
          sorted(readAll(source)),
          is(told ? List.of("+I[2, 20]", "+I[3, 30]", "-D[1, 1]", "-D[2, 2]") : List.of()));
    }
  }

  @Test
  void watermarkFollowsTheCommitsAndTheClock() throws Exception {
    String table = numbers(false);
    warehouse.write(table, List.of(row(RowKind.INSERT, 1, 1)));
    long committed = Snapshots.of(warehouse.table(table), "").commitTime(1);
    Reading reading = new Reading(source(table, PaimonPosition.full()), new ArrayList<>());
    assertThat(reading.reader.getWatermark(), is(BoundedWindow.TIMESTAMP_MIN_VALUE));
    assertThat(reading.step(), is(true));
    assertThat(reading.reader.getCurrentTimestamp().getMillis(), is(committed));
    assertThat(reading.reader.getWatermark().getMillis(), is(committed));
    await()
        .pollInSameThread()
        .until(
            () -> {
              reading.step();
              return reading.watermark.getMillis() > committed;
            });
    reading.reopen();
    reading.step();
    warehouse.write(table, List.of(row(RowKind.INSERT, 2, 2)));
    reading.untilQuiet();
    assertThat(reading.changes, hasSize(2));
  }

  @Test
  void watermarkFollowsATimestampColumnSnapshotBySnapshot() throws Exception {
    String table = numbers(false, "bucket", "1", "bucket-key", "id");
    warehouse.write(table, List.of(row(RowKind.INSERT, 0, 5000), row(RowKind.INSERT, 3, 1000)));
    warehouse.write(table, List.of(row(RowKind.INSERT, 6, 7000)));
    Reading reading =
        new Reading(source(table, PaimonPosition.snapshot(1), "n", null), new ArrayList<>());
    reading.step();
    assertThat(reading.reader.getCurrentTimestamp(), is(Instant.ofEpochMilli(1000)));
    assertThat(reading.reader.getWatermark(), is(BoundedWindow.TIMESTAMP_MIN_VALUE));
    reading.step();
    assertThat(reading.reader.getCurrentTimestamp(), is(Instant.ofEpochMilli(7000)));
    assertThat(reading.reader.getWatermark(), is(Instant.ofEpochMilli(5000)));
    warehouse.write(table, List.of(GenericRow.of(9, null, BinaryString.fromString("d0"))));
    expect(reading, "A row of table shop.t holds null in column n, so it has no timestamp.");
  }

  @Test
  void refusesACheckpointWithinASnapshotThatIsSplitOtherwise() throws Exception {
    String table = numbers(false, "bucket", "1", "bucket-key", "id");
    warehouse.write(
        table, IntStream.range(0, 3000).mapToObj(i -> row(RowKind.INSERT, i, i)).toList());
    ChangesSource source = source(table, PaimonPosition.full());
    UnboundedSource.UnboundedReader<ChangeBatch> reader =
        source.createReader(OPTIONS, new ChangesCheckpoint(1, true, 0, 1000, 4711, 0));
    IllegalStateException e = assertThrows(IllegalStateException.class, reader::start);
    assertThat(e.getMessage(), containsString("stopped within snapshot 1, whose files are not as"));
  }
}

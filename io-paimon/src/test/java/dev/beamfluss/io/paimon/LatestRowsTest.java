package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;
import static org.hamcrest.Matchers.sameInstance;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.table.FileStoreTable;
import org.apache.paimon.types.DataTypes;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** When the rows in memory are replaced, and when not. */
class LatestRowsTest {
  private static final Duration SOON = Duration.ofMillis(1);

  @TempDir Path directory;

  private Warehouse warehouse;
  private String table;

  @BeforeEach
  void create() throws Exception {
    warehouse = new Warehouse(directory);
    table =
        warehouse.create(
            "rates",
            Warehouse.columns(Map.of("ds", DataTypes.STRING()))
                .column("hour", DataTypes.INT())
                .column("id", DataTypes.INT())
                .column("rate", DataTypes.INT())
                .partitionKeys("ds", "hour")
                .build());
  }

  private LatestRows.Spec spec(Duration interval, long maxBytes) {
    return new LatestRows.Spec(
        (FileStoreTable) warehouse.table(table),
        "here",
        List.of("id"),
        List.of("rate"),
        interval,
        100,
        maxBytes);
  }

  private void write(String ds, int hour, int id, int rate) throws Exception {
    warehouse.write(table, List.of(GenericRow.of(BinaryString.fromString(ds), hour, id, rate)));
  }

  private LatestRows.Loaded next(LatestRows rows, LatestRows.Loaded before) {
    LatestRows.Loaded[] now = {before};
    await()
        .pollInSameThread()
        .until(
            () -> {
              now[0] = rows.current();
              return !now[0].equals(before);
            });
    return now[0];
  }

  private static List<Integer> rates(LatestRows.Loaded loaded, int id) {
    InternalRow key = GenericRow.of(id);
    return loaded.get(key).stream().map(row -> row.getInt32("rate")).toList();
  }

  @Test
  void aNewerPartitionTakesThePlaceAndAnOlderDoesNot() throws Exception {
    write("2026-11-22", 9, 1, 10);
    LatestRows rows = LatestRows.lease(spec(SOON, 1000));
    LatestRows.Loaded first = rows.current();
    assertThat(first.partition(), is("ds=2026-11-22/hour=9"));
    assertThat(rates(first, 1), is(List.of(10)));
    assertThat(rates(first, 2), is(List.of()));

    write("2026-11-21", 23, 1, 9);
    write("2026-11-22", 10, 1, 11);
    LatestRows.Loaded second = next(rows, first);
    assertThat("a number, not a text", second.partition(), is("ds=2026-11-22/hour=10"));
    assertThat(rates(second, 1), is(List.of(11)));
    assertThat("who has the first keeps it", rates(first, 1), is(List.of(10)));

    write("2026-11-22", 10, 2, 12);
    LatestRows.Loaded third = next(rows, second);
    assertThat("the same partition, changed", third.partition(), is(second.partition()));
    assertThat(rates(third, 2), is(List.of(12)));
    rows.giveBack();
  }

  @Test
  void nothingIsReadAgainBeforeTheIntervalOrWithoutAChange() throws Exception {
    write("2026-11-22", 9, 1, 10);
    LatestRows hourly = LatestRows.lease(spec(Duration.ofHours(1), 1000));
    LatestRows eager = LatestRows.lease(spec(SOON, 1000));
    assertThat(eager, not(sameInstance(hourly)));
    LatestRows.Loaded first = hourly.current();
    LatestRows.Loaded unchanged = eager.current();
    write("2026-11-21", 9, 1, 10);
    for (int i = 0; i < 5; i++) {
      assertThat(eager.current(), sameInstance(unchanged));
    }
    write("2026-11-23", 9, 1, 10);
    next(eager, unchanged);
    assertThat(hourly.current(), sameInstance(first));
    hourly.giveBack();
    eager.giveBack();
  }

  @Test
  void oneWorkerHasOneOfThemUntilNobodyNeedsIt() throws Exception {
    write("2026-11-22", 9, 1, 10);
    LatestRows first = LatestRows.lease(spec(SOON, 1000));
    LatestRows second = LatestRows.lease(spec(SOON, 1000));
    assertThat(second, sameInstance(first));
    first.giveBack();
    assertThat(LatestRows.lease(spec(SOON, 1000)), sameInstance(first));
    first.giveBack();
    first.giveBack();
    LatestRows later = LatestRows.lease(spec(SOON, 1000));
    assertThat(later, not(sameInstance(first)));
    later.giveBack();
  }

  @Test
  void whatCannotBeReadLeavesWhatWasRead() throws Exception {
    write("2026-11-22", 9, 1, 10);
    LatestRows rows = LatestRows.lease(spec(SOON, 1000));
    LatestRows.Loaded first = rows.current();
    write("2026-11-23", 9, 1, 10);
    List<Path> hidden = hideDataOf("ds=2026-11-23");
    for (int i = 0; i < 5; i++) {
      assertThat(rows.current(), sameInstance(first));
    }
    for (Path file : hidden) {
      Files.move(file, Path.of(file.toString().replace(".hidden", "")));
    }
    assertThat(next(rows, first).partition(), is("ds=2026-11-23/hour=9"));
    rows.giveBack();
  }

  private List<Path> hideDataOf(String partition) throws IOException {
    List<Path> files;
    try (var all = Files.walk(directory)) {
      files =
          all.filter(file -> file.toString().contains(partition))
              .filter(file -> file.toString().endsWith(".parquet"))
              .toList();
    }
    List<Path> hidden = new java.util.ArrayList<>();
    for (Path file : files) {
      hidden.add(Files.move(file, Path.of(file + ".hidden")));
    }
    return hidden;
  }

  @Test
  void whatHasTooManyBytesIsRefusedThoughThereIsSomethingOlder() throws Exception {
    write("2026-11-22", 9, 1, 10);
    LatestRows rows = LatestRows.lease(spec(SOON, 40));
    LatestRows.Loaded first = rows.current();
    warehouse.write(
        table,
        java.util.stream.IntStream.range(0, 30)
            .mapToObj(i -> GenericRow.of(BinaryString.fromString("2026-11-23"), 1, i, i))
            .toList());
    IllegalStateException e = assertThrows(IllegalStateException.class, () -> next(rows, first));
    assertThat(e.getMessage(), containsString("ds=2026-11-23/hour=1 of table shop.rates is too"));
    assertThat(e.getMessage(), containsString("more than 40 bytes"));
    rows.giveBack();
  }

  @Test
  void columnsAddedLaterAreNoMatter() throws Exception {
    write("2026-11-22", 9, 1, 10);
    LatestRows rows = LatestRows.lease(spec(SOON, 1000));
    LatestRows.Loaded first = rows.current();
    warehouse.addColumn(table, "note", DataTypes.STRING());
    warehouse.write(
        table, List.of(GenericRow.of(BinaryString.fromString("2026-11-23"), 1, 1, 20, null)));
    LatestRows.Loaded second = next(rows, first);
    List<Row> found = second.get(GenericRow.of(1));
    assertThat(found.get(0).getValues(), is(List.of(20)));
    rows.giveBack();
  }
}

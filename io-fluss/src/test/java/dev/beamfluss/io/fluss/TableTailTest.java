package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.cluster;
import static dev.beamfluss.io.fluss.TestTables.order;
import static dev.beamfluss.io.fluss.TestTables.write;
import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsInAnyOrder;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.beamfluss.changes.RowChange;
import dev.beamfluss.local.FlussExtension;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A table that is followed outside of a pipeline, and the size of its log. */
class TableTailTest {
  private static final Duration PATIENCE = Duration.ofMinutes(1);
  private static final Duration POLL = Duration.ofMillis(20);

  @RegisterExtension static final FlussExtension fluss = FlussExtension.shared();

  @Test
  void itGivesWhatIsThereAndThenEachChange() {
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 2));
    write(table, List.of(RowChange.upsert(order("u1", "o1", 1))));
    try (TableTail tail = TableTail.open(table, List.of("order_id", "amount"))) {
      List<String> seen = new ArrayList<>();
      await().atMost(PATIENCE).until(() -> poll(tail, seen), is(List.of("+I[o1, 1]")));
      write(table, List.of(RowChange.upsert(order("u1", "o1", 2))));
      write(table, List.of(RowChange.delete(order("u1", "o1", 2))));
      await()
          .atMost(PATIENCE)
          .until(
              () -> poll(tail, seen),
              is(List.of("+I[o1, 1]", "-U[o1, 1]", "+U[o1, 2]", "-D[o1, 2]")));
      await()
          .atMost(PATIENCE)
          .until(
              () -> {
                poll(tail, seen);
                return tail.isCaughtUp();
              });
    }
  }

  private static List<String> poll(TableTail tail, List<String> seen) {
    tail.poll(POLL).forEach(change -> seen.add(change.toString()));
    return seen;
  }

  @Test
  void afterRandomChangesItHasWhatTheTableHolds() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 3));
    Map<List<Object>, Row> rows = new HashMap<>();
    try (TableTail tail = TableTail.open(table, table.schema().getFieldNames())) {
      for (int round = 0; round < 3; round++) {
        write(table, OrderChanges.random(random, 300));
        List<Row> contents = TestTables.contents(fluss, table.path());
        await()
            .atMost(PATIENCE)
            .until(
                () -> {
                  for (RowChange change : tail.poll(POLL)) {
                    List<Object> key =
                        List.of(change.row().getString(0), change.row().getString(1));
                    if (change.kind().isPresentAfter()) {
                      rows.put(key, change.row());
                    } else {
                      rows.remove(key);
                    }
                  }
                  return rows.size() == contents.size() && rows.values().containsAll(contents);
                });
        assertThat(rows.values(), containsInAnyOrder(contents.toArray()));
      }
    }
  }

  @Test
  void anEmptyTableIsReadToItsEnd() {
    FlussTable table = cluster(fluss).describe(TestTables.dailyOrders(fluss, 2));
    try (TableTail tail = TableTail.open(table, List.of("amount"))) {
      await().atMost(PATIENCE).until(() -> tail.poll(POLL).isEmpty() && tail.isCaughtUp());
    }
  }

  @Test
  void aColumnThatIsNotThereAndATableThatIsDroppedAreErrors() {
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 1));
    IllegalArgumentException e =
        assertThrows(
            IllegalArgumentException.class, () -> TableTail.open(table, List.of("amonut")).close());
    assertThat(e.getMessage(), containsString("amonut"));
    try (TableTail tail = TableTail.open(table, List.of("amount"))) {
      await().atMost(PATIENCE).until(() -> tail.poll(POLL).isEmpty() && tail.isCaughtUp());
      TestTables.drop(table);
      await()
          .atMost(PATIENCE)
          .untilAsserted(() -> assertThrows(IllegalStateException.class, () -> tail.poll(POLL)));
    }
  }

  @Test
  void theSizeOfTheLogGrowsWithTheChanges() {
    FlussTable table = cluster(fluss).describe(TestTables.orders(fluss, 2));
    assertThat(LogSize.of(table), is(new LogSize(1, 0)));
    write(table, List.of(RowChange.upsert(order("u1", "o1", 1))));
    write(table, List.of(RowChange.upsert(order("u1", "o1", 2))));
    assertThat("an insert, and an update of two", LogSize.of(table), is(new LogSize(1, 3)));
    assertThat(table.isLakeTable(), is(false));
  }
}

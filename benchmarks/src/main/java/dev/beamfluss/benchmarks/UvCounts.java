package dev.beamfluss.benchmarks;

import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.fluss.client.lookup.Lookuper;
import org.apache.fluss.client.table.Table;
import org.apache.fluss.metadata.TablePath;
import org.apache.fluss.row.BinaryString;
import org.apache.fluss.row.GenericRow;
import org.apache.fluss.row.InternalRow;

/** The tables that one contender writes its counts into. */
@SuppressWarnings("try") // an interrupted close ends the measurement, as it should
final class UvCounts {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final int POLL_MILLIS = 5;

  private final UvTables tables;
  private final String name;

  UvCounts(UvTables tables, String name) {
    this.tables = tables;
    this.name = name;
  }

  TablePath table(List<String> by) {
    String of = by.equals(UvTables.DAY) ? "days" : "minutes";
    return TablePath.of(EventTable.DATABASE, "counts_of_" + of + "_" + name);
  }

  void create() throws Exception {
    for (List<String> by : List.of(UvTables.DAY, UvTables.MINUTE)) {
      tables.createCounts(table(by), by);
    }
  }

  /** Returns once the table has these numbers of users, by key. */
  void await(List<String> by, Map<List<String>, Long> users, SinkGrowth.Check check)
      throws Exception {
    long start = System.nanoTime();
    Map<List<String>, Long> missing = new HashMap<>(users);
    try (Table table = tables.connection().getTable(table(by))) {
      Lookuper lookuper = table.newLookup().createLookuper();
      while (true) {
        for (List<String> key : List.copyOf(missing.keySet())) {
          Long found = count(lookuper, key);
          if (missing.get(key).equals(found)) {
            missing.remove(key);
          }
        }
        if (missing.isEmpty()) {
          return;
        }
        if (System.nanoTime() - start > PATIENCE.toNanos()) {
          throw new IllegalStateException(
              String.format("%s has not come to %s in %s", table(by), missing, PATIENCE));
        }
        check.run();
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
      }
    }
  }

  private static long count(Lookuper lookuper, List<String> key) throws Exception {
    GenericRow row = new GenericRow(key.size());
    for (int i = 0; i < key.size(); i++) {
      row.setField(i, BinaryString.fromString(key.get(i)));
    }
    List<InternalRow> found =
        lookuper.lookup(row).get(PATIENCE.toSeconds(), TimeUnit.SECONDS).getRowList();
    return found.isEmpty() ? 0 : found.get(0).getLong(key.size());
  }
}

package dev.beamfluss.io.paimon;

import static org.awaitility.Awaitility.await;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.empty;
import static org.hamcrest.Matchers.is;

import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.types.DataTypes;

/** A table of the numbers from 0 on, each once. */
final class Numbers {
  private final Warehouse warehouse;
  private final String table;
  private int next;
  private int rounds;

  Numbers(Warehouse warehouse, String name, int buckets) throws Exception {
    this.warehouse = warehouse;
    org.apache.paimon.schema.Schema.Builder schema =
        Warehouse.columns(Map.of("n", DataTypes.BIGINT().notNull())).option("bucket", "" + buckets);
    this.table =
        warehouse.create(name, (buckets > 0 ? schema.option("bucket-key", "n") : schema).build());
  }

  PaimonIO.ReadChanges read() {
    return PaimonIO.readChanges()
        .from(warehouse.catalog(), table)
        .withDiscoveryInterval(Duration.ofMillis(50));
  }

  /** Commits so many more. */
  void append(int count) throws Exception {
    List<GenericRow> rows = new ArrayList<>();
    for (int end = next + count; next < end; next++) {
      rows.add(GenericRow.of((long) next));
    }
    warehouse.write(table, rows);
  }

  /**
   * Asks the state until it holds all numbers, and once more a while later, as what is read twice
   * may come late.
   */
  void assertSeenOnceEach(Seen seen) throws Exception {
    await("all numbers")
        .pollInSameThread()
        .atMost(Duration.ofSeconds(60))
        .until(() -> ask(seen).cardinality() == next);
    assertThat(ask(seen).length(), is(next));
  }

  private BitSet ask(Seen seen) throws Exception {
    int round = rounds++;
    warehouse.write(table, Seen.questions(round).stream().map(GenericRow::of).toList());
    await("answers").atMost(Duration.ofSeconds(60)).until(() -> seen.answered(round));
    assertThat(seen.repeated(round), empty());
    return seen.numbers(round);
  }
}

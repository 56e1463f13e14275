package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.order;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.equalTo;

import dev.beamfluss.changes.RowChange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.apache.beam.sdk.values.Row;

/** Random changes of orders, and what a table holds after them, told by who writes them. */
final class OrderChanges {
  private static final int USERS = 11;

  private OrderChanges() {}

  /** Of few keys, so that most change several times. */
  static List<RowChange> random(Random random, int number) {
    List<RowChange> changes = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      Row row =
          order("user" + random.nextInt(USERS), "order" + random.nextInt(30), random.nextInt(99));
      changes.add(random.nextInt(4) == 0 ? RowChange.delete(row) : RowChange.upsert(row));
    }
    return changes;
  }

  static void apply(Map<List<Object>, Row> model, List<RowChange> changes) {
    for (RowChange change : changes) {
      if (change.kind() == RowChange.Kind.DELETE) {
        model.remove(key(change.row()));
      } else {
        model.put(key(change.row()), change.row());
      }
    }
  }

  /** Each change must fit what was there before it: nothing is left out, or comes twice. */
  static Map<List<Object>, Row> fold(
      Map<List<Object>, Row> into, List<String> changes, List<Row> rows) {
    for (int i = 0; i < changes.size(); i++) {
      Row row = rows.get(i);
      String change = changes.get(i);
      List<Object> key = key(row);
      Row before =
          switch (change.substring(0, 2)) {
            case "+I" -> {
              assertThat(change, into.get(key), equalTo(null));
              yield into.put(key, row);
            }
            case "+U" -> into.put(key, row);
            case "-U", "-D" -> {
              assertThat(change, into.get(key), equalTo(row));
              yield change.startsWith("-D") ? into.remove(key) : row;
            }
            default -> throw new AssertionError(change);
          };
      assertThat(change, before == null, equalTo(change.startsWith("+I")));
    }
    return into;
  }

  private static List<Object> key(Row row) {
    return List.of(row.getString("user_id"), row.getString("order_id"));
  }
}

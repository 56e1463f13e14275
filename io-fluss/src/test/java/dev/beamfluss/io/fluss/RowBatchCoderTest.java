package dev.beamfluss.io.fluss;

import static dev.beamfluss.io.fluss.TestTables.ORDER;
import static dev.beamfluss.io.fluss.TestTables.order;

import dev.beamfluss.changes.RowChange;
import java.util.List;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;

class RowBatchCoderTest {
  private static final RowBatchCoder CODER = RowBatchCoder.of(ORDER);
  private static final List<Row> ROWS =
      List.of(
          order("u1", "o1", 1),
          Row.withSchema(ORDER).addValues("u1", "o2", null).build(),
          order("", "o3", Long.MIN_VALUE));

  @Test
  void batchesComeBackAsTheyWere() throws Exception {
    long[][] times = {{5, 5, 9}, {9, 5, 7}, {Long.MIN_VALUE, 0, Long.MAX_VALUE}};
    for (long[] timestamps : times) {
      RowBatch inserts = new RowBatch(ROWS, null, timestamps);
      RowBatch changes =
          new RowBatch(
              ROWS,
              new RowChange.Kind[] {
                RowChange.Kind.UPDATE_BEFORE, RowChange.Kind.UPDATE_AFTER, RowChange.Kind.DELETE
              },
              timestamps);
      CoderProperties.coderDecodeEncodeEqual(CODER, inserts);
      CoderProperties.coderDecodeEncodeEqual(CODER, changes);
      CoderProperties.coderDeterministic(
          CODER, changes, new RowBatch(ROWS, changes.kinds().clone(), timestamps.clone()));
    }
    CoderProperties.coderDecodeEncodeEqual(CODER, new RowBatch(List.of(), null, new long[0]));
    CoderProperties.coderSerializable(CODER);
  }
}

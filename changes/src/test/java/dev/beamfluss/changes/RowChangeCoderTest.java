package dev.beamfluss.changes;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.Map;
import org.apache.beam.sdk.coders.Coder;
import org.apache.beam.sdk.coders.CoderException;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;

class RowChangeCoderTest {
  private static final Schema ORDER =
      Schema.builder()
          .addStringField("user")
          .addStringField("order")
          .addNullableField("amount", Schema.FieldType.INT32)
          .build();
  private static final Coder<RowChange> CODER = RowChange.coder(ORDER);

  @Test
  void everyKindComesBackAsItWas() throws Exception {
    for (RowChange.Kind kind : RowChange.Kind.values()) {
      RowChange change = RowChange.of(kind, order("u1", "o1", 1));
      RowChange withNull =
          RowChange.of(kind, Row.withSchema(ORDER).addValues("u1", "o1", null).build());
      for (RowChange one : new RowChange[] {change, withNull}) {
        CoderProperties.coderDecodeEncodeEqual(CODER, one);
        CoderProperties.coderConsistentWithEquals(CODER, one, RowChange.of(kind, one.row()));
        CoderProperties.structuralValueDecodeEncodeEqual(CODER, one);
        CoderProperties.coderDeterministic(CODER, one, RowChange.of(kind, one.row()));
      }
    }
    CoderProperties.coderSerializable(CODER);
  }

  /** They are in the state of running pipelines. */
  @Test
  void theBytesOfTheKindsStay() throws Exception {
    Map<RowChange.Kind, Integer> codes =
        Map.of(
            RowChange.Kind.INSERT, 0,
            RowChange.Kind.UPDATE_BEFORE, 1,
            RowChange.Kind.UPDATE_AFTER, 2,
            RowChange.Kind.DELETE, 3);
    for (RowChange.Kind kind : RowChange.Kind.values()) {
      byte[] bytes = CoderUtils.encodeToByteArray(CODER, RowChange.of(kind, order("u1", "o1", 1)));
      assertThat((int) bytes[0], equalTo(codes.get(kind)));
    }
  }

  @Test
  void aKindThatIsNoneIsRefused() throws Exception {
    byte[] bytes = CoderUtils.encodeToByteArray(CODER, RowChange.upsert(order("u1", "o1", 1)));
    bytes[0] = 4;
    CoderException e =
        assertThrows(CoderException.class, () -> CoderUtils.decodeFromByteArray(CODER, bytes));
    assertThat(e.getMessage(), containsString("Not a kind of change: 4"));
  }

  @Test
  void changesPrintAsFlinkPrintsThem() {
    assertThat(RowChange.delete(order("u1", "o1", 1)).toString(), equalTo("-D[u1, o1, 1]"));
    assertThat(RowChange.upsert(order("u1", "o1", 1)).toString(), equalTo("+U[u1, o1, 1]"));
  }

  private static Row order(String user, String order, int amount) {
    return Row.withSchema(ORDER).addValues(user, order, amount).build();
  }
}

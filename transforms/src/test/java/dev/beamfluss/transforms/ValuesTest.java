package dev.beamfluss.transforms;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.is;
import static org.hamcrest.Matchers.not;

import java.math.BigDecimal;
import org.apache.beam.sdk.coders.RowCoder;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.testing.CoderProperties;
import org.apache.beam.sdk.util.CoderUtils;
import org.apache.beam.sdk.values.Row;
import org.junit.jupiter.api.Test;

class ValuesTest {
  private static final Schema SCHEMA =
      Schema.builder()
          .addByteArrayField("id")
          .addNullableStringField("name")
          .addDecimalField("amount")
          .build();

  private static Row row(byte[] id, String name) {
    return Row.withSchema(SCHEMA).addValues(id, name, BigDecimal.ONE).build();
  }

  @Test
  void areEqualByWhatTheyHold() {
    Values one = Values.of(row(new byte[] {1, 2}, null));
    Values same = Values.of(row(new byte[] {1, 2}, null));

    assertThat(one, is(same));
    assertThat(one.hashCode(), is(same.hashCode()));
    assertThat(one, is(not(Values.of(row(new byte[] {1, 3}, null)))));
    assertThat(one, is(not(Values.of(row(new byte[] {1, 2}, "")))));
    assertThat(one.toString(), is("[[1, 2], null, 1]"));
  }

  @Test
  void haveTheBytesOfTheirRow() throws Exception {
    Row row = row(new byte[] {1, 2}, "one");
    ValuesCoder coder = ValuesCoder.of(SCHEMA);

    assertThat(
        CoderUtils.encodeToByteArray(coder, Values.of(row)),
        is(CoderUtils.encodeToByteArray(RowCoder.of(SCHEMA), row)));
    CoderProperties.coderDecodeEncodeEqual(coder, Values.of(row));
    CoderProperties.coderDeterministic(coder, Values.of(row), Values.of(row));
    CoderProperties.coderSerializable(coder);
    CoderProperties.structuralValueConsistentWithEquals(
        coder, Values.of(row), Values.of(row(new byte[] {1, 2}, "one")));
    CoderProperties.structuralValueConsistentWithEquals(
        coder, Values.of(row), Values.of(row(new byte[] {1, 3}, "one")));
  }

  @Test
  void areTakenFromPositionsAndPutBackIntoARow() {
    Row row = row(new byte[] {7}, "seven");

    assertThat(Values.of(row, 1, 3), is(Values.of("seven", BigDecimal.ONE)));
    assertThat(Values.of(row, new int[] {2, 1}), is(Values.of(BigDecimal.ONE, "seven")));
    assertThat(Values.of(row).toRow(SCHEMA), is(row));
  }
}

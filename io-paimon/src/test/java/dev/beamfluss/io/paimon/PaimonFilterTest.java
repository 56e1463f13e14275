package dev.beamfluss.io.paimon;

import static dev.beamfluss.io.paimon.PaimonFilter.and;
import static dev.beamfluss.io.paimon.PaimonFilter.between;
import static dev.beamfluss.io.paimon.PaimonFilter.equal;
import static dev.beamfluss.io.paimon.PaimonFilter.greaterOrEqual;
import static dev.beamfluss.io.paimon.PaimonFilter.greaterThan;
import static dev.beamfluss.io.paimon.PaimonFilter.in;
import static dev.beamfluss.io.paimon.PaimonFilter.isNotNull;
import static dev.beamfluss.io.paimon.PaimonFilter.isNull;
import static dev.beamfluss.io.paimon.PaimonFilter.lessOrEqual;
import static dev.beamfluss.io.paimon.PaimonFilter.lessThan;
import static dev.beamfluss.io.paimon.PaimonFilter.notEqual;
import static dev.beamfluss.io.paimon.PaimonFilter.or;
import static dev.beamfluss.io.paimon.PaimonFilter.startsWith;
import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.equalTo;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.apache.beam.sdk.util.SerializableUtils;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeFamily;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowType;
import org.junit.jupiter.api.Test;

/**
 * Which rows a filter accepts, tested on rows alone; that files are left out is tested elsewhere.
 */
class PaimonFilterTest {
  private static final RowType TYPE =
      RowType.builder()
          .field("n", DataTypes.BIGINT())
          .field("s", DataTypes.STRING())
          .field("b", DataTypes.BYTES())
          .field("at", DataTypes.TIMESTAMP(3))
          .field("list", DataTypes.ARRAY(DataTypes.INT()))
          .field("doc", DataTypes.VARIANT())
          .build();

  private static boolean accepts(PaimonFilter filter, Object n, Object s) {
    RowType type = TYPE.project("n", "s");
    InternalRow row =
        new RowEncoder("t", type, TypeMapping.schema(type))
            .encode(
                Row.withSchema(TypeMapping.schema(type)).addValues(Arrays.asList(n, s)).build());
    return SerializableUtils.clone(filter).predicate("t", type).test(row);
  }

  @Test
  void comparesLikeSql() {
    assertThat(accepts(equal("n", 5L), 5L, "x"), is(true));
    assertThat(accepts(equal("n", 5L), null, "x"), is(false));
    assertThat(accepts(notEqual("n", 5L), 6L, "x"), is(true));
    assertThat(accepts(notEqual("n", 5L), null, "x"), is(false));
    assertThat(accepts(lessThan("n", 5L), 5L, "x"), is(false));
    assertThat(accepts(lessOrEqual("n", 5L), 5L, "x"), is(true));
    assertThat(accepts(greaterThan("n", 5L), 5L, "x"), is(false));
    assertThat(accepts(greaterOrEqual("n", 5L), 5L, "x"), is(true));
    assertThat(accepts(between("n", 5L, 6L), 6L, "x"), is(true));
    assertThat(accepts(between("n", 5L, 6L), 7L, "x"), is(false));
    assertThat(accepts(in("n", 1L, 2L), 2L, "x"), is(true));
    assertThat(accepts(in("n", 1L, 2L), 3L, "x"), is(false));
    assertThat(accepts(startsWith("s", "na"), 3L, "naïve"), is(true));
    assertThat(accepts(startsWith("s", "na"), 3L, "no"), is(false));
    assertThat(accepts(isNull("n"), null, "x"), is(true));
    assertThat(accepts(isNotNull("n"), null, "x"), is(false));
    PaimonFilter both = and(equal("n", 5L), or(equal("s", "a"), isNull("s")));
    assertThat(accepts(both, 5L, "a"), is(true));
    assertThat(accepts(both, 5L, null), is(true));
    assertThat(accepts(both, 5L, "b"), is(false));
    assertThat(accepts(both, 4L, "a"), is(false));
    assertThat(both.toString(), is("(n = 5 and (s = a or s is null))"));
  }

  /** The value of a row itself is equal to it, and any other row's is compared as Java does it. */
  @Test
  void takesValuesOfEveryTypeThatHasAnOrder() {
    long seed = new Random().nextLong();
    System.err.println("seed of the rows: " + seed);
    List<DataType> types =
        RandomRows.everyType(9).values().stream()
            .filter(type -> !type.is(DataTypeFamily.CONSTRUCTED))
            .toList();
    RandomRows random = new RandomRows(seed);
    for (DataType type : types) {
      RowType rowType = RowType.builder().field("c", type.notNull()).build();
      RowEncoder encoder = new RowEncoder("t", rowType, TypeMapping.schema(rowType));
      for (Row row : Stream.generate(() -> random.row(rowType)).limit(20).toList()) {
        Row other = random.row(rowType);
        boolean same = row.equals(other);
        PaimonFilter equal = equal("c", row.getValue(0));
        assertThat(equal.predicate("t", rowType).test(encoder.encode(row)), is(true));
        assertThat(
            type + " seed " + seed,
            equal.predicate("t", rowType).test(encoder.encode(other)),
            is(same));
        if (!type.is(DataTypeFamily.BINARY_STRING) && !type.is(DataTypeFamily.CHARACTER_STRING)) {
          assertThat(
              type + " seed " + seed,
              lessThan("c", row.getValue(0)).predicate("t", rowType).test(encoder.encode(other)),
              is(compare(other.getValue(0), row.getValue(0)) < 0));
        }
      }
    }
  }

  @SuppressWarnings("unchecked")
  private static int compare(Object first, Object second) {
    return ((Comparable<Object>) first).compareTo(second);
  }

  @Test
  void saysWhatIsWrongWithAFilter() {
    expect(equal("m", 5L), "Table t has no column m to filter by (m = 5). Its columns are [n, s,");
    expect(equal("n", 5), "Column n of table t is BIGINT and is compared with values of INT64");
    expect(equal("n", "5"), "not with the String 5");
    expect(in("s", "a", 1), "not with the Integer 1");
    expect(equal("at", Instant.EPOCH), "compared with values of beam:logical_type:datetime:v1");
    expect(
        lessThan("at", LocalDateTime.of(LocalDate.EPOCH, LocalTime.ofNanoOfDay(1))),
        "compared with fewer digits");
    expect(lessThan("b", new byte[1]), "cannot be filtered by (b <");
    expect(startsWith("n", "1"), "Column n of table t is BIGINT, which cannot be filtered by");
    expect(equal("list", List.of(1)), "cannot be filtered by");
    expect(equal("doc", "{}"), "cannot be filtered by");
    isNull("doc").predicate("t", TYPE);
    equal("b", new byte[] {1}).predicate("t", TYPE);
    for (Runnable wrong :
        List.<Runnable>of(
            () -> equal("n", null), () -> in("n"), () -> or(), () -> in("n", 1, null))) {
      assertThrows(IllegalArgumentException.class, wrong::run);
    }
  }

  private static void expect(PaimonFilter filter, String message) {
    IllegalArgumentException e =
        assertThrows(IllegalArgumentException.class, () -> filter.predicate("t", TYPE));
    assertThat(e.getMessage(), containsString(message));
  }

  @Test
  void equalFiltersAreEqual() {
    assertThat(equal("b", new byte[] {1}), equalTo(equal("b", new byte[] {1})));
    assertThat(
        and(in("n", 1L), equal("d", BigDecimal.ONE)).hashCode(),
        equalTo(and(in("n", 1L), equal("d", BigDecimal.ONE)).hashCode()));
    assertThat(equal("n", 1L).equals(notEqual("n", 1L)), is(false));
    assertThat(and(isNull("n")).equals(or(isNull("n"))), is(false));
  }
}

package dev.beamfluss.io.paimon;

import static org.hamcrest.MatcherAssert.assertThat;
import static org.hamcrest.Matchers.allOf;
import static org.hamcrest.Matchers.containsString;
import static org.hamcrest.Matchers.is;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.math.BigDecimal;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.schemas.logicaltypes.NanosInstant;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.beam.sdk.values.Row;
import org.apache.paimon.data.BinaryString;
import org.apache.paimon.data.Decimal;
import org.apache.paimon.data.GenericArray;
import org.apache.paimon.data.GenericMap;
import org.apache.paimon.data.GenericRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.types.DataField;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypes;
import org.apache.paimon.types.RowType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Each type with a value written down twice, as Paimon has it and as Beam has it. */
class TypeMappingTest {
  private static final Schema NESTED =
      Schema.builder().addNullableField("a", FieldType.INT32).addStringField("b").build();

  static List<Arguments> values() {
    return List.of(
        Arguments.of(DataTypes.BOOLEAN(), FieldType.BOOLEAN, true, true),
        Arguments.of(DataTypes.TINYINT(), FieldType.BYTE, (byte) -1, (byte) -1),
        Arguments.of(DataTypes.SMALLINT(), FieldType.INT16, (short) 2, (short) 2),
        Arguments.of(DataTypes.INT(), FieldType.INT32, 3, 3),
        Arguments.of(DataTypes.BIGINT(), FieldType.INT64, 4L, 4L),
        Arguments.of(DataTypes.FLOAT(), FieldType.FLOAT, 1.5f, 1.5f),
        Arguments.of(DataTypes.DOUBLE(), FieldType.DOUBLE, 2.5, 2.5),
        Arguments.of(DataTypes.CHAR(3), FieldType.STRING, text("a中"), "a中"),
        Arguments.of(DataTypes.VARCHAR(1), FieldType.STRING, text("🧋"), "🧋"),
        Arguments.of(DataTypes.STRING(), FieldType.STRING, text(""), ""),
        Arguments.of(DataTypes.BINARY(2), FieldType.BYTES, new byte[] {1, 2}, new byte[] {1, 2}),
        Arguments.of(DataTypes.VARBINARY(2), FieldType.BYTES, new byte[] {1}, new byte[] {1}),
        Arguments.of(
            DataTypes.DECIMAL(5, 2),
            FieldType.logicalType(FixedPrecisionNumeric.of(5, 2)),
            Decimal.fromUnscaledLong(-12345, 5, 2),
            new BigDecimal("-123.45")),
        Arguments.of(
            DataTypes.DATE(), FieldType.logicalType(SqlTypes.DATE), -1, LocalDate.of(1969, 12, 31)),
        Arguments.of(
            DataTypes.TIME(9),
            FieldType.logicalType(SqlTypes.TIME),
            1001,
            LocalTime.of(0, 0, 1, 1_000_000)),
        Arguments.of(
            DataTypes.TIMESTAMP(9),
            FieldType.logicalType(SqlTypes.DATETIME),
            Timestamp.fromEpochMillis(-1, 5),
            LocalDateTime.of(1969, 12, 31, 23, 59, 59, 999_000_005)),
        Arguments.of(
            DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(6),
            FieldType.logicalType(SqlTypes.TIMESTAMP),
            Timestamp.fromEpochMillis(1_000, 1_000),
            Instant.parse("1970-01-01T00:00:01.000001Z")),
        Arguments.of(
            DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(7),
            FieldType.logicalType(new NanosInstant()),
            Timestamp.fromEpochMillis(-1, 100),
            Instant.parse("1969-12-31T23:59:59.9990001Z")),
        Arguments.of(
            DataTypes.ARRAY(DataTypes.STRING()),
            FieldType.array(FieldType.STRING.withNullable(true)),
            new GenericArray(new Object[] {text("x"), null}),
            Arrays.asList("x", null)),
        Arguments.of(
            DataTypes.MAP(DataTypes.INT(), DataTypes.DATE()),
            FieldType.map(FieldType.INT32, FieldType.logicalType(SqlTypes.DATE).withNullable(true)),
            new GenericMap(Map.of(1, 1)),
            Map.of(1, LocalDate.of(1970, 1, 2))),
        Arguments.of(
            DataTypes.MULTISET(DataTypes.STRING()),
            FieldType.map(FieldType.STRING, FieldType.INT32),
            new GenericMap(Map.of(text("x"), 2)),
            Map.of("x", 2)),
        Arguments.of(
            DataTypes.ROW(
                DataTypes.FIELD(1, "a", DataTypes.INT()),
                DataTypes.FIELD(2, "b", DataTypes.STRING().notNull())),
            FieldType.row(NESTED),
            GenericRow.of(null, text("y")),
            Row.withSchema(NESTED).addValues(null, "y").build()));
  }

  @ParameterizedTest
  @MethodSource("values")
  void mapsBothWays(DataType type, FieldType fieldType, Object paimon, Object beam) {
    RowType rowType = of(type);
    Schema schema = Schema.builder().addNullableField("c", fieldType).build();
    Row row = Row.withSchema(schema).addValue(beam).build();
    GenericRow encoded = GenericRow.of(paimon);

    assertThat(TypeMapping.schema(rowType), is(schema));
    assertThat(new RowDecoder(rowType).decode(encoded), is(row));
    assertThat(new RowEncoder("t", rowType, schema).encode(row), is(encoded));
    assertThat(
        new RowEncoder("t", rowType, schema).encode(Row.nullRow(schema)),
        is(GenericRow.of((Object) null)));
  }

  @Test
  void keepsNamesCommentsAndNullability() {
    Schema schema =
        TypeMapping.schema(
            new RowType(
                List.of(
                    new DataField(0, "id", DataTypes.INT().notNull(), "the key"),
                    new DataField(1, "c", DataTypes.INT()))));
    assertThat(
        schema,
        is(
            Schema.of(
                Schema.Field.of("id", FieldType.INT32).withDescription("the key"),
                Schema.Field.nullable("c", FieldType.INT32))));
  }

  @Test
  void refusesVariantWhereverItIs() {
    for (DataType type :
        List.of(DataTypes.VARIANT(), DataTypes.MAP(DataTypes.INT(), DataTypes.VARIANT()))) {
      assertThat(
          message(() -> TypeMapping.schema(of(type))),
          allOf(containsString("Column c"), containsString("VARIANT")));
    }
  }

  static List<Arguments> misfits() {
    return List.of(
        Arguments.of(DataTypes.CHAR(2), FieldType.STRING, "abc", "abc does not fit"),
        Arguments.of(DataTypes.VARCHAR(2), FieldType.STRING, "abc", "VARCHAR(2)"),
        Arguments.of(DataTypes.BINARY(2), FieldType.BYTES, new byte[1], "1 bytes does not fit"),
        Arguments.of(DataTypes.VARBINARY(2), FieldType.BYTES, new byte[3], "VARBINARY(2)"),
        Arguments.of(
            DataTypes.DECIMAL(4, 1), FieldType.DECIMAL, new BigDecimal("1.25"), "1.25 does not"),
        Arguments.of(
            DataTypes.DECIMAL(4, 1), FieldType.DECIMAL, new BigDecimal("1000"), "DECIMAL(4, 1)"),
        Arguments.of(DataTypes.INT().notNull(), FieldType.INT32, null, "c of table t is NOT NULL"),
        Arguments.of(
            DataTypes.ARRAY(DataTypes.INT().notNull()),
            FieldType.array(FieldType.INT32.withNullable(true)),
            Arrays.asList(1, null),
            "c[] of table t is NOT NULL"),
        Arguments.of(
            DataTypes.MAP(DataTypes.STRING(), DataTypes.INT()),
            FieldType.map(FieldType.STRING.withNullable(true), FieldType.INT32),
            Collections.singletonMap(null, 1),
            "c.key of table t is NOT NULL"));
  }

  @ParameterizedTest
  @MethodSource("misfits")
  void refusesValuesThatDoNotFit(DataType type, FieldType field, Object value, String reason) {
    Schema schema = Schema.builder().addNullableField("c", field).build();
    RowEncoder encoder = new RowEncoder("t", of(type), schema);
    Row row = Row.withSchema(schema).addValue(value).build();
    assertThat(message(() -> encoder.encode(row)), containsString(reason));
  }

  @Test
  void refusesRowsWithoutAColumnOrOfOtherTypes() {
    RowType type = of(DataTypes.BIGINT());
    assertThat(
        message(() -> new RowEncoder("t", type, Schema.builder().addInt64Field("d").build())),
        containsString("Table t has a column c, but the rows do not. Their fields are [d]"));
    assertThat(
        message(() -> new RowEncoder("t", type, Schema.builder().addStringField("c").build())),
        containsString("takes INT64, but the rows hold STRING"));
  }

  @Test
  void takesNarrowerNumbersAndOtherTimes() {
    Schema schema =
        Schema.builder().addByteField("l").addFloatField("d").addDateTimeField("t").build();
    RowType type =
        new RowType(
            List.of(
                new DataField(0, "t", DataTypes.TIMESTAMP_WITH_LOCAL_TIME_ZONE(0)),
                new DataField(1, "d", DataTypes.DOUBLE()),
                new DataField(2, "l", DataTypes.BIGINT())));
    Row row =
        Row.withSchema(schema)
            .addValues((byte) 1, 1.5f, org.joda.time.Instant.ofEpochMilli(1999))
            .build();
    assertThat(
        new RowEncoder("t", type, schema).encode(row),
        is(GenericRow.of(Timestamp.fromEpochMillis(1000), 1.5, 1L)));
  }

  private static String message(org.junit.jupiter.api.function.Executable code) {
    return assertThrows(IllegalArgumentException.class, code).getMessage();
  }

  private static RowType of(DataType type) {
    return new RowType(List.of(new DataField(0, "c", type)));
  }

  private static BinaryString text(String text) {
    return BinaryString.fromString(text);
  }
}

package dev.beamfluss.io.paimon;

import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.schemas.logicaltypes.NanosInstant;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.paimon.types.ArrayType;
import org.apache.paimon.types.DataField;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeChecks;
import org.apache.paimon.types.MapType;
import org.apache.paimon.types.MultisetType;
import org.apache.paimon.types.RowType;

/** Which Beam field type a Paimon column becomes; {@link PaimonIO} holds the table of it. */
final class TypeMapping {
  private static final int MICROS_PRECISION = 6;

  private TypeMapping() {}

  /**
   * @throws IllegalArgumentException if a column has a type that Beam has none for
   */
  static Schema schema(RowType rowType) {
    Schema.Builder schema = Schema.builder();
    for (DataField field : rowType.getFields()) {
      schema.addField(
          Schema.Field.of(field.name(), fieldType(field.name(), field.type()))
              .withDescription(field.description() == null ? "" : field.description()));
    }
    return schema.build();
  }

  /**
   * @param path where the type is found, for the message
   */
  static FieldType fieldType(String path, DataType type) {
    return notNullFieldType(path, type).withNullable(type.isNullable());
  }

  private static FieldType notNullFieldType(String path, DataType type) {
    return switch (type.getTypeRoot()) {
      case BOOLEAN -> FieldType.BOOLEAN;
      case TINYINT -> FieldType.BYTE;
      case SMALLINT -> FieldType.INT16;
      case INTEGER -> FieldType.INT32;
      case BIGINT -> FieldType.INT64;
      case FLOAT -> FieldType.FLOAT;
      case DOUBLE -> FieldType.DOUBLE;
      case CHAR, VARCHAR -> FieldType.STRING;
      case BINARY, VARBINARY -> FieldType.BYTES;
      case DECIMAL ->
          FieldType.logicalType(
              FixedPrecisionNumeric.of(
                  DataTypeChecks.getPrecision(type), DataTypeChecks.getScale(type)));
      case DATE -> FieldType.logicalType(SqlTypes.DATE);
      case TIME_WITHOUT_TIME_ZONE -> FieldType.logicalType(SqlTypes.TIME);
      case TIMESTAMP_WITHOUT_TIME_ZONE -> FieldType.logicalType(SqlTypes.DATETIME);
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          DataTypeChecks.getPrecision(type) <= MICROS_PRECISION
              ? FieldType.logicalType(SqlTypes.TIMESTAMP)
              : FieldType.logicalType(new NanosInstant());
      case ARRAY -> FieldType.array(fieldType(path + "[]", ((ArrayType) type).getElementType()));
      case MAP ->
          FieldType.map(
              keyType(path + ".key", ((MapType) type).getKeyType()),
              fieldType(path + ".value", ((MapType) type).getValueType()));
      case MULTISET ->
          FieldType.map(
              keyType(path + ".element", ((MultisetType) type).getElementType()), FieldType.INT32);
      case ROW -> FieldType.row(schema((RowType) type));
      case VARIANT ->
          throw new IllegalArgumentException(
              String.format(
                  "Column %s is %s, which no Beam type corresponds to. Name the other columns, or"
                      + " keep it as text or bytes in another column.",
                  path, type));
    };
  }

  /** Paimon declares the keys of a map nullable by default, but its files cannot hold a null. */
  private static FieldType keyType(String path, DataType type) {
    return notNullFieldType(path, type);
  }
}

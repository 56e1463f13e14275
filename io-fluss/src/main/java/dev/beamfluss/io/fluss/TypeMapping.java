package dev.beamfluss.io.fluss;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.schemas.Schema.FieldType;
import org.apache.beam.sdk.schemas.logicaltypes.FixedPrecisionNumeric;
import org.apache.beam.sdk.schemas.logicaltypes.NanosInstant;
import org.apache.beam.sdk.schemas.logicaltypes.SqlTypes;
import org.apache.fluss.types.ArrayType;
import org.apache.fluss.types.DataField;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DecimalType;
import org.apache.fluss.types.LocalZonedTimestampType;
import org.apache.fluss.types.MapType;
import org.apache.fluss.types.RowType;

/** Which Beam field type a Fluss column becomes; {@link FlussIO} holds the table of it. */
final class TypeMapping {
  private static final int MICROS_PRECISION = 6;

  private TypeMapping() {}

  static Schema schema(RowType rowType) {
    Schema.Builder schema = Schema.builder();
    for (DataField field : rowType.getFields()) {
      schema.addField(
          Schema.Field.of(field.getName(), fieldType(field.getType()))
              .withDescription(field.getDescription().orElse("")));
    }
    Schema built = schema.build();
    // Beam generates a coder's class for every id that it sees, and gives a random one if there is
    // none: the same columns shall have the same
    built.setUUID(
        UUID.nameUUIDFromBytes(
            rowType.copy(true).asSerializableString().getBytes(StandardCharsets.UTF_8)));
    return built;
  }

  static Schema schema(RowType rowType, List<String> columns) {
    return schema(rowType.project(columns));
  }

  static FieldType fieldType(DataType type) {
    return notNullFieldType(type).withNullable(type.isNullable());
  }

  private static FieldType notNullFieldType(DataType type) {
    return switch (type.getTypeRoot()) {
      case BOOLEAN -> FieldType.BOOLEAN;
      case TINYINT -> FieldType.BYTE;
      case SMALLINT -> FieldType.INT16;
      case INTEGER -> FieldType.INT32;
      case BIGINT -> FieldType.INT64;
      case FLOAT -> FieldType.FLOAT;
      case DOUBLE -> FieldType.DOUBLE;
      case CHAR, STRING -> FieldType.STRING;
      case BINARY, BYTES -> FieldType.BYTES;
      case DECIMAL -> {
        DecimalType decimal = (DecimalType) type;
        yield FieldType.logicalType(
            FixedPrecisionNumeric.of(decimal.getPrecision(), decimal.getScale()));
      }
      case DATE -> FieldType.logicalType(SqlTypes.DATE);
      case TIME_WITHOUT_TIME_ZONE -> FieldType.logicalType(SqlTypes.TIME);
      case TIMESTAMP_WITHOUT_TIME_ZONE -> FieldType.logicalType(SqlTypes.DATETIME);
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE ->
          ((LocalZonedTimestampType) type).getPrecision() <= MICROS_PRECISION
              ? FieldType.logicalType(SqlTypes.TIMESTAMP)
              : FieldType.logicalType(new NanosInstant());
      case ARRAY -> FieldType.array(fieldType(((ArrayType) type).getElementType()));
      case MAP ->
          FieldType.map(
              fieldType(((MapType) type).getKeyType()), fieldType(((MapType) type).getValueType()));
      case ROW -> FieldType.row(schema((RowType) type));
    };
  }
}

package dev.beamfluss.io.fluss;

import java.time.LocalDate;
import java.time.LocalTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.beam.sdk.schemas.Schema;
import org.apache.beam.sdk.values.Row;
import org.apache.fluss.row.DataGetters;
import org.apache.fluss.row.InternalArray;
import org.apache.fluss.row.InternalMap;
import org.apache.fluss.row.InternalRow;
import org.apache.fluss.types.ArrayType;
import org.apache.fluss.types.DataType;
import org.apache.fluss.types.DataTypeChecks;
import org.apache.fluss.types.MapType;
import org.apache.fluss.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes Beam rows of Fluss rows. The values are copies: nothing of the client's buffers is held.
 * The rows are not verified against their schema field by field, as the column types already did
 * that.
 */
final class RowDecoder {
  @FunctionalInterface
  private interface FieldDecoder {
    Object decode(DataGetters row, int position);
  }

  private final Schema schema;
  private final FieldDecoder[] fields;
  private final int[] positions;

  /** Decodes rows that have exactly the fields of the type. */
  RowDecoder(RowType rowType) {
    this(rowType, rowType.getFieldNames());
  }

  /** Decodes the named columns, in this order, of rows that have all fields of the type. */
  RowDecoder(RowType rowType, List<String> columns) {
    this.schema = TypeMapping.schema(rowType, columns);
    this.positions = columns.stream().mapToInt(rowType::getFieldIndex).toArray();
    this.fields =
        Arrays.stream(positions)
            .mapToObj(i -> decoder(rowType.getTypeAt(i)))
            .toArray(FieldDecoder[]::new);
  }

  Schema schema() {
    return schema;
  }

  Row decode(InternalRow row) {
    Object[] values = new Object[fields.length];
    for (int i = 0; i < fields.length; i++) {
      values[i] = fieldOrNull(fields[i], row, positions[i]);
    }
    return Row.withSchema(schema).attachValues(Arrays.asList(values));
  }

  private static @Nullable Object fieldOrNull(FieldDecoder field, DataGetters row, int position) {
    return row.isNullAt(position) ? null : field.decode(row, position);
  }

  private static FieldDecoder decoder(DataType type) {
    return switch (type.getTypeRoot()) {
      case BOOLEAN -> DataGetters::getBoolean;
      case TINYINT -> DataGetters::getByte;
      case SMALLINT -> DataGetters::getShort;
      case INTEGER -> DataGetters::getInt;
      case BIGINT -> DataGetters::getLong;
      case FLOAT -> DataGetters::getFloat;
      case DOUBLE -> DataGetters::getDouble;
      case CHAR -> {
        int length = DataTypeChecks.getLength(type);
        yield (row, i) -> row.getChar(i, length).toString();
      }
      case STRING -> (row, i) -> row.getString(i).toString();
      case BINARY -> {
        int length = DataTypeChecks.getLength(type);
        yield (row, i) -> row.getBinary(i, length).clone();
      }
      case BYTES -> (row, i) -> row.getBytes(i).clone();
      case DECIMAL -> {
        int precision = DataTypeChecks.getPrecision(type);
        int scale = DataTypeChecks.getScale(type);
        yield (row, i) -> row.getDecimal(i, precision, scale).toBigDecimal();
      }
      case DATE -> (row, i) -> LocalDate.ofEpochDay(row.getInt(i));
      case TIME_WITHOUT_TIME_ZONE ->
          (row, i) -> LocalTime.ofNanoOfDay(TimeUnit.MILLISECONDS.toNanos(row.getInt(i)));
      case TIMESTAMP_WITHOUT_TIME_ZONE -> {
        int precision = DataTypeChecks.getPrecision(type);
        yield (row, i) -> row.getTimestampNtz(i, precision).toLocalDateTime();
      }
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {
        int precision = DataTypeChecks.getPrecision(type);
        yield (row, i) -> row.getTimestampLtz(i, precision).toInstant();
      }
      case ARRAY -> {
        FieldDecoder element = decoder(((ArrayType) type).getElementType());
        yield (row, i) -> list(row.getArray(i), element);
      }
      case MAP -> {
        FieldDecoder key = decoder(((MapType) type).getKeyType());
        FieldDecoder value = decoder(((MapType) type).getValueType());
        yield (row, i) -> map(row.getMap(i), key, value);
      }
      case ROW -> {
        RowType nested = (RowType) type;
        RowDecoder decoder = new RowDecoder(nested);
        yield (row, i) -> decoder.decode(row.getRow(i, nested.getFieldCount()));
      }
    };
  }

  private static List<@Nullable Object> list(InternalArray array, FieldDecoder element) {
    List<@Nullable Object> list = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      list.add(fieldOrNull(element, array, i));
    }
    return list;
  }

  private static Map<@Nullable Object, @Nullable Object> map(
      InternalMap map, FieldDecoder key, FieldDecoder value) {
    InternalArray keys = map.keyArray();
    InternalArray values = map.valueArray();
    Map<@Nullable Object, @Nullable Object> result = new HashMap<>();
    for (int i = 0; i < map.size(); i++) {
      result.put(fieldOrNull(key, keys, i), fieldOrNull(value, values, i));
    }
    return result;
  }
}

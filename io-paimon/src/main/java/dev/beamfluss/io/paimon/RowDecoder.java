package dev.beamfluss.io.paimon;

import java.time.Instant;
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
import org.apache.paimon.data.DataGetters;
import org.apache.paimon.data.InternalArray;
import org.apache.paimon.data.InternalMap;
import org.apache.paimon.data.InternalRow;
import org.apache.paimon.data.Timestamp;
import org.apache.paimon.types.ArrayType;
import org.apache.paimon.types.DataType;
import org.apache.paimon.types.DataTypeChecks;
import org.apache.paimon.types.IntType;
import org.apache.paimon.types.MapType;
import org.apache.paimon.types.MultisetType;
import org.apache.paimon.types.RowType;
import org.checkerframework.checker.nullness.qual.Nullable;

/**
 * Makes Beam rows of Paimon rows. The values are copies, as Paimon's readers use their rows and
 * vectors again. The rows are not verified against their schema field by field, as the column types
 * already did that.
 */
final class RowDecoder {
  @FunctionalInterface
  private interface FieldDecoder {
    Object decode(DataGetters row, int position);
  }

  private final Schema schema;
  private final FieldDecoder[] fields;

  /** Decodes rows that have exactly the fields of the type. */
  RowDecoder(RowType rowType) {
    this.schema = TypeMapping.schema(rowType);
    this.fields =
        rowType.getFieldTypes().stream().map(RowDecoder::decoder).toArray(FieldDecoder[]::new);
  }

  Schema schema() {
    return schema;
  }

  Row decode(InternalRow row) {
    Object[] values = new Object[fields.length];
    for (int i = 0; i < fields.length; i++) {
      values[i] = fieldOrNull(fields[i], row, i);
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
      case CHAR, VARCHAR -> (row, i) -> row.getString(i).toString();
      case BINARY, VARBINARY -> (row, i) -> row.getBinary(i).clone();
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
        yield (row, i) -> row.getTimestamp(i, precision).toLocalDateTime();
      }
      case TIMESTAMP_WITH_LOCAL_TIME_ZONE -> {
        int precision = DataTypeChecks.getPrecision(type);
        yield (row, i) -> instant(row.getTimestamp(i, precision));
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
      case MULTISET -> {
        FieldDecoder element = decoder(((MultisetType) type).getElementType());
        FieldDecoder count = decoder(new IntType(false));
        yield (row, i) -> map(row.getMap(i), element, count);
      }
      case ROW -> {
        RowType nested = (RowType) type;
        RowDecoder decoder = new RowDecoder(nested);
        yield (row, i) -> decoder.decode(row.getRow(i, nested.getFieldCount()));
      }
      case VARIANT -> throw new AssertionError("refused by TypeMapping: " + type);
    };
  }

  private static Instant instant(Timestamp time) {
    return Instant.ofEpochMilli(time.getMillisecond()).plusNanos(time.getNanoOfMillisecond());
  }

  private static List<@Nullable Object> list(InternalArray array, FieldDecoder element) {
    List<@Nullable Object> list = new ArrayList<>(array.size());
    for (int i = 0; i < array.size(); i++) {
      list.add(fieldOrNull(element, array, i));
    }
    return list;
  }

  private static Map<Object, @Nullable Object> map(
      InternalMap map, FieldDecoder key, FieldDecoder value) {
    InternalArray keys = map.keyArray();
    InternalArray values = map.valueArray();
    Map<Object, @Nullable Object> result = new HashMap<>();
    for (int i = 0; i < map.size(); i++) {
      result.put(key.decode(keys, i), fieldOrNull(value, values, i));
    }
    return result;
  }
}
